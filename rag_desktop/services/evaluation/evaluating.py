"""Evaluates retrieval on a dataset: indexed as `add` does, searched as `search` does, measured stage by stage."""

import hashlib
import logging
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from rag_desktop.domain.answers import Passage, Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.ranking import metrics
from rag_desktop.services import library as libraries
from rag_desktop.services import opening
from rag_desktop.services.evaluation import material, stages
from rag_desktop.services.evaluation.datasets import Dataset, Judged, holds, ranked
from rag_desktop.services.evaluation.figures import Ablation, Evaluation, Figures, KindRow, StageRow
from rag_desktop.services.evaluation.forms import name_below
from rag_desktop.services.evaluation.stages import Recipe
from rag_desktop.services.indexing import DEFAULT_CHUNKER, IndexingReport
from rag_desktop.services.program import Program
from rag_desktop.services.retrieval import Found, Retrieval
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library

_LOG = logging.getLogger(__name__)
EVALUATING = "evaluating"
_SEED = 7
_MAGIC = re.compile(r"([\\*?\[\]!# ])")
_NO_DOCUMENTS = "/questions*.jsonl"
"""Questions about a folder may lie in it, with the words that answer them."""

TOP_K = 100
"""Passages that a search is asked for: enough for ten documents of ten passages each."""

Rank = Callable[[Retrieval, Question], Sequence[Passage]]
"""Passages for a question, best first."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is evaluated, and how.

    top_k: passages that each search is asked for. limit: at most so many questions, drawn by chance, always the same.
    without: stages that are left out; switched_on: those that run though they are off. is_exact: every vector is
    compared. is_fresh: nothing of earlier evaluations is used. has_ablation: each stage is also left out in turn.
    chunker: the scheme that cuts documents, as `add` takes it.
    also: other rankings that are measured beside the stages.
    """

    top_k: int = TOP_K
    limit: int | None = None
    without: frozenset[str] = frozenset()
    switched_on: frozenset[str] = frozenset()
    is_exact: bool = False
    is_fresh: bool = False
    has_ablation: bool = False
    chunker: str = DEFAULT_CHUNKER
    also: Mapping[str, Rank] = field(default_factory=dict)


@dataclass(slots=True)
class _Measured:
    """The measures of one ranking, question by question."""

    rank: Rank
    each: list[Figures] = field(default_factory=list)

    def add(self, judged: Judged, passages: Sequence[Passage], name_of: Callable[[str], str]) -> None:
        names, grades = ranked(passages, name_of, by_page=judged.by_page), judged.grades
        self.each.append(
            Figures(
                metrics.ndcg(names, grades, 10),
                metrics.recall(names, grades, 10),
                metrics.reciprocal_rank(names, grades, 10),
                metrics.hit(names, grades, 5),
                float(holds(passages[:5], judged.words)) if judged.words else None,
            )
        )

    @property
    def figures(self) -> Figures:
        return Figures.mean(self.each)


def evaluate(program: Program, dataset: Dataset, plan: Plan, task: Task) -> Evaluation:
    """Index the dataset in a library of its own and measure how well its questions are searched.

    Raises Cancelled after `task.stop()`, and UserFacingError: as reading a dataset and indexing do, `stages-none`
    where `plan` leaves no signal, and `evaluation-partial` where searching by meaning failed on the way.
    """
    began = time.monotonic()
    with _indexed(program, dataset, plan, task) as (library, report, name_of):
        indexed = time.monotonic()
        retrieval = program.retrieval(library)
        has_vectors = report.embedding_error is None
        recipes = stages.recipes(plan.without, plan.switched_on, has_vectors=has_vectors)
        run = _Run(retrieval, plan, recipes)
        questions = _drawn(dataset.questions, plan.limit)
        for number, judged in enumerate(questions):
            task.at(EVALUATING, number, len(questions), judged.question)
            run.ask(judged, name_of)
        task.at(EVALUATING, len(questions), len(questions))
        (folder,) = report.folders
        embedder = program.embedder.embedder if program.embedder and has_vectors else None
        return Evaluation(
            dataset=dataset.name,
            documents=folder.documents,
            unread=len(folder.failed),
            passages=folder.passages,
            questions=len(questions),
            left_out=dataset.left_out,
            model=embedder.model if embedder else None,
            chunker=plan.chunker,
            space=hashlib.blake2b(embedder.key.encode(), digest_size=8).hexdigest() if embedder else None,
            figures=run.whole.figures,
            interval=metrics.bootstrap_interval([each.ndcg for each in run.whole.each]),
            milliseconds=run.median("total"),
            stages=run.rows(),
            ablation=run.ablation(),
            also=tuple(StageRow(name, one.figures, None) for name, one in run.also.items()),
            kinds=_kinds(questions, run.whole.each),
            indexing_s=indexed - began,
            searching_s=time.monotonic() - indexed,
        )


class _Run:
    """All rankings that are measured, over the same questions."""

    def __init__(self, retrieval: Retrieval, plan: Plan, recipes: Sequence[Recipe]) -> None:
        self._retrieval = retrieval
        self._plan = plan
        self._recipes = recipes
        self._spent: dict[str, list[float]] = defaultdict(list)
        self._after: Mapping[str, Sequence[Passage]] = {}
        self.whole = _Measured(self._timed(recipes[-1]))
        self._stages = {recipe.stage: _Measured(self._ranking_after(recipe)) for recipe in recipes[:-1]}
        self._less = {stage: _Measured(self._ranking(recipe)) for stage, recipe in self._left_out()}
        self.also = {name: _Measured(rank) for name, rank in plan.also.items()}

    def ask(self, judged: Judged, name_of: Callable[[str], str]) -> None:
        """Measure all rankings of one question; the whole search first, so that its times are those of a new one."""
        question = Question(judged.question, self._plan.top_k, merges=stages.MERGE in self._plan.switched_on)
        for one in (self.whole, *self._stages.values(), *self._less.values(), *self.also.values()):
            one.add(judged, one.rank(self._retrieval, question), name_of)

    def _left_out(self) -> Iterator[tuple[str, Recipe]]:
        """The whole search without each stage that it has and can do without."""
        if not self._plan.has_ablation:
            return
        there = [recipe.stage for recipe in self._recipes]
        has_vectors = stages.SIGNALS[1] in there
        for stage in stages.REMOVABLE:
            without = self._recipes[-1].without | {stage}
            if stage in there and not without.issuperset(stages.SIGNALS):
                yield stage, stages.recipes(without, self._plan.switched_on, has_vectors=has_vectors)[-1]

    def _ranking(self, recipe: Recipe) -> Rank:
        return lambda retrieval, question: self._found(retrieval, question, recipe).passages

    def _ranking_after(self, recipe: Recipe) -> Rank:
        """The whole search as it was after a stage, where it came by it; searched anew where not."""
        anew = self._ranking(recipe)
        if recipe.stage in stages.SIGNALS:
            return anew
        return lambda retrieval, question: self._after.get(recipe.stage) or anew(retrieval, question)

    def _timed(self, recipe: Recipe) -> Rank:
        def rank(retrieval: Retrieval, question: Question) -> Sequence[Passage]:
            found = self._found(retrieval, question, recipe)
            self._after = _filled(found.rankings)
            for stage, spent in stages.milliseconds(found).items():
                self._spent[stage].append(spent)
            return found.passages

        return rank

    def _found(self, retrieval: Retrieval, question: Question, recipe: Recipe) -> Found:
        return stages.search(retrieval, question, recipe, exact=self._plan.is_exact)

    def median(self, stage: str) -> float | None:
        """Milliseconds that the stage took in half of the whole searches at most."""
        spent = self._spent.get(stage)
        return median(spent) if spent else None

    def rows(self) -> tuple[StageRow, ...]:
        """The ranking after each stage, in order."""
        measured = {**self._stages, self._recipes[-1].stage: self.whole}
        return tuple(StageRow(stage, one.figures, self.median(stage)) for stage, one in measured.items())

    def ablation(self) -> tuple[Ablation, ...]:
        """What each stage brings: the whole search beside the one without it, question by question."""
        rows = []
        for stage, one in self._less.items():
            gains = [whole.ndcg - less.ndcg for whole, less in zip(self.whole.each, one.each, strict=True)]
            rows.append(Ablation(stage, one.figures, metrics.mean(gains), metrics.bootstrap_interval(gains)))
        return tuple(rows)


def _filled(rankings: Mapping[str, Sequence[Passage]]) -> Mapping[str, Sequence[Passage]]:
    """The ranking after each stage: after one that did not run, that of the stage before it."""
    filled: dict[str, Sequence[Passage]] = {}
    last: Sequence[Passage] = ()
    for stage in (stages.FUSED, *stages.LATER):
        last = filled[stage] = rankings.get(stage, last)
    return filled


@contextmanager
def _indexed(
    program: Program, dataset: Dataset, plan: Plan, task: Task
) -> Iterator[tuple[Library, IndexingReport, Callable[[str], str]]]:
    """The dataset's library, up to date, and the judged name of a document by its path."""
    place = material.place_for(dataset, plan.chunker, program.places.caches)
    if plan.is_fresh:
        material.clear(place)
    writer, recovered = opening.open_writer(place.library)
    for each in recovered:
        _LOG.warning("the evaluation's library: %s", each.error)
    ids: dict[str, str] = {}
    with writer:
        indexing = program.indexing(writer)
        if isinstance(dataset.documents, Path):
            folder = dataset.documents
        else:
            folder, ids = place.documents, material.materialise(dataset.documents, place, task)
        (row,) = indexing.register([str(folder)], plan.chunker)
        libraries.set_patterns(writer, row.path, _patterns(dataset))
        row = libraries.folder_at(writer, row.path)
        report = indexing.run([row], task)
    _refuse_partial(report)
    with Library.reader(place.library) as library:
        yield library, report, partial(material.name_by_id, ids) if ids else partial(name_below, Path(row.path))


def _patterns(dataset: Dataset) -> str:
    """What of a folder are questions about it."""
    folder = dataset.documents
    if not isinstance(folder, Path):
        return ""
    own = [dataset.source.relative_to(folder).as_posix()] if dataset.source.is_relative_to(folder) else []
    return "\n".join([_NO_DOCUMENTS, *("/" + _MAGIC.sub(r"\\\1", name) for name in own)])


def _refuse_partial(report: IndexingReport) -> None:
    """Figures of half a library would not be its figures. Without a model there are those of keyword search."""
    error = report.embedding_error
    if error is not None and error.code != "embedder-missing":
        raise error
    (folder,) = report.folders
    if not folder.documents:
        raise folder.failed[0].error if folder.failed else UserFacingError("dataset-empty", path=folder.path)


def _drawn(questions: Sequence[Judged], limit: int | None) -> Sequence[Judged]:
    if limit is None or limit >= len(questions):
        return questions
    return [questions[place] for place in sorted(random.Random(_SEED).sample(range(len(questions)), limit))]  # noqa: S311


def _kinds(questions: Sequence[Judged], each: Sequence[Figures]) -> tuple[KindRow, ...]:
    """The whole search's figures by kind of question, where their author named kinds."""
    groups: dict[str, list[Figures]] = defaultdict(list)
    for judged, figures in zip(questions, each, strict=True):
        if judged.kind:
            groups[judged.kind].append(figures)
    return tuple(KindRow(kind, len(group), Figures.mean(group)) for kind, group in sorted(groups.items()))
