"""Korean keyword search beside BM25 over the morphemes of Kiwi, an analyser with a dictionary: hit@5 of documents.

Both see the same documents and questions: of AutoRAG's Korean passages all, of KorQuAD 1.0 as many as are wanted, drawn
with a seed. Ours is the whole program without a model: files indexed by its own command, searched in keyword mode, a
document at the place of its best passage.
"""

import json
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from rag_desktop.app import build
from rag_desktop.domain.answers import Question
from rag_desktop.ranking.metrics import bootstrap_interval, hit, mean
from rag_desktop.services.evaluation.datasets import Collection, Dataset, Judged, ranked
from rag_desktop.services.evaluation.forms import open_dataset
from rag_desktop.services.evaluation.material import Place, materialise, name_by_id
from rag_desktop.services.retrieval import Mode
from rag_desktop.services.signals import CANDIDATES
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from tests.benchmarks import peers, report

SETS = ("ir/autorag-ko", "qa/korquad1-dev.json")
GOAL = 0.95
_SEED = 7
_FIRST = 5
_SCRIPT = Path(__file__).with_name("peer_kiwi.py")

Rankings = Mapping[str, Sequence[str]]
"""Ids of documents, best first, by the id of the question."""


def drawn(dataset: Dataset, limit: int) -> Sequence[Judged]:
    """All questions of a dataset, or so many of them."""
    questions = dataset.questions
    return questions if limit >= len(questions) else random.Random(_SEED).sample(questions, limit)


def ours(documents: Collection, questions: Sequence[Judged]) -> Rankings:
    """Rankings of the program's keyword search, over files that are made of the records."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Place(Path(scratch))
        ids = materialise(documents, place, Task(lambda _: None))
        without_model = {"RAG_DESKTOP_MODELS": str(Path(scratch) / "models")}
        command = [sys.executable, "-m", "rag_desktop", "--library", str(place.library), "--json", "add"]
        peers.run_command([*command, str(place.documents)], without_model)
        with closing(build(place.library)) as program, Library.reader(place.library) as library:
            retrieval, name_of = program.retrieval(library), partial(name_by_id, ids)
            found = {each.id: retrieval.search(Question(each.question, CANDIDATES), Mode.KEYWORD) for each in questions}
            return {id_: ranked(each.passages, name_of) for id_, each in found.items()}


def kiwis(documents: Collection, questions: Sequence[Judged], python: Path) -> Rankings:
    """Rankings of BM25 over morphemes, in the environment of the peer."""
    given = {
        "documents": {record.id: f"{record.title}\n{record.text}" for record in documents.records()},
        "queries": {each.id: each.question for each in questions},
    }
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "given.json"
        file.write_text(json.dumps(given), encoding="utf-8")
        rankings: Rankings = peers.run(python, _SCRIPT, str(file)).answer
    return rankings


def compared(dataset: Dataset, limit: int, python: Path) -> dict[str, Any]:
    """hit@5 of both on the same questions, their ratio, and the interval of their difference."""
    if not isinstance(dataset.documents, Collection):
        raise SystemExit(f"{dataset.name} is no collection")
    questions = drawn(dataset, limit)
    hits = {
        who: [hit(rankings[each.id], each.grades, _FIRST) for each in questions]
        for who, rankings in (
            ("ours", ours(dataset.documents, questions)),
            ("kiwi", kiwis(dataset.documents, questions, python)),
        )
    }
    difference = [one - other for one, other in zip(hits["ours"], hits["kiwi"], strict=True)]
    return {
        "dataset": dataset.name,
        "questions": len(questions),
        "ours": mean(hits["ours"]),
        "kiwi": mean(hits["kiwi"]),
        "ratio": mean(hits["ours"]) / mean(hits["kiwi"]),
        "difference 95 %": bootstrap_interval(difference),
    }


def _lines(result: dict[str, Any]) -> list[str]:
    header = ("dataset", "questions", "hit@5 ours", "hit@5 Kiwi", "ratio", "difference, 95 %")
    rows = []
    for each in result["sets"]:
        low, high = each["difference 95 %"]
        figures = (f"{each[key]:.3f}" for key in ("ours", "kiwi", "ratio"))
        rows.append((each["dataset"], each["questions"], *figures, f"{low:+.3f} to {high:+.3f}"))
    return report.titled(f"Korean keyword search, ratio wanted: {GOAL}", report.table(header, rows))


def main() -> None:
    """Print both on each dataset."""
    parser = report.options(__doc__)
    peers.add_option(parser)
    parser.add_argument("--limit", type=int, default=1000, help="most questions of a dataset")
    options = parser.parse_args()
    python = peers.environment(peers.KIWI, options.peers)
    sets = [compared(open_dataset(options.data / name), options.limit, python) for name in SETS]
    result = {"machine": report.machine(), "peer": peers.KIWI.requirements, "sets": sets}
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
