"""Auto-merging: parents in the place of enough parts, two levels up, nothing twice, nothing lost."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.ids import ChunkId
from rag_desktop.ranking.merging import Unit, merged

# 100 holds 10 and 20 and 30, each of four leaves but the last; 30 holds two; leaf 41 lies right in 100.
FAMILY = {leaf: leaf // 10 * 10 for leaf in (11, 12, 13, 14, 21, 22, 23, 24, 31, 32)} | {
    10: 100, 20: 100, 30: 100, 41: 100,
}  # fmt: skip
PARENTS = {ChunkId(part): ChunkId(parent) for part, parent in FAMILY.items()}
CHILDREN = {ChunkId(parent): sum(each == parent for each in FAMILY.values()) for parent in set(FAMILY.values())}


def found(*ids: int, share: float = 0.5, parents: Mapping[ChunkId, ChunkId] = PARENTS) -> list[tuple[int, int, int]]:
    """Units as (id, best, found), of hits whose scores go down."""
    return [(each.id, each.best, each.found) for each in units(ids, share, parents)]


def units(ids: Sequence[int], share: float, parents: Mapping[ChunkId, ChunkId] = PARENTS) -> tuple[Unit, ...]:
    hits = [(ChunkId(id_), 1.0 / place) for place, id_ in enumerate(ids, 1)]
    return merged(hits, parents, CHILDREN, share)


def above(id_: int) -> set[int]:
    parent = FAMILY.get(id_)
    return set() if parent is None else {parent} | above(parent)


def test_half_of_the_leaves_bring_their_parent_in_the_place_of_the_best() -> None:
    assert found(21, 12, 99, 11) == [(21, 21, 1), (10, 12, 2), (99, 99, 1)]
    (first, second) = units([12, 11, 99], 0.5)
    assert (first.score, second.score) == (1.0, 1 / 3)


def test_fewer_do_not() -> None:
    assert found(21, 12) == [(21, 21, 1), (12, 12, 1)]
    assert found(21, 12, 11, share=0.75) == [(21, 21, 1), (12, 12, 1), (11, 11, 1)]
    assert found(31, share=0.1) == [(31, 31, 1)]


def test_parents_bring_their_parent_and_what_else_lies_in_it() -> None:
    assert found(11, 12, 31, 21, 22) == [(100, 11, 5)]
    assert found(41, 11, 12, 99) == [(100, 41, 3), (99, 99, 1)]
    assert found(11, 12, 31) == [(10, 11, 2), (31, 31, 1)]


def test_a_parent_that_was_found_itself_takes_its_leaves() -> None:
    assert found(11, 10) == [(10, 11, 2)]
    assert found(11, 100, 10, 99) == [(100, 11, 3), (99, 99, 1)]


def test_hits_without_parents_stay_as_they_are_and_come_once() -> None:
    assert found(5, 7, 5, 11) == [(5, 5, 1), (7, 7, 1), (11, 11, 1)]
    assert found(11, 12, parents={}) == [(11, 11, 1), (12, 12, 1)]
    assert found() == []


@given(st.permutations(sorted({*FAMILY, 99, 100})), st.integers(0, 16), st.sampled_from([0.1, 0.5, 0.6, 1.0]))
def test_nothing_is_lost_or_there_twice(order: list[int], count: int, share: float) -> None:
    hits = order[:count]
    made = units(hits, share)
    ids = [each.id for each in made]
    assert len(set(ids)) == len(ids)
    assert not any(above(id_) & set(ids) for id_ in ids)
    assert all(({hit} | above(hit)) & set(ids) for hit in hits)
    assert sum(each.found for each in made) == len(hits)
    assert [each.score for each in made] == sorted((each.score for each in made), reverse=True)
    for each in made:
        inside = [hit for hit in hits if each.id in {hit} | above(hit)]
        assert (each.best, each.found) == (inside[0], len(inside))
        if each.id not in hits:
            parts = {part for part, parent in FAMILY.items() if parent == each.id}
            reached = {part for part in parts if any(part in {hit} | above(hit) for hit in inside)}
            assert len(reached) >= max(2, share * len(parts))
