"""Puts recognised lines into reading order: columns one after the other, words of one row side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_FEWEST_LINES = 4
"""Lines a column must have; and it must be prose: the cells of a table are read row by row."""
_PROSE_LETTERS = 16
_MOST_COLUMNS = 6
_JOINT = "\ufffe"
"""PDFium's mark for a hyphen at a line's end, which the normaliser joins or keeps (text.normalise)."""
_PARAGRAPH_GAP = 0.9
"""White between two rows, in heights of a row, from which on they are two paragraphs."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words as they were recognised, their box in pixels from the picture's upper left corner, and a score to 1."""

    text: str
    left: int
    top: int
    right: int
    bottom: int
    score: float = 1.0

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def text_in_order(lines: Sequence[Line]) -> str:
    """The words of all lines: rows as lines, paragraphs and columns parted by a blank line, broken words joined."""
    return "\n\n".join(text for part in _parts(list(lines), _MOST_COLUMNS) if (text := _paragraphs(part)))


def _parts(lines: list[Line], depth: int) -> Iterator[list[Line]]:
    """Lines that are read from the top to the bottom, part by part.

    Where white runs down between two columns, lines that cross it (titles, wide pictures' captions) part the page into
    zones, and in each zone the left column comes first.
    """
    gutter = _gutter(lines) if depth else None
    if gutter is None:
        yield lines
        return
    crossing = sorted((line for line in lines if line.left < gutter < line.right), key=lambda line: line.middle)
    left = [line for line in lines if line.right <= gutter]
    right = [line for line in lines if line.left >= gutter]
    wide: list[Line] = []
    edges = [float("-inf"), *(line.middle for line in crossing), float("inf")]
    for number, (above, below) in enumerate(pairwise(edges)):
        sides = [[line for line in side if above < line.middle <= below] for side in (left, right)]
        if wide and any(sides):
            yield wide
            wide = []
        for side in sides:
            if side:
                yield from _parts(side, depth - 1)
        wide += crossing[number : number + 1]
    if wide:
        yield wide


def _gutter(lines: Sequence[Line]) -> float | None:
    """The place, from the left, where fewest lines cross and columns of prose stand on both sides."""
    if len(lines) < 2 * _FEWEST_LINES:
        return None
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    best: tuple[int, float, float] | None = None
    for start, end in pairwise(sorted({line.left for line in lines} | {line.right for line in lines})):
        place = (start + end) / 2
        if not left + 0.1 * (right - left) < place < right - 0.1 * (right - left):
            continue
        crossing = sum(line.left < place < line.right for line in lines)
        candidate = (crossing, start - end, place)
        if (best is None or candidate < best) and _parts_columns(lines, place, crossing):
            best = candidate
    return best[2] if best else None


def _parts_columns(lines: Sequence[Line], place: float, crossing: int) -> bool:
    sides = [line for line in lines if line.right <= place], [line for line in lines if line.left >= place]
    return 3 * crossing <= len(lines) and all(
        len(side) >= _FEWEST_LINES and median(len(line.text) for line in side) >= _PROSE_LETTERS for side in sides
    )


def _paragraphs(lines: Sequence[Line]) -> str:
    rows = list(_rows(lines))
    out: list[str] = []
    for number, row in enumerate(rows):
        words = " ".join(line.text.strip() for line in row)
        out.append(words)
        if number + 1 == len(rows):
            break
        gap = min(line.top for line in rows[number + 1]) - max(line.bottom for line in row)
        height = median(line.bottom - line.top for line in row)
        if gap > _PARAGRAPH_GAP * height:
            out.append("\n\n")
        elif _is_broken(words, rows[number + 1][0].text.strip()):
            out[-1] = words[:-1] + _JOINT
        else:
            out.append("\n")
    return "".join(out)


def _is_broken(words: str, after: str) -> bool:
    return words.endswith(("-", "\u2010")) and words[-2:-1].isalpha() and after[:1].islower()


def _rows(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines at one height, from the left to the right; rows from the top."""
    row: list[Line] = []
    for line in sorted(lines, key=lambda each: each.middle):
        if row and line.middle > row[0].middle + 0.5 * min(line.bottom - line.top, row[0].bottom - row[0].top):
            yield sorted(row, key=lambda each: each.left)
            row = []
        row.append(line)
    if row:
        yield sorted(row, key=lambda each: each.left)
