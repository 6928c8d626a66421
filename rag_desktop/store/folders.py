"""Rows of watched folders (and of single files that were added by themselves)."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from rag_desktop.domain.ids import DocumentId, FolderId
from rag_desktop.store.codec import path_from_blob, path_to_blob, words_from_json


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A watched root. Times are seconds since 1970; `removed_at` is a mark that can still be taken back."""

    id: FolderId
    path: str
    is_file: bool
    chunker: str
    scanned_at: float | None
    is_away: bool
    removed_at: float | None
    patterns: str = ""
    """What is left out, beside what always is: lines of .gitignore syntax."""
    is_paused: bool = False
    device: int | None = None
    """The file system that the root lay on at its last scan (st_dev)."""
    mounts: tuple[str, ...] = ()
    """Folders below the root that were file systems of their own then."""


@dataclass(frozen=True, slots=True)
class FolderCounts:
    """What of a folder is in the library."""

    documents: int
    failed: int
    passages: int


_COLUMNS = "id, path, is_file, chunker, scanned_at, is_away, removed_at, patterns, is_paused, device, mounts"


class Folders:
    """Reads and writes folder rows."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def all(self, *, with_removed: bool = False) -> list[FolderRow]:
        """Folders in the order they were added."""
        where = "" if with_removed else "WHERE removed_at IS NULL"
        return [_row(row) for row in self._connection.execute(f"SELECT {_COLUMNS} FROM folders {where} ORDER BY id")]

    def at(self, path: str) -> FolderRow | None:
        """The folder with just this path, removed ones too."""
        found = self._connection.execute(f"SELECT {_COLUMNS} FROM folders WHERE path = ?", (path_to_blob(path),))
        return next((_row(row) for row in found), None)

    def add(self, path: str, *, is_file: bool, chunker: str) -> FolderRow:
        """A new row, or the one there is, no longer removed."""
        self._connection.execute(
            "INSERT INTO folders (path, is_file, chunker, added_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (path) DO UPDATE SET removed_at = NULL, is_file = excluded.is_file",
            (path_to_blob(path), is_file, chunker, time.time()),
        )
        row = self.at(path)
        if row is None:
            raise AssertionError("a row that was just written is not there")
        return row

    def scanned(self, folder: FolderId, device: int | None = None, mounts: Sequence[str] = ()) -> None:
        """Note that a scan of the folder went through, on which file system, and which others it met."""
        self._connection.execute(
            "UPDATE folders SET scanned_at = ?, is_away = 0, device = coalesce(?, device), mounts = ? WHERE id = ?",
            (time.time(), device, json.dumps(mounts) if mounts else None, folder),
        )

    def set_patterns(self, folder: FolderId, patterns: str) -> None:
        """Leave out what these lines of .gitignore syntax match, from the next scan on."""
        self._connection.execute("UPDATE folders SET patterns = ? WHERE id = ?", (patterns, folder))

    def set_chunker(self, folder: FolderId, chunker: str) -> None:
        """Cut its documents by this scheme (text.schemes), once they are read again."""
        self._connection.execute("UPDATE folders SET chunker = ? WHERE id = ?", (chunker, folder))

    def set_paused(self, folder: FolderId, *, paused: bool) -> None:
        """Hold all indexing of the folder, or let it go on."""
        self._connection.execute("UPDATE folders SET is_paused = ? WHERE id = ?", (paused, folder))

    def away(self, folder: FolderId) -> None:
        """Note that the folder cannot be reached; its documents stay."""
        self._connection.execute("UPDATE folders SET is_away = 1 WHERE id = ?", (folder,))

    def back(self, folder: FolderId) -> None:
        """Note that the folder can be reached again."""
        self._connection.execute("UPDATE folders SET is_away = 0 WHERE id = ?", (folder,))

    def mark_removed(self, folder: FolderId, *, removed: bool = True) -> None:
        """Hide the folder from every result, or take that back. Rows go with `forget`."""
        when = time.time() if removed else None
        self._connection.execute("UPDATE folders SET removed_at = ? WHERE id = ?", (when, folder))

    def forget(self, folder: FolderId) -> None:
        """Delete the row; its documents must be gone or belong to another folder."""
        self._connection.execute("DELETE FROM folders WHERE id = ?", (folder,))

    def of_documents(self, documents: Iterable[DocumentId]) -> dict[DocumentId, FolderId]:
        """The folder of each document."""
        query = "SELECT folder_id FROM documents WHERE id = ?"
        return {document: self._connection.execute(query, (document,)).get for document in set(documents)}

    def counts(self, folder: FolderId) -> FolderCounts:
        """Documents that were read, documents that failed and are not ignored, passages (leaves)."""
        readable, failed = self._connection.execute(
            "SELECT count(*) FILTER (WHERE error_code IS NULL),"
            " count(*) FILTER (WHERE error_code IS NOT NULL AND NOT is_ignored) FROM documents WHERE folder_id = ?",
            (folder,),
        ).get
        passages = self._connection.execute(
            "SELECT count(*) FROM documents d JOIN chunks c ON c.document_id = d.id"
            " WHERE d.folder_id = ? AND c.digest IS NOT NULL",
            (folder,),
        ).get
        return FolderCounts(readable, failed, passages)


def _row(row: Any) -> FolderRow:
    id_, path, is_file, chunker, scanned_at, is_away, removed_at, patterns, is_paused, device, mounts = row
    return FolderRow(
        id_, path_from_blob(path), bool(is_file), chunker, scanned_at, bool(is_away), removed_at, patterns,
        bool(is_paused), device, words_from_json(mounts),
    )  # fmt: skip
