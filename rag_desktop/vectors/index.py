"""Nearest neighbours by cosine: an HNSW graph for many vectors, and an exact matrix to check it and stand in for it.

Vectors are unit length, so the inner product is the cosine. Labels are chunk ids.
HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical navigable small
world graphs", IEEE TPAMI 42 (2020).
"""

import errno
import hashlib
import os
import threading
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import hnswlib
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Hit = tuple[int, float]

M = 16
EF_CONSTRUCTION = 200
EF = 400
"""Not stored in the file by hnswlib, so it is set before each search. Questions are further from passages than passages
from one another: over 100,000 passages 96 finds .94 of their ten nearest, 200 .97, 400 .99 in .4 ms, 800 .996 in .9."""
EF_AMONG = 96
"""The same for a search among some labels only, which comes by many more vectors."""
_GROWTH = 1.5
_FIRST_ROOM = 4096
_MANY = 8
"""Where more than one in so many vectors is asked for, comparing with all is quicker than picking them out."""
_AT_ONCE = 1 << 18
"""Numbers in one product. OpenBLAS shares larger ones out among threads, which saves less than a millisecond of what is
bound by memory, and costs twenty while the cores are busy, as they are when documents are being embedded."""


class HnswIndex:
    """An HNSW graph in memory. Safe to share between threads: searching waits while vectors are being added."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._graph = hnswlib.Index(space="ip", dim=dimension)
        self._lock = threading.Lock()
        self._labels: set[int] = set()
        self._highest = 0
        self._is_begun = False

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def labels(self) -> frozenset[int]:
        """Labels that a search may return."""
        return frozenset(self._labels)

    @property
    def held(self) -> int:
        """Vectors in the graph, dropped ones too."""
        return int(self._graph.get_current_count()) if self._is_begun else 0

    def add(self, labels: Sequence[int], vectors: Matrix) -> None:
        """Add or replace vectors, shape (len(labels), dimension)."""
        if not labels:
            return
        with self._lock:
            self._make_room(len(labels))
            self._graph.add_items(vectors, np.asarray(labels, dtype=np.uint64))
            self._labels.update(labels)
            self._highest = max(self._highest, *labels)

    def drop(self, labels: Iterable[int]) -> None:
        """Take labels out of every result; unknown ones are passed over."""
        with self._lock:
            for label in self._labels.intersection(labels):
                self._graph.mark_deleted(label)
                self._labels.discard(label)

    def search(self, vector: Matrix, k: int) -> list[Hit]:
        """The `k` labels of highest cosine to `vector`, shape (dimension,), best first."""
        with self._lock:
            k = min(k, len(self._labels))
            if k == 0:
                return []
            self._graph.set_ef(max(EF, 2 * k))
            try:
                labels, distances = self._graph.knn_query(vector.reshape(1, -1), k=k, num_threads=1)
            except RuntimeError:  # fewer than k: edges do not lead everywhere where very many vectors are equal
                return self._exact().search(vector, k)
        return [(int(label), 1.0 - float(distance)) for label, distance in zip(labels[0], distances[0], strict=True)]

    def search_among(self, vector: Matrix, k: int, labels: Labels, most: int) -> list[Hit]:
        """As `search`, with no other hits than `labels`; none at all where `most` vectors did not bring enough.

        The graph is gone through until enough of `labels` were met, at some microseconds a vector.
        """
        with self._lock:
            k = min(k, len(self._labels), len(labels))
            if k == 0:
                return []
            is_meant = np.zeros(max(self._highest, int(labels.max())) + 1, np.bool_)
            is_meant[labels] = True
            allowed = _Allowed(is_meant.tobytes(), most)
            self._graph.set_ef(max(EF_AMONG, 2 * k))
            try:
                found, distances = self._graph.knn_query(vector.reshape(1, -1), k=k, num_threads=1, filter=allowed)
            except RuntimeError:  # fewer than k
                return []
        if allowed.left < 0:
            return []
        return [(int(label), 1.0 - float(distance)) for label, distance in zip(found[0], distances[0], strict=True)]

    def scores(self, labels: Iterable[int], vector: Matrix) -> dict[int, float]:
        """Cosine of each of these labels that a search may return; some ten microseconds for each."""
        with self._lock:
            known = [label for label in labels if label in self._labels]
            found = cosines(np.asarray(self._graph.get_items(known), np.float32), vector) if known else ()
        return {label: float(score) for label, score in zip(known, found, strict=True)}

    def vectors(self, labels: Sequence[int]) -> Matrix:
        """The vectors under these labels, as they were added: shape (len(labels), dimension)."""
        if not labels:
            return np.zeros((0, self.dimension), np.float32)
        with self._lock:
            return np.asarray(self._graph.get_items(list(labels)), np.float32)

    def save(self, path: Path) -> bytes:
        """Write the graph to a new file, on disk when this returns. Returns its SHA-256.

        Raises OSError where not all of it could be written.
        """
        with self._lock:
            self._make_room(0)
            self._graph.save_index(str(path))
            size = self._graph.index_file_size()
        with path.open("rb+") as file:
            if os.fstat(file.fileno()).st_size != size:  # hnswlib does not look whether the disk took what it wrote
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            digest = hashlib.file_digest(file, "sha256").digest()
            os.fsync(file.fileno())
        return digest

    @classmethod
    def load(cls, path: Path, dimension: int, alive: AbstractSet[int]) -> "HnswIndex":
        """Read a file that `save` wrote and whose hash was checked: a damaged one can end the process.

        alive: labels that still mean something; all others that the file holds are dropped.
        """
        index = cls(dimension)
        index._graph.load_index(str(path))
        index._is_begun = True
        held = set(index._graph.get_ids_list())
        index._labels = held & alive
        index._highest = max(held, default=0)
        for label in held - alive:
            with suppress(RuntimeError):  # raised for one that was dropped before the file was written
                index._graph.mark_deleted(label)
        return index

    def _exact(self) -> "ExactIndex":
        labels = sorted(self._labels)
        return ExactIndex(labels, self._graph.get_items(labels))

    def _make_room(self, more: int) -> None:
        if not self._is_begun:
            room = max(_FIRST_ROOM, more)
            self._graph.init_index(max_elements=room, ef_construction=EF_CONSTRUCTION, M=M, random_seed=1)
            self._is_begun = True
        needed = self._graph.get_current_count() + more
        if needed > self._graph.get_max_elements():
            self._graph.resize_index(int(needed * _GROWTH))


class _Allowed:
    """What hnswlib asks for each vector that it comes upon.

    When `left` is used up everything is let through, so that the search ends at once: an exception would end it too,
    but hnswlib then loses the memory in which it marks what it has visited.
    """

    __slots__ = ("_is_meant", "left")

    def __init__(self, is_meant: bytes, left: int) -> None:
        self._is_meant = is_meant
        self.left = left

    def __call__(self, label: int) -> int:
        self.left -= 1
        return self.left < 0 or self._is_meant[label]


class ExactIndex:
    """All vectors in one matrix: the truth that HNSW approximates, fast enough for some hundred thousand."""

    def __init__(self, labels: Sequence[int], vectors: Matrix) -> None:
        order = np.argsort(np.asarray(labels, dtype=np.int64), kind="stable")
        is_ordered = bool(np.all(order[1:] > order[:-1]))
        self._labels = np.asarray(labels, dtype=np.int64)[order]
        self._vectors = vectors if is_ordered else vectors[order]

    def __len__(self) -> int:
        return len(self._labels)

    def search(self, vector: Matrix, k: int) -> list[Hit]:
        """The `k` labels of highest cosine to `vector`, shape (dimension,), best first; ties by label."""
        return best_hits(self._labels, cosines(self._vectors, vector), k)

    def search_among(self, vector: Matrix, k: int, labels: Labels) -> list[Hit]:
        """As `search`, with no other hits than `labels`."""
        places = self._places(labels)
        return best_hits(self._labels[places], self._scores(places, vector), k)

    def scores(self, labels: Iterable[int], vector: Matrix) -> dict[int, float]:
        """Cosine of each of these labels that is held."""
        places = self._places(np.fromiter(labels, np.int64))
        found = zip(self._labels[places].tolist(), self._scores(places, vector).tolist(), strict=True)
        return dict(found)

    def _places(self, labels: Labels) -> Labels:
        """Rows of those labels that are held."""
        if not len(self._labels):
            return np.zeros(0, np.int64)
        places: Labels = np.searchsorted(self._labels, labels).clip(max=len(self._labels) - 1)
        return np.asarray(places[self._labels[places] == labels])

    def _scores(self, places: Labels, vector: Matrix) -> Scores:
        if len(places) * _MANY > len(self._labels):
            return cosines(self._vectors, vector)[places]
        return cosines(self._vectors[places], vector)


def cosines(vectors: Matrix, vector: Matrix) -> Scores:
    """The inner product of each row of `vectors`, shape (count, dimension), with `vector`: shape (count,)."""
    found = np.empty(len(vectors), np.float32)
    step = max(1, _AT_ONCE // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        found[start : start + step] = vectors[start : start + step] @ vector
    return found


def best_hits(labels: Labels, scores: Scores, k: int) -> list[Hit]:
    """The `k` labels of highest score, best first; ties by label."""
    k = min(k, len(scores))
    if k == 0:
        return []
    best = np.argpartition(-scores, k - 1)[:k]
    order = best[np.lexsort((labels[best], -scores[best]))]
    return [(int(labels[place]), float(scores[place])) for place in order]


def sha256_of(path: Path) -> bytes | None:
    """SHA-256 of a file, or None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
