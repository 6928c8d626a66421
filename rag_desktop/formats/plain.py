"""Plain text: paragraphs, as blank lines part them."""

import re
from collections.abc import Iterator

from rag_desktop.domain.documents import Block
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import MOST_PLAIN, Contents, OpenedFile, Reader

_BREAK = re.compile(r"(?>\r\n?|\n)[ \t]*(?>\r\n?|\n)\s*(?:(?<=[\r\n])|\Z)")


def paragraphs(text: str, origin: int = 0) -> Iterator[Block]:
    """Prose blocks that tile `text`, each with the blank lines after it; `origin` is the source position of text[0]."""
    at = 0
    for match in _BREAK.finditer(text):
        yield Block(text[at : match.end()], source_start=origin + at)
        at = match.end()
    if at < len(text):
        yield Block(text[at:], source_start=origin + at)


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    return Contents(tuple(paragraphs(decoded.text)), warnings=decoded.warnings)


READER = Reader(
    "text",
    (".txt", ".text"),
    _contents,
    ("readme", "license", "licence", "copying", "authors", "changelog", "changes", "news", "notice", "todo", "install"),
    most_bytes=MOST_PLAIN,
)
