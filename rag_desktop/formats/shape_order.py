"""Puts what stands freely on a slide into reading order, by where it stands.

Recursive X-Y cut (Nagy and Seth, 1984): the widest straight gap parts the shapes, columns from the left, rows from the
top; where two gaps are equally wide, rows come first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_OVERLAP = 0.1
"""Of its size, by which a shape may reach over a gap."""
_MOST_CUT = 300
"""Shapes; with more the slide is a drawing, and is read from the top to the bottom."""


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, in any unit."""

    left: float
    top: float
    right: float
    bottom: float


def in_order(boxes: Sequence[Box | None]) -> list[int]:
    """The places in `boxes` in reading order; as they are where the place of any is not known."""
    known = [box for box in boxes if box is not None]
    places = list(range(len(boxes)))
    if len(known) < len(boxes):
        return places
    if len(boxes) > _MOST_CUT:
        return sorted(places, key=lambda place: (known[place].top, known[place].left))
    return _cut(known, places)


def _cut(boxes: Sequence[Box], places: list[int]) -> list[int]:
    if len(places) < 2:
        return places
    gap, rows = _parts(places, [(boxes[place].top, boxes[place].bottom) for place in places])
    wider, columns = _parts(places, [(boxes[place].left, boxes[place].right) for place in places])
    parts = columns if len(columns) > 1 and (len(rows) == 1 or wider > gap) else rows
    if len(parts) == 1:
        return sorted(places, key=lambda place: (boxes[place].top, boxes[place].left))
    return [place for part in parts for place in _cut(boxes, part)]


def _parts(places: Sequence[int], ranges: Sequence[tuple[float, float]]) -> tuple[float, list[list[int]]]:
    """What straight gaps part, in its order, and the width of the widest gap."""
    shrunk = sorted(
        (start + _OVERLAP * (end - start), end - _OVERLAP * (end - start), place)
        for (start, end), place in zip(ranges, places, strict=True)
    )
    widest, reached = float("-inf"), float("-inf")
    parts: list[list[int]] = []
    for start, end, place in shrunk:
        if not parts or start >= reached:
            widest = max(widest, start - reached) if parts else widest
            parts.append([])
        parts[-1].append(place)
        reached = max(reached, end)
    return widest, parts
