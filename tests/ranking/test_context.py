"""What stands around a passage lifts it: the parent's words, its leaves' meaning, the passage's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.ranking.context import MEANING_WEIGHT, OWN_WEIGHT, WORDS_WEIGHT, Surroundings, in_context

RARITY = {"notic": 3.0, "period": 1.0}
COSINES = st.none() | st.floats(-1, 1)
PASSAGES = st.lists(
    st.builds(Surroundings, st.floats(0, 1), st.sampled_from(("notice", "period", "x", "")), COSINES, COSINES)
)


@given(PASSAGES)
def test_nothing_falls_below_its_fused_score_nor_rises_above_all_weights(passages: list[Surroundings]) -> None:
    most = WORDS_WEIGHT + MEANING_WEIGHT + OWN_WEIGHT
    for before, after in zip(passages, in_context(passages, RARITY), strict=True):
        assert before.fused <= after <= before.fused + most + 1e-9


def test_words_of_the_parent_count_by_their_rarity() -> None:
    around = [Surroundings(0.5, text) for text in ("Notice periods of leases", "The notice", "A period", "Nothing")]
    assert in_context(around, RARITY) == pytest.approx([0.5 + WORDS_WEIGHT * share for share in (1, 0.75, 0.25, 0)])


def test_meaning_is_scaled_over_those_compared_and_none_is_the_lowest() -> None:
    around = [Surroundings(0.0, "", cosine, mean) for cosine, mean in ((0.2, 0.6), (0.4, 0.5), (0.3, None))]
    assert in_context(around, RARITY) == pytest.approx([MEANING_WEIGHT, OWN_WEIGHT, 0.5 * OWN_WEIGHT])


def test_equal_meaning_and_no_words_change_nothing() -> None:
    assert in_context([Surroundings(0.4, "x", 0.7, 0.7), Surroundings(0.3, "y", 0.7, 0.7)], {}) == [0.4, 0.3]
    assert in_context([], RARITY) == []
