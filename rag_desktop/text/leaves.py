"""Cuts a document where its sentences, rows and parts of code end: leaves of about 128 tokens.

What a leaf holds stands under its headings. Small sections go together only where they stand side by side under one
heading, and the leaf then has that heading; pieces of code where neither is worth a leaf.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rag_desktop.domain.documents import BlockKind, PlacedBlock, Span
from rag_desktop.text.pieces import Piece, leaf, shared
from rag_desktop.text.units import LEAF_LIMIT, LEAF_TOKENS, Unit, units

SMALL_TOKENS = 24
"""Less than this is not worth a leaf of its own, and goes with what stands beside it, if that is of its section."""


@dataclass(slots=True)
class _Growing:
    """A leaf in the making. is_code: but for titles it holds nothing else. depth: the least indentation of the code in
    hand."""

    units: list[Unit] = field(default_factory=list)
    tokens: int = 0
    headings: tuple[str, ...] | None = None
    """What the content has in common; None while there are only titles."""
    is_code: bool = True
    depth: int = 0

    def add(self, unit: Unit) -> None:
        is_same = bool(self.units) and self.units[-1].block is unit.block
        self.depth = min(self.depth, unit.depth) if is_same else unit.depth
        if unit.block.kind is not BlockKind.HEADING and not is_same:
            own = unit.block.headings
            self.headings = own if self.headings is None else shared((self.headings, own))
            self.is_code = self.is_code and unit.block.kind is BlockKind.CODE
        self.units.append(unit)
        self.tokens += unit.tokens

    def split(self, place: int) -> tuple["_Growing", "_Growing"]:
        """The units before `place`, and the others."""
        if place == len(self.units):
            return self, _Growing()
        parts = _Growing(), _Growing()
        for at, unit in enumerate(self.units):
            parts[at >= place].add(unit)
        return parts

    def done(self) -> Piece:
        blocks: list[PlacedBlock] = []
        for unit in self.units:
            if not blocks or blocks[-1] is not unit.block:
                blocks.append(unit.block)
        return leaf(Span(self.units[0].span.start, self.units[-1].span.end), self.tokens, blocks)


def leaves(text: str, blocks: Iterable[PlacedBlock]) -> Iterator[Piece]:
    """The leaves of a text, in order. Every non-blank character lies in exactly one."""
    before: _Growing | None = None
    growing = _Growing()
    for unit in units(text, blocks):
        while growing.units and _ends_before(growing, unit, before):
            growing, rest = growing.split(_end(growing, unit))
            if before and _takes(before, growing):
                _take(before, growing)
            else:
                if before:
                    yield before.done()
                before = growing
            growing = rest
        growing.add(unit)
    if before and growing.units and _takes(before, growing):
        _take(before, growing)
        growing = _Growing()
    yield from (each.done() for each in (before, growing) if each and each.units)


def _ends_before(growing: _Growing, unit: Unit, before: _Growing | None) -> bool:
    if growing.tokens + unit.tokens > LEAF_LIMIT:
        return True
    last, block, own = growing.units[-1].block, unit.block, growing.headings or ()
    if block is last:
        return _is_full(growing, unit)
    if last.kind is BlockKind.HEADING:
        if _is_apart(growing, block):
            held = last.headings if growing.headings is None else own
            return growing.tokens >= SMALL_TOKENS or not _is_near(held, block.headings)
    elif block.kind is BlockKind.HEADING or block.headings != last.headings or not _is_near(own, block.headings):
        is_kept = _is_near(own, block.headings) or (growing.is_code and block.kind is BlockKind.CODE)
        return growing.tokens >= SMALL_TOKENS or not is_kept or (before is not None and _takes(before, growing))
    elif block.kind is last.kind is BlockKind.TABLE and growing.tokens >= SMALL_TOKENS:
        return True  # a row of data, or the next table
    elif growing.tokens >= LEAF_TOKENS // 2 and growing.tokens + unit.tokens > LEAF_TOKENS:
        return True
    return growing.tokens + unit.tokens // 2 > LEAF_TOKENS


def _is_apart(growing: _Growing, block: PlacedBlock) -> bool:
    """Whether a block does not stand under the title before it; titles of one page with nothing below them go on."""
    title = growing.units[-1].block
    is_below = block.headings[: len(title.headings)] == title.headings
    if growing.headings is None:
        return not is_below and block.page != title.page
    return not is_below or not _is_near(growing.headings, block.headings)


def _is_full(growing: _Growing, unit: Unit) -> bool:
    """Whether a leaf ends inside a block. A part of code that may still end within the limit is waited for."""
    is_over = growing.tokens + unit.tokens // 2 > LEAF_TOKENS
    if unit.block.kind is not BlockKind.CODE:
        return is_over
    if unit.depth > growing.depth:
        return False
    return is_over or (unit.begins and growing.tokens >= LEAF_TOKENS // 2)


def _is_near(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two sections may share a leaf: the same, one in the other, or side by side under one heading."""
    if one == other:
        return True
    common = len(shared((one, other)))
    return common > 0 and (common == min(len(one), len(other)) or common == len(one) - 1 == len(other) - 1)


def _end(growing: _Growing, unit: Unit) -> int:
    """How many units the leaf keeps before `unit`: no title stands last, and no function is cut that would fit."""
    held = growing.units
    if unit.block.kind is BlockKind.CODE and held[-1].block is unit.block:
        return _end_of_part(held, unit) if growing.tokens + unit.tokens > LEAF_LIMIT else len(held)
    end = len(held)
    room = LEAF_LIMIT - unit.tokens
    while end and held[end - 1].block.kind is BlockKind.HEADING and held[end - 1].tokens <= room:
        end -= 1
        room -= held[end].tokens
    return end or len(held)


def _end_of_part(held: list[Unit], unit: Unit) -> int:
    """Where the last of the least indented parts begins, if one begins after the first line."""
    lines = [*held, unit]
    starts = [at for at in range(1, len(lines)) if lines[at].begins and lines[at].block is unit.block]
    return max(starts, key=lambda at: (-lines[at].depth, at), default=len(held))


def _takes(before: _Growing, growing: _Growing) -> bool:
    """Whether a small end of a section goes with what stands before it in that section."""
    first, last = growing.units[0].block, before.units[-1].block
    is_record = first.kind is last.kind is BlockKind.TABLE and first is not last
    is_end = first.kind is not BlockKind.HEADING and not is_record
    fits = growing.tokens < SMALL_TOKENS and before.tokens + growing.tokens <= LEAF_LIMIT
    return fits and is_end and growing.headings == before.headings == last.headings


def _take(before: _Growing, growing: _Growing) -> None:
    for unit in growing.units:
        before.add(unit)
