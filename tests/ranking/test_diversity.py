"""Spreading results over documents: only for broad questions, and never at the cost of a clearly better passage."""

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.answers import Passage
from rag_desktop.ranking.diversity import BROAD, NEAR, spread
from tests.ranking.passages import passage


def found(*rows: tuple[int, float]) -> list[Passage]:
    """Passages by document and score, in this order."""
    return [passage(place, document=document, score=score) for place, (document, score) in enumerate(rows)]


def documents(passages: tuple[Passage, ...]) -> list[int]:
    return [each.document.id for each in passages]


def test_a_broad_question_is_spread() -> None:
    passages = found((1, 1.0), (1, 0.95), (1, 0.94), (2, 0.93), (3, 0.92), (2, 0.91))
    assert documents(spread(passages, 8)) == [1, 2, 3, 1, 2, 1]


def test_a_specific_question_is_left_alone() -> None:
    passages = found((1, 1.0), (1, 0.95), (2, 0.93), (3, 0.7), (4, 0.69))
    assert spread(passages, 8) == tuple(passages)
    assert spread([], 8) == ()


def test_a_clearly_better_passage_is_not_passed() -> None:
    passages = found((1, 1.0), (2, 0.95), (3, 0.9), (1, 0.85), (4, 0.6))
    assert documents(spread(passages, 8)) == [1, 2, 3, 1, 4]


def test_only_the_first_ones_are_spread() -> None:
    passages = found((1, 1.0), (1, 0.99), (2, 0.98), (3, 0.97), (1, 0.96), (4, 0.95))
    assert documents(spread(passages, 2)) == [1, 2, 1, 3, 1, 4]


def test_what_an_earlier_stage_left_behind_stays_there() -> None:
    """After a reranker the scores of the others, on another scale, may be higher."""
    passages = found((1, 0.3), (2, 0.25), (3, 0.2), (1, 0.19), (4, 0.9), (5, 0.2))
    assert documents(spread(passages, 8)) == [1, 2, 3, 1, 4, 5]


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 1)), max_size=30), st.integers(0, 12))
def test_nothing_is_lost_and_no_one_passes_a_clearly_better_one(rows: list[tuple[int, float]], first: int) -> None:
    passages = found(*sorted(rows, key=lambda row: -row[1]))
    ordered = spread(passages, first)
    assert sorted(each.chunk.id for each in ordered) == [each.chunk.id for each in passages]
    for place, each in enumerate(ordered):
        assert all(later.score - each.score <= NEAR for later in ordered[place:])
    assert first_ones(ordered) == first_ones(tuple(passages))
    if len(set(documents(tuple(passages)))) < BROAD:
        assert ordered == tuple(passages)


def first_ones(passages: tuple[Passage, ...]) -> list[int]:
    """Documents in the order of their first passages."""
    return list(dict.fromkeys(documents(passages)))
