"""Cuts a document into leaves (embedded, searched) under parents (context): spans only, the text is stored once.

Scheme `leaves`: leaves of about 128 tokens under parents of about 512, and those under parents of about 2048. The
schemes of windows have no parents: their leaves overlap, so that none holds its neighbours whole.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from rag_desktop.domain.documents import ChunkDraft, PlacedBlock
from rag_desktop.text.leaves import leaves
from rag_desktop.text.pieces import Piece, together
from rag_desktop.text.schemes import Cut
from rag_desktop.text.schemes import scheme as scheme_named
from rag_desktop.text.windows import windows
from rag_desktop.text.words import compatible, keywords

PARENT_TOKENS = 512
GRANDPARENT_TOKENS = 2048


def chunks(text: str, blocks: Iterable[PlacedBlock], scheme: str = "leaves") -> Iterator[ChunkDraft]:
    """Chunks of `text`, each parent right before what lies in it. Every non-blank character lies in a leaf.

    Of scheme `leaves` in exactly one. A parent holds two parts at least. Raises ValueError for a scheme that does not
    exist.
    """
    named = scheme_named(scheme)
    if named.cut is not Cut.LEAVES:
        return _drafts(text, windows(text, blocks, named))
    parents = _grouped(leaves(text, blocks), PARENT_TOKENS)
    return _drafts(text, _grouped(parents, GRANDPARENT_TOKENS))


def chunk(text: str, blocks: Iterable[PlacedBlock], scheme: str = "leaves") -> tuple[ChunkDraft, ...]:
    """All of `chunks` at once."""
    return tuple(chunks(text, blocks, scheme))


def embedded_words(headings: Sequence[str], text: str) -> str:
    """What is embedded for a leaf: its two innermost headings, then its text."""
    return compatible("\n".join([" › ".join(headings[-2:]), text]) if headings else text)


def _grouped(pieces: Iterable[Piece], limit: int) -> Iterator[Piece]:
    """Neighbours under a parent of `limit` tokens at most, begun anew at a new top heading once half full."""
    held: list[Piece] = []
    tokens = 0
    for piece in pieces:
        new_chapter = held and piece.headings[:1] != held[-1].headings[:1]
        if held and (tokens + piece.tokens > limit or (new_chapter and tokens > limit // 2)):
            yield together(held)
            held, tokens = [], 0
        held.append(piece)
        tokens += piece.tokens
    if held:
        yield together(held)


def _drafts(text: str, pieces: Iterable[Piece]) -> Iterator[ChunkDraft]:
    count = 0
    for piece in pieces:
        for draft in _family(text, piece, None, count):
            yield draft
            count += 1


def _family(text: str, piece: Piece, parent: int | None, place: int) -> Iterator[ChunkDraft]:
    """A piece and all that lies in it, from `place` on."""
    yield _draft(text, piece, parent)
    following = place + 1
    for part in piece.parts:
        for draft in _family(text, part, place, following):
            yield draft
            following += 1


def _draft(text: str, piece: Piece, parent: int | None) -> ChunkDraft:
    pages = piece.page_start, piece.page_end
    if piece.parts:
        return ChunkDraft(piece.span, parent, *pages, piece.headings, b"")
    content = piece.span.of(text)
    digest = hashlib.blake2b(embedded_words(piece.headings, content).encode(), digest_size=16).digest()
    return ChunkDraft(piece.span, parent, *pages, piece.headings, digest, keywords(content))
