"""Joining fused and late scores: nothing falls below its fused score, and the weight decides how far it may rise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.ranking.blend import blended

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(-1, 1)), max_size=20)


def test_late_scores_are_scaled_to_the_best_and_the_worst() -> None:
    assert blended([0.9, 0.8, 0.5], [0.2, 0.6, 0.4], weight=1.0) == pytest.approx((0.9, 1.8, 1.0))
    assert blended([0.9, 0.8], [0.2, 0.6], weight=0.0) == (0.9, 0.8)


def test_late_scores_that_are_all_the_same_say_nothing() -> None:
    assert blended([0.9, 0.8], [0.4, 0.4]) == (0.9, 0.8)
    assert blended([0.9, 0.8], []) == (0.9, 0.8)
    assert blended([], []) == ()


@given(SCORES, st.floats(0, 2))
def test_no_score_falls_and_none_rises_by_more_than_the_weight(pairs: list[tuple[float, float]], weight: float) -> None:
    fused, late = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for before, after in zip(fused, blended(fused, late, weight), strict=True):
        assert before <= after <= before + weight + 1e-9
