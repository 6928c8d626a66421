"""How well questions are searched: every set below a folder, its stages beside its best signal and beside plain fusion.

`--data DIR` holds `ir/` (folders in BEIR form) and `qa/` (SQuAD files). Sets that are kept for a last report, so that
nothing is tuned on them, are left out unless `--report`. Needs the embedding model; what is indexed is kept in the
program's caches for the next time.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rag_desktop.app import build
from rag_desktop.cli.evaluate import as_json
from rag_desktop.domain.answers import Passage, Question
from rag_desktop.ranking.fuse import minmax_fused
from rag_desktop.services.evaluation.evaluating import Plan, evaluate
from rag_desktop.services.evaluation.forms import open_dataset
from rag_desktop.services.evaluation.stages import FUSED, SIGNALS, Recipe, search
from rag_desktop.services.indexing import DEFAULT_CHUNKER
from rag_desktop.services.program import Program
from rag_desktop.services.retrieval import Retrieval
from rag_desktop.services.tasks import Task
from tests.benchmarks.report import machine, options, show, table, titled

PLAIN = "plain"
KEPT_BACK = frozenset({"scifact"})
MOST_QUESTIONS = 1000
_MEASURES = ("ndcg@10", "recall@10", "mrr@10", "hit@5")


def plain_fusion(retrieval: Retrieval, question: Question) -> Sequence[Passage]:
    """Min-max fusion of the same candidates with equal weights, and nothing after it: the bar for all that we add."""
    found = {stage: search(retrieval, question, Recipe(stage), exact=False).passages for stage in SIGNALS}
    signals = [({int(each.chunk.id): _score(each, stage) for each in found[stage]}, 0.5) for stage in SIGNALS]
    by_id = {int(each.chunk.id): each for passages in found.values() for each in passages}
    return [by_id[id_] for id_, _ in minmax_fused(signals)]


def _score(passage: Passage, stage: str) -> float:
    return next(each.score for each in passage.trace if each.stage == stage)


def sets(data: Path, names: Sequence[str], *, with_kept_back: bool) -> Iterator[Path]:
    """The datasets to measure."""
    found = [each for each in sorted((data / "ir").glob("*")) if each.is_dir()] + sorted((data / "qa").glob("*.json"))
    for path in found:
        if path.stem in names if names else with_kept_back or path.stem not in KEPT_BACK:
            yield path


def measure(program: Program, path: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """The evaluation of one set as the command prints it, with plain fusion among its stages."""
    limit = asked.limit if path.is_file() else None
    plan = Plan(limit=limit, has_ablation=asked.ablation, chunker=asked.chunker, also={PLAIN: plain_fusion})
    evaluation = as_json(evaluate(program, open_dataset(path), plan, Task(lambda _: None)))
    by_stage = {row["stage"]: row["ndcg@10"] for row in evaluation["stages"]}
    best = max(by_stage[stage] for stage in SIGNALS)
    return {
        **evaluation,
        "fused_over_best_signal": round(by_stage[FUSED] - best, 4),
        "final_over_plain": round(evaluation["ndcg@10"] - by_stage[PLAIN], 4),
    }


def means(results: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Each stage's figures, every set counting the same."""
    rows: dict[str, list[dict[str, float]]] = {}
    for result in results:
        for row in [*result["stages"], {"stage": "final", **result}]:
            rows.setdefault(row["stage"], []).append(row)
    return {
        stage: {name: round(sum(row[name] for row in of) / len(of), 4) for name in _MEASURES}
        for stage, of in rows.items()
    }


def lines(result: dict[str, Any]) -> list[str]:
    """The result for people."""
    stages = list(result["mean"])
    figures = [
        [
            each["dataset"],
            each["queries"],
            *(_of(each, stage) for stage in stages),
            f"{each['interval'][0]:.3f}–{each['interval'][1]:.3f}",
            f"{each['fused_over_best_signal']:+.3f}",
            f"{each['final_over_plain']:+.3f}",
            each["ms"],
        ]
        for each in result["sets"]
    ]
    header = ["nDCG@10", "queries", *stages, "95 %", "fused − best", "final − plain", "ms"]
    mean = [[name, *(result["mean"][stage][name] for stage in stages)] for name in _MEASURES]
    shown = table(header, figures)
    shown += titled("Means over the sets", table(["", *stages], mean))
    for each in result["sets"]:
        if each["ablation"]:
            rows = [[row["without"], row["ndcg@10"], row["gain"], *row["gain_interval"]] for row in each["ablation"]]
            shown += titled(each["dataset"], table(["without", "nDCG@10", "gain", "from", "to"], rows))
    return shown


def _of(each: dict[str, Any], stage: str) -> float:
    rows = {row["stage"]: row["ndcg@10"] for row in each["stages"]} | {"final": each["ndcg@10"]}
    return float(rows[stage])


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--sets", nargs="*", default=[], metavar="NAME", help="only these")
    parser.add_argument("--limit", type=int, default=MOST_QUESTIONS, help="questions of a SQuAD file")
    parser.add_argument("--chunker", default=DEFAULT_CHUNKER, metavar="NAME", help="how documents are cut")
    parser.add_argument("--ablation", action="store_true", help="leave out each stage in turn")
    parser.add_argument("--report", action="store_true", help="the sets that are kept back, too")
    asked = parser.parse_args()
    with closing(build()) as program:
        chosen = sets(asked.data, asked.sets, with_kept_back=asked.report)
        results = [measure(program, path, asked) for path in chosen]
    result = {"machine": machine(), "sets": results, "mean": means(results)}
    show(result, lines(result), is_json=asked.json)


if __name__ == "__main__":
    main()
