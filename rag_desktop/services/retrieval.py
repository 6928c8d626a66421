"""From a question to passages: keyword and vector candidates, then a line of stages, each leaving its score."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rag_desktop.domain.answers import Passage, Question, StageScore
from rag_desktop.domain.documents import Chunk, Document
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.ranking.fuse import Scores, minmax_fused, vector_weight
from rag_desktop.services.embedding import embed_query
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.neighbours import reading_index
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.words import hangul_share, query_terms, quoted_phrases, terms
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Matrix

_LOG = logging.getLogger(__name__)
CANDIDATES = 100
"""Passages each signal may put forward."""
_UNDERSTOOD = 0.25
_NAME_WEIGHT = 0.15
"""What a file name that has the question's words adds to the keyword score, in parts of the best keyword score."""


class Mode(StrEnum):
    """Which signals are asked."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    VECTOR = "vector"


Stage = Callable[[Question, tuple[Passage, ...]], tuple[Passage, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """Passages, best first, and what finding them took in seconds. `mode` is the one that was possible."""

    passages: tuple[Passage, ...]
    mode: Mode
    seconds: Mapping[str, float]


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now

    def done(self) -> dict[str, float]:
        return {**self.seconds, "total": time.perf_counter() - self.began}


class Retrieval:
    """Searches one library. For one lane: it holds a reading connection."""

    def __init__(
        self,
        library: Library,
        embedder: Embedder | None,
        languages: tuple[str, ...],
        stages: tuple[Stage, ...] = (),
        live_index: Callable[[str], HnswIndex | None] = lambda _: None,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._languages = languages
        self._stages = stages
        self._live_index = live_index
        self._indexes: dict[bool, tuple[int, HnswIndex | ExactIndex]] = {}

    def search(self, question: Question, mode: Mode, *, exact: bool = False) -> Found:
        """The best passages for a question.

        exact: compare with every vector instead of asking the HNSW graph. Raises UserFacingError `question-empty`,
        and `vectors-missing` where only vectors were wanted and there are none.
        """
        if not terms(question.text) and not query_terms(question.text):
            raise UserFacingError("question-empty")
        clock = _Clock()
        keyword = self._by_keyword(question) if mode is not Mode.VECTOR else {}
        clock.lap("keyword")
        weight = vector_weight(hangul_share(question.text), self._languages) if mode is Mode.HYBRID else 1.0
        is_asked = mode is not Mode.KEYWORD and weight > 0  # a model that cannot read the question is not asked
        vector = self._meant(question, clock, mode, exact=exact) if is_asked else {}
        if mode is Mode.VECTOR and vector is None:
            raise UserFacingError("vectors-missing")
        fused = minmax_fused([(keyword, 1.0 - weight if mode is Mode.HYBRID else 1.0), (vector or {}, weight)])
        with self._library.reading():
            passages = self._passages(fused, {"keyword": keyword, "vector": vector or {}}, question.top_k)
        for stage in self._stages:
            passages = stage(question, passages)
        clock.lap("rank")
        possible = Mode.KEYWORD if mode is Mode.HYBRID and vector is None else mode
        return Found(passages[: question.top_k], possible, clock.done())

    def _meant(self, question: Question, clock: _Clock, mode: Mode, *, exact: bool) -> Scores | None:
        """`_by_vector`; where the embedder fails and words can still be searched, None."""
        try:
            return self._by_vector(question, clock, exact=exact)
        except UserFacingError as error:
            if mode is Mode.VECTOR:
                raise
            _LOG.warning("search by meaning failed: %s", error)
            return None

    def understands(self, question: str) -> bool:
        """Whether the embedding model can read most of the question, so that its cosines mean something."""
        return vector_weight(hangul_share(question), self._languages) > _UNDERSTOOD

    def rarity(self, question: str) -> dict[str, float]:
        """Inverse document frequency of each of the question's terms in this library."""
        total = max(1, self._library.chunks.leaves())
        return {
            term: self._library.fulltext.idf(wanted, total)
            for wanted in query_terms(question)
            for term in terms(" ".join(wanted.tokens))
        }

    def _by_keyword(self, question: Question) -> Scores:
        wanted, phrases = query_terms(question.text), quoted_phrases(question.text)
        full_text = self._library.fulltext
        scores: dict[int, float] = dict(full_text.passages(wanted, phrases, CANDIDATES))
        if scores and not phrases:
            self._favour_named(scores, dict(full_text.documents(wanted, CANDIDATES)))
        return scores

    def _favour_named(self, scores: dict[int, float], named: Mapping[DocumentId, float]) -> None:
        """Lift passages of documents whose file name or title has words of the question."""
        if not named:
            return
        best_name, best = max(named.values()), max(scores.values())
        for id_, chunk in self._library.chunks.get([ChunkId(id_) for id_ in scores]).items():
            scores[id_] += _NAME_WEIGHT * best * named.get(chunk.document_id, 0.0) / best_name

    def _by_vector(self, question: Question, clock: _Clock, *, exact: bool) -> Scores | None:
        """Cosine by chunk id, or None while no vectors of the embedder's space are there."""
        space = self._space()
        if space is None or self._embedder is None or not self._library.vectors.has_any(space.id):
            return None
        index = self._index(space, exact=exact)
        clock.lap("index")
        vector = embed_query(self._embedder.child, question.text)
        clock.lap("embed")
        hits = self._visible_hits(index, vector)
        clock.lap("vector")
        return hits

    def _visible_hits(self, index: HnswIndex | ExactIndex, vector: Matrix) -> Scores:
        """The nearest passages that may be shown; those of removed folders must not take the places of others."""
        wanted = CANDIDATES
        while True:
            hits = index.search(vector, wanted)
            visible = self._library.chunks.visible([ChunkId(label) for label, _ in hits])
            seen = {label: score for label, score in hits if label in visible}
            if len(seen) >= CANDIDATES or wanted >= len(index):
                return dict(list(seen.items())[:CANDIDATES])
            wanted *= 4

    def _space(self) -> SpaceRow | None:
        key = self._embedder.key if self._embedder else None
        return next((space for space in self._library.vectors.spaces() if space.key == key), None)

    def _index(self, space: SpaceRow, *, exact: bool) -> HnswIndex | ExactIndex:
        """The index as of now: the one that is being written in this process, or one loaded when vectors changed."""
        live = None if exact else self._live_index(space.key)
        if live is not None:
            return live
        seq = self._library.vectors.seq()
        held = self._indexes.get(exact)
        if held is None or held[0] != seq:
            held = self._indexes[exact] = (seq, reading_index(self._library, space, exact=exact))
        return held[1]

    def _passages(
        self, fused: Iterable[tuple[int, float]], signals: Mapping[str, Scores], top_k: int
    ) -> tuple[Passage, ...]:
        """Passages in fused order; ids of chunks, documents or folders that are gone resolve to nothing."""
        ranked = list(fused)[: max(CANDIDATES, top_k)]
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
            if len(passages) == top_k and not self._stages:
                break
        return tuple(passages)

    def _passage(self, chunk: Chunk, document: Document, score: float, trace: tuple[StageScore, ...]) -> Passage:
        text = self._library.documents.text(chunk.document_id, chunk.span)
        return Passage(chunk, document, text, score, (*trace, StageScore("fused", score)))
