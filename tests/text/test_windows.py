"""Windows: as long as asked, overlapping as asked, from word to word, over everything."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import BlockKind, ChunkDraft, PlacedBlock
from rag_desktop.text.chunks import chunk
from rag_desktop.text.schemes import SIZES, Cut, Scheme
from rag_desktop.text.windows import windows
from rag_desktop.text.words import count_tokens
from tests.text.material import content, documents, placed, prose

SENTENCE = "Every tenant may end the lease in writing at the end of a quarter. "


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    cut = draw(st.sampled_from([Cut.CHARACTERS, Cut.TOKENS]))
    size = draw(st.integers(SIZES[cut][0], 400))
    return Scheme(cut, size, draw(st.integers(0, (size - 1) // 2)))


def drafted(text: str, blocks: list[PlacedBlock], scheme: Scheme) -> tuple[ChunkDraft, ...]:
    return chunk(text, blocks, f"{scheme.cut}:{scheme.size}/{scheme.overlap}")


def measured(text: str, scheme: Scheme) -> int:
    return len(text) if scheme.cut is Cut.CHARACTERS else count_tokens(text)


@given(documents(), schemes())
def test_each_character_lies_in_a_window_and_none_is_too_long(
    document: tuple[str, list[PlacedBlock]], scheme: Scheme
) -> None:
    text, blocks = document
    drafts = drafted(text, blocks, scheme)
    covered = {at for draft in drafts for at in range(draft.span.start, draft.span.end)}
    assert covered >= {at for at, sign in enumerate(text) if not sign.isspace()}
    for draft in drafts:
        assert draft.is_leaf
        assert draft.parent is None
        assert draft.span.of(text).strip() == draft.span.of(text) != ""
        assert measured(draft.span.of(text), scheme) <= scheme.size


@given(documents(), schemes())
def test_windows_go_forward_and_overlap_at_most_as_asked(
    document: tuple[str, list[PlacedBlock]], scheme: Scheme
) -> None:
    text, blocks = document
    for one, other in pairwise(drafted(text, blocks, scheme)):
        assert one.span.start < other.span.start
        assert one.span.end < other.span.end
        shared = text[other.span.start : max(other.span.start, one.span.end)]
        assert measured(shared, scheme) <= scheme.overlap


@given(documents(), schemes())
def test_windows_name_the_headings_that_all_their_words_share(
    document: tuple[str, list[PlacedBlock]], scheme: Scheme
) -> None:
    text, blocks = document
    for draft in drafted(text, blocks, scheme):
        held = content(blocks, text, draft.span)
        assert all(block.headings[: len(draft.headings)] == draft.headings for block in held)
        if len({block.headings for block in held}) == 1 and held[0].kind is not BlockKind.HEADING:
            touched = {b.headings for b in blocks if b.span.start < draft.span.end and b.span.end > draft.span.start}
            assert len(touched) > 1 or draft.headings == held[0].headings


@pytest.mark.parametrize("scheme", [Scheme(Cut.CHARACTERS, 300, 60), Scheme(Cut.TOKENS, 64, 16)])
def test_words_stay_whole_and_overlap_is_nearly_as_asked(scheme: Scheme) -> None:
    text = SENTENCE * 50
    words = set(text.split())
    drafts = drafted(text, prose(text), scheme)
    for draft in drafts:
        assert set(draft.span.of(text).split()) <= words
    for one, other in pairwise(drafts):
        shared = text[other.span.start : one.span.end]
        assert scheme.overlap - 10 <= measured(shared, scheme) <= scheme.overlap


def test_no_overlap_covers_each_character_once() -> None:
    text = SENTENCE * 50
    for scheme in (Scheme(Cut.CHARACTERS, 300), Scheme(Cut.TOKENS, 64)):
        spans = [draft.span for draft in drafted(text, prose(text), scheme)]
        assert "".join("".join(span.of(text).split()) for span in spans) == "".join(text.split())


def test_a_window_ends_at_the_greatest_break_that_fits() -> None:
    def ends(text: str) -> list[str]:
        return [text[: draft.span.end] for draft in drafted(text, prose(text), Scheme(Cut.CHARACTERS, 100))][:1]

    words = "word " * 14  # 70 characters
    rest = " " + "more " * 30
    assert ends(f"{words}.\n\nNext. Then.\nThen.{rest}") == [f"{words}."]
    assert ends(f"{words}.\nNext. Then.{rest}") == [f"{words}."]
    assert ends(f"{words}. Next and then{rest}") == [f"{words}."]
    assert ends(f"{words}。그리고 다음{rest}") == [f"{words}。"]
    assert ends(f"{words}next{rest}") == [f"{words}next more more more more more"]
    assert ends("x" * 300) == ["x" * 100]


def test_a_title_makes_no_window() -> None:
    text, blocks = placed(
        ("Lease\n\n", BlockKind.HEADING, ("Lease",), 1), (SENTENCE * 10, BlockKind.PROSE, ("Lease",), 2)
    )
    first, *_ = drafted(text, blocks, Scheme(Cut.CHARACTERS, 200, 20))
    assert first.span.of(text).startswith("Lease\n\nEvery tenant")
    assert (first.headings, first.page_start, first.page_end) == (("Lease",), 1, 2)


def test_leaves_are_no_windows() -> None:
    with pytest.raises(ValueError, match="no windows"):
        list(windows("x", prose("x"), Scheme(Cut.LEAVES)))
