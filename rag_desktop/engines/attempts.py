"""Counts attempts at a preparation that brought nothing: one that takes the process down is not begun for ever."""

import atexit
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST = 2
_REMEMBERED_S = 24 * 3600.0
"""Seconds after which attempts are forgotten: a full disk, a closed program or a busy machine is not for ever."""


class RefusedError(Exception):
    """What was made gives other vectors: trying again would not change it."""


class SlowError(Exception):
    """What was made is not fast enough now: on a machine with less to do it may be."""


class Attempts:
    """Small files about what is being tried. Where they cannot be written, nothing counts."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark
        self._refusal = mark.with_name(mark.name + ".refused")
        self._drops = mark.with_name(mark.name + ".dropped")
        self._before = 0

    @property
    def are_used_up(self) -> bool:
        """Whether it was refused, or so many brought nothing of late that another is not worth the risk."""
        return self._refusal.exists() or self._count() + _length(self._drops) >= MOST

    @contextmanager
    def trying(self) -> Iterator[None]:
        """One attempt. It counts for a day where the block raises or has no end, for good after RefusedError."""
        self.begin()
        try:
            yield
        except RefusedError:
            self.refuse()
            raise
        except SlowError:
            self.put_off()
            raise
        else:
            self.end()
        finally:
            atexit.unregister(self._take_back)

    def begin(self) -> None:
        """Note an attempt. A process that ends of itself meanwhile was not taken down: it takes the note back."""
        self._before = self._count()
        _write(self._mark, self._before + 1)
        atexit.register(self._take_back)

    def end(self) -> None:
        """It ended well: none counts any more."""
        atexit.unregister(self._take_back)
        _write(self._mark, 0)

    def put_off(self) -> None:
        """Not again within a day."""
        _write(self._mark, MOST)

    def refuse(self) -> None:
        """Never again."""
        _write(self._refusal, 1)

    def note_drop(self) -> None:
        """What was made had to go again later; this is not forgotten."""
        _write(self._drops, _length(self._drops) + 1)

    def _take_back(self) -> None:
        _write(self._mark, self._before)

    def _count(self) -> int:
        try:
            age = time.time() - self._mark.stat().st_mtime
        except OSError:
            return 0
        return _length(self._mark) if abs(age) < _REMEMBERED_S else 0  # the clock may have been set back


def _length(path: Path) -> int:
    try:
        return len(path.read_bytes()[:MOST])
    except OSError:
        return 0


def _write(path: Path, count: int) -> None:
    with suppress(OSError):
        if count:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"." * count)
        else:
            path.unlink(missing_ok=True)
