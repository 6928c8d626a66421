"""Saves what cannot be made anew from a library's file that SQLite cannot read any more: its folders and its vectors.

Everything else comes back when the documents are read again. Vectors are kept by the digest of their words, in a
document that nobody sees; a leaf that has the same words takes its vector from there (services.embedding), and the
document goes once all leaves have theirs (services.library.purge).
"""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import apsw

from rag_desktop.store import tolerant
from rag_desktop.store.connection import FILE_NAME, begin_file
from rag_desktop.store.exchange import discard, exchange, fresh_path
from rag_desktop.store.holder import HOLDER, holder
from rag_desktop.store.integrity import bad_vectors
from rag_desktop.store.mending import raise_sequence
from rag_desktop.store.migrations import migrate
from rag_desktop.store.tolerant import UNREADABLE
from rag_desktop.text.schemes import is_scheme

FolderValues = Mapping[str, Any]
"""The columns of a folder's row, by name."""

_UNKNOWN_ID = 1 << 40
"""Ids start above this where nothing tells which ones were given out: an id never means other words."""
_HEADER = b"SQLite format 3\0\x10\0\x02\x02\0\x40\x20\x20"
"""The first 24 bytes of each library: its page size, and the formats SQLite knows it by."""
_AT_A_TIME = 8192


@dataclass(frozen=True, slots=True)
class Known:
    """What a backup knows of a library: its folders, and its spaces as rows of their table."""

    folders: Sequence[FolderValues] = ()
    spaces: Sequence[tuple[Any, ...]] = ()


@dataclass(slots=True)
class Salvaged:
    """What could be read. `is_whole`: the table of folders was read to its end."""

    folders: list[FolderValues] = field(default_factory=list)
    spaces: list[tuple[Any, ...]] = field(default_factory=list)
    vectors: dict[tuple[int, bytes], bytes] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    is_whole: bool = False


def salvage(folder: Path, known: Known) -> tuple[Salvaged, Path]:
    """Put a fresh library in the place of a damaged one. Returns what it holds and where the damaged file is kept.

    known: what was last backed up. The caller holds the writer's lock and has closed its connections. The program
    may be killed at any moment: the fresh file takes its place only when it is whole and on disk.
    """
    path = folder / FILE_NAME
    found = read(path, known)
    found.folders = _united(found, known.folders)
    _write(fresh_path(path), found)
    return found, exchange(path)


def read(path: Path, known: Known) -> Salvaged:
    """All that can be read of a damaged file, through its own header or one that is put before a copy of it."""
    found = _read_file(path, known)
    if found.vectors or found.is_whole or not path.exists():
        return found
    copy = path.with_name(path.name + ".copy")
    try:
        shutil.copyfile(path, copy)
        with copy.open("rb+") as file:
            file.write(_HEADER)
        return _read_file(copy, known)
    except OSError:  # no room for a copy: what was read is all there is
        return found
    finally:
        discard(copy)


def folders_of(connection: apsw.Connection, trouble: list[Exception] | None = None) -> list[FolderValues]:
    """All readable rows of folders, with whatever columns they have."""
    names = tolerant.columns(connection, "folders")
    if not names:
        return []
    query = f"SELECT {', '.join(names)} FROM folders WHERE id > ? ORDER BY id"
    return [dict(zip(names, row, strict=True)) for row in tolerant.rows(connection, query, trouble)]


def spaces_of(connection: apsw.Connection) -> list[tuple[Any, ...]]:
    """All readable rows of spaces."""
    query = (
        "SELECT id, key, model, dimension, created_at FROM spaces WHERE id > ? AND typeof(key) = 'text'"
        " AND typeof(model) = 'text' AND typeof(dimension) = 'integer' AND typeof(created_at) = 'real' ORDER BY id"
    )
    return list(tolerant.rows(connection, query))


def _read_file(path: Path, known: Known) -> Salvaged:
    found = Salvaged()
    with suppress(*UNREADABLE), tolerant.opened(path) as connection:
        trouble: list[Exception] = []
        found.folders = folders_of(connection, trouble)
        found.is_whole = bool(tolerant.columns(connection, "folders")) and not trouble
        with suppress(*UNREADABLE):
            rows = connection.execute("SELECT name, seq FROM sqlite_sequence WHERE typeof(seq) = 'integer'")
            found.highest.update(iter(rows))
        found.spaces = spaces_of(connection)
        there = {row[0] for row in found.spaces}
        found.spaces += [row for row in known.spaces if row[0] not in there]
        _read_vectors(connection, found)
    return found


def _read_vectors(connection: apsw.Connection, found: Salvaged) -> None:
    digests: dict[int, bytes] = {}
    chunks = "SELECT id, document_id, digest FROM chunks WHERE id > ? ORDER BY id"
    for chunk, document, digest in tolerant.rows(connection, chunks):
        digests[chunk] = digest
        for table, id_ in (("chunks", chunk), ("documents", document)):
            if isinstance(id_, int):
                found.highest[table] = max(found.highest.get(table, 0), id_)
    with suppress(*UNREADABLE):  # what of the table is lost may stand in its index
        indexed = "SELECT id, digest FROM chunks INDEXED BY chunks_digest WHERE digest IS NOT NULL"
        for chunk, digest in connection.execute(indexed):
            digests.setdefault(chunk, digest)
    for space, _, _, dimension, _ in found.spaces:
        query = f"SELECT chunk_id, vector FROM vectors WHERE space_id = {int(space)} AND chunk_id > ? ORDER BY chunk_id"
        rows = tolerant.rows(connection, query)
        while block := list(islice(rows, _AT_A_TIME)):
            bad = set(bad_vectors(block, dimension))
            sound = ((digests.get(chunk), vector) for chunk, vector in block if chunk not in bad)
            found.vectors.update(((space, digest), vector) for digest, vector in sound if isinstance(digest, bytes))


def _united(found: Salvaged, known: Sequence[FolderValues]) -> list[FolderValues]:
    """Folders that are not removed, with what a backup knows better.

    A folder's path never changes, so of that the backup is believed, and of the scheme where there is none by its name;
    it also fills in rows that could not be read. A row that could be read in a table without damage, or is not there,
    is believed as it is.
    """
    ids = {each["id"]: each for each in known}
    merged: dict[int, FolderValues] = {}
    for each in found.folders:
        twin = ids.get(each["id"], {})
        better = [key for key in ("path", "is_file") if key in twin]
        if "chunker" in twin and not is_scheme(each.get("chunker")):
            better.append("chunker")
        merged[each["id"]] = {**each, **{key: twin[key] for key in better}}
    if not found.is_whole:
        merged = {**ids, **merged}
    return [each for each in merged.values() if each.get("removed_at") is None and each["path"] != HOLDER]


def _write(path: Path, found: Salvaged) -> None:
    discard(path)
    connection = apsw.Connection(str(path))
    try:
        begin_file(connection)
        connection.pragma("synchronous", "FULL")
        connection.pragma("foreign_keys", True)
        migrate(connection)
        with connection:
            _write_folders(connection, found)
            if found.vectors:
                _write_vectors(connection, found)
    finally:
        connection.close()


def _write_folders(connection: apsw.Connection, found: Salvaged) -> None:
    there = tolerant.columns(connection, "folders")
    for values in found.folders:
        # A folder that was not scanned since keeps the salvaged vectors from being purged.
        row = {name: values[name] for name in there if name in values} | {"scanned_at": None, "is_away": 0}
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT OR IGNORE INTO folders ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
    for table in ("folders", "documents", "chunks"):
        raise_sequence(connection, table, found.highest.get(table) or _UNKNOWN_ID)


def _write_vectors(connection: apsw.Connection, found: Salvaged) -> None:
    connection.executemany("INSERT INTO spaces VALUES (?, ?, ?, ?, ?)", found.spaces)
    document = holder(connection)
    ids: dict[bytes, int] = {}
    for place, digest in enumerate(dict.fromkeys(digest for _, digest in found.vectors)):
        connection.execute(
            "INSERT INTO chunks (document_id, ordinal, span_start, span_end, digest) VALUES (?, ?, 0, 0, ?)",
            (document, place, digest),
        )
        ids[digest] = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO passage_words (rowid, words, headings) VALUES (?, '', '')", ((id_,) for id_ in ids.values())
    )
    connection.executemany(
        "INSERT INTO vectors VALUES (?, ?, ?)",
        ((space, ids[digest], vector) for (space, digest), vector in found.vectors.items()),
    )
