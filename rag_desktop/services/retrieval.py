"""From a question to passages: what words and meaning put forward is fused, then goes through a line of stages."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rag_desktop.domain.answers import Passage, Question, StageScore
from rag_desktop.domain.documents import Chunk, Document
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.ranking.fuse import Scores, minmax_fused, vector_weight
from rag_desktop.ranking.relevance import evidence_in, is_relevant, relevance
from rag_desktop.services.signals import Asked, Meaning, Meant, Words
from rag_desktop.services.spaces import EmbedderChoice, Serving
from rag_desktop.services.stages import STAGES, AbsentError, Scene, Stage
from rag_desktop.store.library import Library
from rag_desktop.store.selection import Selection
from rag_desktop.text.queries import Query, parsed
from rag_desktop.text.questions import subject
from rag_desktop.text.words import hangul_share, query_terms, terms
from rag_desktop.vectors.index import HnswIndex

_LOG = logging.getLogger(__name__)
_NOTHING = Query("")
_FEW = 20
_MOST_CANDIDATES = 6_400
"""Where this many passages are copies of fewer than a handful, nobody misses what comes after them."""
_TRUSTED = 0.25
"""Weight of meaning from which on its model reads the question well enough for cosines to tell what is relevant."""


class Mode(StrEnum):
    """Which signals are asked."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class StageReport:
    """One step of a search: its seconds, and why it did not run where it did not (an error's code)."""

    stage: str
    seconds: float
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Passages, best first. `mode` is the one that was possible; `query` is what was typed, taken apart.

    stages: all steps in order, from `keyword` and `vector` on. seconds: the same by name, with their parts and `total`.
    """

    passages: tuple[Passage, ...]
    mode: Mode
    seconds: Mapping[str, float]
    stages: tuple[StageReport, ...] = ()
    query: Query = _NOTHING
    relevance: float = 0.0
    """How likely the library is about the question at all, 0 to 1."""
    is_relevant: bool = False
    is_inexact: bool = False
    """The words in quotation marks stand nowhere, and what comes nearest was searched."""
    rankings: Mapping[str, tuple[Passage, ...]] = field(default_factory=dict)
    """Where it was asked for: the passages after `fused` and after each stage that ran."""

    @property
    def absent(self) -> dict[str, str]:
        """Steps that did not run, with the code of why."""
        return {each.stage: each.absent for each in self.stages if each.absent}


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)
    reports: list[StageReport] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    stage_began: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now

    def report(self, stage: str, absent: str | None = None) -> None:
        now = time.perf_counter()
        self.reports.append(StageReport(stage, now - self.stage_began, absent))
        self.stage_began = self.last = now

    def done(self) -> dict[str, float]:
        named = {report.stage: report.seconds for report in self.reports if report.absent is None}
        return {**self.seconds, **named, "total": time.perf_counter() - self.began}


@dataclass(frozen=True, slots=True)
class Steps:
    """Which stages run: up to and with `until` (`fused` is before all of them), not those in `without`, and those in
    `also` though they are off. keeps: what was found is also told as it was after each of them."""

    until: str | None = None
    without: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    keeps: bool = False


USUAL = Steps()


class Retrieval:
    """Searches one library. For one lane: it holds a reading connection."""

    def __init__(
        self,
        library: Library,
        choices: Sequence[EmbedderChoice] = (),
        live_index: Callable[[str], HnswIndex | None] = lambda _: None,
        reranking: str = "auto",
    ) -> None:
        """choices: the embedder in use, then others that are installed. reranking: value of the setting."""
        self._library = library
        self._serving = Serving(library, choices)
        self._reranking = reranking
        self._words = Words(library)
        self._meaning = Meaning(library, live_index)

    def search(
        self,
        question: Question,
        mode: Mode = Mode.HYBRID,
        *,
        exact: bool = False,
        steps: Steps = USUAL,
    ) -> Found:
        """The best passages for a question.

        exact: compare with every vector instead of asking the HNSW graph. A question of filters alone gives the newest
        documents they leave. Raises UserFacingError `question-empty`, and `vectors-missing` where only vectors
        were wanted and there are none.
        """
        asked = self._taken_apart(question)
        if not query_terms(asked.words) and not terms(asked.words):
            return self._newest(asked, _Clock())
        is_inexact = bool(asked.query.phrases) and not self._words.has_phrases(asked)
        if is_inexact:  # nothing at all would help nobody; that the words stand nowhere is said
            asked = replace(asked, query=replace(asked.query, phrases=()))
        while True:
            found, gathered = self._found(asked, mode, steps, exact=exact)
            is_short = len(found.passages) < min(question.top_k, _FEW) and gathered >= asked.candidates
            if not is_short or asked.candidates >= _MOST_CANDIDATES:
                return replace(found, is_inexact=is_inexact)
            asked = replace(asked, candidates=asked.candidates * 4)  # very many copies were folded into what is left

    def _found(self, asked: Asked, mode: Mode, steps: Steps, *, exact: bool) -> tuple[Found, int]:
        """What is found among so many candidates, and how many there were."""
        clock, question = _Clock(), asked.question
        embedding = self._serving.choice()
        keyword = self._words.search(asked) if mode is not Mode.VECTOR else {}
        clock.report("keyword", None if mode is not Mode.VECTOR else "not-asked")
        names = self._words.names(asked.words)
        is_literal = bool(asked.query.phrases or names)
        weight = _weight(asked, embedding, is_literal=is_literal) if mode is Mode.HYBRID else float(mode is Mode.VECTOR)
        absent = _not_asked(mode, weight)
        meant: Meant | None = None
        if absent is None:
            meant, absent = self._meant(embedding, asked, clock, is_needed=mode is Mode.VECTOR, exact=exact)
        clock.report("vector", absent)
        signals = {"keyword": keyword, "vector": meant.scores if meant else {}}
        fused = minmax_fused([(signals["keyword"], 1.0 - weight), (signals["vector"], weight)])
        about = subject(asked.words)
        rarity = self._words.rarity(about)
        with self._library.reading():
            passages = self._passages(fused, signals, max(asked.candidates, question.top_k))
        clock.report("fused")
        rankings = {"fused": passages}
        if steps.until != "fused":
            scene = Scene(self._library, asked, names, rarity, embedding, meant, self._reranking, steps.also)
            passages = self._through_stages(scene, rankings, clock, steps)
        passages = passages[: question.top_k]
        evidence = evidence_in(passages, about, rarity)
        calibration = embedding.relevance if embedding and weight >= _TRUSTED else None
        possible = Mode.KEYWORD if mode is Mode.HYBRID and meant is None and weight > 0 else mode
        found = Found(
            passages,
            possible,
            clock.done(),
            tuple(clock.reports),
            asked.query,
            relevance(evidence, calibration),
            is_relevant(evidence, calibration),
            rankings={stage: each[: question.top_k] for stage, each in rankings.items()} if steps.keeps else {},
        )
        return found, len(fused)

    def _taken_apart(self, question: Question) -> Asked:
        query = parsed(question.text, is_narrowed=bool(question.filters))
        return Asked(question, query, self._library.selections.of(question.filters.narrowed(query.filters)))

    def _meant(
        self, embedding: EmbedderChoice | None, asked: Asked, clock: _Clock, *, is_needed: bool, exact: bool
    ) -> tuple[Meant | None, str | None]:
        """What meaning says, or the code of why it says nothing. is_needed: then that is raised."""
        error = UserFacingError("vectors-missing" if is_needed or embedding else "embedder-missing")
        if embedding is not None:
            try:
                meant = self._meaning.search(embedding, asked, clock.lap, exact=exact)
                if meant is not None:
                    return meant, None
            except UserFacingError as failure:
                _LOG.warning("search by meaning failed: %s", failure)
                error = failure
        if is_needed:
            raise error
        return None, error.code

    def _through_stages(
        self,
        scene: Scene,
        rankings: dict[str, tuple[Passage, ...]],
        clock: _Clock,
        steps: Steps,
    ) -> tuple[Passage, ...]:
        """The passages after the last stage; those after each are put beside what was fused."""
        passages = rankings["fused"]
        for stage in STAGES:
            absent = _left_out(stage, scene, steps)
            if absent is None and passages:
                try:
                    passages = rankings[stage.name] = stage.act(scene, passages)
                except AbsentError as reason:
                    absent = reason.code
            clock.report(stage.name, absent)
            if stage.name == steps.until:
                break
        return passages

    def _newest(self, asked: Asked, clock: _Clock) -> Found:
        """What filters leave, where nothing else was asked."""
        if asked.selection is None:
            raise UserFacingError("question-empty")
        with self._library.reading():
            newest = [(id_, 0.0) for id_ in self._newest_leaves(asked, asked.selection)]
            passages = self._passages(newest, {}, asked.question.top_k)
        clock.report("newest")
        return Found(passages, Mode.KEYWORD, clock.done(), tuple(clock.reports), asked.query)

    def _newest_leaves(self, asked: Asked, selection: Selection) -> list[ChunkId]:
        """The first leaves of the newest documents, but for those with an excluded word."""
        wanted = top_k = asked.question.top_k
        while True:
            ids = self._library.selections.newest(selection, wanted)
            excluded = self._library.fulltext.holding(ids, asked.query.without)
            kept = [id_ for id_ in ids if id_ not in excluded]
            if len(kept) >= top_k or len(ids) < wanted:
                return kept[:top_k]
            wanted *= 4

    def _passages(
        self, fused: Iterable[tuple[int, float]], signals: Mapping[str, Scores], most: int
    ) -> tuple[Passage, ...]:
        """Passages in fused order; ids of chunks, documents or folders that are gone resolve to nothing."""
        ranked = list(fused)[:most]
        chunks = self._library.chunks.get([ChunkId(id_) for id_, _ in ranked])
        documents: dict[DocumentId, Document | None] = {}
        passages = []
        for id_, score in ranked:
            chunk = chunks.get(ChunkId(id_))
            if chunk is None:
                continue
            if chunk.document_id not in documents:
                documents[chunk.document_id] = self._library.documents.get(chunk.document_id)
            document = documents[chunk.document_id]
            if document is not None:
                trace = tuple(StageScore(name, scores[id_]) for name, scores in signals.items() if id_ in scores)
                passages.append(self._passage(chunk, document, score, trace))
        return tuple(passages)

    def _passage(self, chunk: Chunk, document: Document, score: float, trace: tuple[StageScore, ...]) -> Passage:
        text = self._library.documents.text(chunk.document_id, chunk.span)
        return Passage(chunk, document, text, score, (*trace, StageScore("fused", score)))


def _weight(asked: Asked, embedding: EmbedderChoice | None, *, is_literal: bool) -> float:
    """What meaning counts beside words."""
    languages = embedding.languages if embedding else ()
    return vector_weight(hangul_share(asked.words), languages, is_literal=is_literal)


def _not_asked(mode: Mode, weight: float) -> str | None:
    """Why meaning is not asked, or None where it is: a model that cannot read the question has nothing to say."""
    if mode is Mode.KEYWORD:
        return "not-asked"
    return "question-unreadable" if weight <= 0 else None


def _left_out(stage: Stage, scene: Scene, steps: Steps) -> str | None:
    """Why a stage does not run, or None where it does."""
    if stage.name in steps.without:
        return "left-out"
    if stage.name in steps.also:
        return None
    if not stage.is_on:
        return "off"
    return "typing" if scene.asked.question.is_typing and not stage.is_quick else None
