"""Puts right inside a library's file what can be made anew from the rest of it, and drops what cannot."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apsw

from rag_desktop.store.codec import words_to_json
from rag_desktop.store.expected import (
    NAMES,
    ExpectedWords,
    headings_of,
    name_rows,
    rebuild_words,
    schema,
    text_of,
)
from rag_desktop.store.holder import holder
from rag_desktop.store.integrity import digest_of
from rag_desktop.text.schemes import is_scheme

_SEGMENT = 16_384
_FEW = 20
"""Titles that may differ from the full text before it is the full text that is not believed."""


class Mending:
    """Writes to one library, in the caller's transactions."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def indexes(self) -> None:
        """Make SQLite's own indexes anew from their tables."""
        self._connection.execute("REINDEX")

    def triggers(self) -> None:
        """Put the ledger's triggers back. What they missed is unknown, so no snapshot can be caught up any more."""
        for (kind, name), sql in schema().items():
            if kind == "trigger":
                self._connection.execute(f"DROP TRIGGER IF EXISTS {name}")
                self._connection.execute(sql)
        self._connection.execute("DELETE FROM snapshots")

    def references(self) -> None:
        """Delete rows whose owner is gone, from the owners down."""
        self._connection.pragma("defer_foreign_keys", True)  # until the commit, when all of it is gone
        for table, column, owners in (
            ("documents", "folder_id", "folders"),
            ("texts", "document_id", "documents"),
            ("source_runs", "document_id", "documents"),
            ("chunks", "document_id", "documents"),
            ("vectors", "space_id", "spaces"),
            ("snapshots", "space_id", "spaces"),
        ):
            self._connection.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {owners})")
        self.stray_vectors()

    def stray_vectors(self) -> None:
        """Delete vectors that belong to no leaf."""
        self._connection.execute(
            "DELETE FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks WHERE digest IS NOT NULL)"
        )

    def folders(self, known: Sequence[Mapping[str, Any]]) -> None:
        """Give folders the path of their backup, and its scheme where theirs is none."""
        named = self._connection.execute("SELECT id, CAST(chunker AS BLOB) FROM folders")
        sound = {id_ for id_, name in named if is_scheme((name or b"").decode("utf-8", "replace"))}
        self._connection.executemany(
            "UPDATE OR IGNORE folders SET path = ? WHERE id = ?", ((each["path"], each["id"]) for each in known)
        )
        self._connection.executemany(
            "UPDATE folders SET chunker = ? WHERE id = ?",
            ((each["chunker"], each["id"]) for each in known if each["id"] not in sound),
        )

    def document(self, document: int) -> None:
        """Mark a document to be read again. Its rows become readable; leaves that its new reading has keep vectors."""
        text = text_of(self._connection, document)
        self._connection.execute("DELETE FROM texts WHERE document_id = ?", (document,))
        self._connection.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)",
            ((document, start, text[start : start + _SEGMENT]) for start in range(0, len(text), _SEGMENT)),
        )
        self._connection.execute("DELETE FROM source_runs WHERE document_id = ?", (document,))
        self._connection.execute(
            "UPDATE documents SET reader = '', title = NULL, author = NULL, page_labels = NULL, warnings = NULL,"
            " length = ?, error_arguments = iif(error_code IS NULL, NULL, ?),"
            " format = CASE WHEN error_code IS NULL THEN coalesce(format, 'text') END WHERE id = ?",
            (len(text), json.dumps({}), document),
        )
        self._chunks(document, text)

    def _chunks(self, document: int, text: str) -> None:
        rows = list(
            self._connection.execute(
                "SELECT id, span_start, span_end, CAST(headings AS BLOB), digest FROM chunks WHERE document_id = ?"
                " ORDER BY ordinal, id",
                (document,),
            )
        )
        kept: set[int] = set()
        for id_, start, end, stored, digest in rows:
            headings = headings_of(stored) or ()
            first = min(max(start, 0), len(text))
            last = min(max(end, first), len(text))
            if digest is not None and digest != digest_of(headings, text[first:last]):
                # A new reading takes what has the right digest as it is, full text included; these it must make anew.
                self._hold(id_)
                continue
            self._connection.execute(
                "UPDATE chunks SET ordinal = ?, span_start = ?, span_end = ?, headings = ? WHERE id = ?",
                (len(kept), first, last, words_to_json(headings), id_),
            )
            kept.add(id_)
        self._connection.executemany(
            "UPDATE chunks SET parent_id = NULL WHERE document_id = ? AND parent_id = ?",
            ((document, parent) for parent in self._parents(document) - kept),
        )

    def _hold(self, chunk: int) -> None:
        """Keep a leaf's vector for the leaf that will have its words."""
        document = holder(self._connection)
        self._connection.execute(
            "UPDATE chunks SET document_id = ?1, ordinal = (SELECT count(*) FROM chunks WHERE document_id = ?1),"
            " parent_id = NULL, span_start = 0, span_end = 0, headings = NULL WHERE id = ?2",
            (document, chunk),
        )

    def _parents(self, document: int) -> set[int]:
        rows = self._connection.execute(
            "SELECT DISTINCT parent_id FROM chunks WHERE document_id = ? AND parent_id IS NOT NULL", (document,)
        )
        return {row[0] for row in rows}

    def untrusted_titles(self) -> list[int]:
        """Documents whose title or name and whose full text say different things; none where it is the full text's."""
        expected = ExpectedWords(self._connection)
        try:
            expected.put(NAMES, name_rows(self._connection))
            wrong = expected.differing_rows(NAMES) - {0}
        except apsw.CorruptError:
            return []
        finally:
            expected.close()
        there = {row[0] for row in self._connection.execute("SELECT id FROM documents WHERE error_code IS NULL")}
        return sorted(wrong & there) if len(wrong) <= _FEW else []

    def words(self) -> None:
        """Make the full text anew."""
        rebuild_words(self._connection, lambda _: None)

    def dimension(self, space: int) -> int:
        """The dimension of a space; set right where all of its vectors say another."""
        sizes = [row[0] for row in self._connection.execute(
            "SELECT DISTINCT length(vector) FROM vectors WHERE space_id = ? LIMIT 2", (space,)
        )]  # fmt: skip
        if len(sizes) == 1 and sizes[0] and sizes[0] % 2 == 0:
            self._connection.execute("UPDATE spaces SET dimension = ? WHERE id = ?", (sizes[0] // 2, space))
        return int(self._connection.execute("SELECT dimension FROM spaces WHERE id = ?", (space,)).get)

    def vectors(self, space: int, replaced: Iterable[tuple[int, bytes]], dropped: Iterable[int]) -> None:
        """Put vectors in the place of damaged ones, and drop those that nothing replaces: they are embedded again."""
        self._connection.executemany(
            "UPDATE vectors SET vector = ?3 WHERE space_id = ?1 AND chunk_id = ?2",
            ((space, chunk, vector) for chunk, vector in replaced),
        )
        self._connection.executemany(
            "DELETE FROM vectors WHERE space_id = ? AND chunk_id = ?", ((space, chunk) for chunk in dropped)
        )

    def sequences(self) -> None:
        """See to it that no id is given out again, and that no snapshot claims entries which the ledger lacks."""
        for table, key in (("folders", "id"), ("documents", "id"), ("chunks", "id"), ("ledger", "seq")):
            highest = self._connection.execute(f"SELECT max({key}) FROM {table}").get or 0
            raise_sequence(self._connection, table, highest)
        last = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").get or 0
        self._connection.execute("DELETE FROM snapshots WHERE seq > ?", (last,))


def raise_sequence(connection: apsw.Connection, table: str, least: int) -> None:
    """Let new rows of a table have ids above `least`."""
    connection.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, 0 WHERE NOT EXISTS"
        " (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
        (table,),
    )
    connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (least, table))
