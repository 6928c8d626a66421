"""What a library holds, by path: two libraries over the same files must look the same, whatever their ids are."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from rag_desktop.domain.ids import FolderId
from rag_desktop.services.neighbours import exact_index, reading_index
from rag_desktop.store.codec import path_from_blob
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.integrity import Integrity
from rag_desktop.store.library import Library
from rag_desktop.vectors.index import HnswIndex

LEAST_COSINE = 0.999
_SAMPLES = 6
_SAID = "format, title, author, page_count, page_labels, length, warnings"
Row = tuple[Any, ...]


@dataclass(frozen=True)
class View:
    """A document as it must be. `leaves`: digests in order; ids, folder and vectors are not compared with `==`."""

    sha256: bytes | None
    error: str | None
    said: Row
    text: str
    runs: bytes | None
    passages: tuple[Row, ...]
    """Ordinal, ordinal of the parent, span, pages, headings, digest."""
    words: tuple[Row, ...]
    """Of the full text: ordinal, column, offset, term."""
    name: tuple[Row, ...]
    folder: str = field(compare=False, default="")
    is_removed: bool = field(compare=False, default=False)
    reader: str = field(compare=False, default="")
    """The version of reading that made it."""
    vectors: dict[int, bytes] = field(compare=False, default_factory=dict)
    """By ordinal."""
    ids: dict[int, int] = field(compare=False, default_factory=dict)
    """Chunk ids of leaves, by ordinal."""

    @property
    def digests(self) -> dict[int, bytes]:
        """Digests of leaves, by ordinal."""
        return {row[0]: row[-1] for row in self.passages if row[-1] is not None}

    def difference(self, other: "View") -> str:
        """The names of what differs."""
        return ", ".join(each.name for each in fields(self) if each.compare
                         and getattr(self, each.name) != getattr(other, each.name))  # fmt: skip


@dataclass(frozen=True)
class LibraryView:
    """All documents by path, the folders, and what is wrong with the file or its index taken by itself."""

    documents: dict[str, View]
    folders: dict[str, FolderRow]
    troubles: tuple[str, ...]
    vector_ids: frozenset[int]
    snapshot: Path | None


def look_at(place: Path) -> LibraryView:
    """Read a library as another process sees it."""
    with Library.reader(place) as library, library.reading():
        folders = {row.id: row for row in library.folders.all(with_removed=True)}
        connection = library.connection
        words, names = _instances(connection, "passage_words"), _instances(connection, "document_words")
        troubles = [*_strays(connection, words, names), *_index_troubles(library)]
        spaces = library.vectors.spaces()
        vectors: dict[int, bytes] = {}
        for space in spaces:
            stored: Any = connection.execute("SELECT chunk_id, vector FROM vectors WHERE space_id = ?", (space.id,))
            vectors.update(stored)
        documents = {
            path: _view(connection, document, folders[folder], words, names, vectors)
            for document, path, folder in _documents(connection)
        }
        # The file by itself comes last: what is told first is what a person would notice.
        troubles += [str(each.error) for each in Integrity(connection).all()]
        recorded = [row for space in spaces if (row := library.vectors.snapshot(space.id))]
    snapshot = place / "vectors" / recorded[0].file if recorded else None
    by_path = {row.path: row for row in folders.values()}
    return LibraryView(documents, by_path, tuple(troubles), frozenset(vectors), snapshot)


def _documents(connection: apsw.Connection) -> Iterator[tuple[int, str, FolderId]]:
    rows: Any = connection.execute("SELECT id, path, folder_id FROM documents ORDER BY path")
    for document, path, folder in rows:
        yield document, path_from_blob(path), folder


def _view(
    connection: apsw.Connection,
    document: int,
    folder: FolderRow,
    words: dict[int, list[Row]],
    names: dict[int, list[Row]],
    vectors: dict[int, bytes],
) -> View:
    state = "SELECT sha256, error_code, reader FROM documents WHERE id = ?"
    sha256, error, reader = connection.execute(state, (document,)).get
    said = () if error else connection.execute(f"SELECT {_SAID} FROM documents WHERE id = ?", (document,)).get
    texts: Any = connection.execute(
        "SELECT text FROM texts WHERE document_id = ? ORDER BY start", (document,)
    ).fetchall()
    chunks: Any = connection.execute(
        "SELECT id, ordinal, parent_id, span_start, span_end, page_start, page_end, headings, digest FROM chunks"
        " WHERE document_id = ? ORDER BY ordinal",
        (document,),
    ).fetchall()
    ordinals = {id_: ordinal for id_, ordinal, *_ in chunks}
    leaves = {ordinal: id_ for id_, ordinal, *rest in chunks if rest[-1] is not None}
    return View(
        sha256,
        error,
        said,
        "".join(row[0] for row in texts),
        connection.execute("SELECT runs FROM source_runs WHERE document_id = ?", (document,)).get,
        tuple((ordinal, ordinals.get(parent), *rest) for _, ordinal, parent, *rest in chunks),
        tuple((ordinal, *each) for ordinal, id_ in leaves.items() for each in words.get(id_, ())),
        tuple(names.get(document, ())),
        folder.path,
        folder.removed_at is not None,
        reader,
        {ordinal: vectors[id_] for ordinal, id_ in leaves.items() if id_ in vectors},
        leaves,
    )


def _instances(connection: apsw.Connection, table: str) -> dict[int, list[Row]]:
    """Every token of a full text table, by row."""
    connection.pragma("query_only", False)
    connection.execute(f"CREATE VIRTUAL TABLE temp.{table}_stress USING fts5vocab(main, {table}, instance)")
    connection.pragma("query_only", True)
    found: dict[int, list[Row]] = defaultdict(list)
    for row, column, offset, term in connection.execute(
        f"SELECT doc, col, offset, CAST(term AS BLOB) FROM temp.{table}_stress ORDER BY doc, col, offset"
    ):
        found[row].append((column, offset, term))
    return found


def _strays(connection: apsw.Connection, words: dict[int, list[Row]], names: dict[int, list[Row]]) -> Iterator[str]:
    """Rows of the full text that belong to nothing."""
    leaves = {row[0] for row in connection.execute("SELECT id FROM chunks WHERE digest IS NOT NULL")}
    documents = {row[0] for row in connection.execute("SELECT id FROM documents WHERE error_code IS NULL")}
    if words.keys() - leaves:
        yield f"full text: {len(words.keys() - leaves)} rows of passages that are gone"
    if names.keys() - documents:
        yield f"full text: {len(names.keys() - documents)} names of documents that are gone or failed"


def _index_troubles(library: Library) -> Iterator[str]:
    """The recorded snapshot with the ledger after it, against the stored vectors."""
    for space in library.vectors.spaces():
        index, exact = reading_index(library, space, exact=False), exact_index(library, space)
        if not isinstance(index, HnswIndex):
            yield "index: a reader cannot use the snapshot"
            continue
        if index.labels != library.vectors.chunk_ids(space.id):
            yield f"index: members differ by {len(index.labels ^ library.vectors.chunk_ids(space.id))}"
        for vector in exact._vectors[:: max(1, len(exact) // _SAMPLES)]:
            found, truth = ([score for _, score in each.search(vector, 5)] for each in (index, exact))
            if not alike(found, truth):
                yield f"index: neighbours {found} instead of {truth}"


def alike(found: list[float], truth: list[float]) -> bool:
    """Whether an index found neighbours as near as the nearest are; equal ones may take turns."""
    return len(found) == len(truth) and np.allclose(found, truth, atol=1e-3)


def cosine(one: bytes, other: bytes) -> float:
    """Of two stored vectors."""
    left, right = (np.frombuffer(each, "<f2").astype(np.float32) for each in (one, other))
    return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))
