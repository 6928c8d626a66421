"""What cutting a document yields, before it is written down as chunks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from rag_desktop.domain.documents import BlockKind, PlacedBlock, Span


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document: a leaf, or the parent of its `parts`. `headings` hold for all of it."""

    span: Span
    tokens: int
    headings: tuple[str, ...]
    page_start: int | None
    page_end: int | None
    parts: tuple["Piece", ...] = ()


def leaf(span: Span, tokens: int, blocks: Sequence[PlacedBlock]) -> Piece:
    """A leaf that holds words of these blocks."""
    pages = [block.page for block in blocks if block.page is not None]
    return Piece(span, tokens, headings_of(blocks), min(pages, default=None), max(pages, default=None))


def together(parts: Sequence[Piece]) -> Piece:
    """Neighbours under one parent; one alone stays as it is."""
    if len(parts) == 1:
        return parts[0]
    starts = [part.page_start for part in parts if part.page_start is not None]
    ends = [part.page_end for part in parts if part.page_end is not None]
    return Piece(
        Span(parts[0].span.start, parts[-1].span.end),
        sum(part.tokens for part in parts),
        shared(part.headings for part in parts),
        min(starts, default=None),
        max(ends, default=None),
        tuple(parts),
    )


def headings_of(blocks: Sequence[PlacedBlock]) -> tuple[str, ...]:
    """The headings that all of this stands under. A title counts only where nothing else is there."""
    content = [block.headings for block in blocks if block.kind is not BlockKind.HEADING]
    return shared(content or [block.headings for block in blocks])


def shared(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """What paths of headings have in common, from the outermost on."""
    found: tuple[str, ...] | None = None
    for path in paths:
        if found is None:
            found = path
        elif found != path:
            found = tuple(one for one, _ in takewhile(_is_same, zip(found, path, strict=False)))
    return found or ()


def _is_same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
