"""The HNSW graph at its shipped settings beside exact search: recall, time, memory, and from where on it is faster.

Works on the libraries of tests.benchmarks.search, making those that are not there yet. Asked are new vectors drawn as
those of the library and the model's vectors of questions to its passages.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from rag_desktop.app import build
from rag_desktop.services.embedding import embed_query
from rag_desktop.services.neighbours import exact_index, load_snapshot, snapshot_path
from rag_desktop.store.library import Library
from rag_desktop.vectors import index as shipped
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Matrix
from tests.benchmarks import large, report
from tests.benchmarks.search import queries

_SIZES = "100000,1000000"
_SMALL = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
_DEPTHS = (10, 100)
_MB = 1_000_000


def measure(folder: Path, made: dict[str, Any], work: Path, count: int) -> dict[str, Any]:
    """One library's graph against its exact neighbours."""
    with Library.reader(folder) as library:
        space = library.vectors.spaces()[0]
        before, began = psutil.Process().memory_info().rss, time.perf_counter()
        loaded = load_snapshot(library, space)
        load_s, held = time.perf_counter() - began, psutil.Process().memory_info().rss - before
        row = library.vectors.snapshot(space.id)
        if loaded is None or row is None:
            raise SystemExit(f"no snapshot in {folder}")
        graph, exact = loaded[0], exact_index(library, space)
        asked = {
            "like the library's": large.Between(np.load(work / "vectors.npy"), large.SEED + 1).draw(count),
            "questions": _questions(folder, [query.text for query in queries(library, count)["questions"]]),
        }
        return {
            **made,
            "load_s": load_s,
            "memory_bytes": held,
            "file_bytes": snapshot_path(library, row).stat().st_size,
            "vectors": len(graph),
            "asked": {name: _compared(graph, exact, vectors) for name, vectors in asked.items()},
        }


def _questions(folder: Path, texts: Iterable[str]) -> Matrix:
    program = build(folder)
    if program.embedder is None:
        raise SystemExit("no embedding model is installed")
    try:
        return np.stack([embed_query(program.embedder.embedder.child, text) for text in texts])
    finally:
        program.close()


def _compared(graph: HnswIndex, exact: ExactIndex, vectors: Matrix) -> dict[str, float]:
    found: dict[str, float] = {}
    for depth in _DEPTHS:
        shares = [_share(graph, exact, vector, depth) for vector in vectors]
        found[f"recall@{depth}"] = float(np.mean(shares))
        found[f"least_recall@{depth}"] = min(shares)
        found[f"hnsw@{depth}_ms"] = _milliseconds(lambda v, k=depth: graph.search(v, k), vectors)  # type: ignore[misc]
    found["exact@100_ms"] = _milliseconds(lambda vector: exact.search(vector, 100), vectors)
    return found


def _share(graph: HnswIndex, exact: ExactIndex, vector: Matrix, depth: int) -> float:
    right = {label for label, _ in exact.search(vector, depth)}
    return len(right.intersection(label for label, _ in graph.search(vector, depth))) / len(right)


def _milliseconds(search: Callable[[Matrix], Any], vectors: Matrix) -> float:
    """Median CPU time of this thread, which others on the machine change little."""
    taken = []
    for vector in vectors:
        began = time.thread_time()
        search(vector)
        taken.append((time.thread_time() - began) * 1e3)
    return float(np.median(taken))


def crossing(vectors: Matrix, sizes: Sequence[int], count: int) -> list[dict[str, float]]:
    """Milliseconds of both for few vectors, at the depth that a search asks for."""
    between = large.Between(vectors)
    found = []
    for size in sizes:
        matrix = between.draw(size)
        graph = HnswIndex(matrix.shape[1])
        began = time.process_time()
        graph.add(range(size), matrix)
        build_s = time.process_time() - began
        asked = between.draw(count)
        exact = ExactIndex(range(size), matrix)
        found.append(
            {
                "vectors": size,
                "exact_ms": _milliseconds(lambda v, e=exact: e.search(v, 100), asked),  # type: ignore[misc]
                "hnsw_ms": _milliseconds(lambda v, g=graph: g.search(v, 100), asked),  # type: ignore[misc]
                "hnsw_build_cpu_s": build_s,
            }
        )
    return found


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['machine']}, M {shipped.M}, efConstruction {shipped.EF_CONSTRUCTION}, ef {shipped.EF}"]
    for each in result["libraries"]:
        title = f"{each['vectors']} vectors, {each['real_vectors']} of them the model's own"
        header = ("asked", *next(iter(each["asked"].values())))
        rows = [(name, *figures.values()) for name, figures in each["asked"].items()]
        lines += report.titled(title, report.table(header, rows))
        lines.append(
            f"built in {each['hnsw_build_s']:.0f} s, loaded in {each['load_s']:.1f} s,"
            f" {each['memory_bytes'] / _MB:.0f} MB of memory, {each['file_bytes'] / _MB:.0f} MB on disk"
        )
    rows = [tuple(row.values()) for row in result["crossing"]]
    return lines + report.titled("Few vectors", report.table(tuple(result["crossing"][0]), rows))


def main() -> None:
    """Print recall and times of the graph."""
    parser = report.options(__doc__)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="where libraries are made and kept")
    parser.add_argument("--sizes", default=_SIZES, help="passages of each library")
    parser.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",") if size]
    libraries = []
    for size in sizes:
        folder, made = large.library_of(size, options.data, options.work, max(sizes))
        libraries.append({"size": size, **measure(folder, made, options.work, options.queries)})
    few = crossing(np.load(options.work / "vectors.npy"), _SMALL, options.queries)
    result = {"machine": report.machine(), "libraries": libraries, "crossing": few}
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
