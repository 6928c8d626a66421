"""How often the page that answers is found, over questions about the R and Octave manuals, by each stage of retrieval.

The manuals are indexed by the program's own command, in a fresh process, with the embedder it would use; questions are
asked as `search` asks them. A passage counts for one page: the one its best leaf begins on. `keyword`,
`vector` and `fused` are orders before any later stage; `final` is what a person sees.
"""

import argparse
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rag_desktop.app import build
from rag_desktop.domain.answers import Passage, Question
from rag_desktop.ranking.metrics import bootstrap_interval, hit, mean, reciprocal_rank
from rag_desktop.services.evaluation.datasets import Judged, page_name
from rag_desktop.services.evaluation.forms import name_below, open_dataset
from rag_desktop.services.retrieval import USUAL, Mode, Retrieval, Steps
from rag_desktop.store.library import Library
from tests.benchmarks import report
from tests.benchmarks.peers import run_command

QUESTIONS = Path(__file__).parents[1] / "evaluation/manuals/questions.jsonl"
_RANKS = (1, 5, 10)
_DEEPEST = max(_RANKS)
_FUSED = Steps(until="fused")

Questions = Sequence[Judged]


def misplaced(questions: Questions, data: Path) -> Iterator[str]:
    """Questions whose words do not stand on a page of theirs in the files given, or stand on another page too."""
    texts: dict[str, list[str]] = {}
    for question in questions:
        manual = _manual(question)
        if manual not in texts:
            texts[manual] = _pages(data / manual)
        words = _plain(question.words)
        found = {page_name(manual, number) for number, text in enumerate(texts[manual], start=1) if words in text}
        if not found or not found <= question.grades.keys():
            yield f"{', '.join(question.grades)}: found on {', '.join(found) or 'no page'}: {question.words}"


def _manual(question: Judged) -> str:
    """The path of the manual that answers, below the folder of the manuals."""
    return next(iter(question.grades)).rpartition("#")[0]


def _pages(file: Path) -> list[str]:
    import pypdfium2

    with closing(pypdfium2.PdfDocument(file)) as manual:
        return [_plain(page.get_textpage().get_text_range()) for page in manual]


def _plain(text: str) -> str:
    """Without line ends, and with a word that was cut at one put together (PDFium marks such a hyphen with U+FFFE)."""
    return " ".join(unicodedata.normalize("NFKC", text.replace("\ufffe", "")).split())


@contextmanager
def indexed(data: Path, folders: Iterable[str], given: Path | None) -> Iterator[tuple[Path, float]]:
    """A library of folders of `data`, brought up to date, and the seconds that took."""
    with tempfile.TemporaryDirectory() as scratch:
        library = given or Path(scratch) / "library"
        paths = [str(data / folder) for folder in sorted(folders)]
        command = [sys.executable, "-m", "rag_desktop", "--library", str(library), "--json", "add", *paths]
        said = run_command(command, {})
        if said.answer["embedding_error"] or said.answer["vectors_pending"]:
            raise SystemExit(f"not all was embedded: {said.answer['embedding_error']}")
        yield library, said.wall


Ranking = Callable[[str], list[str]]
"""Pages for a question, best first: one for each passage, even where two are of one page, as a person counts them."""


def rankings(retrieval: Retrieval, data: Path) -> Mapping[str, Ranking]:
    """The stages by name."""

    def by(mode: Mode, steps: Steps = _FUSED) -> Ranking:
        return lambda text: pages(retrieval.search(Question(text, _DEEPEST), mode, steps=steps).passages)

    def pages(passages: Iterable[Passage]) -> list[str]:
        return [
            page_name(name_below(data, passage.document.path), (passage.leaf or passage.chunk).page_start or 0)
            for passage in passages
        ]

    return {
        "keyword": by(Mode.KEYWORD),
        "vector": by(Mode.VECTOR),
        "fused": by(Mode.HYBRID),
        "final": by(Mode.HYBRID, USUAL),
    }


def measured(questions: Questions, rank: Ranking) -> list[dict[str, Any]]:
    """Each question with its measures."""
    rows = []
    for question in questions:
        ranked = rank(question.question)
        rows.append({
            "question": question.question,
            "kind": question.kind,
            "manual": _manual(question).partition("/")[0],
            **{f"hit@{k}": hit(ranked, question.grades, k) for k in _RANKS},
            f"MRR@{_DEEPEST}": reciprocal_rank(ranked, question.grades, _DEEPEST),
        })  # fmt: skip
    return rows


def summary(stage: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Means over all questions, by kind and by manual; for all with the 95 % interval of hit@5."""
    groups = [("all", ""), *sorted({(key, str(row[key])) for row in rows for key in ("kind", "manual")})]
    for key, value in groups:
        some = [row for row in rows if key == "all" or row[key] == value]
        means = {name: mean([row[name] for row in some]) for name in (*(f"hit@{k}" for k in _RANKS), f"MRR@{_DEEPEST}")}
        interval = bootstrap_interval([row["hit@5"] for row in some])
        yield {"stage": stage, "of": value or key, "questions": len(some), **means, "hit@5 95 %": interval}


def _lines(result: Mapping[str, Any]) -> list[str]:
    header = tuple(result["means"][0])
    rows = [[_cell(each[key]) for key in header] for each in result["means"]]
    missed = [(row["kind"], row["manual"], row["question"]) for row in result["final"] if not row["hit@5"]]
    return [
        f"{result['machine']}, embedder {result['embedder']}, indexed in {result['indexed_s']} s",
        *report.titled("Means", report.table(header, rows)),
        *report.titled("Not among the first five", report.table(("kind", "manual", "question"), missed)),
    ]


def _cell(value: Any) -> report.Cell:
    if isinstance(value, tuple):
        return f"{value[0]:.2f}–{value[1]:.2f}"
    return f"{value:.3f}" if isinstance(value, float) else value


def _options() -> argparse.Namespace:
    parser = report.options(__doc__)
    parser.add_argument("--library", type=Path, help="index into this one and keep it")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    return parser.parse_args()


def main() -> None:
    """Print how often each stage found the page."""
    options = _options()
    data, questions = options.data.absolute(), open_dataset(options.questions, options.data).questions
    if wrong := list(misplaced(questions, data)):
        raise SystemExit("\n".join(["these are not the manuals that were asked about:", *wrong]))
    folders = {_manual(question).partition("/")[0] for question in questions}
    with indexed(data, folders, options.library) as (folder, seconds), closing(build(folder)) as program:
        if program.embedder is None:
            raise SystemExit("no embedder is installed")
        with Library.reader(folder) as library:
            stages = rankings(program.retrieval(library), data)
            rows = {stage: measured(questions, rank) for stage, rank in stages.items()}
        model = program.embedder.embedder.model
    result = {
        "machine": report.machine(),
        "embedder": model,
        "indexed_s": round(seconds, 1),
        "means": [each for stage, some in rows.items() for each in summary(stage, some)],
        "final": rows["final"],
    }
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
