"""Chunks: leaves that cover the text once, end where sentences end, stay small, and belong to parents."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import BlockKind, ChunkDraft, PlacedBlock, Span
from rag_desktop.text.chunks import LEAF_LIMIT, PARENT_TOKENS, chunk, embedded_words
from rag_desktop.text.words import count_tokens

SENTENCE = "Every tenant may end the lease in writing at the end of a quarter. "


def prose(text: str) -> list[PlacedBlock]:
    return [PlacedBlock(Span(0, len(text)), BlockKind.PROSE, (), None)]


def leaves(drafts: tuple[ChunkDraft, ...]) -> list[ChunkDraft]:
    return [draft for draft in drafts if draft.is_leaf]


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[PlacedBlock]]:
    text, blocks = "", []
    for number in range(draw(st.integers(0, 8))):
        content = draw(st.text("ab c.\n계약1|", min_size=1, max_size=draw(st.sampled_from([20, 400, 3000]))))
        heading = (f"Part {draw(st.integers(0, 2))}",)
        kind = draw(st.sampled_from(BlockKind))
        blocks.append(PlacedBlock(Span(len(text), len(text) + len(content)), kind, heading, number // 2 + 1))
        text += content
    return text, blocks


@given(documents())
def test_each_character_lies_in_exactly_one_leaf(document: tuple[str, list[PlacedBlock]]) -> None:
    text, blocks = document
    drafts = chunk(text, blocks)
    spans = [draft.span for draft in leaves(drafts)]
    assert all(one.end <= other.start for one, other in pairwise(spans))
    covered = sum(len("".join(span.of(text).split())) for span in spans)
    assert covered == len("".join(text.split()))
    for draft in leaves(drafts):
        assert count_tokens(draft.span.of(text)) <= LEAF_LIMIT + 1
        assert draft.span.of(text).strip() == draft.span.of(text) != ""


@given(documents())
def test_parents_hold_their_leaves_and_come_first(document: tuple[str, list[PlacedBlock]]) -> None:
    text, blocks = document
    drafts = chunk(text, blocks)
    for place, draft in enumerate(drafts):
        if draft.parent is not None:
            parent = drafts[draft.parent]
            assert draft.parent < place
            assert not parent.is_leaf
            assert parent.span.covers(draft.span)
        elif not draft.is_leaf:
            assert count_tokens(draft.span.of(text)) <= PARENT_TOKENS + LEAF_LIMIT
            assert sum(child.parent == place for child in drafts) > 1


def test_leaves_end_where_sentences_end() -> None:
    text = SENTENCE * 40
    for draft in leaves(chunk(text, prose(text))):
        assert draft.span.of(text).endswith("quarter.")


def test_a_leaf_does_not_run_over_a_heading() -> None:
    first, second = SENTENCE * 3, SENTENCE * 3
    text = f"{first}\nNew part\n{second}"
    head = Span(len(first) + 1, len(first) + 9)
    blocks = [
        PlacedBlock(Span(0, len(first) + 1), BlockKind.PROSE, ("Old part",), 1),
        PlacedBlock(Span(head.start, head.end + 1), BlockKind.HEADING, ("New part",), 1),
        PlacedBlock(Span(head.end + 1, len(text)), BlockKind.PROSE, ("New part",), 2),
    ]
    one, two = leaves(chunk(text, blocks))
    assert (one.headings, one.page_start, one.page_end) == (("Old part",), 1, 1)
    assert (two.headings, two.page_start, two.page_end) == (("New part",), 1, 2)
    assert two.span.of(text).startswith("New part\n")


def test_code_is_cut_between_lines() -> None:
    text = "".join(f"value_{number} = compute(value_{number - 1})\n" for number in range(200))
    for draft in leaves(chunk(text, [PlacedBlock(Span(0, len(text)), BlockKind.CODE, (), None)])):
        assert draft.span.of(text).endswith(")")
        assert draft.span.of(text).startswith("value_")


def test_the_same_words_under_the_same_headings_have_one_digest() -> None:
    text = SENTENCE
    one, other = chunk(text, prose(text))[0], chunk("\n" + text, prose("\n" + text))[0]
    assert one.digest == other.digest
    under = chunk(text, [PlacedBlock(Span(0, len(text)), BlockKind.PROSE, ("A",), None)])[0]
    assert under.digest != one.digest


def test_headings_and_plain_letters_are_embedded() -> None:
    assert embedded_words(("A", "B", "C"), "the ﬁrst") == "B › C\nthe first"


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="no chunking scheme"):
        chunk("x", prose("x"), "sideways")
