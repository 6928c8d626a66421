"""Looks whether a library's file is as it should be. Nothing is written; another program may write meanwhile."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from itertools import islice

import apsw
import numpy as np

from rag_desktop.domain.care import At, CareStage, Finding, unwatched
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.store.codec import path_from_blob, words_from_json
from rag_desktop.store.expected import (
    NAMES,
    PASSAGES,
    ExpectedWords,
    headings_of,
    name_rows,
    passage_rows,
    schema,
    text_of,
)
from rag_desktop.text.chunks import embedded_words
from rag_desktop.text.runs import unpack_runs

_LENGTH_TOLERANCE = 0.01
"""Of a unit vector whose components were rounded to float16."""
_AT_A_TIME = 8192
_FULL_TEXT_COMPLAINTS = ("inverted index", "fts5: ")
_INDEX_COMPLAINTS = ("missing from index", "entries in index", "non-unique entry in index")
_SHOWN = 200


class Integrity:
    """Checks of one library over one connection; run them inside one read transaction."""

    def __init__(self, connection: apsw.Connection, at: At = unwatched) -> None:
        self._connection = connection
        self._at = at

    def all(self) -> list[Finding]:
        """Everything that can be verified inside the file. Where its structure is broken, only that is told."""
        found = self.structure()
        if any(each.code in ("check-structure", "check-schema") for each in found):
            return found
        return [*found, *self.references(), *self.documents(), *self.words(), *self.vectors(), *self.sequences()]

    def structure(self) -> list[Finding]:
        """SQLite's own look at pages, rows and indexes (of the full text too), and the schema."""
        self._at(CareStage.STRUCTURE, 0, 1)
        try:
            complaints = [row[0] for row in self._connection.execute("PRAGMA integrity_check(20)")]
        except (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.SQLError, UnicodeDecodeError) as error:
            complaints = [str(error)]
        found = [_complaint(each) for each in complaints if each != "ok"]
        return found or self.schema()

    def schema(self) -> list[Finding]:
        """Whether every table, index and trigger of the schema is there as it was made."""
        there = {
            (kind, name): sql
            for kind, name, sql in self._connection.execute("SELECT type, name, sql FROM sqlite_schema")
        }
        wrong = [(kind, name) for (kind, name), sql in schema().items() if there.get((kind, name)) != sql]
        return [
            Finding(UserFacingError("check-trigger" if kind == "trigger" else "check-schema", name=name))
            for kind, name in wrong
        ]

    def references(self) -> list[Finding]:
        """Rows that refer to rows which are not there."""
        tables = sorted({row[0] for row in self._connection.execute("PRAGMA foreign_key_check")})
        return [Finding(UserFacingError("check-references", table=table)) for table in tables]

    def documents(self) -> list[Finding]:
        """Every document against its text, and every chunk against the words it was made from."""
        rows = list(
            self._connection.execute(
                "SELECT id, path FROM documents WHERE reader != '' OR error_code IS NOT NULL ORDER BY id"
            )
        )
        found = []
        for done, (document, path) in enumerate(rows):
            self._at(CareStage.DOCUMENTS, done, len(rows))
            if not self._is_sound(document):
                error = UserFacingError("check-document", path=path_from_blob(path), document=document)
                found.append(Finding(error))
        return found

    def words(self) -> list[Finding]:
        """The full text against one that is made anew from texts and titles."""
        connection = self._connection
        documents = [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY id")]
        expected = ExpectedWords(connection)
        try:
            expected.put(NAMES, name_rows(connection))
            for start in range(0, len(documents), 64):
                self._at(CareStage.WORDS, start, len(documents))
                some = documents[start : start + 64]
                expected.put(PASSAGES, (row for document in some for row in passage_rows(connection, document)))

            def step(_: int) -> None:
                self._at(CareStage.WORDS, len(documents), len(documents))

            return [
                Finding(UserFacingError(code, count=len(wrong)))
                for code, table in (("check-words", PASSAGES), ("check-names", NAMES))
                if (wrong := expected.differs(table, step))
            ]
        except apsw.CorruptError:
            return [Finding(UserFacingError("check-full-text"))]
        finally:
            expected.close()

    def vectors(self) -> list[Finding]:
        """Every vector by its size and length, and that it belongs to a leaf."""
        found = []
        for space, model, dimension in list(self._connection.execute("SELECT id, model, dimension FROM spaces")):
            wrong = sum(len(bad_vectors(block, dimension)) for block in self._vector_blocks(space))
            if wrong:
                found.append(Finding(UserFacingError("check-vectors", count=wrong, model=model)))
        stray = self._connection.execute(
            "SELECT count(*) FROM vectors v WHERE NOT EXISTS"
            " (SELECT 1 FROM chunks c WHERE c.id = v.chunk_id AND c.digest IS NOT NULL)"
        ).get
        if stray:
            found.append(Finding(UserFacingError("check-stray-vectors", count=stray)))
        return found

    def sequences(self) -> list[Finding]:
        """That no id will be given out again, and that no snapshot is ahead of the ledger."""
        given = {name: seq for name, seq in self._connection.execute("SELECT name, seq FROM sqlite_sequence")}  # noqa: C416
        found = []
        for table, key in (("folders", "id"), ("documents", "id"), ("chunks", "id"), ("ledger", "seq")):
            highest = self._connection.execute(f"SELECT max({key}) FROM {table}").get or 0
            if highest > given.get(table, 0):
                found.append(Finding(UserFacingError("check-sequence", table=table)))
        ahead = self._connection.execute("SELECT count(*) FROM snapshots WHERE seq > ?", (given.get("ledger", 0),)).get
        if ahead:
            found.append(Finding(UserFacingError("check-sequence", table="snapshots")))
        return found

    def _vector_blocks(self, space: int) -> Iterator[list[tuple[int, bytes]]]:
        total = self._connection.execute("SELECT count(*) FROM vectors WHERE space_id = ?", (space,)).get
        cursor = self._connection.execute("SELECT chunk_id, vector FROM vectors WHERE space_id = ?", (space,))
        done = 0
        while block := list(islice(cursor, _AT_A_TIME)):
            self._at(CareStage.VECTORS, done, total)
            done += len(block)
            yield block

    def _is_sound(self, document: int) -> bool:
        try:
            return self._is_row_sound(document) and self._is_text_sound(document) and self._are_chunks_sound(document)
        except (ValueError, TypeError, zlib.error):  # bytes that are no text, no JSON, no deflated runs
            return False

    def _is_row_sound(self, document: int) -> bool:
        [(labels, warnings, arguments, length, code, *_)] = self._connection.execute(
            "SELECT page_labels, warnings, error_arguments, length, error_code, title, author, format FROM documents"
            " WHERE id = ?",
            (document,),
        )  # some are fetched though unused: bytes that are no text are met here
        words_from_json(labels)
        words_from_json(warnings)
        has_text = self._connection.execute("SELECT 1 FROM texts WHERE document_id = ? LIMIT 1", (document,)).get
        return isinstance(json.loads(arguments or "{}"), dict) and bool(has_text) == (code is None and length > 0)

    def _is_text_sound(self, document: int) -> bool:
        at = 0
        for start, text in self._connection.execute(
            "SELECT start, text FROM texts WHERE document_id = ? ORDER BY start", (document,)
        ):
            if start != at:
                return False
            at += len(text)
        query = "SELECT length, error_code FROM documents WHERE id = ?"
        [(length, code)] = self._connection.execute(query, (document,))
        runs = self._connection.execute("SELECT runs FROM source_runs WHERE document_id = ?", (document,)).get
        if code:
            return runs is None
        return at == length and runs is not None and all(run.start <= at for run in unpack_runs(runs))

    def _are_chunks_sound(self, document: int) -> bool:
        text = text_of(self._connection, document)
        rows = self._connection.execute(
            "SELECT ordinal, id, parent_id, span_start, span_end, CAST(headings AS BLOB), digest FROM chunks"
            " WHERE document_id = ? ORDER BY ordinal",
            (document,),
        )
        parents: dict[int, tuple[int, int]] = {}
        for place, (ordinal, id_, parent, start, end, stored, digest) in enumerate(rows):
            headings = headings_of(stored)
            if ordinal != place or headings is None or not 0 <= start <= end <= len(text):
                return False
            if digest is None:
                parents[id_] = start, end
            elif digest != digest_of(headings, text[start:end]):
                return False
            if parent is not None and not _covers(parents.get(parent), start, end):
                return False
        return True


def digest_of(headings: tuple[str, ...], text: str) -> bytes:
    """The digest of the words of a leaf, as the chunker makes it."""
    return hashlib.blake2b(embedded_words(headings, text).encode(), digest_size=16).digest()


def bad_vectors(rows: list[tuple[int, bytes]], dimension: int) -> list[int]:
    """Chunks whose stored vectors have another size than `dimension` or are not of unit length."""
    right = [(chunk, blob) for chunk, blob in rows if isinstance(blob, bytes) and len(blob) == dimension * 2]
    wrong = sorted({chunk for chunk, _ in rows} - {chunk for chunk, _ in right})
    if right and dimension:
        matrix = np.frombuffer(b"".join(blob for _, blob in right), dtype="<f2").reshape(-1, dimension)
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(matrix.astype(np.float32), axis=1)
            bad = ~(np.abs(lengths - 1.0) <= _LENGTH_TOLERANCE)
        wrong.extend(right[place][0] for place in np.flatnonzero(bad))
    return wrong


def _covers(outer: tuple[int, int] | None, start: int, end: int) -> bool:
    return outer is not None and outer[0] <= start and end <= outer[1]


def _complaint(text: str) -> Finding:
    """A complaint of SQLite's, by what mends it: full text and indexes are made anew, all else is salvaged."""
    if any(each in text for each in _FULL_TEXT_COMPLAINTS):
        return Finding(UserFacingError("check-full-text"))
    code = "check-index" if any(each in text for each in _INDEX_COMPLAINTS) else "check-structure"
    return Finding(UserFacingError(code, detail=text[:_SHOWN]))


def is_structural(findings: list[Finding]) -> bool:
    """Whether rows must be salvaged into a new file."""
    return any(each.code in ("check-structure", "check-schema") for each in findings)
