"""What puts passages forward: their words (BM25 over the full text) and their meaning (cosine to the question)."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rag_desktop.domain.answers import Question
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.ranking.fuse import Scores
from rag_desktop.services.embedding import embed_query
from rag_desktop.services.neighbours import reading_index
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.store.library import Library
from rag_desktop.store.selection import Selection
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.queries import Query
from rag_desktop.text.words import query_terms, terms
from rag_desktop.vectors.filtered import filtered
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Matrix

CANDIDATES = 100
"""Passages each signal may put forward."""
_KEPT_VECTORS = 64
_NAME_WEIGHT = 0.15
"""What a file name that has the question's words adds to the keyword score, in parts of the best keyword score."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart. selection: documents that it is narrowed to; None: all of them."""

    question: Question
    query: Query
    selection: Selection | None

    @property
    def words(self) -> str:
        """What is searched by meaning."""
        return self.query.text


class Words:
    """The keyword signal of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def search(self, asked: Asked) -> Scores:
        """BM25 by chunk id of the best passages; every quoted phrase stands in them, and no excluded word."""
        query, full_text = asked.query, self._library.fulltext
        wanted = query_terms(query.text, is_typing=asked.question.is_typing)
        found = full_text.passages(wanted, query.phrases, CANDIDATES, among=asked.selection, without=query.without)
        scores: dict[int, float] = dict(found)
        if scores and not query.phrases:
            self._favour_named(scores, dict(full_text.documents(wanted, CANDIDATES)))
        return scores

    def rarity(self, words: str) -> dict[str, float]:
        """Inverse document frequency of each of the terms in this library."""
        total = max(1, self._library.chunks.leaves())
        return {
            term: self._library.fulltext.idf(wanted, total)
            for wanted in query_terms(words)
            for term in terms(" ".join(wanted.tokens))
        }

    def _favour_named(self, scores: dict[int, float], named: Mapping[DocumentId, float]) -> None:
        """Lift passages of documents whose file name or title has words of the question."""
        if not named:
            return
        best_name, best = max(named.values()), max(scores.values())
        for id_, chunk in self._library.chunks.get([ChunkId(id_) for id_ in scores]).items():
            scores[id_] += _NAME_WEIGHT * best * named.get(chunk.document_id, 0.0) / best_name


@dataclass(frozen=True, slots=True)
class Meant:
    """What the vectors say of one question: cosines by chunk id, and those of any other passages on request."""

    scores: Scores
    index: HnswIndex | ExactIndex
    vector: Matrix

    def of(self, ids: Sequence[int]) -> dict[int, float]:
        """Cosines of those of these passages that have a vector."""
        return self.index.scores(ids, self.vector)


class Meaning:
    """The vector signal of one library. For one lane."""

    def __init__(self, library: Library, live_index: Callable[[str], HnswIndex | None]) -> None:
        """live_index: the index of a space that is being written in this process, if it is."""
        self._library = library
        self._live_index = live_index
        self._held: dict[tuple[str, bool], tuple[int, HnswIndex | ExactIndex]] = {}
        self._vectors: OrderedDict[tuple[str, str], Matrix] = OrderedDict()

    def search(
        self, choice: EmbedderChoice, asked: Asked, lap: Callable[[str], None], *, exact: bool = False
    ) -> Meant | None:
        """The nearest passages, or None while there are no vectors of the model's space.

        lap: called with the name of each part when it is done. Raises what the embedding child ended with.
        """
        space = next((each for each in self._library.vectors.spaces() if each.key == choice.embedder.key), None)
        if space is None or not self._library.vectors.has_any(space.id):
            return None
        index = self._index(space, exact=exact)
        lap("index")
        vector = self._vector(choice, asked.words)
        lap("embed")
        if asked.selection is not None:
            scores = self._selected(index, space, vector, asked)
        else:
            scores = self._visible(index, vector, asked)
        lap("vector")
        return Meant(scores, index, vector)

    def _vector(self, choice: EmbedderChoice, words: str) -> Matrix:
        """The question's vector; the last ones are kept, for the same words are searched again with other filters."""
        key = (choice.embedder.key, words)
        if key not in self._vectors:
            self._vectors[key] = embed_query(choice.embedder.child, words)
        self._vectors.move_to_end(key)
        while len(self._vectors) > _KEPT_VECTORS:
            self._vectors.popitem(last=False)
        return self._vectors[key]

    def _selected(self, index: HnswIndex | ExactIndex, space: SpaceRow, vector: Matrix, asked: Asked) -> Scores:
        labels = asked.selection.labels() if asked.selection else np.zeros(0, np.int64)
        rows = partial(self._library.vectors.of, space)
        wanted = CANDIDATES
        while True:
            hits = dict(filtered(index, rows, vector, wanted, labels))
            kept = self._kept(hits, asked)
            if len(kept) >= CANDIDATES or wanted >= len(labels):
                return dict(list(kept.items())[:CANDIDATES])
            wanted *= 4

    def _visible(self, index: HnswIndex | ExactIndex, vector: Matrix, asked: Asked) -> Scores:
        """The nearest that may be shown; those of removed folders must not take the places of others."""
        wanted = CANDIDATES
        while True:
            hits = dict(index.search(vector, wanted))
            visible = self._library.chunks.visible([ChunkId(label) for label in hits])
            kept = self._kept({label: score for label, score in hits.items() if label in visible}, asked)
            if len(kept) >= CANDIDATES or wanted >= len(index):
                return dict(list(kept.items())[:CANDIDATES])
            wanted *= 4

    def _kept(self, hits: Mapping[int, float], asked: Asked) -> Scores:
        """Those in which every quoted phrase stands, and no excluded word."""
        query = asked.query
        if not hits or not (query.phrases or query.without):
            return hits
        ids = [ChunkId(label) for label in hits]
        full_text = self._library.fulltext
        kept: Collection[int] = set(hits)
        for phrase in query.phrases:
            kept = set(kept) & full_text.holding(ids, [phrase])
        kept = set(kept) - full_text.holding(ids, query.without)
        return {label: score for label, score in hits.items() if label in kept}

    def _index(self, space: SpaceRow, *, exact: bool) -> HnswIndex | ExactIndex:
        """The index as of now: the one that is being written in this process, or one loaded when vectors changed."""
        live = None if exact else self._live_index(space.key)
        if live is not None:
            return live
        seq = self._library.vectors.seq()
        held = self._held.get((space.key, exact))
        if held is None or held[0] != seq:
            held = self._held[space.key, exact] = (seq, reading_index(self._library, space, exact=exact))
        return held[1]
