"""Nearest neighbours among some labels only, exact or by the graph, whichever costs less for these labels and vector.

Three ways, of which each is the quickest somewhere. Measured with 30,000 vectors of 384 dimensions on one core, with
100 hits wanted and so ef = 200, and with labels drawn at random:

- pre-query: compare with every vector that is meant, read from the library: exact, 2 to 3 µs each.
- in-query: go through the graph and keep what is meant (hnswlib's filter) until ef of it were met: 1 µs for each vector
  that it comes upon, of which there are 2.2 ef / selectivity.
- post-query: ask the graph for more than is wanted and drop what is not meant: about 4 µs for each hit.

    share of all labels     .03    .06    .1     .2     .4
    pre-query, ms           2.8    4.6    7.1    12     23
    in-query, ms            9.6    6.4    4.7    2.7    1.4

So reading wins while it costs less than what the graph would come upon, which the share of all labels tells as far as
the meaning of a text has nothing to do with its folder. It mostly has: then what is meant is either all around the
vector, and the graph finds it at once, or nowhere near it. So the graph may cost as much as reading would; where that
did not do, reading follows, and at most twice the cost of the better way was paid.
"""

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from rag_desktop.vectors.index import EF_AMONG, ExactIndex, Hit, HnswIndex, Labels, Matrix, best_hits, cosines

Rows = Callable[[Labels], tuple[Labels, Matrix]]
"""Gives those of some labels that have a vector, and their vectors."""

_PASSED = 2.2
"""Vectors that the graph comes upon for each that it is to keep, in parts of 1 / selectivity."""
_READ_COST = 2
"""What reading a vector and comparing it costs, in parts of what the graph takes for one that it comes upon."""
_MOST = 0.5
"""From this share of all labels on, the graph is asked as if there were no filter."""
_SPARE = 1.3
"""How many more hits are then asked for than should do, where what is meant is spread evenly."""
_BLOCK = 8192
"""Vectors in memory at a time."""


class Way(StrEnum):
    """When it is seen to that a hit is one of those that are meant."""

    PRE = "pre-query"
    IN = "in-query"
    POST = "post-query"


def filtered(index: HnswIndex | ExactIndex, rows: Rows, vector: Matrix, k: int, labels: Labels) -> list[Hit]:
    """The `k` of `labels` with the highest cosine to `vector`, shape (dimension,), best first.

    Never fewer than `k` where so many of `labels` have a vector. labels: ascending; those without a vector are passed
    over. rows: where vectors are read; not asked where `index` is exact.
    """
    return filtered_by(index, rows, vector, k, labels)[0]


def filtered_by(
    index: HnswIndex | ExactIndex, rows: Rows, vector: Matrix, k: int, labels: Labels
) -> tuple[list[Hit], Way]:
    """As `filtered`, and the way that was taken."""
    if isinstance(index, ExactIndex):
        return index.search_among(vector, k, labels), Way.PRE
    passed = _PASSED * max(EF_AMONG, 2 * k) * len(index) / max(1, len(labels))
    affordable = _READ_COST * len(labels)
    if affordable <= passed:
        return read_through(rows, vector, k, labels), Way.PRE
    if len(labels) >= _MOST * len(index):
        hits = index.search(vector, round(_SPARE * k * max(1.0, len(index) / len(labels))))
        if len(meant := _meant(hits, labels)) >= k:
            return meant[:k], Way.POST
    if len(found := index.search_among(vector, k, labels, most=affordable)) == k:
        return found, Way.IN
    return read_through(rows, vector, k, labels), Way.PRE


def read_through(rows: Rows, vector: Matrix, k: int, labels: Labels) -> list[Hit]:
    """The `k` of `labels` with the highest cosine to `vector`: each is compared."""
    held, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for start in range(0, len(labels), _BLOCK):
        some, vectors = rows(labels[start : start + _BLOCK])
        held.append(some)
        scores.append(cosines(vectors, vector))
    return best_hits(np.concatenate(held), np.concatenate(scores), k)


def _meant(hits: list[Hit], labels: Labels) -> list[Hit]:
    found = np.array([label for label, _ in hits], np.int64)
    places = np.searchsorted(labels, found).clip(max=len(labels) - 1)
    return [hit for hit, is_meant in zip(hits, labels[places] == found, strict=True) if is_meant]
