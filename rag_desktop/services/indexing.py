"""The writing lane's work: scan folders, read what changed, embed what is new, snapshot the index."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import FolderChanged, Stage
from rag_desktop.domain.ids import FolderId
from rag_desktop.domain.status import Failure
from rag_desktop.services.embedding import EmbeddingLine
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.services.reading import FileToRead, ReadingLine, file_name, reader_version
from rag_desktop.services.scanning import FormatOf, Found, Plan, plan, single_file, walk
from rag_desktop.services.tasks import Task
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child

DEFAULT_CHUNKER = "leaves"


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


@dataclass(slots=True)
class Scan:
    """What one look at a folder found, and what is to be done."""

    folder: FolderRow
    plan: Plan
    failures: list[Failure] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


class Indexing:
    """Indexes the folders of one library. One run at a time, on the writing lane."""

    def __init__(
        self, library: Library, readers: Sequence[Child], embedder: Embedder | None, format_of: FormatOf
    ) -> None:
        self._library = library
        self._readers = readers
        self._embedder = embedder
        self._format_of = format_of
        self._space: SpaceRow | None = None
        self._neighbours: Neighbours | None = None

    def register(self, paths: Iterable[str]) -> list[FolderRow]:
        """Make folders or single files part of the library. Raises UserFacingError `path-missing`."""
        absolute = [os.path.abspath(path) for path in paths]
        for path in absolute:
            if not os.path.exists(path) and self._library.folders.at(path) is None:
                raise UserFacingError("path-missing", path=path)
        with self._library.transaction():
            return [self._register(path) for path in absolute]

    def _register(self, path: str) -> FolderRow:
        is_file = not os.path.isdir(path) and os.path.exists(path)
        known = self._library.folders.at(path)
        row = self._library.folders.add(
            path, is_file=known.is_file if known and not os.path.exists(path) else is_file, chunker=DEFAULT_CHUNKER
        )
        for above in self._library.folders.all():
            if above.id != row.id and is_inside(path, above.path):
                for document in self._library.documents.of_folder(above.id):
                    if is_inside(document.file.path, path):
                        self._library.documents.own(document.id, row.id)
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

    def read(self, folders: Sequence[FolderRow], task: Task) -> Sequence[Scan]:
        """Scan and read: every readable document answers keyword queries when this returns."""
        scans = [self._scan(folder, task) for folder in folders]
        self._apply(scans)
        self._read(scans, task)
        return scans

    def live_index(self, key: str) -> HnswIndex | None:
        """The index that follows each commit, for searching in the same process."""
        if self._space is None or self._neighbours is None or self._space.key != key:
            return None
        return self._neighbours.index

    def _scan(self, folder: FolderRow, task: Task) -> Scan:
        def at(count: int, where: str) -> None:
            task.at(Stage.SCANNING, 0, count, where)

        try:
            found = self._found(folder, at)
        except UserFacingError as error:
            if error.code == "folder-away":
                self._library.folders.away(folder.id)
            return Scan(folder, Plan(), [Failure(folder.path, error)])
        task.check()
        known = list(self._library.documents.of_folder(folder.id))
        if known and found.is_bare:
            self._library.folders.away(folder.id)
            return Scan(folder, Plan(), [Failure(folder.path, UserFacingError("folder-away", path=folder.path))])
        failures = [Failure(path, UserFacingError("folder-forbidden", path=path)) for path in found.unreadable]
        return Scan(folder, plan(found, known, reader_version(folder.chunker), task.check), failures, found.skipped)

    def _found(self, folder: FolderRow, at: Callable[[int, str], None]) -> Found:
        if folder.is_file:
            return Found([single_file(folder.path)])
        others = [other.path for other in self._library.folders.all() if other.id != folder.id]
        own = str(self._library.folder)
        return walk(folder.path, self._format_of, excluded=[*others, own], at=at)

    def _apply(self, scans: Iterable[Scan]) -> None:
        """What needs no reading: files that moved, were touched, or are gone."""
        documents = self._library.documents
        for scan in scans:
            with self._library.transaction():
                for document, file in scan.plan.moved:
                    self._forget_at(file.path)
                    documents.move(document, scan.folder.id, file)
                    known = documents.get(document)
                    documents.name_words(document, file_name(file.path), known.title if known else None)
                for document, file in scan.plan.touched:
                    documents.touch(document, file)
                for document in scan.plan.gone:
                    self._library.chunks.forget(document)
                    documents.forget(document)

    def _forget_at(self, path: str) -> None:
        """Drop what a folder that was removed but not yet purged left at a path that is taken again."""
        stale = self._library.documents.at(path)
        if stale:
            self._library.chunks.forget(stale.id)
            self._library.documents.forget(stale.id)

    def _read(self, scans: Sequence[Scan], task: Task) -> None:
        items = [FileToRead(scan.folder.id, file, scan.folder.chunker) for scan in scans for file in scan.plan.read]
        if items:
            line = ReadingLine(self._library, self._readers)
            line.run(items, len(items), task, lambda: None)
        with self._library.transaction():
            for scan in scans:
                if not any(failure.error.code == "folder-away" for failure in scan.failures):
                    self._library.folders.scanned(scan.folder.id)
        for scan in scans:
            task.publish(FolderChanged(task.id, scan.folder.id))

    def embed(
        self, task: Task, give_way: Callable[[], bool] = lambda: False
    ) -> tuple[Mapping[FolderId, int], UserFacingError | None]:
        """Embed what is pending, in all folders, or until `give_way`. Returns how many leaves of each folder were.

        A failing embedder leaves keyword search as it is, and is told.
        """
        if self._embedder is None:
            return {}, UserFacingError("embedder-missing")
        space, neighbours = self._space_and_neighbours(self._embedder)
        neighbours.follow()
        line = EmbeddingLine(self._library, self._embedder.child, neighbours, space)
        error: UserFacingError | None = None
        try:
            if self._library.vectors.pending_count(space.id):
                line.run(task, give_way)
        except UserFacingError as failure:
            error = failure
        finally:
            neighbours.snapshot()
        return line.tally.embedded_by_folder, error

    def _space_and_neighbours(self, embedder: Embedder) -> tuple[SpaceRow, Neighbours]:
        if self._space is None or self._neighbours is None:
            with self._library.transaction():
                self._space = self._library.vectors.space(embedder.key, embedder.model, embedder.dimension)
            self._neighbours = Neighbours(self._library, self._space)
        return self._space, self._neighbours

    def _report(self, scan: Scan, embedded: Mapping[FolderId, int]) -> FolderReport:
        counts = self._library.folders.counts(scan.folder.id)
        failed = [
            Failure(row.file.path, row.error)
            for row in self._library.documents.of_folder(scan.folder.id)
            if row.error is not None
        ]
        return FolderReport(
            scan.folder.path,
            counts.documents,
            counts.passages,
            embedded.get(scan.folder.id, 0),
            (*scan.failures, *failed),
            dict(scan.skipped),
        )


def is_inside(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies below it; both absolute."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
