"""Title and author of an Office Open XML package (ECMA-376 part 2, core properties)."""

from rag_desktop.domain.documents import Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.markup import local
from rag_desktop.formats.package import Package


def core_properties(package: Package) -> Metadata:
    """What the package says of itself; nothing where that part is damaged, since the text can be read without it."""
    target = package.target("", "core-properties")
    try:
        root = package.root(target) if target else None
    except UnreadableError as error:
        if error.code == "file-too-large":
            raise
        root = None
    said = {local(each.tag): " ".join((each.text or "").split()) for each in (root if root is not None else ())}
    return Metadata(said.get("title") or None, said.get("creator") or None)
