"""Logs, kept line by line; a line that is said over and over, time stamps aside, stands at its first and last time."""

import re
from collections.abc import Iterator

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import MOST_PLAIN, Contents, OpenedFile, Reader

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TIME = re.compile(
    r"\w{3} +\d{1,2} \d\d:\d\d:\d\d|\[ *\d+\.\d+\]"
    r"|[\[(<]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T ]?)?(?:\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?: ?(?:Z|[+-]\d\d:?\d\d)\b)?"
)
"""Syslog's `Jan  2 03:04:05` (RFC 3164), the kernel's `[   12.345678]`, ISO 8601 and its like; or nothing."""
_LONGEST_COMPARED = 500
_LEAST_REPEATED = 4
"""Lines that say the same; with fewer nothing is gained."""


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    return Contents(tuple(_blocks(decoded.text)), warnings=decoded.warnings)


def _blocks(text: str) -> Iterator[Block]:
    """What is kept, verbatim, and between its pieces a sign for the lines that are left out."""
    at = 0
    for first_end, last_start, count in _floods(text):
        yield Block(text[at:first_end], BlockKind.CODE, source_start=at)
        yield Block(f"[… ×{count}]\n", BlockKind.CODE)
        at = last_start
    if at < len(text):
        yield Block(text[at:], BlockKind.CODE, source_start=at)


def _floods(text: str) -> Iterator[tuple[int, int, int]]:
    """Runs of lines that say the same: the end of the first, the start of the last, how many stand between."""
    said, first_end, last_start, count = "", 0, 0, 0
    for line in _LINE.finditer(text):
        start, end = line.span()
        message = _message(text, start, end)
        if message and message == said:
            last_start, count = start, count + 1
            continue
        if count >= _LEAST_REPEATED:
            yield first_end, last_start, count - 1
        said, first_end, count = message, end, 0
    if count >= _LEAST_REPEATED:
        yield first_end, last_start, count - 1


def _message(text: str, start: int, end: int) -> str:
    """What the line says after its time stamp; empty for lines so long that comparing them is not worth it."""
    if end - start > _LONGEST_COMPARED:
        return ""
    match = _TIME.match(text, start, end)
    return text[match.end() if match else start : end].strip()


READER = Reader("log", (".log",), _contents, ("syslog", "dmesg"), is_rotated=True, most_bytes=MOST_PLAIN)
