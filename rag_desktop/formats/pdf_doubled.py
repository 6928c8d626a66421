"""Finds the characters of a PDF page that are drawn a second time almost where they stand, to look bold or by mistake.

PDFium leaves out such copies only of what was drawn just before, so words come out as `HHeelllloo`, lines and pages
twice. Asking for the place of each character costs as much as the text itself, so this is done only where the text
repeats itself.
"""

import ctypes
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

_DOUBLED = re.compile(r"(.)\1(?!\1)(.)\2(?!\2)(.)\3")
"""Three doubled characters in a row. Hardly any word has them, and figures such as 110033 are told by their place."""
_LEAST_LINE = 8
"""Characters of a line that is worth a look where it is repeated; less is a cell of a table."""
_MOST_LOOKS = 500
"""Repeated lines of one page that are looked at, and doubled characters."""
_ACROSS = 0.5
_UP = 0.3
"""How far off a copy is, at most, in parts of the character's advance and height. A neighbour is a whole advance off,
and the same word in the next line a whole height."""
_MOST_OFF = 4.0
"""Points: the side of the cells in which copies are looked for."""
_MOST_IN_CELL = 16
_MOST_PIECES = 4
"""Characters that one glyph may stand for: `ffi` is drawn as one, and all its letters are at the same place."""

_Place = tuple[float, float, float, float]
"""Left, bottom, advance and height in points."""


def doubled_characters(words: Any, text: str) -> Sequence[int]:
    """Indices of copies, by PDFium's count. `text` has one code point for each; `words` is its text page."""
    places = _Places(words)
    if not any(places.is_copy(first, second) for first, second in chain(_doubled(text), _repeated(text))):
        return ()
    copies = {index for index, character in enumerate(text) if character not in "\0\r\n" and places.take(index, text)}
    return [*sorted(copies), *_emptied(text, copies)]


def _doubled(text: str) -> Iterator[tuple[int, int]]:
    """Where doubled characters stand, first and second."""
    return ((each.start(), each.start() + 1) for each in islice(_DOUBLED.finditer(text), _MOST_LOOKS))


def _repeated(text: str) -> Iterator[tuple[int, int]]:
    """Where repeated lines begin, first and later. A line may hold its copy itself."""
    first: dict[str, int] = {}
    at = looks = 0
    for line in text.splitlines(keepends=True):
        words = line.strip()
        if len(words) >= _LEAST_LINE and looks < _MOST_LOOKS:
            start = at + line.index(words)
            half = words[: len(words) // 2].rstrip()
            if half == words[-len(half) :]:
                looks += 1
                yield start, start + len(words) - len(half)
            if first.setdefault(words, start) != start:
                looks += 1
                yield first[words], start
        at += len(line)


def _emptied(text: str, copies: set[int]) -> Iterator[int]:
    """What is left of lines of which all words are copies: their blanks and ends."""
    at = 0
    for line in text.splitlines(keepends=True):
        places = range(at, at + len(line))
        shown = [index for index, character in zip(places, line, strict=True) if not character.isspace()]
        if shown and copies.issuperset(shown):
            yield from (index for index in places if index not in copies)
        at += len(line)


class _Places:
    """The characters of a page by their places, each as it is met."""

    def __init__(self, words: Any) -> None:
        import pypdfium2.raw as pdfium

        self._words = words
        self._box_of = pdfium.FPDFText_GetLooseCharBox
        self._box = pdfium.FS_RECTF()
        self._box_there = ctypes.byref(self._box)
        self._kept: dict[tuple[str, int, int], list[tuple[int, _Place]]] = {}

    def take(self, index: int, text: str) -> bool:
        """Whether the character is a copy of one that was met; otherwise it is kept for those to come."""
        place = self._place(index)
        if place is None:
            return False
        column, row = int(place[0] // _MOST_OFF), int(place[1] // _MOST_OFF)
        for x in (column, column - 1, column + 1):
            for y in (row, row - 1, row + 1):
                for earlier, other in self._kept.get((text[index], x, y), ()):
                    if _is_near(other, place) and not _is_piece(index - earlier, other, place):
                        return True
        cell = self._kept.setdefault((text[index], column, row), [])
        if len(cell) < _MOST_IN_CELL:
            cell.append((index, place))
        return False

    def is_copy(self, first: int, second: int) -> bool:
        """Whether two characters stand at almost the same place."""
        one, other = self._place(first), self._place(second)
        if one is None or other is None:
            return False
        return _is_near(one, other) and not _is_piece(second - first, one, other)

    def _place(self, index: int) -> _Place | None:
        """None where the character has no size: PDFium's own blanks."""
        box = self._box
        if not self._box_of(self._words, index, self._box_there):
            return None
        width, height = box.right - box.left, box.top - box.bottom
        if not (width > 0 and height > 0 and abs(box.left) < 1e6 and abs(box.bottom) < 1e6):
            return None
        return box.left, box.bottom, width, height


def _is_near(one: _Place, other: _Place) -> bool:
    across = min(_ACROSS * min(one[2], other[2]), _MOST_OFF)
    up = min(_UP * min(one[3], other[3]), _MOST_OFF)
    return abs(one[0] - other[0]) < across and abs(one[1] - other[1]) < up


def _is_piece(apart: int, one: _Place, other: _Place) -> bool:
    """Whether two characters are of one glyph."""
    return apart < _MOST_PIECES and one == other
