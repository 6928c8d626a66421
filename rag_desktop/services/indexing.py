"""The writing lane's work: scan folders, read what changed, embed what is new, snapshot the index."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import FolderChanged, IndexingPlanned
from rag_desktop.domain.ids import FolderId
from rag_desktop.domain.status import Failure
from rag_desktop.files.sameness import spelled
from rag_desktop.files.walking import is_within
from rag_desktop.services.agenda import Agenda, FileToRead, sizes_of
from rag_desktop.services.bounds import Bounds
from rag_desktop.services.embedding import EmbeddingLine
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.services.reading import ReadingLine
from rag_desktop.services.retiring import retire
from rag_desktop.services.room import bytes_per_character, predicted
from rag_desktop.services.scanning import Below, FormatOf, Scan, Scanning
from rag_desktop.services.tasks import Task
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.schemes import EXAMPLES, is_scheme
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child

DEFAULT_CHUNKER = "leaves"
_MOST_SUBTRACTED = 20_000
"""Files of which it is asked what the library holds already, when the room for reading them again is foretold."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """The child that embeds, and the space its vectors belong to."""

    child: Child
    key: str
    model: str
    dimension: int


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a run left of one folder. `embedded` leaves had to be embedded in this run.

    skipped: files of formats that no reader takes, by suffix.
    """

    path: str
    documents: int
    passages: int
    embedded: int
    failed: tuple[Failure, ...]
    skipped: dict[str, int]


@dataclass(frozen=True, slots=True)
class IndexingReport:
    """What a run did. Seconds from its start: until every readable document answered keyword queries, and in all.

    vectors_pending: leaves still without a vector. embedding_error: why, where that was a failure.
    """

    folders: tuple[FolderReport, ...]
    searchable: float
    total: float
    vectors_pending: int
    embedding_error: UserFacingError | None


@dataclass(frozen=True, slots=True)
class Means:
    """What indexing works with, beside the library. `embedder` is None where none is installed."""

    readers: Sequence[Child]
    embedder: Embedder | None
    format_of: FormatOf
    bounds: Bounds
    own_places: tuple[str, ...] = ()
    """Folders of this program, which are no documents."""


class Indexing:
    """Indexes the folders of one library. One run at a time, on the writing lane.

    `touch`, `leave` and `take_up` may be called from any thread.
    """

    def __init__(self, library: Library, means: Means) -> None:
        self._library = library
        self._means = means
        self._scanning = Scanning(library, means.format_of, means.own_places)
        self._space: SpaceRow | None = None
        self._neighbours: Neighbours | None = None
        self._agenda = Agenda()
        self._touched: FolderId | None = None
        self._left: set[FolderId] = set()
        """Folders whose leaves are not embedded until they are taken up, or something new comes into them."""

    def register(self, paths: Iterable[str], chunker: str | None = None) -> list[FolderRow]:
        """Make folders or single files part of the library; each row once.

        One that is there by another path, through a link or in another case, stays the one it is. chunker: the scheme
        that cuts their documents; None is the default, or the one they have. Raises UserFacingError `path-missing`,
        `path-not-regular` for what is neither, and `chunker-unknown`.
        """
        if chunker is not None:
            check_chunker(chunker)
        with self._library.transaction():
            rows = [self._register(self._place(os.path.abspath(path)), chunker) for path in paths]
        return list({row.id: row for row in rows}.values())

    def _place(self, path: str) -> str:
        """The path by which a file or folder is known, or will be."""
        row = self._library.folders.at(path)
        is_watched = row is not None and row.removed_at is None
        place = path if is_watched else spelled(path, [row.path for row in self._library.folders.all()])
        if os.path.isdir(place) or os.path.isfile(place):
            return place
        if os.path.exists(place):
            raise UserFacingError("path-not-regular", path=path)
        if self._library.folders.at(place) is None:
            raise UserFacingError("path-missing", path=path)
        return place

    def _register(self, path: str, chunker: str | None) -> FolderRow:
        is_file = not os.path.isdir(path) and os.path.exists(path)
        known = self._library.folders.at(path)
        row = self._library.folders.add(
            path,
            is_file=known.is_file if known and not os.path.exists(path) else is_file,
            chunker=chunker or DEFAULT_CHUNKER,
        )
        if chunker is not None and row.chunker != chunker:
            self._library.folders.set_chunker(row.id, chunker)
            row = replace(row, chunker=chunker)
        take_over(self._library, row)
        return row

    def run(self, folders: Sequence[FolderRow], task: Task) -> IndexingReport:
        """Scan, read and embed. Raises Cancelled after `task.stop()`; what was committed stays."""
        began = time.monotonic()
        scans = self.read(folders, task)
        searchable = time.monotonic() - began
        embedded, error = self.embed(task)
        pending = self._library.vectors.pending_count(self._space.id if self._space else None)
        reports = tuple(self._report(scan, embedded) for scan in scans)
        return IndexingReport(reports, searchable, time.monotonic() - began, pending, error)

    def read(self, folders: Sequence[FolderRow], task: Task, below: Below | None = None) -> Sequence[Scan]:
        """Look and read: every readable document answers keyword queries when this returns."""
        scans = self.look(folders, task, below)
        self.read_on(task)
        return scans

    def look(self, folders: Sequence[FolderRow], task: Task, below: Below | None = None) -> Sequence[Scan]:
        """Take up what moved and what is gone, and put what is to be read on the agenda. Never waits for a pause.

        below: look at these paths of each folder only; folders it does not name are looked at whole.
        Raises UserFacingError `disk-low` where the disk has no room for what would be read, which then does not wait.
        """
        below = below or {}
        with task.regardless():
            scans = self._scanning.look(folders, task, below)
            self._scanning.apply(scans)
        fresh = [item for scan in scans for item in self._put(scan, below.get(scan.folder.id))]
        with self._library.transaction():
            for scan in scans:
                if scan.is_whole:
                    self._library.folders.scanned(scan.folder.id, scan.device, scan.mounts)
        for scan in scans:
            task.publish(FolderChanged(task.id, scan.folder.id))
        if fresh:
            self._announce(task, fresh)
        return scans

    def read_on(self, task: Task, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Read what is on the agenda. meanwhile: called several times a second; it may `look`."""
        if len(self._agenda):
            ReadingLine(self._library, self._means.readers, self._agenda, self._means.bounds).run(task, meanwhile)

    def touch(self, folder: FolderId) -> None:
        """Take up this folder first: the person has it in hand."""
        self._touched = folder
        self._agenda.touch(folder)

    def leave(self, folder: FolderId) -> None:
        """Read and embed no more of this folder, until `take_up` or until something in it changes."""
        self._left.add(folder)
        self._agenda.leave(folder)

    def drop(self, folder: FolderId) -> None:
        """Read no more of what waits of this folder; the next look finds it again."""
        self._agenda.leave(folder)
        self._agenda.take_up(folder)

    def take_up(self, folder: FolderId) -> None:
        """Let the next look go on with a folder that was left."""
        self._left.discard(folder)
        self._agenda.take_up(folder)

    def live_index(self, key: str) -> HnswIndex | None:
        """The index that follows each commit, for searching in the same process."""
        if self._space is None or self._neighbours is None or self._space.key != key:
            return None
        return self._neighbours.index

    def _put(self, scan: Scan, below: frozenset[str] | None) -> list[FileToRead]:
        """Put what a look found on the agenda; returns what was not there."""
        if not scan.is_there:
            return []
        if scan.folder.is_paused:
            self._agenda.put(scan.folder.id, [])
            return []
        items = [
            FileToRead(scan.folder.id, file, scan.folder.chunker, self._means.format_of(file.path) or "")
            for file in scan.plan.read
        ]
        fresh = self._agenda.put(scan.folder.id, items, lambda path: below is None or is_within(path, below))
        if fresh:
            self._left.discard(scan.folder.id)
        return fresh

    def _announce(self, task: Task, fresh: Sequence[FileToRead]) -> None:
        """Say what will be read and what room it needs. Where that is not there, none of it is read."""
        caps = self._means.bounds.caps
        counted = [item for item in fresh if item.file.size <= caps.bytes]  # a larger one is refused unread
        folders = tuple(dict.fromkeys(item.folder for item in fresh))
        held = size_of(self._library.folder)
        more = predicted(sizes_of(counted), self._library.documents.sizes(), held)
        again = sum(self._library.documents.length_at(item.file.path) for item in counted[:_MOST_SUBTRACTED])
        more = max(0, more - round(again * bytes_per_character(self._library.documents.sizes(), held)))
        size = sum(item.file.size for item in fresh)
        task.publish(IndexingPlanned(task.id, folders, len(fresh), size, more))
        try:
            self._means.bounds.room.need(more)
        except UserFacingError:
            for folder in folders:
                self.drop(folder)
            raise

    def embed(
        self, task: Task, give_way: Callable[[], bool] = lambda: False, *, is_last: bool = True
    ) -> tuple[Mapping[FolderId, int], UserFacingError | None]:
        """Embed what is pending, in all folders, or until `give_way`. Returns how many leaves of each folder were.

        is_last: whether the index is written whole at the end; else only after many changes: the ledger has the rest.
        A failing embedder leaves keyword search as it is, and is told.
        """
        embedder = self._means.embedder
        if embedder is None:
            return {}, UserFacingError("embedder-missing")
        space, neighbours = self._space_and_neighbours(embedder)
        neighbours.follow()
        line = EmbeddingLine(self._library, embedder.child, neighbours, self._order, self._means.bounds)
        error: UserFacingError | None = None
        try:
            pending = self._library.vectors.pending_count(space.id)
            if pending:
                line.run(task, give_way)
                pending = self._library.vectors.pending_count(space.id)
            if not pending:
                retire(self._library, space, lambda: give_way() or task.is_stopped)
        except UserFacingError as failure:
            error = failure
        finally:
            neighbours.snapshot() if is_last else neighbours.snapshot_if_due(at_rest=True)
        return line.tally.embedded_by_folder, error

    def _order(self) -> list[set[FolderId]]:
        """Whose leaves come first: the folder touched last, then all others."""
        going = {folder.id for folder in self._library.folders.all() if not folder.is_paused} - self._left
        first = {self._touched} & going if self._touched is not None else set[FolderId]()
        return [folders for folders in (first, going - first) if folders]

    def _space_and_neighbours(self, embedder: Embedder) -> tuple[SpaceRow, Neighbours]:
        if self._space is None or self._neighbours is None:
            with self._library.transaction():
                self._space = self._library.vectors.space(embedder.key, embedder.model, embedder.dimension)
            self._neighbours = Neighbours(self._library, self._space)
        return self._space, self._neighbours

    def _report(self, scan: Scan, embedded: Mapping[FolderId, int]) -> FolderReport:
        counts = self._library.folders.counts(scan.folder.id)
        failed = [
            Failure(row.file.path, row.error, row.tried_at, row.is_ignored)
            for row in self._library.documents.of_folder(scan.folder.id)
            if row.error is not None
        ]
        if scan.is_there and not os.path.exists(scan.folder.path):  # it went while it was read
            scan.failures.append(Failure(scan.folder.path, UserFacingError("folder-away", path=scan.folder.path)))
        return FolderReport(
            scan.folder.path,
            counts.documents,
            counts.passages,
            embedded.get(scan.folder.id, 0),
            (*scan.failures, *failed),
            dict(scan.skipped),
        )


def check_chunker(name: str) -> None:
    """Raise UserFacingError `chunker-unknown` where there is no such scheme."""
    if not is_scheme(name):
        raise UserFacingError("chunker-unknown", name=name, examples=", ".join(EXAMPLES))


def size_of(folder: Path) -> int:
    """Bytes of all files below `folder`."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # a write-ahead log or an old snapshot may go meanwhile
                total += os.lstat(os.path.join(where, name)).st_size
    return total


def take_over(library: Library, folder: FolderRow) -> None:
    """Give a folder the documents in it that a watched folder above has; in a transaction of the caller's."""
    for above in library.folders.all():
        if above.id != folder.id and is_inside(folder.path, above.path):
            for document in library.documents.below(above.id, [folder.path]):
                library.documents.own(document.id, folder.id)


def is_inside(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies below it; both absolute."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
