"""Search among some labels gives what exact search among them gives, by each of its ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.vectors import index as index_module
from rag_desktop.vectors.filtered import Rows, Way, filtered, filtered_by
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Labels, Matrix, cosines
from tests.vectors.test_index import DIMENSION, unit

COUNT = 6_000
CLUSTERS = 30
K = 10


def rows_of(labels: Labels, vectors: Matrix) -> Rows:
    """What the library answers: vectors of those that it has, ascending."""

    def rows(wanted: Labels) -> tuple[Labels, Matrix]:
        places = np.flatnonzero(np.isin(labels, wanted))
        return labels[places], vectors[places]

    return rows


class World:
    """Clustered vectors, as those of folders on different matters are; labels grow, with gaps."""

    def __init__(self) -> None:
        random = np.random.default_rng(1)
        self.centres = random.normal(size=(CLUSTERS, DIMENSION))
        self.cluster = random.integers(0, CLUSTERS, COUNT)
        self.vectors = unit(self.centres[self.cluster] + 0.5 * random.normal(size=(COUNT, DIMENSION)))
        self.labels = np.arange(5, 5 + 3 * COUNT, 3)
        self.rows = rows_of(self.labels, self.vectors)
        self.exact = ExactIndex(self.labels.tolist(), self.vectors)
        self.graph = HnswIndex(DIMENSION)
        for start in range(0, COUNT, 500):
            self.graph.add(self.labels[start : start + 500].tolist(), self.vectors[start : start + 500])
        self.queries = self.near(range(0, CLUSTERS, 2))

    def near(self, clusters: range) -> Matrix:
        """A query for each of these clusters."""
        random = np.random.default_rng(2)
        return unit(self.centres[list(clusters)] + 0.3 * random.normal(size=(len(clusters), DIMENSION)))

    def share(self, selectivity: float) -> Labels:
        """Labels drawn whatever their vectors are."""
        random = np.random.default_rng(3)
        return np.sort(random.choice(self.labels, round(selectivity * COUNT), replace=False))

    def of_clusters(self, clusters: range) -> Labels:
        """The labels of folders about these matters."""
        return self.labels[np.isin(self.cluster, list(clusters))]

    def recall(self, labels: Labels) -> tuple[float, set[Way]]:
        """Mean recall@10 over all queries, and the ways that were taken."""
        shares, ways = [], set()
        for query in self.queries:
            hits, way = filtered_by(self.graph, self.rows, query, K, labels)
            assert len(hits) == min(K, len(labels))
            assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
            truth = {label for label, _ in self.exact.search_among(query, K, labels)}
            shares.append(len(truth & {label for label, _ in hits}) / len(truth))
            ways.add(way)
        return float(np.mean(shares)), ways


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.mark.parametrize("selectivity", [0.001, 0.01, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_recall_among_labels_drawn_at_random(world: World, selectivity: float) -> None:
    assert world.recall(world.share(selectivity))[0] >= 0.98


@pytest.mark.parametrize("clusters", [range(1), range(2), range(5), range(10), range(20), range(1, CLUSTERS, 2)])
def test_recall_among_folders(world: World, clusters: range) -> None:
    """Some queries lie in the midst of what is meant, others nowhere near it."""
    assert world.recall(world.of_clusters(clusters))[0] >= 0.98


def test_each_way_is_taken(world: World) -> None:
    assert world.recall(world.share(0.01))[1] == {Way.PRE}
    assert world.recall(world.share(0.9))[1] == {Way.POST}
    assert Way.IN in world.recall(world.share(0.3))[1]


def test_the_graph_is_left_where_what_is_meant_lies_far_away() -> None:
    towards = np.repeat([[1.0], [-1.0]], [3_500, 1_500], axis=0)
    vectors = unit(towards * np.ones(16) + 0.3 * np.random.default_rng(5).normal(size=(5_000, 16)))
    labels = np.arange(5_000)
    graph, rows = HnswIndex(16), rows_of(labels, vectors)
    graph.add(labels.tolist(), vectors)
    far = labels[3_500:]
    assert filtered_by(graph, rows, vectors[-1], K, far)[1] is Way.IN
    hits, way = filtered_by(graph, rows, vectors[0], K, far)
    assert way is Way.PRE
    assert dict(hits) == pytest.approx(dict(ExactIndex(labels.tolist(), vectors).search_among(vectors[0], K, far)))
    assert graph.search_among(vectors[0], K, far, most=5_000) != []
    assert graph.search_among(vectors[0], K, far, most=1_500) == []


def test_labels_without_a_vector_are_passed_over(world: World) -> None:
    """Most of a folder may wait for its vectors, or all of it."""
    waiting = np.arange(10**6, 10**6 + 3 * COUNT)
    for few in (0, 3, 500):
        labels = np.concatenate([world.labels[:few], waiting])
        hits = filtered(world.graph, world.rows, world.queries[0], K, labels)
        truth = world.exact.search_among(world.queries[0], K, labels)
        assert dict(hits) == pytest.approx(dict(truth), abs=1e-4)


def test_dropped_labels_are_no_hits() -> None:
    vectors = unit(np.random.default_rng(4).normal(size=(2_000, 16)))
    labels = np.arange(2_000)
    index = HnswIndex(16)
    index.add(labels.tolist(), vectors)
    index.drop(range(0, 2_000, 2))
    rows = rows_of(labels[1::2], vectors[1::2])
    hits = index.search_among(vectors[0], 20, labels[:1_000], most=2_000)
    assert len(hits) == 20
    assert all(label % 2 and label < 1_000 for label, _ in hits)
    assert len(filtered(index, rows, vectors[0], 600, labels[:1_000])) == 500


def test_labels_of_one_vector_are_no_trap() -> None:
    """Copies of one boilerplate text: the graph's edges may not lead to all of them."""
    vectors = np.repeat(unit(np.ones((1, 16))), 1_500, axis=0)
    labels = np.arange(1_500)
    index = HnswIndex(16)
    for start in range(0, 1_500, 50):
        index.add(range(start, start + 50), vectors[start : start + 50])
    for meant in (labels[::2], labels[700:], labels):
        assert len(filtered(index, rows_of(labels, vectors), vectors[0], 100, meant)) == 100


def test_nothing_is_found_in_nothing(world: World) -> None:
    nothing = np.zeros(0, np.int64)
    empty = HnswIndex(DIMENSION)
    no_rows = rows_of(nothing, np.zeros((0, DIMENSION), np.float32))
    for index in (world.graph, world.exact, empty, ExactIndex([], np.zeros((0, DIMENSION), np.float32))):
        assert filtered(index, no_rows, world.queries[0], K, nothing) == []
    assert filtered(empty, no_rows, world.queries[0], K, world.labels) == []
    assert empty.search_among(world.queries[0], K, world.labels, most=9) == []
    assert empty.scores([1, 2], world.queries[0]) == {}


@given(data=st.data())
def test_small_sets_agree_with_exact_search(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    count, distinct = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 60))
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(distinct, 12)))[random.integers(0, distinct, count)]
    labels = np.sort(random.choice(10 * count, count, replace=False))
    graph, exact = HnswIndex(12), ExactIndex(labels.tolist(), vectors)
    graph.add(labels.tolist(), vectors)
    meant = np.array(sorted(data.draw(st.sets(st.sampled_from(labels.tolist())))), np.int64)
    k = data.draw(st.integers(1, 80))
    truth = ExactIndex(meant.tolist(), vectors[np.isin(labels, meant)]).search(vectors[0], k)
    for index in (graph, exact):
        hits = filtered(index, rows_of(labels, vectors), vectors[0], k, meant)
        assert {label for label, _ in hits} <= set(meant.tolist())
        assert [score for _, score in hits] == pytest.approx([score for _, score in truth], abs=1e-4)


@pytest.mark.parametrize("wanted", [4, 4_000])
def test_scores_of_given_labels(world: World, wanted: int) -> None:
    asked = [*world.labels[:wanted].tolist(), 1, 10**7]
    for index in (world.graph, world.exact):
        scores = index.scores(asked, world.queries[0])
        assert list(scores) == asked[:-2]
        assert list(scores.values()) == pytest.approx((world.vectors[:wanted] @ world.queries[0]).tolist(), abs=1e-4)


def test_exact_search_takes_labels_in_any_order() -> None:
    vectors = unit(np.random.default_rng(6).normal(size=(5, 8)))
    index = ExactIndex([9, 2, 7, 4, 1], vectors)
    assert index.search(vectors[0], 1)[0][0] == 9
    assert index.search_among(vectors[2], 1, np.array([7, 8]))[0][0] == 7
    assert index.scores([1], vectors[4]) == {1: pytest.approx(1.0, abs=1e-3)}


def test_products_in_parts_are_products(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = world.vectors @ world.queries[0]
    for at_once in (1, 1_000, 10**9):
        monkeypatch.setattr(index_module, "_AT_ONCE", at_once)
        assert cosines(world.vectors, world.queries[0]) == pytest.approx(whole, abs=1e-6)
    assert cosines(world.vectors[:0], world.queries[0]).shape == (0,)
