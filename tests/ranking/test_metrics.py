"""Measures of a ranking: values computed by hand, what always holds, and the interval of a mean."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.ranking import metrics

NAMES = st.sampled_from("abcdefghij")
RANKINGS = st.lists(NAMES, unique=True)
GRADES = st.dictionaries(NAMES, st.integers(0, 3), max_size=8)
MEASURES = [metrics.ndcg, metrics.recall, metrics.reciprocal_rank, metrics.hit]


def test_ndcg_by_hand() -> None:
    grades = {"a": 3, "b": 2, "c": 1, "e": 0}
    gained = 2 + 3 / log2(4) + 1 / log2(5)
    ideal = 3 + 2 / log2(3) + 1 / log2(4)
    assert metrics.ndcg(["b", "x", "a", "c"], grades, 10) == pytest.approx(gained / ideal)
    assert metrics.ndcg(["b", "x", "a", "c"], grades, 2) == pytest.approx(2 / (3 + 2 / log2(3)))
    assert metrics.ndcg(["e", "x"], grades, 10) == 0.0


def test_an_ideal_that_is_longer_than_k_can_be_reached() -> None:
    grades = dict.fromkeys("abcdefgh", 1)
    assert metrics.ndcg(["h", "g"], grades, 2) == pytest.approx(1.0)
    assert metrics.recall(["h", "g"], grades, 2) == pytest.approx(2 / 8)


def test_recall_rank_and_hit_by_hand() -> None:
    ranked, grades = ["x", "a", "y", "b"], {"a": 1, "b": 2, "c": 1, "y": 0}
    assert metrics.recall(ranked, grades, 3) == pytest.approx(1 / 3)
    assert metrics.recall(ranked, grades, 10) == pytest.approx(2 / 3)
    assert metrics.reciprocal_rank(ranked, grades, 10) == 0.5
    assert metrics.reciprocal_rank(ranked, grades, 1) == 0.0
    assert (metrics.hit(ranked, grades, 1), metrics.hit(ranked, grades, 2)) == (0.0, 1.0)


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_relevant_or_nothing_found_is_nought(measure: metrics.Measure) -> None:
    assert measure(["a", "b"], {}, 10) == 0.0
    assert measure(["a", "b"], {"a": 0}, 10) == 0.0
    assert measure([], {"a": 1}, 10) == 0.0


@given(RANKINGS, GRADES, st.integers(1, 12))
def test_measures_keep_their_bounds(ranked: list[str], grades: dict[str, int], k: int) -> None:
    for measure in MEASURES:
        assert 0.0 <= measure(ranked, grades, k) <= 1.0 + 1e-12
        if any(grades.values()):
            best = sorted(grades, key=lambda name: -grades[name])
            assert measure(ranked, grades, k) <= measure(best, grades, k) + 1e-12


@given(RANKINGS, GRADES, st.integers(1, 12))
def test_what_comes_after_k_changes_nothing(ranked: list[str], grades: dict[str, int], k: int) -> None:
    for measure in MEASURES:
        assert measure(ranked, grades, k) == measure(ranked[:k], grades, k)


@given(RANKINGS, GRADES, st.integers(0, 8))
def test_a_better_one_moved_up_never_lowers_ndcg(ranked: list[str], grades: dict[str, int], place: int) -> None:
    if place + 1 >= len(ranked) or grades.get(ranked[place], 0) > grades.get(ranked[place + 1], 0):
        return
    swapped = [*ranked[:place], ranked[place + 1], ranked[place], *ranked[place + 2 :]]
    assert metrics.ndcg(swapped, grades, 10) >= metrics.ndcg(ranked, grades, 10) - 1e-12


def test_the_mean_of_nothing_is_nought() -> None:
    assert metrics.mean([]) == 0.0
    assert metrics.mean([0.25, 0.75]) == 0.5
    assert metrics.bootstrap_interval([]) == (0.0, 0.0)


def test_the_interval_is_that_of_the_normal_distribution_for_many_values() -> None:
    values = [0.0, 1.0] * 500
    low, high = metrics.bootstrap_interval(values)
    half = 1.96 * 0.5 / 1000**0.5
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.004)
    assert metrics.bootstrap_interval(values) == (low, high)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_lies_within_the_values(values: list[float]) -> None:
    low, high = metrics.bootstrap_interval(values)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_equal_values_leave_no_doubt() -> None:
    assert metrics.bootstrap_interval([0.5] * 20) == (0.5, 0.5)
