"""How long reading will take: what is left, weighed by what such files have taken so far. No clock of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

FILE_COST = 20_000
"""Opening and storing a file costs about as much as reading this many bytes more."""
_LEAST_S = 2.0
_LEAST_DONE = 3


@dataclass(slots=True)
class _Seen:
    cost: float = 0.0
    seconds: float = 0.0


class Estimate:
    """Time left of one run of reading. A byte of one format takes longer than one of another, and this learns it."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._files = 0

    def read(self, format_: str, size: int, seconds: float) -> None:
        """Note that a file was read; `seconds` are those that its reader was at it."""
        seen = self._seen.setdefault(format_, _Seen())
        seen.cost += FILE_COST + size
        seen.seconds += seconds
        self._files += 1

    def seconds_left(self, elapsed: float, waiting: Mapping[str, tuple[int, int]]) -> float | None:
        """Seconds until all is read, after `elapsed` seconds of reading; None while too little was seen to say.

        waiting: files and their bytes, by format.
        """
        seconds = sum(seen.seconds for seen in self._seen.values())
        cost = sum(seen.cost for seen in self._seen.values())
        if elapsed < _LEAST_S or self._files < _LEAST_DONE or seconds <= 0:
            return None
        usual = seconds / cost
        busy = sum(
            (FILE_COST * files + size) * (seen.seconds / seen.cost if (seen := self._seen.get(format_)) else usual)
            for format_, (files, size) in waiting.items()
        )
        return busy * elapsed / seconds
