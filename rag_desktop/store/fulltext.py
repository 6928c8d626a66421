"""Keyword search over FTS5: BM25 over passages, pruned to the rarest words of a question, and file names beside it."""

import json
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import apsw
import numpy as np

from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.ranking.bm25 import bm25, family_bm25
from rag_desktop.store.connection import State, state_of
from rag_desktop.store.selection import Labels, Selection
from rag_desktop.text.words import QueryTerm

_HEADING_WEIGHT = 0.6
_FAMILY_WEIGHT = 1.0
"""What the words of a passage's parent count beside its own: docs/decisions/0017-keyword-search.md."""
LONGEST_FAMILY = 4_000
"""Characters of a parent whose words say something of each of its leaves. A leaf that stands alone between others'
parents lies right under a larger one, which says little."""
_TOKENIZER = ("porter", ["unicode61", "remove_diacritics", "2"])
_CANDIDATES = 10_000
"""Passages that the words taken together may match before commoner words only add to the score of what the rarer ones
found: keeps a question of common words from ranking half the library."""
_RANKED = 30_000
"""Where even the rarest term stands in more passages than this, only the newest of them are ranked: one word that
stands in most of a library says little of which passage is meant, and ranking costs 1 ms for each 1,000."""
_NEWEST = 1_000
_COUNTS = "term_counts"
_LAST_SIGN = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class _Match:
    """What a passage must match: an expression of FTS5, and the terms in it, in order."""

    expression: str
    terms: tuple[QueryTerm, ...]
    is_ranked: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A passage that matched. passages, average: of the whole index, and tokens in one of them. length: in tokens."""

    id: int
    score: float
    passages: float
    average: float
    length: float
    counts: Mapping[QueryTerm, float]


class FullText:
    """Searches the words of passages and the names of documents."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        name, arguments = _TOKENIZER
        self._tokenizer = connection.fts5_tokenizer(name, arguments)
        connection.register_fts5_function(_COUNTS, _counted)
        self._counted: dict[QueryTerm, int] = {}  # a search asks for the same terms several times, at up to 10 ms each
        self._counted_at: State | None = None

    def passages(
        self,
        terms: Sequence[QueryTerm],
        phrases: Sequence[tuple[str, ...]],
        limit: int,
        *,
        among: Selection | None = None,
        without: Sequence[tuple[str, ...]] = (),
    ) -> list[tuple[ChunkId, float]]:
        """Best passages by BM25 of their own words and of their parents', higher is better.

        Every one of `phrases` must stand in a passage, and none of `without`. among: the documents to search.
        """
        frequencies = self._frequencies(terms)
        condition, values = among.condition() if among else (self._visible(), ())
        excluded = f" NOT ({_any_of([QueryTerm(phrase) for phrase in without])})" if without else ""
        found: dict[int, _Candidate] = {}
        for match in self._matches(frequencies, phrases):
            excluding = replace(match, expression=f"({match.expression}){excluded}")
            for candidate in self._candidates(excluding, limit, condition, values):
                found.setdefault(candidate.id, candidate)
        best = sorted(found.values(), key=lambda candidate: -candidate.score)
        return self._with_families(best[: max(limit, _NEWEST)], frequencies)[:limit]

    def _matches(self, frequencies: Mapping[QueryTerm, int], phrases: Sequence[tuple[str, ...]]) -> list[_Match]:
        """What to ask: for passages with the phrases or the rarest terms that have other terms too, then for all.

        The first gives a score by all terms, which is never less than that of the second. So what is pruned are
        passages that have common terms only, and no passage that has a rare one loses anything of its score.
        """
        if phrases:
            first = tuple(QueryTerm(phrase) for phrase in phrases)
            needed, others = " AND ".join(map(_quoted, first)), tuple(frequencies)
        else:
            first = self._rarest(frequencies)
            needed, others = _any_of(first), tuple(term for term in frequencies if term not in first)
        if not needed:
            return []
        is_ranked = bool(phrases) or min(map(frequencies.__getitem__, first)) <= _RANKED
        narrower = [_Match(f"({needed}) AND ({_any_of(others)})", (*first, *others), is_ranked)] if others else []
        return [*narrower, _Match(needed, first, is_ranked)]

    def _candidates(self, match: _Match, limit: int, condition: str, values: tuple[str, ...]) -> list[_Candidate]:
        # Counting is slow, but SQLite asks for it only for rows that are among the best so far.
        score, order = ("-bm25(passage_words, 1.0, ?)", "score") if match.is_ranked else ("0.0 * ?", "rowid")
        rows = self._connection.execute(
            f"SELECT rowid, {score} AS score, {_COUNTS}(passage_words) FROM passage_words"
            f" WHERE passage_words MATCH ?{condition} ORDER BY {order} DESC LIMIT ?",
            (_HEADING_WEIGHT, match.expression, *values, limit if match.is_ranked else max(limit, _NEWEST)),
        )
        return [_candidate(match.terms, *row) for row in rows]

    def _with_families(
        self, candidates: Sequence[_Candidate], frequencies: Mapping[QueryTerm, int]
    ) -> list[tuple[ChunkId, float]]:
        """The candidates by the words of their own, and of those of them that stand under the same parent."""
        if not candidates:
            return []
        terms = tuple(dict.fromkeys(chain(frequencies, *(each.counts for each in candidates))))
        counts = np.array([[each.counts.get(term, 0.0) for term in terms] for each in candidates], np.float32)
        first = candidates[0]
        known = {**{term: self.frequency(term) for term in first.counts if term not in frequencies}, **frequencies}
        rarity = np.array([term.weight * _idf(known[term], first.passages) for term in terms], np.float32)
        lengths = np.array([each.length for each in candidates], np.float32)
        families = self._families([each.id for each in candidates])
        parents = np.array([families[each.id][0] for each in candidates], np.int64)
        shares = np.array([families[each.id][1] for each in candidates], np.float32)
        scores = bm25(counts, lengths, first.average, rarity)
        scores = scores + _FAMILY_WEIGHT * family_bm25(counts, lengths * shares, parents, rarity)
        ranked = zip((each.id for each in candidates), scores.tolist(), strict=True)
        return [(ChunkId(id_), score) for id_, score in sorted(ranked, key=lambda item: (-item[1], item[0]))]

    def _families(self, ids: Sequence[int]) -> dict[int, tuple[int, float]]:
        """The parent of each passage and how many times as long it is; a passage without one is its own."""
        rows = self._connection.execute(
            "SELECT c.id, p.id, CAST(p.span_end - p.span_start AS REAL) / max(1, c.span_end - c.span_start)"
            " FROM chunks c JOIN chunks p ON p.id = c.parent_id AND p.span_end - p.span_start <= ?"
            f" WHERE c.id IN ({', '.join('?' * len(ids))})",
            (LONGEST_FAMILY, *ids),
        )
        return {id_: (id_, 1.0) for id_ in ids} | {id_: (parent, share) for id_, parent, share in rows}

    def holding(self, ids: Sequence[ChunkId], phrases: Sequence[tuple[str, ...]]) -> set[ChunkId]:
        """Those of `ids` in which any of `phrases` stands, in the headings too."""
        if not ids or not phrases:
            return set()
        # The plus has the passages with these words looked through, and not the index opened anew for each id.
        rows = self._connection.execute(
            "SELECT rowid FROM passage_words WHERE passage_words MATCH ?"
            " AND +rowid IN (SELECT value FROM json_each(?))",
            (_any_of(map(QueryTerm, phrases)), json.dumps(ids)),
        )
        return {ChunkId(row[0]) for row in rows}

    def holders(self, phrases: Sequence[tuple[str, ...]]) -> Labels:
        """All passages in which every one of `phrases`, at least one, stands, in the headings too; ascending."""
        rows = self._connection.execute(
            "SELECT rowid FROM passage_words WHERE passage_words MATCH ? ORDER BY rowid",
            (" AND ".join(_quoted(QueryTerm(phrase)) for phrase in phrases),),
        )
        return np.fromiter((row[0] for row in rows), np.int64)

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
        match = _any_of(self._distinct(terms))
        if not match:
            return []
        rows = self._connection.execute(
            "SELECT rowid, -bm25(document_words) AS score FROM document_words WHERE document_words MATCH ?"
            " ORDER BY score DESC LIMIT ?",
            (match, limit),
        )
        return [(DocumentId(rowid), score) for rowid, score in rows]

    def frequency(self, term: QueryTerm) -> int:
        """In how many passages the rarest token of `term` stands, at least.

        Of a prefix: how often words that begin with it stand in passages, counted up to a little above _RANKED.
        """
        state = state_of(self._connection)
        if state != self._counted_at:
            self._counted, self._counted_at = {}, state
        if term not in self._counted:
            self._counted[term] = self._count(term)
        return self._counted[term]

    def _count(self, term: QueryTerm) -> int:
        *whole, last = self._stems(term) or [""]
        counts = [self._token_frequency(token) for token in whole]
        return min([*counts, self._prefix_frequency(last) if term.is_prefix else self._token_frequency(last)])

    def idf(self, term: QueryTerm, passages: int) -> float:
        """BM25's inverse document frequency of a term among `passages` passages, at least 0."""
        return _idf(self.frequency(term), passages)

    def _frequencies(self, terms: Sequence[QueryTerm]) -> dict[QueryTerm, int]:
        """The terms that the index tells apart. A beginning of very many words goes where anything else is found: to
        gather its passages takes 50 ms in three quarters of a million."""
        found = {term: self.frequency(term) for term in self._distinct(terms)}
        narrow = {term: count for term, count in found.items() if not term.is_prefix or count <= _RANKED}
        return narrow if any(narrow.values()) else found

    def _rarest(self, frequencies: Mapping[QueryTerm, int]) -> tuple[QueryTerm, ...]:
        """Terms from the rarest on while they match at most so many passages together; always the rarest."""
        total = 0
        chosen: set[QueryTerm] = set()
        for term, frequency in sorted(frequencies.items(), key=lambda item: item[1]):
            if chosen and total and total + frequency > _CANDIDATES:
                break
            total += frequency
            chosen.add(term)
        return tuple(term for term in frequencies if term in chosen)

    def _distinct(self, terms: Sequence[QueryTerm]) -> list[QueryTerm]:
        """The terms that the index tells apart; those without any sign that it keeps are left out."""
        found: dict[tuple[tuple[str, ...], bool], QueryTerm] = {}
        for term in terms:
            key = (tuple(self._stems(term)), term.is_prefix)
            if key[0] and (key not in found or found[key].weight < term.weight):
                found[key] = term
        return list(found.values())

    def _stems(self, term: QueryTerm) -> list[str]:
        """The tokens of a term as the index has them."""
        text = " ".join(term.tokens).encode()
        groups = self._tokenizer(text, apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False)
        return [str(group[0]) for group in groups]

    def _token_frequency(self, stem: str) -> int:
        return self._connection.execute("SELECT doc FROM passage_terms WHERE term = ?", (stem,)).get or 0

    def _prefix_frequency(self, stem: str) -> int:
        rows = self._connection.execute(
            "SELECT doc FROM passage_terms WHERE term >= ? AND term < ?", (stem, stem + _LAST_SIGN)
        )
        total = 0
        for (count,) in rows:
            total += count
            if total > _RANKED:
                break
        return total


def _counted(passage: apsw.FTS5ExtensionApi, *_: object) -> bytes:
    """How many passages there are, their average length, this one's, and how often each phrase stands in it."""
    totals = (passage.row_count, passage.column_total_size(-1) / passage.row_count, passage.column_size(-1))
    places = (passage.phrase_locations(phrase) for phrase in range(passage.phrase_count))
    counts = (len(words) + _HEADING_WEIGHT * len(headings) for words, headings in places)
    return array("f", [*totals, *counts]).tobytes()


def _candidate(terms: Sequence[QueryTerm], id_: int, score: float, blob: bytes) -> _Candidate:
    numbers = array("f")
    numbers.frombytes(blob)
    passages, average, length, *counts = numbers
    return _Candidate(id_, score, passages, average, length, dict(zip(terms, counts, strict=False)))


def _idf(frequency: int, passages: float) -> float:
    return math.log((passages - min(frequency, passages) + 0.5) / (frequency + 0.5) + 1.0)


def _any_of(terms: Iterable[QueryTerm]) -> str:
    return " OR ".join(map(_quoted, terms))


def _quoted(term: QueryTerm) -> str:
    """A term as FTS5 reads it: always quoted, so that no word of a question is taken for an operator."""
    words = " ".join(term.tokens).replace('"', '""')
    return f'"{words}"' + (" *" if term.is_prefix else "")
