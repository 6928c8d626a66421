"""Times search in libraries of real and composed text: words, meaning and both, whole questions and as they are typed.

Queries are drawn from the libraries' own passages with a seed: stretches of a sentence as questions, two or three rarer
words of a passage, and the same cut off inside the last word. The passage a query came from is its one right answer,
which tells what pruning loses against a search over all words. Seconds of a machine that others use say little: beside
them stands the time of this process's own CPU.
"""

import random
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log2
from pathlib import Path
from typing import Any

import psutil

from rag_desktop.app import build
from rag_desktop.domain.answers import Question
from rag_desktop.domain.ids import ChunkId
from rag_desktop.services.embedding import embed_query
from rag_desktop.services.indexing import size_of
from rag_desktop.services.neighbours import Neighbours, reading_index, snapshot_path
from rag_desktop.services.program import Program
from rag_desktop.services.retrieval import Mode
from rag_desktop.store import fulltext
from rag_desktop.store.connection import FILE_NAME
from rag_desktop.store.library import Library
from rag_desktop.text.sentences import sentences
from rag_desktop.text.stopwords import STOP_WORDS
from rag_desktop.text.words import query_terms, words
from tests.benchmarks import large, report

QUERIES = 200
SIZES = "10000,100000,1000000"
_TOP = 100
_MB = 1_000_000
_KINDS = ("questions", "keywords", "typed")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and the passage it was made from."""

    text: str
    source: ChunkId
    is_typing: bool = False


class Laps:
    """Milliseconds by the clock and by this process's CPU, in parts."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.cpu: dict[str, list[float]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Time what is done inside as one more of `name`."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.setdefault(name, []).append((time.process_time() - cpu) * 1e3)
        self.wall.setdefault(name, []).append((time.perf_counter() - wall) * 1e3)

    def told(self) -> dict[str, dict[str, float | None]]:
        """p50, p95 and p99 of each part."""
        return {
            name: {
                **{f"p{share * 100:.0f}_ms": report.quantile(values, share) for share in (0.5, 0.95, 0.99)},
                **{f"p{share * 100:.0f}_cpu_ms": report.quantile(self.cpu[name], share) for share in (0.5, 0.95)},
            }
            for name, values in self.wall.items()
        }


def queries(library: Library, count: int) -> dict[str, list[Query]]:
    """`count` queries of each kind."""
    drawn = random.Random(large.SEED)
    found: dict[str, list[Query]] = {kind: [] for kind in _KINDS}
    highest = library.connection.execute("SELECT max(id) FROM chunks").get
    while len(found["typed"]) < count:
        (leaf,) = library.connection.execute(
            "SELECT id FROM chunks WHERE id >= ? AND digest IS NOT NULL ORDER BY id LIMIT 1",
            (drawn.randint(1, highest),),
        ).fetchone() or (None,)
        if leaf is None:
            continue
        chunk = library.chunks.get([leaf])[leaf]
        text = library.documents.text(chunk.document_id, chunk.span)
        told = [words(span.of(text)) for span in sentences(text)]
        long = [sentence for sentence in told if 5 <= len(sentence) <= 40]
        rare = list(dict.fromkeys(word for word in words(text) if word not in STOP_WORDS and len(word) > 2))
        if not long or len(rare) < 3:
            continue
        sentence = drawn.choice(long)
        length = min(len(sentence), drawn.randint(5, 12))
        start = drawn.randint(0, len(sentence) - length)
        found["questions"].append(Query(" ".join(sentence[start : start + length]), leaf))
        chosen = drawn.sample(rare, drawn.randint(2, 3))
        found["keywords"].append(Query(" ".join(chosen), leaf))
        *before, last = chosen[: drawn.randint(1, 3)]
        found["typed"].append(Query(" ".join([*before, last[: drawn.randint(1, len(last))]]), leaf, is_typing=True))
    return found


def _by_keyword(library: Library, query: Query) -> list[ChunkId]:
    terms = query_terms(query.text, is_typing=query.is_typing)
    return [id_ for id_, _ in library.fulltext.passages(terms, [], _TOP)]


def _each(asked: Sequence[Query], laps: Laps, name: str, search: Callable[[Query], Any]) -> None:
    for query in asked[:10]:
        search(query)
    for query in asked:
        with laps.of(name):
            search(query)


def measure(folder: Path, made: dict[str, Any], count: int) -> dict[str, Any]:
    """One library: each part by itself, then whole searches."""
    program, laps = build(folder), Laps()
    assert program.embedder is not None
    child = program.embedder.embedder.child
    with Library.reader(folder) as library:
        asked = queries(library, count)
        space = library.vectors.spaces()[0]
        before, began = psutil.Process().memory_info().rss, time.perf_counter()
        index = reading_index(library, space, exact=False)
        load_s, index_bytes = time.perf_counter() - began, psutil.Process().memory_info().rss - before
        for kind in _KINDS:
            _each(asked[kind], laps, f"keyword, {kind}", lambda query: _by_keyword(library, query))
        questions = asked["questions"]
        vectors = {query.text: embed_query(child, query.text) for query in questions}
        _each(questions, laps, "embed", lambda query: embed_query(child, query.text))
        _each(questions, laps, "vector", lambda query: index.search(vectors[query.text], _TOP))
        retrieval = program.retrieval(library)
        parts: dict[str, list[float]] = {}

        def hybrid(query: Query) -> None:
            found = retrieval.search(Question(query.text, is_typing=query.is_typing), Mode.HYBRID)
            for part, seconds in found.seconds.items():
                parts.setdefault(part, []).append(seconds * 1e3)

        for kind in _KINDS:
            _each(asked[kind], laps, f"hybrid, {kind}", hybrid)
        loss = _lost(library, asked)
        row = library.vectors.snapshot(space.id)
        sizes = {
            "sqlite_bytes": (folder / FILE_NAME).stat().st_size,
            "hnsw_bytes": snapshot_path(library, row).stat().st_size if row else 0,
            "folder_bytes": size_of(folder),
        }
    program.close()
    slowest = {part: report.quantile(values, 0.95) or 0.0 for part, values in parts.items() if part != "total"}
    return {
        **made,
        **sizes,
        "times": laps.told(),
        "hybrid_parts_p50_ms": {part: statistics.median(values) for part, values in parts.items()},
        "hybrid_parts_p95_ms": {part: report.quantile(values, 0.95) for part, values in parts.items()},
        "bottleneck": max(slowest, key=slowest.__getitem__),
        "index_load_s": load_s,
        "index_bytes": index_bytes,
        "rss_bytes": psutil.Process().memory_info().rss,
        "pruning": loss,
    }


def _lost(library: Library, asked: dict[str, list[Query]]) -> dict[str, Any]:
    """nDCG@10, in points, of finding the passage a query came from: as shipped, and without pruning."""
    shipped, found = fulltext._CANDIDATES, {}
    for kind in ("questions", "keywords"):
        pruned = [_ndcg(_by_keyword(library, query), query.source) for query in asked[kind]]
        fulltext._CANDIDATES = 1 << 60
        try:
            whole = [_ndcg(_by_keyword(library, query), query.source) for query in asked[kind]]
        finally:
            fulltext._CANDIDATES = shipped
        found[kind] = {"pruned": 100 * statistics.mean(pruned), "whole": 100 * statistics.mean(whole)}
    return found


def _ndcg(ranked: Sequence[ChunkId], right: ChunkId) -> float:
    return 1 / log2(ranked.index(right) + 2) if right in ranked[:10] else 0.0


def while_indexing(folder: Path, data: Path, work: Path, count: int) -> dict[str, Any]:
    """Typed searches, by both signals, while documents are stored and embedded in the same program."""
    busy, laps, ended = work / "busy", Laps(), threading.Event()
    shutil.rmtree(busy, ignore_errors=True)
    shutil.copytree(folder, busy)
    program = build(busy)
    with Library.writer(busy) as writer, Library.reader(busy) as reader:
        neighbours = Neighbours(writer, writer.vectors.spaces()[0])
        asked = queries(reader, count)["typed"]
        retrieval = program.retrieval(reader, lambda _: neighbours.index)
        made = large.composed(large.sources(data, work, 0))
        thread = threading.Thread(target=_write, args=(program, writer, neighbours, made, ended))
        thread.start()
        try:
            for query in asked:
                with laps.of("hybrid, typed while indexing"):
                    retrieval.search(Question(query.text, is_typing=True), Mode.HYBRID)
        finally:
            ended.set()
            thread.join()
    program.close()
    shutil.rmtree(busy)
    return laps.told()


def _write(
    program: Program, writer: Library, neighbours: Neighbours, made: Iterator[large.Source], ended: threading.Event
) -> None:
    """Store and embed new documents until told to end."""
    assert program.embedder is not None
    space, child = neighbours.space, program.embedder.embedder.child
    home = writer.folders.all()[0].id
    for number, source in enumerate(made):
        if ended.is_set():
            return
        with writer.transaction():
            large.store(writer, home, replace(source, path=f"/composed/later {number}.txt"))
        pending = writer.vectors.pending(space.id, ChunkId(0), len(source.leaves))
        chunks = writer.chunks.get([chunk.id for chunk in pending])
        texts = [writer.documents.text(chunk.document_id, chunk.span) for chunk in chunks.values()]
        vectors = large.vectors_of(child, texts).astype("<f2")
        with writer.transaction():
            writer.vectors.add(space.id, [(id_, row.tobytes()) for id_, row in zip(chunks, vectors, strict=True)])
        neighbours.follow()


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [str(result["machine"])]
    for each in result["libraries"]:
        title = (
            f"{each['passages']} passages: {each['real_passages']} real, {each['composed_passages']} composed;"
            f" {each['real_vectors']} real vectors"
        )
        lines += report.titled(title, _times(each["times"]))
        parts = (
            (part, median, each["hybrid_parts_p95_ms"][part]) for part, median in each["hybrid_parts_p50_ms"].items()
        )
        lines += report.titled("Parts of a whole search", report.table(("part", "p50 ms", "p95 ms"), parts))
        lines.append(f"slowest part at p95: {each['bottleneck']}")
        sizes = ("sqlite_bytes", "hnsw_bytes", "index_bytes", "rss_bytes")
        lines.append("MB: " + ", ".join(f"{name.removesuffix('_bytes')} {each[name] / _MB:.0f}" for name in sizes))
        seconds = ("rows_s", "hnsw_build_s", "hnsw_save_s", "index_load_s")
        lines.append("seconds: " + ", ".join(f"{name.removesuffix('_s')} {each[name]:.1f}" for name in seconds))
        loss = ((kind, *figures.values()) for kind, figures in each["pruning"].items())
        lines += report.titled("nDCG@10 of known passages", report.table(("queries", "pruned", "all words"), loss))
        if each["while_indexing"]:
            lines += report.titled("While documents are stored and embedded", _times(each["while_indexing"]))
    return lines


def _times(times: dict[str, dict[str, float | None]]) -> list[str]:
    header = ("", "p50 ms", "p95 ms", "p99 ms", "p50 CPU ms", "p95 CPU ms")
    return report.table(header, [(name, *figures.values()) for name, figures in times.items()])


def main() -> None:
    """Print what searches take in libraries of each size."""
    parser = report.options(__doc__)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="where libraries are made and kept")
    parser.add_argument("--sizes", default=SIZES, help="passages of each library")
    parser.add_argument("--queries", type=int, default=QUERIES, help="of each kind")
    parser.add_argument("--busy", type=int, default=100_000, help="the size to search while it is written to; 0: none")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    libraries = []
    for size in sizes:
        folder, made = large.library_of(size, options.data, options.work, max(sizes))
        found = measure(folder, made, options.queries)
        is_busy = size == options.busy
        found["while_indexing"] = (
            while_indexing(folder, options.data, options.work, options.queries) if is_busy else None
        )
        libraries.append({"size": size, **found})
    result = {"machine": report.machine(), "libraries": libraries}
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
