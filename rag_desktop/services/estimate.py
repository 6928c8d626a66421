"""How long reading will take: what is left, weighed by what such files have taken so far. No clock of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FILE_COST = 20_000
"""Opening and storing a file costs about as much as reading this many bytes more."""
_LEAST_S = 2.0
_LEAST_DONE = 3


_EACH_S = {"image": 2.0}
"""Seconds for a file of formats that are nothing like the others, until some were read."""
_TOLD = 0.03
"""From this share on, what a file says of itself is believed."""
_STILL = 0.25
"""A file that takes longer than such files do is taken to need this part of its time once more."""


@dataclass(frozen=True, slots=True)
class InHand:
    """A file that a reader has been at for some seconds. `share` of it is done, 0 where nobody knows."""

    format: str
    size: int
    seconds: float
    share: float = 0.0


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

    def seconds_left(
        self, elapsed: float, waiting: Mapping[str, tuple[int, int]], in_hand: Sequence[InHand] = ()
    ) -> float | None:
        """Seconds until all is read, after `elapsed` seconds of reading; None while too little was seen to say.

        waiting: files and their bytes, by format. in_hand: files that are being read.
        """
        seconds = sum(seen.seconds for seen in self._seen.values())
        cost = sum(seen.cost for seen in self._seen.values())
        if elapsed < _LEAST_S or self._files < _LEAST_DONE or seconds <= 0:
            return None
        later = sum(self._needed(format_, files, size, seconds / cost) for format_, (files, size) in waiting.items())
        now = [_own(each, self._needed(each.format, 1, each.size, seconds / cost)) for each in in_hand]
        # All readers share what waits, but none can help with a file that another has in hand.
        shared = (later + sum(now)) * elapsed / (seconds + sum(each.seconds for each in in_hand))
        return max([shared, *now])

    def _needed(self, format_: str, files: int, size: int, usual: float) -> float:
        """Seconds for files of one format. usual: seconds for each unit of cost, where none of it was read yet."""
        seen = self._seen.get(format_)
        if seen is None and format_ in _EACH_S:
            return files * _EACH_S[format_]
        return (FILE_COST * files + size) * (seen.seconds / seen.cost if seen else usual)


def _own(each: InHand, needed: float) -> float:
    """Seconds that one file still needs: by what it says of itself, else by what such files take."""
    if each.share >= _TOLD:
        return each.seconds * (1 - each.share) / each.share
    return max(needed - each.seconds, _STILL * each.seconds)
