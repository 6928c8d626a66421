"""Chunks: leaves that cover the text, parents and their parents that hold them exactly, digests of what is embedded."""

from collections.abc import Iterator
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import BlockKind, ChunkDraft, PlacedBlock, Span
from rag_desktop.text.chunks import GRANDPARENT_TOKENS, PARENT_TOKENS, chunk, chunks, embedded_words
from rag_desktop.text.schemes import EXAMPLES
from rag_desktop.text.units import LEAF_LIMIT
from rag_desktop.text.words import count_tokens
from tests.text.material import content, documents, leaves_of, prose

SENTENCE = "Every tenant may end the lease in writing at the end of a quarter. "


def parts_of(drafts: tuple[ChunkDraft, ...], place: int) -> list[ChunkDraft]:
    return [draft for draft in drafts if draft.parent == place]


@given(documents())
def test_each_character_lies_in_exactly_one_leaf(document: tuple[str, list[PlacedBlock]]) -> None:
    text, blocks = document
    spans = [draft.span for draft in leaves_of(chunk(text, blocks))]
    assert all(one.end <= other.start for one, other in pairwise(spans))
    covered = sum(len("".join(span.of(text).split())) for span in spans)
    assert covered == len("".join(text.split()))
    for span in spans:
        assert count_tokens(span.of(text)) <= LEAF_LIMIT + 1
        assert span.of(text).strip() == span.of(text) != ""


@given(documents(), st.integers(1, 8))
def test_parents_hold_their_parts_exactly_and_come_first(document: tuple[str, list[PlacedBlock]], times: int) -> None:
    one, blocks_of_one = document
    text = one * times
    blocks = [
        PlacedBlock(Span(at * len(one) + block.span.start, at * len(one) + block.span.end), block.kind, *rest)
        for at in range(times)
        for block in blocks_of_one
        for rest in [(block.headings, block.page)]
    ]
    drafts = chunk(text, blocks)
    for place, draft in enumerate(drafts):
        assert draft.parent is None or draft.parent < place
        if draft.is_leaf:
            continue
        parts = parts_of(drafts, place)
        assert len(parts) > 1
        assert draft.span == Span(parts[0].span.start, parts[-1].span.end)
        is_outer = not all(part.is_leaf for part in parts)
        assert not (is_outer and draft.parent is not None)
        limit = GRANDPARENT_TOKENS if is_outer or draft.parent is None else PARENT_TOKENS
        assert count_tokens(draft.span.of(text)) <= limit
        pages = [block.page for block in content(blocks, text, draft.span) if block.page is not None]
        assert not pages or (draft.page_start or 0) <= min(pages) <= max(pages) <= (draft.page_end or 0)


def test_a_long_text_has_parents_of_two_sizes() -> None:
    text = SENTENCE * 400
    drafts = chunk(text, prose(text))
    outer = [place for place, draft in enumerate(drafts) if draft.parent is None]
    assert len(outer) == 3
    for place in outer[:-1]:
        parents = [at for at, draft in enumerate(drafts) if draft.parent == place]
        assert GRANDPARENT_TOKENS * 0.7 < count_tokens(drafts[place].span.of(text)) <= GRANDPARENT_TOKENS
        assert len(parents) in (4, 5)
        for at in parents:
            assert PARENT_TOKENS * 0.7 < count_tokens(drafts[at].span.of(text)) <= PARENT_TOKENS
            assert all(part.is_leaf for part in parts_of(drafts, at))


def test_a_short_text_has_no_parent() -> None:
    (only,) = chunk(SENTENCE, prose(SENTENCE))
    assert only.is_leaf
    assert only.parent is None
    parent, *parts = chunk(SENTENCE * 20, prose(SENTENCE * 20))
    assert not parent.is_leaf
    assert all(part.is_leaf and part.parent == 0 for part in parts)


@pytest.mark.parametrize("scheme", EXAMPLES)
def test_chunks_come_while_blocks_are_still_read(scheme: str) -> None:
    paragraph = SENTENCE * 5 + "\n\n"
    text, taken = paragraph * 2000, 0

    def blocks() -> Iterator[PlacedBlock]:
        nonlocal taken
        for start in range(0, len(text), len(paragraph)):
            taken += 1
            yield PlacedBlock(Span(start, start + len(paragraph)), BlockKind.PROSE, (), None)

    assert len(list(islice(chunks(text, blocks(), scheme), 20))) == 20
    assert taken < 100


@pytest.mark.parametrize("scheme", EXAMPLES)
@pytest.mark.parametrize("kind", BlockKind)
def test_a_text_without_any_break_is_cut_all_the_same(scheme: str, kind: BlockKind) -> None:
    for text in ("x" * 200_000, "가" * 50_000, "." * 50_000, " " * 100_000 + "x" + " " * 100_000 + "y"):
        block = PlacedBlock(Span(0, len(text)), kind, (), None)
        drafts = leaves_of(chunk(text, [block], scheme))
        assert drafts[0].span.start == len(text) - len(text.lstrip())
        assert drafts[-1].span.end == len(text)
        assert max(len(draft.span.of(text).replace(" ", "")) for draft in drafts) <= 2000


def test_the_same_words_under_the_same_headings_have_one_digest() -> None:
    text = SENTENCE
    one, other = chunk(text, prose(text))[0], chunk("\n" + text, prose("\n" + text))[0]
    assert one.digest == other.digest
    under = chunk(text, [PlacedBlock(Span(0, len(text)), BlockKind.PROSE, ("A",), None)])[0]
    assert under.digest != one.digest


def test_headings_and_plain_letters_are_embedded() -> None:
    assert embedded_words(("A", "B", "C"), "the ﬁrst") == "B › C\nthe first"


def test_an_unknown_scheme_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no chunking scheme"):
        chunks("x", prose("x"), "sideways")
