"""What a file format is to the rest: a name, the files it claims, and a function from bytes to blocks.

A new format is one module in this package with a constant `READER`, and one sample with what is expected of it in
tests/formats/samples. A format's module is imported in the main process too: what is heavy is imported in functions.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rag_desktop.domain.documents import Block, Metadata
from rag_desktop.domain.messages import StillReading
from rag_desktop.formats.ocr import Recognise


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file's bytes, read once, so that what is parsed is what was hashed, and its path for what names tell.

    recognise: reads the text of pictures, where that is wanted and can be done.
    """

    path: Path
    content: bytes
    recognise: Recognise | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a format found in a file. `warnings` are codes of what was left out (domain.documents.Reading)."""

    blocks: tuple[Block, ...]
    metadata: Metadata = field(default_factory=Metadata)
    warnings: tuple[str, ...] = ()


Steps = Generator[StillReading, None, Contents]
"""Contents that take long to make: each sign of life renews the deadline."""
_T = TypeVar("_T")


def finished(steps: Generator[StillReading, None, _T]) -> _T:
    """What comes of all steps, taken in one go."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcome: _T = end.value
            return outcome


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. `suffixes` are in lower case with their dot, `file_names` in lower case and whole (`makefile`).

    `contents` raises UnreadableError with a code of its format, and nothing else. packages: what must be installed for
    the format to be claimed at all. may_be_empty: whether a file without text is no failure. steps: what reads a file
    in place of `contents` where a deadline is kept. is_rotated: whether old files of the format get a number or a date
    after their name (`app.log.1`). most_bytes: of a longer file only the beginning is read, and it says so.
    """

    name: str
    suffixes: tuple[str, ...]
    contents: Callable[[OpenedFile], Contents]
    file_names: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    may_be_empty: bool = False
    steps: Callable[[OpenedFile], Steps] | None = None
    is_rotated: bool = False
    most_bytes: int | None = None


MOST_PLAIN = 64 * 1024 * 1024
"""Bytes of a text without structure, such as a log: half a million sentences, with some hundred MB of memory."""
