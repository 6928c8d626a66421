"""`evaluate retrieval DATASET`: figures of each stage of search as a table, or as one JSON object."""

import argparse
from collections.abc import Iterable, Sequence

from rag_desktop.cli.present import Json
from rag_desktop.cli.terminal import Terminal
from rag_desktop.cli.verbs import OK, SOME_FAILED, stoppable
from rag_desktop.services.evaluation.evaluating import TOP_K, Plan
from rag_desktop.services.evaluation.evaluating import evaluate as evaluated
from rag_desktop.services.evaluation.figures import Evaluation, Figures
from rag_desktop.services.evaluation.forms import open_dataset
from rag_desktop.services.indexing import DEFAULT_CHUNKER
from rag_desktop.services.program import Program

_DIGITS = 4
_HEADER = ("ndcg@10", "recall@10", "mrr@10", "hit@5")


def evaluate(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`evaluate retrieval`: exit status 3 where documents of the dataset could not be read."""
    dataset = open_dataset(options.dataset, options.documents)
    plan = Plan(
        top_k=options.top_k or TOP_K,
        limit=options.limit,
        without=frozenset(options.without),
        switched_on=frozenset(options.also),
        is_exact=options.exact,
        is_fresh=options.fresh,
        has_ablation=options.ablation,
        chunker=options.chunker or DEFAULT_CHUNKER,
    )
    with stoppable(terminal.on_event) as task:
        evaluation = evaluated(program, dataset, plan, task)
    terminal.clear()
    if terminal.is_json:
        terminal.result(as_json(evaluation))
    else:
        _show(evaluation, program, terminal)
    return SOME_FAILED if evaluation.unread else OK


def as_json(each: Evaluation) -> Json:
    """An evaluation. Figures are means over its questions, 0 to 1; `ms` are medians; `seconds` are of the whole run."""
    return {
        **_figures(each.figures),
        "interval": _rounded(each.interval),
        "ms": _ms(each.milliseconds),
        "stages": [
            {"stage": row.stage, **_figures(row.figures), "ms": _ms(row.milliseconds)}
            for row in (*each.stages, *each.also)
        ],
        "ablation": [
            {
                "without": row.without,
                **_figures(row.figures),
                "gain": round(row.gain, _DIGITS),
                "gain_interval": _rounded(row.interval),
            }
            for row in each.ablation
        ],
        "kinds": [{"kind": row.kind, "queries": row.questions, **_figures(row.figures)} for row in each.kinds],
        "dataset": each.dataset,
        "documents": each.documents,
        "unread": each.unread,
        "passages": each.passages,
        "queries": each.questions,
        "left_out": each.left_out,
        "model": each.model,
        "space": each.space,
        "chunker": each.chunker,
        "seconds": {"indexing": round(each.indexing_s, 2), "searching": round(each.searching_s, 2)},
    }


def _figures(each: Figures) -> Json:
    named = dict(zip(_HEADER, (each.ndcg, each.recall, each.mrr, each.hit), strict=True))
    words = {} if each.words is None else {"words@5": each.words}
    return {name: round(value, _DIGITS) for name, value in (named | words).items()}


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(bound, _DIGITS) for bound in interval]


def _ms(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 2)


def _show(each: Evaluation, program: Program, terminal: Terminal) -> None:
    say = program.wording.say
    terminal.line(
        say(
            "{name}: {documents} documents, {passages} passages, {questions} questions",
            name=each.dataset,
            documents=each.documents,
            passages=each.passages,
            questions=each.questions,
        )
    )
    if each.unread:
        terminal.line("  ✗ " + say("{count} documents could not be read.", count=each.unread))
    if each.left_out:
        terminal.line("  · " + say("{count} questions have nothing relevant and were left out.", count=each.left_out))
    if each.model is None:
        terminal.line("  · " + say("There were no vectors, so search was by keyword only."))
    rows = [(row.stage, row.figures, _shown_ms(row.milliseconds)) for row in (*each.stages, *each.also)]
    _table(terminal, (*_head(each.figures), "ms"), rows)
    low, high = each.interval
    terminal.line(say("nDCG@10 lies between {low} and {high} (95 %).", low=f"{low:.3f}", high=f"{high:.3f}"))
    if each.ablation:
        terminal.line()
        less = [(f"− {row.without}", row.figures, f"{row.gain:+.3f}") for row in each.ablation]
        _table(terminal, (*_head(each.figures), "gain"), less)
    if each.kinds:
        terminal.line()
        kinds = [(row.kind, row.figures, str(row.questions)) for row in each.kinds]
        _table(terminal, (*_head(each.figures), "n"), kinds)


def _head(each: Figures) -> tuple[str, ...]:
    return tuple(_figures(each))


def _shown_ms(milliseconds: float | None) -> str:
    return "–" if milliseconds is None else f"{milliseconds:.1f}"


def _table(terminal: Terminal, header: Sequence[str], rows: Iterable[tuple[str, Figures, str]]) -> None:
    """Rows under a header: names flush left, figures flush right."""
    lines = [("", *header)]
    for name, figures, last in rows:
        values = [f"{value:.3f}" for value in _figures(figures).values()]
        lines.append((name, *values, *["–"] * (len(header) - 1 - len(values)), last))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *rest in lines:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        terminal.line("  ".join(cells))
