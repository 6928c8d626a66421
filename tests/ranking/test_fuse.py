"""Fusing two signals: bounds, ties, absent signals, weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.ranking.fuse import minmax_fused, vector_weight

SCORES = st.dictionaries(st.integers(0, 30), st.floats(-10, 10), max_size=12)


@given(SCORES, SCORES, st.floats(0.05, 1))
def test_every_id_once_within_bounds_best_first(one: dict[int, float], other: dict[int, float], weight: float) -> None:
    fused = minmax_fused([(one, weight), (other, 1.0 - weight)])
    assert {id_ for id_, _ in fused} == one.keys() | other.keys()
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)


@given(SCORES)
def test_one_signal_alone_keeps_its_order(scores: dict[int, float]) -> None:
    assert [id_ for id_, _ in minmax_fused([(scores, 0.5), ({}, 0.5)])] == [
        id_ for id_, _ in minmax_fused([(scores, 1.0)])
    ]


def test_a_scale_does_not_matter_and_ties_go_by_id() -> None:
    small, large = {1: 0.1, 2: 0.2, 3: 0.3}, {1: 100.0, 2: 200.0, 3: 300.0}
    assert dict(minmax_fused([(small, 1.0)])) == pytest.approx(dict(minmax_fused([(large, 1.0)])))
    assert minmax_fused([({2: 5.0, 1: 5.0}, 1.0)]) == [(1, 1.0), (2, 1.0)]


def test_what_both_signals_find_wins() -> None:
    assert minmax_fused([({1: 9.0, 2: 8.0, 4: 0.0}, 0.5), ({2: 0.8, 3: 0.9, 4: 0.0}, 0.5)])[0][0] == 2


def test_a_model_that_cannot_read_the_question_counts_little() -> None:
    assert vector_weight(0.0, ["en"]) == 0.5
    assert vector_weight(1.0, ["en"]) == 0.0
    assert 0 < vector_weight(0.5, ["en"]) < 0.5
    assert vector_weight(1.0, ["ko"]) == vector_weight(1.0, ["*"]) == 0.5


def test_literal_words_count_more_than_their_meaning() -> None:
    assert 0 < vector_weight(0.0, ["en"], is_literal=True) < vector_weight(0.0, ["en"])
    assert vector_weight(1.0, ["en"], is_literal=True) == 0.0


def test_a_signal_that_found_nothing_takes_no_share() -> None:
    assert minmax_fused([({1: 2.0, 2: 1.0}, 0.7), ({}, 0.3)]) == [(1, 1.0), (2, 0.0)]
    assert minmax_fused([({}, 1.0), ({}, 0.0)]) == []
