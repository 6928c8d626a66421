"""The HNSW graph gives what exact search gives, whatever was added, dropped, saved and loaded before."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.vectors.index import ExactIndex, HnswIndex, Matrix, sha256_of

DIMENSION = 64


def unit(vectors: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Matrix:
    stored: Matrix = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    return stored


def clustered(count: int, seed: int, dimension: int = DIMENSION) -> Matrix:
    """Vectors as embeddings are: in clusters of very unequal size, the same clusters for every seed."""
    world, random = np.random.default_rng(0), np.random.default_rng(seed)
    centres = world.normal(size=(40, dimension))
    weights = world.dirichlet(np.full(40, 0.3))
    return unit(centres[random.choice(40, count, p=weights)] + 0.35 * random.normal(size=(count, dimension)))


def recall(index: HnswIndex, exact: ExactIndex, queries: Matrix, k: int = 10) -> float:
    """Share of the exact search's hits that HNSW gave."""
    shares = []
    for query in queries:
        truth = {label for label, _ in exact.search(query, k)}
        shares.append(len(truth & {label for label, _ in index.search(query, k)}) / len(truth))
    return float(np.mean(shares))


@pytest.fixture(scope="module")
def vectors() -> Matrix:
    return clustered(5_000, seed=1)


@pytest.fixture(scope="module")
def labels() -> list[int]:
    """Chunk ids as they come: growing, with gaps."""
    return list(range(3, 20_000, 3))[:5_000]


@pytest.fixture(scope="module")
def built(vectors: Matrix, labels: list[int]) -> HnswIndex:
    """Built batch by batch, past its first room."""
    index = HnswIndex(DIMENSION)
    for start in range(0, len(labels), 512):
        index.add(labels[start : start + 512], vectors[start : start + 512])
    return index


def test_recall_against_exact_search(built: HnswIndex, vectors: Matrix, labels: list[int]) -> None:
    assert len(built) == 5_000
    assert built.labels == frozenset(labels)
    assert recall(built, ExactIndex(labels, vectors), clustered(200, seed=2)) >= 0.98
    assert recall(built, ExactIndex(labels, vectors), vectors[::50]) >= 0.98


def test_scores_are_cosines_best_first(built: HnswIndex, vectors: Matrix, labels: list[int]) -> None:
    hits = built.search(vectors[7], 20)
    assert hits[0][0] == labels[7]
    assert hits[0][1] == pytest.approx(1.0, abs=1e-3)
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    for label, score in hits:
        assert score == pytest.approx(float(vectors[labels.index(label)] @ vectors[7]), abs=1e-4)


def test_growth_past_the_first_room_keeps_everything() -> None:
    random = unit(np.random.default_rng(3).normal(size=(9_000, 8)))
    index = HnswIndex(8)
    index.add(range(4_096), random[:4_096])
    index.add(range(4_096, 4_097), random[4_096:4_097])
    index.add(range(4_097, 9_000), random[4_097:])
    assert index.labels == frozenset(range(9_000))
    assert all(index.search(random[place], 1)[0][1] > 0.999 for place in range(0, 9_000, 100))


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = HnswIndex(4)
    assert index.search(np.ones(4, np.float32), 5) == []
    index.drop([1, 2])
    index.add([], np.zeros((0, 4), np.float32))
    index.save(tmp_path / "empty")
    loaded = HnswIndex.load(tmp_path / "empty", 4, set())
    assert loaded.search(np.ones(4, np.float32), 5) == []
    loaded.add([7], np.array([[0, 1, 0, 0]], np.float32))
    assert loaded.search(np.array([0, 1, 0, 0], np.float32), 5) == [(7, 1.0)]
    assert ExactIndex([], np.zeros((0, 4), np.float32)).search(np.ones(4, np.float32), 3) == []


def test_more_neighbours_than_there_are_gives_all() -> None:
    few = unit(np.random.default_rng(4).normal(size=(7, 16)))
    index = HnswIndex(16)
    index.add(range(7), few)
    index.drop([2])
    assert {label for label, _ in index.search(few[2], 50)} == {0, 1, 3, 4, 5, 6}
    assert {label for label, _ in ExactIndex(range(7), few).search(few[2], 50)} == set(range(7))


def test_what_is_dropped_is_not_found_until_it_is_added_again(vectors: Matrix) -> None:
    index = HnswIndex(DIMENSION)
    index.add(range(300), vectors[:300])
    index.drop([10, 11, 12, 9_999])
    index.drop([10])
    assert {10, 11, 12}.isdisjoint(label for label, _ in index.search(vectors[10], 297))
    index.add([10], vectors[400:401])
    assert index.search(vectors[400], 1)[0][0] == 10
    assert index.labels == frozenset(range(300)) - {11, 12}
    assert index.held == 300


def test_adding_a_label_again_replaces_its_vector(vectors: Matrix) -> None:
    index = HnswIndex(DIMENSION)
    index.add(range(100), vectors[:100])
    index.add(range(0, 100, 2), vectors[1_000:1_050])
    assert len(index) == 100
    for place, label in enumerate(range(0, 100, 2)):
        assert dict(index.search(vectors[1_000 + place], 3))[label] == pytest.approx(1.0, abs=1e-3)


def test_a_saved_index_comes_back_the_same(tmp_path: Path, vectors: Matrix, labels: list[int]) -> None:
    index = HnswIndex(DIMENSION)
    index.add(labels[:1_000], vectors[:1_000])
    index.drop(labels[:100])
    digest = index.save(tmp_path / "one.hnsw")
    assert digest == sha256_of(tmp_path / "one.hnsw")
    loaded = HnswIndex.load(tmp_path / "one.hnsw", DIMENSION, index.labels)
    assert loaded.labels == index.labels
    assert loaded.held == 1_000
    assert recall(loaded, ExactIndex(labels[100:1_000], vectors[100:1_000]), vectors[2_000:2_050]) >= 0.98
    loaded.add(labels[:2_000], vectors[:2_000])
    assert loaded.labels == frozenset(labels[:2_000])
    assert recall(loaded, ExactIndex(labels[:2_000], vectors[:2_000]), vectors[2_000:2_050]) >= 0.98


def test_loading_drops_labels_that_mean_nothing_any_more(tmp_path: Path, vectors: Matrix) -> None:
    index = HnswIndex(DIMENSION)
    index.add(range(200), vectors[:200])
    index.drop([0])
    index.save(tmp_path / "one.hnsw")
    loaded = HnswIndex.load(tmp_path / "one.hnsw", DIMENSION, set(range(50, 400)))
    assert loaded.labels == frozenset(range(50, 200))
    assert {label for label, _ in loaded.search(vectors[3], 200)} == set(range(50, 200))


def test_sha256_of_a_missing_file_is_none(tmp_path: Path) -> None:
    assert sha256_of(tmp_path / "nothing") is None
    assert sha256_of(tmp_path) is None


@pytest.mark.parametrize("distinct", [1, 5])
def test_very_many_equal_vectors_are_no_trap(distinct: int) -> None:
    """Copies of one boilerplate text have one vector; HNSW's edges may then not lead everywhere."""
    base = unit(np.random.default_rng(5).normal(size=(distinct, 32)))
    many = np.repeat(base, 1_700 // distinct, axis=0)
    index = HnswIndex(32)
    for start in range(0, len(many), 64):
        index.add(range(start, min(start + 64, len(many))), many[start : start + 64])
    assert len(index.search(base[0], len(many))) == len(many)
    index.drop(range(0, len(many), 2))
    index.drop(range(1, 1_600, 2))
    for vector in base:
        assert len(index.search(vector, 100)) == min(100, len(index))


@given(data=st.data())
def test_small_sets_agree_with_exact_search(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    count, distinct = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 60))
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(distinct, 12)))[random.integers(0, distinct, count)]
    dropped = data.draw(st.sets(st.integers(0, count - 1), max_size=count))
    index = HnswIndex(12)
    index.add(range(count), vectors)
    index.drop(dropped)
    kept = sorted(set(range(count)) - dropped)
    k = data.draw(st.integers(1, 80))
    truth = ExactIndex(kept, vectors[kept]).search(vectors[0], k)
    assert [score for _, score in index.search(vectors[0], k)] == pytest.approx([s for _, s in truth], abs=1e-4)


def test_exact_search_orders_ties_by_label() -> None:
    same = np.ones((6, 2), np.float32) / np.float32(np.sqrt(2))
    assert [label for label, _ in ExactIndex([9, 4, 7, 1, 8, 2], same).search(same[0], 6)] == [1, 2, 4, 7, 8, 9]


def test_threads_search_while_vectors_are_added(vectors: Matrix) -> None:
    index = HnswIndex(DIMENSION)
    index.add(range(500), vectors[:500])
    over = threading.Event()
    misses: list[int] = []
    searches: list[int] = []

    def search(first: int) -> None:
        while not over.is_set():
            for place in range(first, 500, 37):
                searches.append(place)
                if index.search(vectors[place], 5)[0][1] < 0.999:
                    misses.append(place)

    threads = [threading.Thread(target=search, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for start in range(500, 5_000, 100):
        index.add(range(start, start + 100), vectors[start : start + 100])
        index.drop(range(start, start + 10))
    over.set()
    for thread in threads:
        thread.join()
    assert searches
    assert not misses
    assert len(index) == 5_000 - 45 * 10


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_takes_only_half_is_noticed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HALF_WRITTEN, str(tmp_path / "one.hnsw")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


_HALF_WRITTEN = """
import pathlib, resource, sys
import numpy as np
from rag_desktop.vectors.index import HnswIndex
index = HnswIndex(64)
index.add(range(1000), np.eye(1000, 64, dtype=np.float32))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    index.save(pathlib.Path(sys.argv[1]))
except OSError:
    sys.exit(0)
sys.exit("half an index was taken for a whole one")
"""
