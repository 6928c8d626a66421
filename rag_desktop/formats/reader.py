"""What a file format is to the rest: a name, the files it claims, and a function from bytes to blocks.

A new format is one module in this package with a constant `READER`, and one sample with what is expected of it in
tests/formats/samples. A format's module is imported in the main process too: what is heavy is imported in functions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag_desktop.domain.documents import Block, Metadata


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file's bytes, read once, so that what is parsed is what was hashed, and its path for what names tell."""

    path: Path
    content: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a format found in a file. `warnings` are codes of what was left out (domain.documents.Reading)."""

    blocks: tuple[Block, ...]
    metadata: Metadata = field(default_factory=Metadata)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. `suffixes` are in lower case with their dot, `file_names` in lower case and whole (`makefile`).

    `contents` raises UnreadableError with a code of its format, and nothing else.
    """

    name: str
    suffixes: tuple[str, ...]
    contents: Callable[[OpenedFile], Contents]
    file_names: tuple[str, ...] = ()
