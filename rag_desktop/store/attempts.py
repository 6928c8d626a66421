"""Counts how often something was begun that took the whole program with it."""

from contextlib import suppress
from pathlib import Path

SUFFIX = ".opening"


class Attempts:
    """A small file beside `path`, there while something is being tried. Where it cannot be written, nothing counts."""

    def __init__(self, path: Path) -> None:
        self._mark = path.with_name(path.name + SUFFIX)

    @property
    def mark(self) -> Path:
        """The file itself."""
        return self._mark

    def begin(self) -> int:
        """Note an attempt; returns how many before it had no end."""
        before = self.count()
        self.note(before + 1)
        return before

    def count(self) -> int:
        """Attempts without an end so far."""
        try:
            return len(self._mark.read_bytes()[:9])
        except OSError:
            return 0

    def note(self, count: int) -> None:
        """Have that many attempts on record."""
        with suppress(OSError):
            if count:
                self._mark.write_bytes(b"." * count)
            else:
                self._mark.unlink(missing_ok=True)

    def end(self) -> None:
        """The attempt ended well, or with an error that was caught."""
        self.note(0)
