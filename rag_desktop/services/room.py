"""Whether the disk has room for the library to grow, and how much it will need."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError

RESERVE = 1 << 30
"""Bytes that are left to everything else on the disk."""
_LOOK_S = 2.0
_CHARACTERS_PER_BYTE: Mapping[str, float] = {
    "pdf": 0.25, "docx": 0.4, "html": 0.4, "xlsx": 0.7, "pptx": 0.03, "epub": 1.2, "image": 0.001,
}  # fmt: skip
_BYTES_PER_CHARACTER = 8.0
"""Of the library, vectors and their index included: measured over the manuals of R, Octave and Python."""
_ENOUGH = 1 << 20
"""Characters of a format from which what the library knows of it is better than a table."""


class Room:
    """Looks at the free space now and then, and stops the work before there is none."""

    def __init__(self, folder: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> None:
        self._folder = folder
        self._free = free
        self._looked = -_LOOK_S

    def check(self) -> None:
        """Raise UserFacingError `disk-low` (path, free, needed: MB) once less than RESERVE is free."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            self.need(0)

    def need(self, more: int) -> None:
        """Raise `disk-low` where `more` bytes would not leave RESERVE."""
        try:
            free = self._free(self._folder)
        except OSError:  # the library's folder cannot be asked; writing to it will tell more
            return
        if free < RESERVE + more:
            raise UserFacingError(
                "disk-low", path=str(self._folder), free=free // 1_000_000, needed=(RESERVE + more) // 1_000_000
            )


def bytes_per_character(known: Mapping[str, tuple[int, int]], library_bytes: int) -> float:
    """What a character of text takes in the library, all included. known: as for `predicted`."""
    held = sum(characters for _, characters in known.values())
    return library_bytes / held if held > _ENOUGH else _BYTES_PER_CHARACTER


def predicted(waiting: Mapping[str, tuple[int, int]], known: Mapping[str, tuple[int, int]], library_bytes: int) -> int:
    """Bytes by which the library will grow with `waiting` (files and bytes by format).

    known: bytes of files and characters of text that the library holds already, by format.
    """
    share = bytes_per_character(known, library_bytes)
    grown = 0.0
    for format_, (_, size) in waiting.items():
        read, characters = known.get(format_, (0, 0))
        ratio = characters / read if characters > _ENOUGH and read else _CHARACTERS_PER_BYTE.get(format_, 1.0)
        grown += size * ratio * share
    return round(grown)
