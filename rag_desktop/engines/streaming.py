"""From a model's bytes to words that may be shown: whole characters, nothing of a stop string, no endless loops."""

import codecs
from collections.abc import Sequence

_LONGEST_CYCLE = 96
_LOOP_TOKENS = 36
_LEAST_REPEATS = 4


class WordStream:
    """Takes bytes as they come and gives text that is safe to show at once.

    begins_turn: white space at the very beginning is dropped (SentencePiece writes a space before the first word).
    """

    def __init__(self, stops: Sequence[str], *, begins_turn: bool) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(filter(None, stops))
        self._pending = ""
        self._at_start = begins_turn
        self.stopped = False
        """A stop string came: no more text follows."""

    def feed(self, piece: bytes) -> str:
        """Text that may be shown now. What could still become a stop string is held back."""
        return self._take(self._decoder.decode(piece), is_last=False)

    def flush(self) -> str:
        """What was held back and has turned out to be harmless; half a character at the end is dropped."""
        return self._take("", is_last=True)

    def _take(self, text: str, *, is_last: bool) -> str:
        if self.stopped:
            return ""
        self._pending += text
        if self._at_start:
            self._pending = self._pending.lstrip()
            self._at_start = not self._pending
        found = [place for stop in self._stops if (place := self._pending.find(stop)) >= 0]
        if found:
            self.stopped = True
            return self._release(min(found))
        return self._release(len(self._pending) - (0 if is_last else self._held_back()))

    def _release(self, end: int) -> str:
        released, self._pending = self._pending[:end], self._pending[end:]
        return released

    def _held_back(self) -> int:
        """Length of the longest end of the pending text with which a stop string begins."""
        return max((_overlap(self._pending, stop) for stop in self._stops), default=0)


def _overlap(text: str, stop: str) -> int:
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)


def is_looping(tokens: Sequence[int]) -> bool:
    """Whether the last tokens are one cycle said again and again, as small models do at temperature 0.

    A cycle counts from four repeats and 36 tokens on: an honest table or list repeats less exactly than that.
    """
    return any(_repeats(tokens, length) for length in range(1, min(_LONGEST_CYCLE, len(tokens) // _LEAST_REPEATS) + 1))


def _repeats(tokens: Sequence[int], length: int) -> bool:
    if tokens[-1] != tokens[-1 - length]:
        return False
    needed = max(_LEAST_REPEATS * length, _LOOP_TOKENS // length * length)
    if len(tokens) < needed:
        return False
    tail = tokens[-needed:]
    return tail[length:] == tail[:-length]
