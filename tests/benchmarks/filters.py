"""Search by meaning among a part of the library: recall against exact search, time, and which way was taken.

The vectors are those of the library in `--data`, or, where there is none, made-up ones in clusters, put into a library
so that reading them costs what it does there. Three kinds of selection, each of several shares of all vectors: `random`
has nothing to do with meaning; `own` is a folder about one matter, asked about it; `other` is such a folder, asked
about something else. Beside the processor's time stands that of reading and comparing all that is selected.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from rag_desktop.services.neighbours import exact_index
from rag_desktop.store.connection import FILE_NAME
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.vectors.filtered import Rows, filtered_by, read_through
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Labels, Matrix
from tests.benchmarks import report

SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
KINDS = ("random", "own", "other")
AT = 10
_SEED = 11
_DIMENSION = 384
_CLUSTERS = 200
_NOISE = 0.02


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of selection of one size. Times are milliseconds of one query, medians but for `worst`; `cpu_ms` and
    `read_cpu_ms`, of reading and comparing everything instead, are the processor's."""

    kind: str
    share: float
    labels: int
    recall: float
    ms: float
    worst: float
    cpu_ms: float
    read_cpu_ms: float
    ways: dict[str, int]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is searched: the same vectors as a graph, as a matrix, and as rows of a library."""

    labels: Labels
    vectors: Matrix
    graph: HnswIndex
    exact: ExactIndex
    rows: Rows


def made_up(count: int) -> Matrix:
    """Unit vectors in clusters of unequal size, with as much in common as embeddings of texts have."""
    random = np.random.default_rng(_SEED)
    centres = random.normal(size=(_CLUSTERS, _DIMENSION)).astype(np.float32)
    planes = random.normal(size=(64, _DIMENSION)).astype(np.float32) / 8
    of = random.choice(_CLUSTERS, count, p=random.dirichlet(np.full(_CLUSTERS, 0.5)))
    vectors = 0.8 * centres[of] + random.normal(size=(count, 64)).astype(np.float32) @ planes
    vectors += 0.35 * random.normal(size=(count, _DIMENSION)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@contextmanager
def library_of(data: Path, count: int) -> Iterator[Library]:
    """The library in `data`, or one of made-up vectors that lives as long as it is needed."""
    if (data / FILE_NAME).exists():
        with closing(Library.reader(data)) as library:
            yield library
        return
    with tempfile.TemporaryDirectory() as scratch, closing(Library.writer(Path(scratch))) as library:
        library.connection.pragma("foreign_keys", False)
        with library.transaction():
            space = library.vectors.space("made-up", "made-up", _DIMENSION)
            blobs = (vector.tobytes() for vector in made_up(count).astype("<f2"))
            library.connection.executemany(
                "INSERT INTO vectors (space_id, chunk_id, vector) VALUES (?, ?, ?)",
                ((space.id, chunk, blob) for chunk, blob in enumerate(blobs, start=1)),
            )
        yield library


def bench_of(library: Library, space: SpaceRow) -> Bench:
    """Everything that is searched, in memory."""
    blocks = list(library.vectors.all(space))
    labels = np.array([label for some, _ in blocks for label in some], np.int64)
    vectors = np.concatenate([block for _, block in blocks])
    graph = HnswIndex(space.dimension)
    graph.add(labels.tolist(), vectors)
    return Bench(labels, vectors, graph, exact_index(library, space), partial(library.vectors.of, space))


def measured(bench: Bench, kind: str, share: float, k: int, queries: int) -> Line:
    """One line of the table."""
    random = np.random.default_rng(_SEED)
    recalls, walls, times, reading = [], [], [], []
    ways: Counter[str] = Counter()
    labels = bench.labels
    for _ in range(queries):
        labels, vector = _asked(bench, kind, max(1, round(share * len(bench.labels))), random)
        wall, began = time.perf_counter(), time.process_time()
        hits, way = filtered_by(bench.graph, bench.rows, vector, k, labels)
        took = time.process_time()
        walls.append(time.perf_counter() - wall)
        times.append(took - began)
        read_through(bench.rows, vector, k, labels)
        reading.append(time.process_time() - took)
        ways[way] += 1
        if len(hits) != min(k, len(labels)):
            raise SystemExit(f"{len(hits)} hits of {k} among {len(labels)}")
        truth = {label for label, _ in bench.exact.search_among(vector, AT, labels)}
        recalls.append(len(truth & {label for label, _ in hits[:AT]}) / len(truth))
    middle, worst, cpu, read = (
        round(1000 * value, 3) for value in (median(walls), max(walls), median(times), median(reading))
    )
    return Line(kind, share, len(labels), round(mean(recalls), 4), middle, worst, cpu, read, dict(ways))


def _asked(bench: Bench, kind: str, size: int, random: np.random.Generator) -> tuple[Labels, Matrix]:
    """A selection and a query for it."""
    if kind == "random":
        return np.sort(random.choice(bench.labels, size, replace=False)), _near(bench, bench.labels, random)
    anchor = _near(bench, bench.labels, random)
    order = np.argsort(-(bench.vectors @ anchor), kind="stable")
    folder = np.sort(bench.labels[order[:size]])
    return folder, _near(bench, folder if kind == "own" else bench.labels[order[size:]], random)


def _near(bench: Bench, labels: Labels, random: np.random.Generator) -> Matrix:
    """A query a little beside one of these vectors."""
    vector = bench.vectors[np.searchsorted(bench.labels, random.choice(labels))]
    beside = vector + _NOISE * random.normal(size=vector.shape)
    return np.asarray(beside / np.linalg.norm(beside), np.float32)


def _lines(result: dict[str, Any]) -> list[str]:
    header = ("selection", "share", "vectors", f"recall@{AT}", "ms", "worst", "cpu ms", "cpu ms, all read", "ways")
    keys = ("kind", "share", "labels", "recall", "ms", "worst", "cpu_ms", "read_cpu_ms")
    rows = [(*(line[key] for key in keys), _ways(line["ways"])) for line in result["lines"]]
    title = f"{result['vectors']} vectors of {result['dimension']}, {result['k']} hits wanted, {result['machine']}"
    return [title, *report.titled("Among a part of them", report.table(header, rows))]


def _ways(ways: dict[str, int]) -> str:
    return ", ".join(f"{way} {count}" for way, count in sorted(ways.items()))


def main() -> None:
    """Print a line for each kind of selection and each share."""
    parser = report.options(__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="vectors to make up where DIR holds no library")
    parser.add_argument("--k", type=int, default=100, help="hits that are wanted")
    parser.add_argument("--queries", type=int, default=50, help="for each line")
    options = parser.parse_args()
    machine = report.machine()
    with library_of(options.data, options.count) as library:
        spaces = [space for space in library.vectors.spaces() if library.vectors.has_any(space.id)]
        if not spaces:
            raise SystemExit(f"no vectors in {options.data}")
        bench = bench_of(library, spaces[-1])
        kinds = [(kind, share) for kind in KINDS for share in SHARES]
        lines = [asdict(measured(bench, kind, share, options.k, options.queries)) for kind, share in kinds]
    result = {
        "machine": machine,
        "vectors": len(bench.labels),
        "dimension": spaces[-1].dimension,
        "k": options.k,
        "lines": lines,
    }
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
