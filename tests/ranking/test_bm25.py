"""BM25 of passages, and of the families they stand in."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.ranking.bm25 import Matrix, bm25, family_bm25


def matrix(*rows: object) -> Matrix:
    return np.array(rows, np.float32)


def test_the_formula() -> None:
    (score,) = bm25(matrix([2.0, 0.0]), matrix(50.0), 100.0, matrix(3.0, 5.0))
    assert score == pytest.approx(3.0 * 2.0 * 2.2 / (2.0 + 1.2 * (0.25 + 0.75 * 0.5)))


def test_rare_words_and_short_passages_count_more() -> None:
    counts, rarity = matrix([1, 0], [0, 1], [0, 1]), matrix(1.0, 4.0)
    common, rare, rare_but_long = bm25(counts, matrix(10, 10, 30), 10.0, rarity)
    assert rare > rare_but_long > common > 0


def test_passages_of_one_family_have_each_others_words() -> None:
    counts, families = matrix([1, 0], [0, 1], [1, 0]), np.array([7, 7, 9])
    one, other, alone = family_bm25(counts, matrix(20, 20, 20), families, matrix(2.0, 2.0))
    assert one == other == pytest.approx(2 * alone)


def test_a_long_family_counts_less() -> None:
    counts, families = matrix([1], [1]), np.array([1, 2])
    short, long = family_bm25(counts, matrix(10, 90), families, matrix(1.0))
    assert short > long


def test_nothing_is_scored_where_there_is_nothing() -> None:
    assert len(bm25(np.zeros((0, 2), np.float32), matrix(), 0.0, matrix(1, 1))) == 0
    assert len(family_bm25(np.zeros((0, 2), np.float32), matrix(), np.zeros(0, np.int64), matrix(1, 1))) == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 500), st.integers(0, 3)), min_size=1, max_size=20))
def test_scores_are_finite_and_bounded(passages: list[tuple[int, int, int]]) -> None:
    counts = matrix(*([float(count)] for count, _, _ in passages))
    lengths = matrix(*(length for _, length, _ in passages))
    families = np.array([family for _, _, family in passages])
    for scores in (
        bm25(counts, lengths, float(lengths.mean()), matrix(1.5)),
        family_bm25(counts, lengths, families, matrix(1.5)),
    ):
        assert all(0.0 <= score <= 1.5 * 2.2 + 1e-5 and math.isfinite(score) for score in scores.tolist())


def test_a_family_is_as_long_as_its_passages_tell_whichever_is_first() -> None:
    counts, families = np.array([[1.0], [2.0], [1.0]], np.float32), np.array([7, 7, 9])
    lengths, rarity = np.array([90.0, 110.0, 50.0], np.float32), np.ones(1, np.float32)
    one, other, alone = family_bm25(counts, lengths, families, rarity)
    turned = family_bm25(counts[::-1], lengths[::-1], families[::-1], rarity)
    assert one == other != alone
    assert turned.tolist() == [alone, other, one]
