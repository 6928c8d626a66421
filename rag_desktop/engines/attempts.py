"""Counts how often a preparation was begun that did not come to an end: one that takes the process down is given up."""

import atexit
from contextlib import suppress
from pathlib import Path

MOST = 2


class Attempts:
    """A small file that is there while something is being tried. Where it cannot be written, nothing counts."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark
        self._before = 0

    @property
    def are_used_up(self) -> bool:
        """Whether so many had no end that another is not worth the risk."""
        return self._count() >= MOST

    def begin(self) -> None:
        """Note an attempt. A process that ends of itself meanwhile was not taken down: it takes the note back."""
        self._before = self._count()
        self._write(self._before + 1)
        atexit.register(self._write, self._before)

    def end(self) -> None:
        """It ended well, or with an error that was caught: none counts any more."""
        atexit.unregister(self._write)
        self._write(0)

    def give_up(self) -> None:
        """It ended in a way that trying again would not change."""
        atexit.unregister(self._write)
        self._write(MOST)

    def _count(self) -> int:
        try:
            return len(self._mark.read_bytes()[:MOST])
        except OSError:
            return 0

    def _write(self, count: int) -> None:
        with suppress(OSError):
            if count:
                self._mark.parent.mkdir(parents=True, exist_ok=True)
                self._mark.write_bytes(b"." * count)
            else:
                self._mark.unlink(missing_ok=True)
