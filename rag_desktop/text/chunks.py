"""Cuts a document into leaves (embedded, searched) under parents (context): spans only, the text is stored once.

Scheme `leaves`: leaves of about 128 tokens that end where a sentence, a line of code or a row ends and do not run over
a heading, under parents of about 512 tokens.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag_desktop.domain.documents import BlockKind, ChunkDraft, PlacedBlock, Span
from rag_desktop.text.sentences import sentences, trimmed
from rag_desktop.text.words import compatible, count_tokens, keywords

LEAF_TOKENS = 128
LEAF_LIMIT = 192
"""A leaf is never longer, so that with its headings it fits the 256 tokens that MiniLM reads."""
SMALL_TOKENS = 24
"""Less than this is not worth a leaf of its own, and goes with what follows it."""
PARENT_TOKENS = 512

_LONGEST_COUNTED = 4096
"""Characters of a sentence or line that are counted first: one of 100 MB would take gigabytes."""

_LINE = re.compile(r"[^\n]*\n?")
_PIECE = re.compile(r"\S{1,200}\s*")


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a sentence, a line, a heading."""

    span: Span
    tokens: int
    block: PlacedBlock


@dataclass(slots=True)
class _Leaf:
    units: list[_Unit]
    tokens: int


def chunks(text: str, blocks: Sequence[PlacedBlock], scheme: str = "leaves") -> Iterator[ChunkDraft]:
    """Chunks of `text`, each parent right before its leaves. Every non-blank character lies in exactly one leaf.

    Raises ValueError for a scheme that does not exist.
    """
    if scheme != "leaves":
        raise ValueError(f"no chunking scheme {scheme!r}")
    count = 0
    for family in _families(_leaves(_units(text, blocks))):
        parent = count if len(family) > 1 else None
        if parent is not None:
            yield _draft(text, [unit for leaf in family for unit in leaf.units], None, is_leaf=False)
        for leaf in family:
            yield _draft(text, leaf.units, parent, is_leaf=True)
        count += len(family) + (parent is not None)


def chunk(text: str, blocks: Sequence[PlacedBlock], scheme: str = "leaves") -> tuple[ChunkDraft, ...]:
    """All of `chunks` at once."""
    return tuple(chunks(text, blocks, scheme))


def embedded_words(headings: Sequence[str], text: str) -> str:
    """What is embedded for a leaf: its two innermost headings, then its text."""
    return compatible("\n".join([" › ".join(headings[-2:]), text]) if headings else text)


def _units(text: str, blocks: Iterable[PlacedBlock]) -> Iterator[_Unit]:
    for block in blocks:
        for span in _uncut(text, block):
            beginning = text[span.start : min(span.end, span.start + _LONGEST_COUNTED)]
            tokens = count_tokens(beginning)
            if len(beginning) < len(span) and tokens <= LEAF_LIMIT + 1:  # the cut may have made one token of two
                tokens = count_tokens(span.of(text))
            if tokens <= LEAF_LIMIT:
                yield _Unit(span, tokens, block)
            else:
                yield from _pieces(text, span, block)


def _uncut(text: str, block: PlacedBlock) -> Iterable[Span]:
    if block.kind is BlockKind.PROSE:
        return sentences(text, block.span)
    if block.kind is BlockKind.HEADING:
        span = trimmed(text, block.span.start, block.span.end)
        return [span] if span else []
    lines = _LINE.finditer(text, block.span.start, block.span.end)
    return [span for line in lines if (span := trimmed(text, line.start(), line.end()))]


def _pieces(text: str, span: Span, block: PlacedBlock) -> Iterator[_Unit]:
    """A sentence or line too long for a leaf, cut between words (inside them only past 200 characters)."""
    start, tokens, end = span.start, 0, span.start
    for piece in _PIECE.finditer(text, span.start, span.end):
        more = count_tokens(piece[0])
        if tokens and tokens + more > LEAF_TOKENS:
            yield _Unit(_whole(text, start, end), tokens, block)
            start, tokens = piece.start(), 0
        tokens += more
        end = piece.end()
    yield _Unit(_whole(text, start, end), tokens, block)


def _whole(text: str, start: int, end: int) -> Span:
    return trimmed(text, start, end) or Span(start, end)


def _leaves(units: Iterable[_Unit]) -> Iterator[_Leaf]:
    leaf = _Leaf([], 0)
    for unit in units:
        if leaf.units and _ends_before(leaf, unit):
            yield leaf
            leaf = _Leaf([], 0)
        leaf.units.append(unit)
        leaf.tokens += unit.tokens
    if leaf.units:
        yield leaf


def _ends_before(leaf: _Leaf, unit: _Unit) -> bool:
    if leaf.tokens + unit.tokens > LEAF_LIMIT:
        return True
    last = leaf.units[-1].block
    if unit.block is not last and leaf.tokens >= SMALL_TOKENS and last.kind is not BlockKind.HEADING:
        starts_section = unit.block.kind is BlockKind.HEADING or unit.block.headings != last.headings
        starts_record = unit.block.kind is last.kind is BlockKind.TABLE  # a row of data, or the next table
        if (
            starts_section
            or starts_record
            or (leaf.tokens >= LEAF_TOKENS // 2 and leaf.tokens + unit.tokens > LEAF_TOKENS)
        ):
            return True
    return leaf.tokens + unit.tokens // 2 > LEAF_TOKENS


def _families(leaves: Iterable[_Leaf]) -> Iterator[list[_Leaf]]:
    """Leaves that share a parent: neighbours up to 512 tokens, begun anew at a new top heading once half full."""
    family: list[_Leaf] = []
    tokens = 0
    for leaf in leaves:
        new_chapter = family and leaf.units[0].block.headings[:1] != family[-1].units[-1].block.headings[:1]
        if family and (tokens + leaf.tokens > PARENT_TOKENS or (new_chapter and tokens > PARENT_TOKENS // 2)):
            yield family
            family, tokens = [], 0
        family.append(leaf)
        tokens += leaf.tokens
    if family:
        yield family


def _draft(text: str, units: Sequence[_Unit], parent: int | None, *, is_leaf: bool) -> ChunkDraft:
    span = Span(units[0].span.start, units[-1].span.end)
    heaviest = max(units, key=lambda unit: unit.tokens)
    headings = heaviest.block.headings
    pages = [unit.block.page for unit in units if unit.block.page is not None]
    page_start, page_end = (min(pages), max(pages)) if pages else (None, None)
    if not is_leaf:
        return ChunkDraft(span, parent, page_start, page_end, headings, b"")
    content = span.of(text)
    digest = hashlib.blake2b(embedded_words(headings, content).encode(), digest_size=16).digest()
    return ChunkDraft(span, parent, page_start, page_end, headings, digest, keywords(content))
