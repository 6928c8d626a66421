"""What puts passages forward: their words (BM25 over the full text) and their meaning (cosine to the question)."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rag_desktop.domain.answers import Question
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.ranking.fuse import Scores
from rag_desktop.services.embedding import embed_query
from rag_desktop.services.neighbours import FollowingIndex
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.store.library import Library
from rag_desktop.store.selection import Labels, Selection
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.identifiers import identifiers
from rag_desktop.text.queries import Query
from rag_desktop.text.words import QueryTerm, query_terms, terms
from rag_desktop.vectors.filtered import filtered
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Matrix

CANDIDATES = 100
"""Passages each signal puts forward at first."""
_KEPT_VECTORS = 64
_MANY = 1_000
"""Passages from which on the library tells how rare words are. In one of ten, a word that stands in one would count a
third of a word that stands in none, and every question with a word too many would seem to be about something else."""
_NAMED, _NAMED_SHARE = 20, 500
"""An identifier stands in at most so many passages, or in one of so many."""
_NAME_WEIGHT = 0.15
"""What a file name that has the question's words adds to the keyword score, in parts of the best keyword score."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart.

    selection: documents that it is narrowed to; None: all of them. candidates: passages each signal may put forward.
    """

    question: Question
    query: Query
    selection: Selection | None
    candidates: int = CANDIDATES

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
        found = full_text.passages(
            wanted, query.phrases, asked.candidates, among=asked.selection, without=query.without
        )
        scores: dict[int, float] = dict(found)
        if scores and not query.phrases:
            self._favour_named(scores, dict(full_text.documents(wanted, asked.candidates)))
        return scores

    def has_phrases(self, asked: Asked) -> bool:
        """Whether all quoted phrases stand in one passage."""
        query = asked.query
        return bool(self._library.fulltext.passages((), query.phrases, 1, among=asked.selection, without=query.without))

    def names(self, words: str) -> tuple[tuple[str, ...], ...]:
        """The identifiers in `words` that name a few passages of this library: IL-6 names no paper of immunologists."""
        found = identifiers(words)
        most = max(_NAMED, self._library.chunks.leaves() // _NAMED_SHARE) if found else 0
        return tuple(each for each in found if 0 < self._library.fulltext.frequency(QueryTerm(each)) <= most)

    def rarity(self, words: str) -> dict[str, float]:
        """Inverse document frequency of each of the terms in this library; endings of Korean words count less."""
        total = max(_MANY, self._library.chunks.leaves())
        return {
            term: wanted.weight * self._library.fulltext.idf(wanted, total)
            for wanted in query_terms(words)
            for term in terms("'".join(wanted.tokens))  # a word that was split where it had an apostrophe
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
        self._followed: dict[tuple[SpaceRow, bool], FollowingIndex] = {}
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
        scores = self._nearest(index, space, vector, asked, self._meant(asked))
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

    def _nearest(
        self, index: HnswIndex | ExactIndex, space: SpaceRow, vector: Matrix, asked: Asked, labels: Labels | None
    ) -> Scores:
        """The nearest, of `labels` or of all, that may be shown: what may not must not take the places of others."""
        wanted, most = asked.candidates, len(index) if labels is None else len(labels)
        rows = partial(self._library.vectors.of, space)
        while True:
            hits = index.search(vector, wanted) if labels is None else filtered(index, rows, vector, wanted, labels)
            ids = [ChunkId(label) for label, _ in hits]
            shown = self._library.chunks.visible(ids) - self._library.fulltext.holding(ids, asked.query.without)
            if len(shown) >= asked.candidates or wanted >= most:
                return dict([hit for hit in hits if hit[0] in shown][: asked.candidates])
            wanted *= 4

    def _meant(self, asked: Asked) -> Labels | None:
        """The leaves that filters and quoted phrases leave; None: all.

        Phrases are looked up first, for going through the nearest until enough of them hold a rare phrase may end
        with all there are.
        """
        chosen = asked.selection.labels() if asked.selection else None
        if not asked.query.phrases:
            return chosen
        holders = self._library.fulltext.holders(asked.query.phrases)
        return holders if chosen is None else np.intersect1d(chosen, holders, assume_unique=True)

    def _index(self, space: SpaceRow, *, exact: bool) -> HnswIndex | ExactIndex:
        """The index as of now: the one that is being written in this process, or one that follows what is committed."""
        live = None if exact else self._live_index(space.key)
        if live is not None:
            return live
        key = (space, exact)
        if key not in self._followed:
            self._followed[key] = FollowingIndex(self._library, space, exact=exact)
        return self._followed[key].current()
