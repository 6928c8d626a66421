"""Keeps the HNSW index in step with the library: snapshot, ledger, rebuild; and exact search in its stead."""

import errno
import logging
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.store.attempts import SUFFIX, Attempts
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SnapshotRow, SpaceRow
from rag_desktop.vectors.index import ExactIndex, HnswIndex, Matrix, sha256_of

_LOG = logging.getLogger(__name__)
_FOLDER = "vectors"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_REPLAY_LIMIT = 2_000
"""Vectors that a reader adds to a loaded snapshot before it answers; above, exact search is the faster start."""
_SNAPSHOT_EVERY = 20_000
_SNAPSHOT_SECONDS = 300.0
_WORTH_ONE = 500
_DROPPED_SHARE = 0.3
_LOADS = 2
"""Loads in a row that took the program with them before a file is left alone, though its hash is right."""


class Neighbours:
    """The writer's index of one space: loaded or rebuilt at start, following the ledger after each commit."""

    def __init__(self, library: Library, space: SpaceRow) -> None:
        self._library = library
        self._space = space
        self._since_snapshot = 0
        self._snapshot_at = time.monotonic()
        loaded = load_snapshot(library, space)
        self.index, self._seq = loaded or (HnswIndex(space.dimension), 0)
        if loaded is None:
            self._rebuild()
        self.follow()

    @property
    def space(self) -> SpaceRow:
        """Whose vectors these are."""
        return self._space

    def follow(self) -> None:
        """Bring the index to the ledger's end. Call after each commit."""
        changes = self._library.vectors.changes(self._space, self._seq)
        self.index.drop(changes.dropped)
        self.index.add(changes.added, changes.vectors)
        self._since_snapshot += len(changes.added) + len(changes.dropped)
        self._seq = changes.seq

    def snapshot_if_due(self, *, at_rest: bool = False) -> None:
        """Write a snapshot after many changes, so that a later start replays little.

        at_rest: nothing more is coming for now; then fewer changes are worth one, but never a single edited file.
        """
        changes = self._since_snapshot
        if at_rest:
            is_first = bool(changes) and self._library.vectors.snapshot(self._space.id) is None
            is_due = is_first or changes >= max(_WORTH_ONE, len(self.index) // 100)
        else:
            is_old = time.monotonic() - self._snapshot_at > _SNAPSHOT_SECONDS
            is_due = changes >= _SNAPSHOT_EVERY or (changes > 0 and is_old)
        if is_due:
            self.snapshot()

    def snapshot(self) -> None:
        """Write the index to a new file and record it; nothing to do where nothing changed."""
        if not self._since_snapshot and self._library.vectors.snapshot(self._space.id):
            return
        if self._is_mostly_dropped():
            self._rebuild()
        folder = self._library.folder / _FOLDER
        folder.mkdir(exist_ok=True)
        name = f"{self._space.id}-{self._seq}-{secrets.token_hex(4)}.hnsw"
        try:
            digest = self.index.save(folder / name)
        except OSError as error:
            (folder / name).unlink(missing_ok=True)
            code = "disk-full" if error.errno in _FULL else "disk-failed"
            raise UserFacingError(code, path=str(folder)) from error
        with self._library.transaction():
            row = SnapshotRow(name, self._seq, digest, len(self.index))
            self._library.vectors.record(self._space.id, row)
        self._since_snapshot, self._snapshot_at = 0, time.monotonic()
        self._sweep(folder, name)

    def _rebuild(self) -> None:
        with self._library.reading():
            self._seq = self._library.vectors.seq()
            index = HnswIndex(self._space.dimension)
            for labels, vectors in self._library.vectors.all(self._space):
                index.add(labels, vectors)
        self.index = index
        self._since_snapshot = len(index)

    def _is_mostly_dropped(self) -> bool:
        held = self.index.held
        return held > 0 and (held - len(self.index)) / held > _DROPPED_SHARE

    def _sweep(self, folder: Path, keep: str) -> None:
        _delete(file for file in folder.glob(f"{self._space.id}-*.hnsw") if file.name != keep)


def forget_snapshot(library: Library, space: SpaceRow) -> None:
    """Strike a space's snapshot and delete its files."""
    with library.transaction():
        library.vectors.forget_snapshot(space.id)
    _delete((library.folder / _FOLDER).glob(f"{space.id}-*.hnsw"))


def _delete(files: Iterable[Path]) -> None:
    for file in files:
        try:
            file.unlink()
        except OSError:  # on Windows another program may have it open; the next snapshot tries again
            _LOG.debug("old snapshot %s stays for now", file.name)


def load_snapshot(library: Library, space: SpaceRow) -> tuple[HnswIndex, int] | None:
    """The recorded snapshot and its ledger entry, or None where there is none that is whole and can be caught up."""
    row = library.vectors.snapshot(space.id)
    if row is None:
        return None
    path = snapshot_path(library, row)
    if sha256_of(path) != row.sha256:
        _LOG.warning("the vector index is damaged or missing and will be made anew")
        return None
    alive = library.vectors.chunk_ids(space.id)
    attempts = Attempts(path)
    if attempts.begin() >= _LOADS:
        attempts.end()
        _LOG.warning("the program ended each time it loaded the vector index, which will be made anew")
        return None
    try:
        return HnswIndex.load(path, space.dimension, alive), row.seq
    except RuntimeError:  # whole, but written by an hnswlib of another format
        _LOG.warning("the vector index is of another version and will be made anew")
        return None
    finally:
        attempts.end()


def snapshot_path(library: Library, row: SnapshotRow) -> Path:
    """Where a recorded snapshot lies."""
    return library.folder / _FOLDER / Path(row.file).name


def stray_files(library: Library) -> list[Path]:
    """Files beside the recorded snapshots that nothing refers to."""
    recorded = {
        row.file for space in library.vectors.spaces() if (row := library.vectors.snapshot(space.id)) is not None
    }
    folder = library.folder / _FOLDER
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in there if path.name.removesuffix(SUFFIX) not in recorded)


def reading_index(library: Library, space: SpaceRow, *, exact: bool) -> HnswIndex | ExactIndex:
    """What a reader searches with: the snapshot caught up with the ledger; exact where asked, missing or far behind."""
    with library.reading():
        if not exact and (loaded := load_snapshot(library, space)):
            index, seq = loaded
            changes = library.vectors.changes(space, seq)
            if len(changes.added) <= _REPLAY_LIMIT:
                index.drop(changes.dropped)
                index.add(changes.added, changes.vectors)
                return index
        return exact_index(library, space)


class FollowingIndex:
    """A reader's index of one space, brought up to date with what was committed; not for two threads at a time."""

    def __init__(self, library: Library, space: SpaceRow, *, exact: bool) -> None:
        self._library = library
        self._space = space
        self._exact = exact
        self._index: HnswIndex | ExactIndex | None = None
        self._seq = -1

    def current(self) -> HnswIndex | ExactIndex:
        """The index as of now. Changes in other spaces cost nothing; those in this one are replayed or it is loaded."""
        vectors = self._library.vectors
        with self._library.reading():
            seq = vectors.seq()
            if self._index is not None and (seq == self._seq or self._caught_up()):
                self._seq = seq
                return self._index
            self._index, self._seq = reading_index(self._library, self._space, exact=self._exact), seq
            return self._index

    def _caught_up(self) -> bool:
        """Whether the ledger still had all that is new, and the index could take it up."""
        snapshot = self._library.vectors.snapshot(self._space.id)
        if snapshot is not None and snapshot.seq > self._seq:  # the ledger forgot what that holds
            return False
        changes = self._library.vectors.changes(self._space, self._seq)
        if not changes.added and not changes.dropped:
            return True
        if not isinstance(self._index, HnswIndex) or len(changes.added) > _REPLAY_LIMIT:
            return False
        self._index.drop(changes.dropped)
        self._index.add(changes.added, changes.vectors)
        return True


def exact_index(library: Library, space: SpaceRow) -> ExactIndex:
    """All vectors of the space in one matrix."""
    blocks = list(library.vectors.all(space))
    labels = [label for block, _ in blocks for label in block]
    vectors = [block for _, block in blocks]
    matrix: Matrix = np.concatenate(vectors) if vectors else np.zeros((0, space.dimension), np.float32)
    return ExactIndex(labels, matrix)
