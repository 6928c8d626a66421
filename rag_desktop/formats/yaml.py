"""YAML, kept word for word under the keys that lead to each line; it is never loaded, so no tag can build anything."""

import re
from collections.abc import Iterator

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

_LINE = re.compile(r"([ \t]*)([^\r\n]*)(?:\r\n?|\n|\Z)")
_KEY = re.compile(
    r"(?P<dashes>(?:-[ ]+)*)(?P<key>\"[^\"]{1,200}\"|'[^']{1,200}'|[^\s#'\"\[\]{}>|*&!%@`-][^#\[\]{}\"']{0,200}?)[ ]*:"
    r"(?:[ ]+(?P<value>.*))?$"
)
_OPENS = re.compile(r"(?:[&!]\S+\s*)*(?:#.*)?$")
"""A value that stands on the lines below."""
_TEXT = re.compile(r"(?:[&!]\S+\s*)*[|>][+-]?\d?[+-]?\s*(?:#.*)?$")
"""A text on the lines below, in which nothing is a key."""
_MOST_LEVELS = 3
"""Keys in a heading path; what lies deeper goes with the lines around it."""


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    return Contents(tuple(_blocks(decoded.text)), warnings=decoded.warnings)


def _blocks(text: str) -> Iterator[Block]:
    """Blocks that tile the text, one for each stretch of lines under the same keys."""
    at = 0
    path: tuple[str, ...] = ()
    for start, below in _paths(text):
        if below != path:
            if start > at:
                yield Block(text[at:start], BlockKind.CODE, path, source_start=at)
                at = start
            path = below
    if at < len(text):
        yield Block(text[at:], BlockKind.CODE, path, source_start=at)


def _paths(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where lines begin, each with the comments above it, and the keys that they stand under."""
    keys: list[tuple[int, str]] = []
    comments: int | None = None
    scalar: int | None = None
    for line in _LINE.finditer(text):
        indent, words = len(line[1]), line[2]
        if not words or (scalar is not None and indent > scalar):
            continue
        scalar = None
        if words.startswith("#"):
            comments = line.start() if comments is None else comments
            continue
        if words.startswith(("---", "...")) and not indent:
            keys.clear()
        match = _KEY.match(words)
        while keys and keys[-1][0] >= indent and not (words.startswith("-") and keys[-1][0] == indent):
            keys.pop()
        if match and _opens(match["value"]):
            keys.append((indent + len(match["dashes"]), match["key"].strip("\"'")))
        if match and _TEXT.match(match["value"] or ""):
            scalar = indent + len(match["dashes"])
        yield line.start() if comments is None else comments, tuple(key for _, key in keys[:_MOST_LEVELS])
        comments = None


def _opens(value: str | None) -> bool:
    return value is None or bool(_OPENS.match(value) or _TEXT.match(value))


READER = Reader("yaml", (".yaml", ".yml"), _contents)
