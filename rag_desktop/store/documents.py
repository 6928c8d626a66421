"""Rows of documents: identity, state, text, and where each character came from."""

import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apsw

from rag_desktop.domain.documents import Document, Reading, Run, Span
from rag_desktop.domain.errors import Argument, UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import DocumentId, FolderId
from rag_desktop.store.codec import (
    path_from_blob,
    path_to_blob,
    words_from_json,
    words_to_json,
)
from rag_desktop.text.runs import pack_runs, unpack_runs
from rag_desktop.text.words import keywords

_SEGMENT = 16_384
"""Code points of text in one row: a passage is read without reading the document."""
_COLUMNS = (
    "id, folder_id, path, size, mtime_ns, ctime_ns, sha256, reader, error_code, error_arguments, tried_at, is_ignored"
)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """What the library knows of a file; `error` is None when it was read. `reader` names the reading's version.

    tried_at: seconds since 1970 of the last attempt to read it. is_ignored: nobody wants to hear of its failure.
    """

    id: DocumentId
    folder_id: FolderId
    file: FileState
    sha256: bytes | None
    reader: str
    error: UserFacingError | None
    tried_at: float = 0.0
    is_ignored: bool = False


# The plus keeps SQLite from going through all documents of the folder: the path's own index finds the few that count.
_AT_PATH = f"SELECT {_COLUMNS} FROM documents WHERE +folder_id = ?1 AND path = ?2"
_UNDER_PATH = f"SELECT {_COLUMNS} FROM documents WHERE +folder_id = ?1 AND path > ?2 AND path < ?3"
_HEEDED = " AND NOT is_ignored"
_NOWHERE = b"\0moving "
"""Begins no path: file names hold no NUL."""


class Documents:
    """Reads and writes document rows and their text."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def of_folder(self, folder: FolderId) -> Iterator[DocumentRow]:
        """All documents of a folder, failed ones too."""
        query = f"SELECT {_COLUMNS} FROM documents WHERE folder_id = ? ORDER BY id"
        return (_row(row) for row in self._connection.execute(query, (folder,)))

    def below(self, folder: FolderId, paths: Iterable[str]) -> Iterator[DocumentRow]:
        """Documents of a folder at or under these paths, each once; the paths do not lie in one another."""
        for path in paths:
            under = path_to_blob(path.rstrip(os.sep) + os.sep)
            beyond = under[:-1] + bytes([under[-1] + 1])
            rows = [
                *self._connection.execute(_AT_PATH, (folder, path_to_blob(path))),
                *self._connection.execute(_UNDER_PATH, (folder, under, beyond)),
            ]
            yield from sorted(map(_row, rows), key=lambda row: row.id)

    def at(self, path: str) -> DocumentRow | None:
        """The document with just this path."""
        found = self._connection.execute(f"SELECT {_COLUMNS} FROM documents WHERE path = ?", (path_to_blob(path),))
        return next((_row(row) for row in found), None)

    def failed(self, *, with_ignored: bool = False) -> list[DocumentRow]:
        """Documents that could not be read, by path, of folders that are not removed."""
        query = (
            f"SELECT {_COLUMNS} FROM documents WHERE error_code IS NOT NULL{'' if with_ignored else _HEEDED}"
            " AND folder_id IN (SELECT id FROM folders WHERE removed_at IS NULL) ORDER BY path"
        )
        return [_row(row) for row in self._connection.execute(query)]

    def warned(self) -> list[tuple[str, tuple[str, ...]]]:
        """Paths of documents that were read in part, with the codes of what was left out, in order of paths."""
        rows = self._connection.execute(
            "SELECT path, warnings FROM documents WHERE warnings IS NOT NULL AND error_code IS NULL"
            " AND folder_id IN (SELECT id FROM folders WHERE removed_at IS NULL) ORDER BY path"
        )
        return [(path_from_blob(path), words_from_json(warnings)) for path, warnings in rows]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Bytes of files and characters of text of all documents that were read, by format."""
        rows = self._connection.execute(
            "SELECT format, sum(size), sum(length) FROM documents WHERE error_code IS NULL AND format IS NOT NULL"
            " GROUP BY format"
        )
        return {format_: (size, length) for format_, size, length in rows}

    def formats(self) -> list[tuple[str, int]]:
        """How many documents of each format were read, of folders that are not removed; the most frequent first."""
        rows = self._connection.execute(
            "SELECT format, count(*) FROM documents WHERE error_code IS NULL AND format IS NOT NULL"
            " AND folder_id IN (SELECT id FROM folders WHERE removed_at IS NULL)"
            " GROUP BY format ORDER BY count(*) DESC, format"
        )
        return list(rows)

    def length_at(self, path: str) -> int:
        """Characters of text that the document at this path holds; 0 where there is none."""
        query = "SELECT length FROM documents WHERE path = ?"
        return int(self._connection.execute(query, (path_to_blob(path),)).get or 0)

    def put(self, folder: FolderId, file: FileState, sha256: bytes | None, reader: str) -> DocumentId:
        """The row of a file, new or renewed, without its reading or failure yet."""
        blob = path_to_blob(file.path)
        self._connection.execute(
            "INSERT INTO documents (folder_id, path, size, mtime_ns, sha256, reader, tried_at, ctime_ns)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (path) DO UPDATE SET folder_id = ?1, size = ?3,"
            " mtime_ns = ?4, sha256 = ?5, reader = ?6, tried_at = ?7, ctime_ns = ?8, error_code = NULL,"
            " error_arguments = NULL, is_ignored = is_ignored AND size = ?3 AND mtime_ns = ?4",
            (folder, blob, file.size, file.mtime_ns, sha256, reader, time.time(), file.ctime_ns),
        )
        return DocumentId(self._connection.execute("SELECT id FROM documents WHERE path = ?", (blob,)).get)

    def set_error(self, document: DocumentId, code: str, arguments: dict[str, Argument]) -> None:
        """Store why a document could not be read; one that has a hash keeps its older words."""
        self._connection.execute(
            "UPDATE documents SET error_code = ?, error_arguments = ? WHERE id = ?",
            (code, json.dumps(arguments), document),
        )

    def set_reading(self, document: DocumentId, reading: Reading, packed_runs: bytes = b"") -> None:
        """Store a document's text, its source runs and what the file says of itself; chunks are another table's.

        packed_runs: what `pack_runs` made of the reading's runs, where that was done elsewhere.
        """
        self._connection.execute(
            "UPDATE documents SET format = ?, title = ?, author = ?, page_count = ?, page_labels = ?, length = ?,"
            " warnings = ? WHERE id = ?",
            (
                reading.format,
                reading.metadata.title,
                reading.metadata.author,
                reading.metadata.page_count,
                words_to_json(reading.metadata.page_labels),
                len(reading.text),
                words_to_json(reading.warnings),
                document,
            ),
        )
        self._connection.execute("DELETE FROM texts WHERE document_id = ?", (document,))
        self._connection.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)",
            (
                (document, start, reading.text[start : start + _SEGMENT])
                for start in range(0, len(reading.text), _SEGMENT)
            ),
        )
        self._connection.execute(
            "INSERT OR REPLACE INTO source_runs VALUES (?, ?)", (document, packed_runs or pack_runs(reading.runs))
        )

    def clear_reading(self, document: DocumentId) -> None:
        """Drop the text of an earlier reading, for a file that can no longer be read."""
        for table, column in (("texts", "document_id"), ("source_runs", "document_id"), ("document_words", "rowid")):
            self._connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (document,))

    def name_words(self, document: DocumentId, name: str, title: str | None) -> None:
        """Make the document findable by its file name and title."""
        self._connection.execute("DELETE FROM document_words WHERE rowid = ?", (document,))
        self._connection.execute(
            "INSERT INTO document_words (rowid, name, title) VALUES (?, ?, ?)",
            (document, keywords(name) or name, keywords(title or "") or title),
        )

    def lift(self, document: DocumentId) -> None:
        """Take a document off its path, to which another may then `move`; it must move itself before the commit."""
        self._connection.execute(
            "UPDATE documents SET path = ? WHERE id = ?", (_NOWHERE + str(document).encode(), document)
        )

    def move(self, document: DocumentId, folder: FolderId, file: FileState) -> None:
        """The same content at another path: one row changes."""
        self._connection.execute(
            "UPDATE documents SET folder_id = ?, path = ?, size = ?, mtime_ns = ?, ctime_ns = ? WHERE id = ?",
            (folder, path_to_blob(file.path), file.size, file.mtime_ns, file.ctime_ns, document),
        )

    def own(self, document: DocumentId, folder: FolderId) -> None:
        """Give the document to another folder that holds it too."""
        self._connection.execute("UPDATE documents SET folder_id = ? WHERE id = ?", (folder, document))

    def touch(self, document: DocumentId, file: FileState) -> None:
        """Note a new time stamp of a file whose bytes are the same."""
        self._connection.execute(
            "UPDATE documents SET size = ?, mtime_ns = ?, ctime_ns = ? WHERE id = ?",
            (file.size, file.mtime_ns, file.ctime_ns, document),
        )

    def ignore(self, document: DocumentId, *, ignored: bool) -> None:
        """Say no more of a failure until the file changes, or speak of it again."""
        self._connection.execute("UPDATE documents SET is_ignored = ? WHERE id = ?", (ignored, document))

    def outdate(self, document: DocumentId) -> None:
        """Let the next look read the document again, though it did not change."""
        self._connection.execute("UPDATE documents SET reader = '' WHERE id = ?", (document,))

    def forget(self, document: DocumentId) -> None:
        """Delete the row and its text; its chunks must be gone."""
        self.clear_reading(document)
        self._connection.execute("DELETE FROM documents WHERE id = ?", (document,))

    def get(self, document: DocumentId) -> Document | None:
        """What results show of a document; None if it is gone, was never read, or its folder is removed."""
        found = self._connection.execute(
            "SELECT d.path, d.format, d.title, d.page_labels, f.is_away FROM documents d JOIN folders f"
            " ON f.id = d.folder_id WHERE d.id = ? AND (d.error_code IS NULL OR d.sha256 IS NOT NULL)"
            " AND f.removed_at IS NULL",
            (document,),
        ).fetchone()
        if found is None:
            return None
        path, format_, title, labels, is_away = found
        return Document(document, path_from_blob(path), format_, title, words_from_json(labels), bool(is_away))

    def text(self, document: DocumentId, span: Span | None = None) -> str:
        """The document's normalised text, or its slice at `span`."""
        if span is None:
            rows = self._connection.execute("SELECT text FROM texts WHERE document_id = ? ORDER BY start", (document,))
            return "".join(row[0] for row in rows)
        first = span.start - span.start % _SEGMENT
        rows = self._connection.execute(
            "SELECT text FROM texts WHERE document_id = ? AND start >= ? AND start < ? ORDER BY start",
            (document, first, max(span.end, first + 1)),
        )
        return "".join(row[0] for row in rows)[span.start - first : span.end - first]

    def runs(self, document: DocumentId) -> tuple[Run, ...]:
        """Where each stretch of the text stands in the file."""
        blob = self._connection.execute("SELECT runs FROM source_runs WHERE document_id = ?", (document,)).get
        return unpack_runs(blob) if blob is not None else ()


def _row(row: Any) -> DocumentRow:
    id_, folder, path, size, mtime_ns, ctime_ns, sha256, reader, code, arguments, tried_at, is_ignored = row
    error = UserFacingError(code, **json.loads(arguments or "{}")) if code else None
    file = FileState(path_from_blob(path), size, mtime_ns, ctime_ns)
    return DocumentRow(id_, folder, file, sha256, reader, error, tried_at, bool(is_ignored))
