"""Rows of chunks and their full text. A chunk that a new reading still has keeps its id, and so its vector."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from rag_desktop.domain.documents import Chunk, ChunkDraft, Span
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.store.codec import words_from_json, words_to_json
from rag_desktop.text.words import keywords

_AT_A_TIME = 10_000
_COLUMNS = "id, document_id, ordinal, parent_id, span_start, span_end, page_start, page_end, headings"


_ABOVE = f"""
WITH RECURSIVE above (id) AS (
    SELECT parent_id FROM chunks WHERE id IN ({{marks}}) AND parent_id IS NOT NULL
    UNION
    SELECT c.parent_id FROM chunks c JOIN above ON c.id = above.id WHERE c.parent_id IS NOT NULL
)
SELECT {_COLUMNS}, (
    SELECT count(*) FROM chunks c WHERE c.document_id = p.document_id AND c.parent_id = p.id AND c.ordinal > p.ordinal
    AND c.ordinal < coalesce((
        SELECT n.ordinal FROM chunks n WHERE n.document_id = p.document_id AND n.ordinal > p.ordinal
        AND n.span_start >= p.span_end ORDER BY n.ordinal LIMIT 1
    ), 1 << 62)
) FROM chunks p WHERE id IN (SELECT id FROM above)
"""
"""A parent stands right before all that lies in it, so that to count them is to go on until what lies behind it: no
index of parents is needed, which would be as large as the rows."""


@dataclass(frozen=True, slots=True)
class Family:
    """A parent, and how many chunks lie right below it."""

    parent: Chunk
    children: int


@dataclass(frozen=True, slots=True)
class _Kept:
    id: ChunkId
    headings: str | None


class Chunks:
    """Reads and writes chunk rows together with the full text of leaves."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def spread(self, count: int) -> list[tuple[DocumentId, Span]]:
        """Where at most `count` leaves stand that lie evenly among all, by their ids."""
        last = int(self._connection.execute("SELECT max(id) FROM chunks").get or 0)
        found: dict[int, tuple[DocumentId, Span]] = {}
        for place in range(count):
            row = self._connection.execute(
                "SELECT id, document_id, span_start, span_end FROM chunks"
                " WHERE id > ? AND digest IS NOT NULL ORDER BY id LIMIT 1",
                (last * place // count,),
            ).fetchone()
            if row:
                found[row[0]] = DocumentId(row[1]), Span(row[2], row[3])
        return list(found.values())

    def get(self, ids: Sequence[ChunkId]) -> dict[ChunkId, Chunk]:
        """The chunks with these ids; an id that no longer exists is left out."""
        marks = ", ".join("?" * len(ids))
        rows = self._connection.execute(f"SELECT {_COLUMNS} FROM chunks WHERE id IN ({marks})", tuple(ids))
        return {chunk.id: chunk for chunk in map(_row, rows)}

    def families(self, ids: Sequence[ChunkId]) -> dict[ChunkId, Family]:
        """All that stands above these chunks, parents of parents too, by the parents' ids."""
        found: dict[ChunkId, Family] = {}
        for start in range(0, len(ids), _AT_A_TIME):
            some = tuple(ids[start : start + _AT_A_TIME])
            rows = self._connection.execute(_ABOVE.format(marks=", ".join("?" * len(some))), some)
            found.update((row[0], Family(_row(row[:-1]), row[-1])) for row in rows)
        return found

    def siblings(self, ids: Sequence[ChunkId]) -> dict[ChunkId, list[ChunkId]]:
        """The leaves, at most 64, under the parent of each of these, itself too; one without a parent is left out."""
        rows = self._connection.execute(
            "SELECT c.id, s.id FROM chunks c JOIN chunks p ON p.id = c.parent_id JOIN chunks s"
            " ON s.document_id = p.document_id AND s.ordinal > p.ordinal AND s.ordinal <= p.ordinal + 64"
            f" AND s.parent_id = p.id AND s.digest IS NOT NULL WHERE c.id IN ({', '.join('?' * len(ids))})",
            tuple(ids),
        )
        found: dict[ChunkId, list[ChunkId]] = defaultdict(list)
        for id_, sibling in rows:
            found[id_].append(sibling)
        return found

    def of_document(self, document: DocumentId) -> list[Chunk]:
        """All chunks of a document, in order."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY ordinal", (document,)
        )
        return [_row(row) for row in rows]

    def count(self) -> int:
        """Leaves of documents in folders that are not removed."""
        return int(
            self._connection.execute(
                "SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.digest IS NOT NULL"
                " AND d.folder_id IN (SELECT id FROM folders WHERE removed_at IS NULL)"
            ).get
        )

    def visible(self, ids: Sequence[ChunkId]) -> set[ChunkId]:
        """Those of `ids` that exist and belong to a folder that is not removed."""
        found: set[ChunkId] = set()
        for start in range(0, len(ids), _AT_A_TIME):
            some = tuple(ids[start : start + _AT_A_TIME])
            marks = ", ".join("?" * len(some))
            rows = self._connection.execute(
                "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id"
                f" JOIN folders f ON f.id = d.folder_id WHERE c.id IN ({marks}) AND f.removed_at IS NULL",
                some,
            )
            found.update(row[0] for row in rows)
        return found

    def leaves(self) -> int:
        """All leaves, those of removed folders too: what BM25 counts as the collection."""
        return int(self._connection.execute("SELECT count(*) FROM chunks WHERE digest IS NOT NULL").get)

    def replace(self, document: DocumentId, text: str, drafts: Sequence[ChunkDraft]) -> None:
        """Make `drafts` the chunks of a document whose text is `text`; unchanged leaves keep their ids."""
        kept = self._by_digest(document)
        ids: list[ChunkId] = []
        fresh: list[int] = []
        rewritten: list[int] = []
        following = self._next_id()
        for place, draft in enumerate(drafts):
            same = kept.get(draft.digest) if draft.is_leaf else None
            if same:
                known = same.pop()
                ids.append(known.id)
                if known.headings != words_to_json(draft.headings):
                    rewritten.append(place)
            else:
                ids.append(following)
                following = ChunkId(following + 1)
                fresh.append(place)
        self._drop_except(document, set(ids))
        self._write(document, drafts, ids, set(fresh))
        self._write_words(text, [(ids[place], drafts[place]) for place in (*fresh, *rewritten)], rewritten=rewritten)

    def forget(self, document: DocumentId) -> None:
        """Delete all chunks of a document, with their words and vectors."""
        self._drop_except(document, set())

    def _by_digest(self, document: DocumentId) -> dict[bytes, list[_Kept]]:
        found: dict[bytes, list[_Kept]] = defaultdict(list)
        for id_, digest, headings in self._connection.execute(
            "SELECT id, digest, headings FROM chunks WHERE document_id = ? AND digest IS NOT NULL"
            " ORDER BY ordinal DESC",
            (document,),
        ):
            found[digest].append(_Kept(id_, headings))
        return found

    def _next_id(self) -> ChunkId:
        highest = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunks'").get
        return ChunkId((highest or 0) + 1)

    def _drop_except(self, document: DocumentId, keep: set[ChunkId]) -> None:
        ids = [row[0] for row in self._connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document,))]
        gone = [(id_,) for id_ in ids if id_ not in keep]
        self._connection.executemany("DELETE FROM passage_words WHERE rowid = ?", gone)
        self._connection.executemany("DELETE FROM vectors WHERE chunk_id = ?", gone)
        self._connection.executemany("DELETE FROM chunks WHERE id = ?", gone)

    def _write(
        self, document: DocumentId, drafts: Sequence[ChunkDraft], ids: Sequence[ChunkId], fresh: set[int]
    ) -> None:
        def columns(place: int) -> tuple[Any, ...]:
            draft = drafts[place]
            parent = None if draft.parent is None else ids[draft.parent]
            pages = (draft.page_start, draft.page_end)
            headings = words_to_json(draft.headings)
            return place, parent, draft.span.start, draft.span.end, *pages, headings, ids[place]

        self._connection.executemany(
            "UPDATE chunks SET ordinal = ?, parent_id = ?, span_start = ?, span_end = ?, page_start = ?, page_end = ?,"
            " headings = ? WHERE id = ?",
            (columns(place) for place in range(len(drafts)) if place not in fresh),
        )
        self._connection.executemany(
            "INSERT INTO chunks (ordinal, parent_id, span_start, span_end, page_start, page_end, headings, id,"
            " document_id, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((*columns(place), document, drafts[place].digest or None) for place in sorted(fresh)),
        )

    def _write_words(
        self, text: str, leaves: Iterable[tuple[ChunkId, ChunkDraft]], *, rewritten: Sequence[int]
    ) -> None:
        leaves = [(id_, draft) for id_, draft in leaves if draft.is_leaf]
        if rewritten:
            self._connection.executemany("DELETE FROM passage_words WHERE rowid = ?", ((id_,) for id_, _ in leaves))
        self._connection.executemany(
            "INSERT INTO passage_words (rowid, words, headings) VALUES (?, ?, ?)",
            ((id_, *_indexed_words(text, draft)) for id_, draft in leaves),
        )


def _indexed_words(text: str, draft: ChunkDraft) -> tuple[str, str]:
    headings = "\n".join(draft.headings)
    return draft.keywords or draft.span.of(text), keywords(headings) or headings


def _row(row: Any) -> Chunk:
    id_, document, ordinal, parent, start, end, page_start, page_end, headings = row
    return Chunk(id_, document, ordinal, parent, Span(start, end), page_start, page_end, words_from_json(headings))
