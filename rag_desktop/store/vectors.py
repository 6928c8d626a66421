"""Rows of vectors, the ledger of their changes, and the record of the HNSW snapshot made from them."""

import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import apsw
import numpy as np
import numpy.typing as npt

from rag_desktop.domain.ids import ChunkId, FolderId, SpaceId

Matrix = npt.NDArray[np.float32]
_DROPPED_AT_A_TIME = 2_000
"""Vectors that go in one transaction."""


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """Vectors that may be compared: one model, one pair of prefixes, one pooling."""

    id: SpaceId
    key: str
    model: str
    dimension: int


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """An HNSW file that held every vector up to ledger entry `seq`."""

    file: str
    seq: int
    sha256: bytes
    count: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What the ledger says since some entry: the last word on each chunk.

    vectors: shape (len(added), dimension).
    """

    added: tuple[ChunkId, ...]
    vectors: Matrix
    dropped: tuple[ChunkId, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class PendingChunk:
    """A leaf without a vector in a space."""

    id: ChunkId
    digest: bytes


class VectorRows:
    """Reads and writes vectors of one library."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def spaces(self) -> list[SpaceRow]:
        """All spaces, in the order they were begun."""
        return [SpaceRow(*row) for row in self._connection.execute("SELECT id, key, model, dimension FROM spaces")]

    def space(self, key: str, model: str, dimension: int) -> SpaceRow:
        """The space with this key, begun if there is none."""
        self._connection.execute(
            "INSERT INTO spaces (key, model, dimension, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (key, model, dimension, time.time()),
        )
        return next(space for space in self.spaces() if space.key == key)

    def pending(
        self, space: SpaceId, after: ChunkId, limit: int, folders: Collection[FolderId] | None = None
    ) -> list[PendingChunk]:
        """Leaves without a vector, with ids above `after`, in order of their ids; of these folders, or of all."""
        rows = self._connection.execute(
            "SELECT id, digest FROM chunks c WHERE id > ? AND digest IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.space_id = ? AND v.chunk_id = c.id)"
            " AND document_id IN (SELECT d.id FROM documents d JOIN folders f ON f.id = d.folder_id"
            f" WHERE f.removed_at IS NULL AND NOT f.is_paused{_among(folders)}) ORDER BY id LIMIT ?",
            (after, space, *(folders or ()), limit),
        )
        return [PendingChunk(*row) for row in rows]

    def has_any(self, space: SpaceId) -> bool:
        """Whether the space has a vector at all; `count` reads through all of them."""
        return bool(self._connection.execute("SELECT 1 FROM vectors WHERE space_id = ? LIMIT 1", (space,)).get)

    def count(self, space: SpaceId) -> int:
        """Vectors in a space."""
        # By the index, which is a fiftieth of the rows.
        query = "SELECT count(*) FROM vectors INDEXED BY vectors_chunk WHERE space_id = ?"
        return int(self._connection.execute(query, (space,)).get)

    def first_lacking(self, space: SpaceId, other: SpaceId, first: ChunkId) -> ChunkId | None:
        """The first leaf from `first` on that has a vector in `other` and none in `space`, and that may be shown."""
        found = self._connection.execute(
            "SELECT v.chunk_id FROM vectors v INDEXED BY vectors_chunk WHERE v.chunk_id >= ? AND v.space_id = ?"
            " AND NOT EXISTS (SELECT 1 FROM vectors w INDEXED BY vectors_chunk"
            " WHERE w.chunk_id = v.chunk_id AND w.space_id = ?)"
            " AND EXISTS (SELECT 1 FROM chunks c JOIN documents d ON d.id = c.document_id"
            " JOIN folders f ON f.id = d.folder_id WHERE c.id = v.chunk_id AND f.removed_at IS NULL)"
            " ORDER BY v.chunk_id LIMIT 1",
            (first, other, space),
        ).get
        return None if found is None else ChunkId(found)

    def drop_some(self, space: SpaceId) -> bool:
        """Delete some thousand vectors of a space, and what the ledger says of them; False once there are none."""
        seq = self.seq()
        self._connection.execute(
            "DELETE FROM vectors WHERE space_id = ?1 AND chunk_id IN"
            " (SELECT chunk_id FROM vectors WHERE space_id = ?1 ORDER BY chunk_id LIMIT ?2)",
            (space, _DROPPED_AT_A_TIME),
        )
        dropped = self._connection.changes() > 0
        self._connection.execute("DELETE FROM ledger WHERE seq > ? AND space_id = ?", (seq, space))
        return dropped

    def forget(self, space: SpaceId) -> None:
        """Strike a space that has no vectors any more; its HNSW file goes with the next sweep."""
        for table, column in (("snapshots", "space_id"), ("ledger", "space_id"), ("spaces", "id")):
            self._connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (space,))

    def chunk_ids(self, space: SpaceId) -> set[int]:
        """Chunks that have a vector in a space."""
        return {row[0] for row in self._connection.execute("SELECT chunk_id FROM vectors WHERE space_id = ?", (space,))}

    def pending_count(self, space: SpaceId | None, folders: Collection[FolderId] | None = None) -> int:
        """Leaves without a vector in `space`, of these folders or of all; all leaves where there is no space yet."""
        return int(
            self._connection.execute(
                "SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.document_id"
                " JOIN folders f ON f.id = d.folder_id WHERE f.removed_at IS NULL AND c.digest IS NOT NULL"
                " AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.space_id = ? AND v.chunk_id = c.id)"
                f"{_among(folders)}",
                (space, *(folders or ())),
            ).get
        )

    def with_digests(self, space: SpaceId, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Vectors that the space already has for these words, as stored."""
        marks = ", ".join("?" * len(digests))
        rows = self._connection.execute(
            "SELECT c.digest, v.vector FROM chunks c JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?"
            f" WHERE c.digest IN ({marks})",
            (space, *digests),
        )
        return dict(iter(rows))

    def add(self, space: SpaceId, rows: Iterable[tuple[ChunkId, bytes]]) -> None:
        """Store vectors (little-endian float16). A chunk that went away meanwhile is passed over."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO vectors (space_id, chunk_id, vector)"
            " SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM chunks WHERE id = ?2)",
            ((space, chunk, vector) for chunk, vector in rows),
        )

    def of(self, space: SpaceRow, chunks: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Those of `chunks` that have a vector, ascending, and their vectors, shape (count, dimension)."""
        cursor = self._connection.execute(
            "SELECT chunk_id, vector FROM vectors WHERE space_id = ? AND chunk_id IN (SELECT value FROM json_each(?))"
            " ORDER BY chunk_id",
            (space.id, json.dumps(chunks.tolist())),
        )
        rows = list(cursor)
        return np.array([row[0] for row in rows], np.int64), _matrix([row[1] for row in rows], space.dimension)

    def all(self, space: SpaceRow, size: int = 8192) -> Iterator[tuple[list[ChunkId], Matrix]]:
        """All vectors in blocks of at most `size`, in order of chunk ids."""
        cursor = self._connection.execute(
            "SELECT chunk_id, vector FROM vectors WHERE space_id = ? ORDER BY chunk_id", (space.id,)
        )
        while block := [row for _, row in zip(range(size), cursor, strict=False)]:
            yield [row[0] for row in block], _matrix([row[1] for row in block], space.dimension)

    def seq(self) -> int:
        """The last entry of the ledger."""
        return int(self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'").get or 0)

    def oldest_seq(self) -> int:
        """The first entry that the ledger still has; one past the last if it has none."""
        return int(self._connection.execute("SELECT min(seq) FROM ledger").get or self.seq() + 1)

    def changes(self, space: SpaceRow, after: int) -> Changes:
        """The outcome of the ledger's entries after `after`, whatever came and went in between."""
        seq = self.seq()
        rows = self._connection.execute(
            "SELECT DISTINCT l.chunk_id, v.vector FROM ledger l LEFT JOIN vectors v"
            " ON v.space_id = l.space_id AND v.chunk_id = l.chunk_id WHERE l.seq > ? AND l.space_id = ?",
            (after, space.id),
        ).fetchall()
        added = [(chunk, vector) for chunk, vector in rows if vector is not None]
        dropped = tuple(chunk for chunk, vector in rows if vector is None)
        matrix = _matrix([vector for _, vector in added], space.dimension)  # type: ignore[misc]
        return Changes(tuple(chunk for chunk, _ in added), matrix, dropped, seq)  # type: ignore[misc, arg-type]

    def snapshot(self, space: SpaceId) -> SnapshotRow | None:
        """The recorded snapshot of a space."""
        row = self._connection.execute(
            "SELECT file, seq, sha256, count FROM snapshots WHERE space_id = ?", (space,)
        ).fetchone()
        return SnapshotRow(*row) if row else None

    def record(self, space: SpaceId, snapshot: SnapshotRow) -> None:
        """Make `snapshot` the one that is loaded from now on, and let the ledger forget what it holds."""
        self._connection.execute(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?)",
            (space, snapshot.file, snapshot.seq, snapshot.sha256, snapshot.count, time.time()),
        )
        self._connection.execute("DELETE FROM ledger WHERE space_id = ? AND seq <= ?", (space, snapshot.seq))

    def forget_snapshot(self, space: SpaceId) -> None:
        """Strike a snapshot that turned out damaged or missing."""
        self._connection.execute("DELETE FROM snapshots WHERE space_id = ?", (space,))


def _among(folders: Collection[FolderId] | None) -> str:
    return "" if folders is None else f" AND f.id IN ({', '.join('?' * len(folders))})"


def _matrix(blobs: Sequence[bytes], dimension: int) -> Matrix:
    return np.frombuffer(b"".join(blobs), dtype="<f2").reshape(-1, dimension).astype(np.float32)
