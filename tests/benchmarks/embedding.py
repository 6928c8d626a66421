"""How fast passages and questions are embedded: our child as the program runs it, beside sentence-transformers itself.

Both embed the same leaves of the documents in `--data`, turn by turn. The baseline is `SentenceTransformer.encode` with
its defaults, in float32, in a process of its own.
"""

import multiprocessing
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, EmbedRequest, MaxSimRequest, ReadRequest
from rag_desktop.engines.accelerator import go_offline
from rag_desktop.engines.embedding import role
from rag_desktop.engines.preparing import Preparations
from rag_desktop.engines.quantising import KIND
from rag_desktop.formats.reading import read
from rag_desktop.formats.registry import format_of
from rag_desktop.services.embedding import BATCH, embed_query
from rag_desktop.settings.places import find_places
from rag_desktop.text.chunks import embedded_words
from rag_desktop.workers.child import Child, Limits, Stream
from tests.benchmarks import report

MODEL = "all-MiniLM-L6-v2"
LEAVES = 768
ROUNDS = 5
QUESTIONS = 40
PREPARING_S = 600.0
_LIMITS = Limits(start_s=180)
_DEADLINE_S = 300.0
_PAUSE_S = 0.1
"""Between two questions: fast typing."""
_LATE_TEXTS = 20
_QUESTION = "how is the working directory of a session changed?"


def leaves(data: Path) -> Iterator[str]:
    """The words of each leaf of each document, as they are embedded."""
    for path in sorted(path for path in data.rglob("*") if path.is_file() and format_of(path)):
        try:
            reading = read(ReadRequest(str(path), "leaves")).reading
        except UserFacingError:
            continue
        for chunk in reading.chunks:
            if chunk.is_leaf:
                yield embedded_words(chunk.headings, chunk.span.of(reading.text))


def spread(data: Path, count: int) -> list[str]:
    """`count` leaves from all over the documents."""
    found = list(leaves(data))
    if len(found) < count:
        raise SystemExit(f"only {len(found)} leaves in {data}")
    return [found[place * len(found) // count] for place in range(count)]


class Baseline:
    """SentenceTransformer.encode with its defaults, in a child process."""

    def __init__(self, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_encode, args=(folder, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def embed(self, texts: list[str]) -> np.ndarray:
        """Vectors of length one, shape (len(texts), dimension)."""
        self._pipe.send(texts)
        vectors: np.ndarray = self._pipe.recv()
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def close(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


def _encode(folder: Path, pipe: Any) -> None:
    go_offline()
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32})
    while (texts := pipe.recv()) is not None:
        pipe.send(model.encode(texts, show_progress_bar=False))


def embed(child: Child, texts: list[str]) -> np.ndarray:
    """What the embedding line does, less storing: windows sorted by length, in requests of its size, two at a time."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True)
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    rows: dict[int, np.ndarray] = {}
    under_way: deque[tuple[list[int], Stream]] = deque()
    while batches or under_way:
        while batches and len(under_way) < 2:
            places = batches.pop(0)
            request = EmbedRequest(tuple(texts[place] for place in places), is_query=False)
            under_way.append((places, child.stream(request, deadline_s=_DEADLINE_S)))
        places, stream = under_way.popleft()
        for part in stream:
            vectors = np.frombuffer(part.vectors, "<f2").reshape(-1, part.dimension).astype(np.float32)
            rows.update((places[place], row) for place, row in zip(part.places, vectors, strict=True))
    return np.stack([rows[place] for place in range(len(texts))])


def _start(options: EmbedderOptions) -> tuple[Child, float]:
    """A fresh child, and the seconds until its first vector."""
    child = Child("embedder", partial(role, options), _LIMITS)
    began = time.perf_counter()
    embed_query(child, _QUESTION)
    return child, time.perf_counter() - began


def _prepare(options: EmbedderOptions, preparations: Preparations, texts: list[str]) -> tuple[float, bool]:
    """Embed until the 8-bit form is there or refused; the seconds that took, and whether it is there."""
    child, _ = _start(options)
    is_made, began = False, time.perf_counter()
    while time.perf_counter() - began < PREPARING_S:
        embed(child, texts)
        is_made, is_refused = preparations.find(KIND) is not None, preparations.attempts(KIND).are_used_up
        if is_made or is_refused:
            break
    child.close()
    return time.perf_counter() - began, is_made


def compared(child: Child, baseline: Baseline, texts: list[str], rounds: int) -> dict[str, Any]:
    """Rates of both, their ratio round by round, and how near our vectors are to theirs."""
    embed(child, texts[:BATCH])
    exact = baseline.embed(texts[:BATCH])
    ours, theirs = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        exact = baseline.embed(texts)
        between = time.perf_counter()
        vectors = embed(child, texts)
        theirs.append(between - began)
        ours.append(time.perf_counter() - between)
    cosines = (vectors * exact).sum(axis=1)
    return {
        "passages_a_second": round(len(texts) / median(ours), 1),
        "baseline": round(len(texts) / median(theirs), 1),
        "ratio": round(median(their / our for our, their in zip(ours, theirs, strict=True)), 2),
        "cosine_mean": round(float(cosines.mean()), 5),
        "cosine_worst": round(float(cosines.min()), 5),
    }


def latencies(child: Child, texts: list[str]) -> dict[str, Any]:
    """Milliseconds of a question, idle and while passages are embedded, and of late interaction."""
    idle = [_asked(child) for _ in range(QUESTIONS)]
    ended = threading.Event()
    line = threading.Thread(target=_go_on, args=(child, texts, ended))
    line.start()
    busy = []
    for _ in range(QUESTIONS):
        ended.wait(_PAUSE_S)
        busy.append(_asked(child))
    ended.set()
    line.join()
    late = [_late(child, texts[:_LATE_TEXTS]) for _ in range(10)]
    named = (("idle", idle), ("busy", busy), ("late_interaction", late))
    return {name: {"p50": median(found), "p95": report.quantile(found, 0.95)} for name, found in named}


def _go_on(child: Child, texts: list[str], ended: threading.Event) -> None:
    while not ended.is_set():
        embed(child, texts[: 4 * BATCH])


def _asked(child: Child) -> float:
    began = time.perf_counter()
    embed_query(child, _QUESTION)
    return 1000 * (time.perf_counter() - began)


def _late(child: Child, texts: list[str]) -> float:
    began = time.perf_counter()
    child.call(MaxSimRequest(_QUESTION, tuple(texts)), deadline_s=_DEADLINE_S, urgent=True)
    return 1000 * (time.perf_counter() - began)


def measure(data: Path, folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """All figures, for torch alone, for what the first start prepares, and for the 8-bit form where it is taken."""
    texts = spread(data, count)
    baseline = Baseline(folder)
    result: dict[str, Any] = {"machine": report.machine(), "leaves": count, "backends": {}}
    with tempfile.TemporaryDirectory() as scratch:
        options, preparations = EmbedderOptions(folder, caches=Path(scratch)), Preparations(Path(scratch), folder)
        first, first_s = _start(options)
        first.close()
        result["first_start_s"] = round(first_s, 2)
        preparations.attempts(KIND).put_off()  # or the 8-bit form would take over under way
        for name in ("torch", "plain", KIND):
            if name == KIND:
                preparations.attempts(KIND).end()
                result["preparing_s"], is_made = _prepare(options, preparations, texts)
                if not is_made:
                    break
            child, cold = _start(replace(options, caches=None) if name == "torch" else options)
            found = compared(child, baseline, texts, rounds) | {"milliseconds": latencies(child, texts)}
            result["backends"][name] = found | {"cold_start_s": round(cold, 2), "peak_mb": child.peak_memory // 10**6}
            child.close()
    baseline.close()
    return result


def _lines(result: dict[str, Any]) -> list[str]:
    header = (
        "backend", "passages/s", "baseline", "ratio", "cosine", "worst", "cold start s", "query ms idle", "p95",
        "busy", "p95", "late interaction ms", "peak MB",
    )  # fmt: skip
    rows = []
    for name, found in result["backends"].items():
        times = found["milliseconds"]
        rows.append((
            name, found["passages_a_second"], found["baseline"], found["ratio"], str(found["cosine_mean"]),
            str(found["cosine_worst"]), found["cold_start_s"], times["idle"]["p50"], times["idle"]["p95"],
            times["busy"]["p50"], times["busy"]["p95"], times["late_interaction"]["p50"], found["peak_mb"],
        ))  # fmt: skip
    first = (
        f"first start, which prepares: {result['first_start_s']} s; the 8-bit form took {result['preparing_s']:.0f} s"
    )
    return [str(result["machine"]), f"{result['leaves']} leaves", first, "", *report.table(header, rows)]


def main() -> None:
    """Print what embedding takes."""
    parser = report.options(__doc__)
    parser.add_argument("--model", type=Path, help=f"a sentence-transformers folder; the installed {MODEL} if left out")
    parser.add_argument("--leaves", type=int, default=LEAVES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    result = measure(options.data, options.model or find_places().models / MODEL, options.leaves, options.rounds)
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
