"""Keyword search over FTS5: BM25 over passages, pruned to the rarest words of a question, and file names beside it."""

import math
from collections.abc import Sequence

import apsw

from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.text.words import QueryTerm

_HEADING_WEIGHT = 0.6
_TOKENIZER = ("porter", ["unicode61", "remove_diacritics", "2"])
_CANDIDATES = 20_000
"""Passages that the words taken together may match before commoner words are left out: keeps a question of common
words from ranking half the library (an OR of all words costs time in proportion to all their occurrences)."""


class FullText:
    """Searches the words of passages and the names of documents."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        name, arguments = _TOKENIZER
        self._tokenizer = connection.fts5_tokenizer(name, arguments)

    def passages(
        self, terms: Sequence[QueryTerm], phrases: Sequence[tuple[str, ...]], limit: int
    ) -> list[tuple[ChunkId, float]]:
        """Best passages by BM25, higher is better. Every one of `phrases` must stand in a passage."""
        match = self._match(terms, phrases)
        if not match:
            return []
        rows = self._connection.execute(
            "SELECT rowid, -bm25(passage_words, 1.0, ?) AS score FROM passage_words WHERE passage_words MATCH ?"
            f"{self._visible()} ORDER BY score DESC LIMIT ?",
            (_HEADING_WEIGHT, match, limit),
        )
        return [(ChunkId(rowid), score) for rowid, score in rows]

    def _visible(self) -> str:
        """A condition that passes over removed folders; empty, and so free, where there are none."""
        if not self._connection.execute("SELECT 1 FROM folders WHERE removed_at IS NOT NULL LIMIT 1").get:
            return ""
        return (
            " AND NOT EXISTS (SELECT 1 FROM chunks c JOIN documents d ON d.id = c.document_id"
            " JOIN folders f ON f.id = d.folder_id WHERE c.id = passage_words.rowid AND f.removed_at IS NOT NULL)"
        )

    def documents(self, terms: Sequence[QueryTerm], limit: int) -> list[tuple[DocumentId, float]]:
        """Documents whose file name or title has words of the question, best first."""
        match = " OR ".join(map(_quoted, terms))
        if not match:
            return []
        rows = self._connection.execute(
            "SELECT rowid, -bm25(document_words) AS score FROM document_words WHERE document_words MATCH ?"
            " ORDER BY score DESC LIMIT ?",
            (match, limit),
        )
        return [(DocumentId(rowid), score) for rowid, score in rows]

    def frequency(self, term: QueryTerm) -> int:
        """In how many passages the rarest token of `term` stands, at least; a prefix counts as its own token."""
        return min((self._token_frequency(token) for token in term.tokens), default=0)

    def idf(self, term: QueryTerm, passages: int) -> float:
        """BM25's inverse document frequency of a term among `passages` passages, at least 0."""
        frequency = self.frequency(term)
        return max(0.0, math.log((passages - frequency + 0.5) / (frequency + 0.5) + 1.0))

    def _match(self, terms: Sequence[QueryTerm], phrases: Sequence[tuple[str, ...]]) -> str:
        required = " AND ".join(_quoted(QueryTerm(phrase)) for phrase in phrases)
        if required:
            return required
        return " OR ".join(map(_quoted, self._rarest(terms)))

    def _rarest(self, terms: Sequence[QueryTerm]) -> list[QueryTerm]:
        """Terms from the rarest on while they match at most so many passages together; always the rarest."""
        counted = sorted((self.frequency(term), place) for place, term in enumerate(terms))
        total = 0
        chosen: list[int] = []
        for frequency, place in counted:
            if chosen and total and total + frequency > _CANDIDATES:
                break
            total += frequency
            chosen.append(place)
        return [terms[place] for place in sorted(chosen)]

    def _token_frequency(self, token: str) -> int:
        stems = self._tokenizer(token.encode(), apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False)
        counts = [
            self._connection.execute("SELECT doc FROM passage_terms WHERE term = ?", (stem,)).get or 0
            for group in stems
            for stem in group
        ]
        return min(counts, default=0)


def _quoted(term: QueryTerm) -> str:
    """A term as FTS5 reads it: always quoted, so that no word of a question is taken for an operator."""
    words = " ".join(term.tokens).replace('"', '""')
    return f'"{words}"' + (" *" if term.is_prefix else "")
