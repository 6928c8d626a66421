"""Which documents lie in a folder that cannot be reached, as the last look at the library said."""

from collections.abc import Iterable

from rag_desktop.domain.documents import Document
from rag_desktop.domain.status import LibraryStatus
from rag_desktop.services.indexing import is_inside


class Away:
    """Knows the folders of the last look; before the first, a document's own word counts."""

    def __init__(self) -> None:
        self._folders: dict[str, bool] | None = None

    def take(self, status: LibraryStatus) -> None:
        """Follow a look at the library."""
        self._folders = {folder.path: folder.is_away for folder in status.folders}

    def holds(self, document: Document) -> bool:
        """Whether the folder of a document cannot be reached."""
        if self._folders is None:
            return document.is_away
        home = innermost(self._folders, document.path)
        return home is not None and self._folders[home]


def innermost(folders: Iterable[str], path: str) -> str | None:
    """The innermost of some folders that holds a path, or None."""
    return max((folder for folder in folders if path and is_inside(path, folder)), key=len, default=None)
