"""Keeps the library in step with its folders: the writing lane, what is asked of it, and what it notices itself."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from rag_desktop.domain.care import At, unwatched
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import FolderRegistered, FolderRemoved, IndexingHeld, LibraryLooked
from rag_desktop.domain.ids import FolderId, TaskId
from rag_desktop.files.walking import outermost
from rag_desktop.services import care
from rag_desktop.services import library as libraries
from rag_desktop.services.holdings import Holdings
from rag_desktop.services.indexing import Indexing, IndexingReport
from rag_desktop.services.lanes import Lane
from rag_desktop.services.program import Program
from rag_desktop.services.room import Room
from rag_desktop.services.scanning import Below
from rag_desktop.services.tasks import Publish, Task
from rag_desktop.services.vigil import Vigil
from rag_desktop.store.folders import FolderRow
from rag_desktop.vectors.index import HnswIndex

_FOLLOWING_S = 30.0
"""How long a look waits for its folders to be watched: 20 µs for each folder in them."""
_UNDO_S = 600.0
"""How long a removed folder can be brought back before its rows are deleted."""


class Upkeep:
    """What can be asked of the library's contents. Every call returns at once; what comes of it is published."""

    def __init__(self, program: Program, holdings: Holdings, publish: Publish, searching: Lane) -> None:
        """searching: the lane for small writes, which must not wait for long ones."""
        self._program = program
        self._holdings = holdings
        self._publish = publish
        self._searching = searching
        self.lane = Lane("writing", publish)
        self._indexing: Indexing | None = None
        self._is_paused = False
        self._due = threading.Lock()
        self._queued: dict[str, TaskId] = {}
        self._changed: dict[FolderId, set[str]] = {}
        self._wanted: set[str] = set()
        self._removed: dict[FolderId, float] = {}
        self._vigil = Vigil(program.settings, self._noticed, self._look_again, self._tidy)

    def start(self) -> TaskId:
        """Open the library, look again at all its folders, and from then on notice what changes in them."""
        return self._write(self._open)

    def add(self, path: str) -> TaskId:
        """Index a folder or file: searchable by keyword first, by meaning when its turn comes."""

        def register(task: Task) -> None:
            (row,) = self._program.indexing(self._holdings.beside()).register([path])
            task.publish(FolderRegistered(indexing, row.id, row.path))
            self.touch(row.path)

        indexing = self._write(lambda task: self._index(task, self._registered([path])))
        self._searching.submit(register, first=True)
        return indexing

    def rescan(self, paths: Sequence[str] | None = None) -> TaskId:
        """Look again at these folders, or at all; at those that were left, too."""

        def act(task: Task) -> None:
            folders = self._folders(paths)
            for row in folders:
                self._opened().take_up(row.id)
            self._index(task, folders)

        return self._write(act)

    def index(self, paths: Sequence[str], follow: Publish, report: Callable[[IndexingReport], None]) -> TaskId:
        """Index folders or files to the end in one task, for a command line beside the window.

        follow: told all events of the task. report: given what it did, before it ends.
        """

        def act(task: Task) -> None:
            folders = self._registered(paths)
            for row in folders:
                task.publish(FolderRegistered(task.id, row.id, row.path))
            self._watch_first()
            report(self._opened().run(folders, task))
            self._settled()

        return self._write(act, follow)

    def remove(self, path: str) -> TaskId:
        """Take a folder out of all results; `undo_remove` takes that back for some minutes."""

        def act(task: Task) -> None:
            row = libraries.mark_removed(self._holdings.beside(), path)
            task.publish(FolderRemoved(task.id, row.id, row.path))
            self._removed[row.id] = time.monotonic()
            self._settle(task)

        return self._searching.submit(act)

    def remove_all(self, paths: Sequence[str], follow: Publish, report: Callable[[int], None]) -> TaskId:
        """As `remove`, for a command line beside the window. report: given how many documents that takes away."""

        def act(task: Task) -> None:
            library = self._holdings.beside()
            for path in paths:
                libraries.folder_at(library, path)  # all or none
            rows = [libraries.mark_removed(library, path) for path in paths]
            report(sum(libraries.documents_of(library, row) for row in rows))
            for row in rows:
                task.publish(FolderRemoved(task.id, row.id, row.path))
                self._removed[row.id] = time.monotonic()
            self._settle(task)

        return self._searching.submit(act, follow=follow)

    def undo_remove(self, path: str) -> TaskId:
        """Bring a removed folder back as it was."""

        def act(task: Task) -> None:
            row = self._holdings.beside().folders.at(path)
            if row is None:
                raise UserFacingError("folder-unknown", path=path)
            libraries.restore(self._holdings.beside(), row)
            self._removed.pop(row.id, None)
            self._settle(task)

        return self._searching.submit(act)

    def retry(self, paths: Sequence[str], follow: Publish | None = None) -> TaskId:
        """Read documents again that could not be read, though they did not change."""

        def act(task: Task) -> None:
            self._opened()
            self._index(task, libraries.forget_failures(self._holdings.writer(), paths))

        return self._write(act, follow)

    def ignore(self, paths: Sequence[str], *, ignored: bool = True, follow: Publish | None = None) -> TaskId:
        """Say no more of these failures until their files change, or speak of them again."""

        def act(task: Task) -> None:
            libraries.ignore_failures(self._holdings.beside(), paths, ignored=ignored)
            self._look(task)

        return self._searching.submit(act, follow=follow)

    # how indexing goes

    def pause(self, *, paused: bool) -> None:
        """Hold all indexing, or let it go on."""
        self._is_paused = paused
        for task in self.lane.tasks():
            if paused:
                task.pause()
            else:
                task.resume()
        self._publish(IndexingHeld(TaskId(0), paused))

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    def pause_folder(self, path: str, *, paused: bool, follow: Publish | None = None) -> TaskId:
        """Read and embed no more of a folder until this is taken back, whatever is started or found meanwhile."""

        def act(task: Task) -> None:
            row = libraries.pause(self._holdings.beside(), path, paused=paused)
            if self._indexing:
                (self._indexing.leave if paused else self._indexing.take_up)(row.id)
            self._settle(task)
            if not paused:
                self.rescan([path])

        return self._searching.submit(act, first=True, follow=follow)

    def leave(self, path: str) -> None:
        """Read and embed no more of a folder now. What was done stays; `rescan` goes on with it."""
        row = self._vigil.folder_at(path)
        if row and self._indexing:
            self._indexing.leave(row.id)

    def leave_all(self) -> None:
        """Stop what is being read and embedded. What was done stays; `rescan` goes on with it."""
        for path in self._vigil.paths if self._indexing else ():
            self.leave(path)  # embedding would begin with what was read
        for task in self.lane.tasks():
            task.stop()

    def touch(self, path: str) -> None:
        """Take up the folder that holds `path` first: the person has it in hand."""
        row = self._vigil.folder_above(path)
        if row and self._indexing:
            self._indexing.touch(row.id)

    def set_patterns(self, path: str, patterns: str, follow: Publish | None = None) -> TaskId:
        """Leave out of a folder what these lines of .gitignore syntax match, and look at it again."""

        def act(task: Task) -> None:
            libraries.set_patterns(self._holdings.beside(), path, patterns)
            self._settle(task)
            self.rescan([path])

        return self._searching.submit(act, follow=follow)

    def look(self) -> TaskId:
        """Publish how the library stands."""
        return self._searching.submit(self._look)

    # for the desk

    def take_up(self, program: Program) -> None:
        """Work with another program from now on: its models were changed."""
        before, self._program = self._program, program
        if self._holdings.is_writing and before.embedder is not program.embedder:
            self._write(self._take_up_embedder)
            self._embed_later()

    def live_index(self, key: str) -> HnswIndex | None:
        """The index of a space that is being written here, which follows each commit."""
        return self._indexing.live_index(key) if self._indexing else None

    def close(self) -> None:
        """Notice nothing more. The lane is closed with the others."""
        self._vigil.close()

    # the lane's work

    def _write(self, job: Callable[[Task], None], follow: Publish | None = None) -> TaskId:
        task = self.lane.submit(job, follow=follow)
        waiting = self.lane.task(task)
        if self._is_paused and waiting:
            waiting.pause()
        return task

    def _open(self, task: Task) -> None:
        self._opened(task.at)
        libraries.purge(self._holdings.writer())
        self._vigil.begin(Room(self._holdings.writer().folder), self._program.own_places)
        self._index(task, self._folders(None))

    def _opened(self, at: At = unwatched) -> Indexing:
        library = self._holdings.writer(at)
        if self._indexing is None:
            self._indexing = self._program.indexing(library)
        return self._indexing

    def _registered(self, paths: Sequence[str]) -> list[FolderRow]:
        indexing = self._opened()
        folders = indexing.register(paths)
        for row in folders:
            indexing.take_up(row.id)
        return folders

    def _folders(self, paths: Sequence[str] | None) -> list[FolderRow]:
        self._opened()
        library = self._holdings.writer()
        return library.folders.all() if paths is None else [libraries.folder_at(library, path) for path in paths]

    def _index(self, task: Task, folders: Iterable[FolderRow], below: Below | None = None) -> None:
        self._opened()
        self._watch_first()
        try:
            self._opened().read(list(folders), task, below)
        except UserFacingError as error:
            self._vigil.met(error)
            raise
        else:
            self._keep_safe()
        finally:  # what was read before a stop or a failure is embedded all the same
            self._embed_later()
            self._settled()

    def _watch_first(self) -> None:
        self._vigil.follow(self._holdings.writer().folders.all(), _FOLLOWING_S)

    def _once(self, job: Callable[[Task], None]) -> None:
        """Queue a job unless it is waiting already; one that was stopped before its turn waits no more."""

        def act(task: Task) -> None:
            with self._due:
                self._queued.pop(job.__name__, None)
            job(task)

        with self._due:
            waiting = self._queued.get(job.__name__)
            if waiting is None or self.lane.task(waiting) is None:
                self._queued[job.__name__] = self._write(act)

    def _embed_later(self) -> None:
        self._once(self._embed)

    def _embed(self, task: Task) -> None:
        """Embed until other work waits; the rest is queued behind that work."""
        if self._indexing is None or self._program.embedder is None:
            return
        _, error = self._indexing.embed(task, lambda: self.lane.is_wanted)
        if self.lane.is_wanted:
            self._embed_later()
        else:
            care.compact(self._holdings.writer(), lambda: self.lane.is_wanted or task.is_stopped)
        self._keep_safe()
        self.look()
        if error:
            self._vigil.met(error)
            raise error

    def _keep_safe(self) -> None:
        """Copy what could not be made again: the list of folders and spaces, and the settings."""
        self._program.safe.folders(self._holdings.writer(), now=True)
        self._program.safe.settings()

    def _tidy(self) -> None:
        """Delete the rows of folders that were removed a while ago."""
        now = time.monotonic()
        due = [folder for folder, since in list(self._removed.items()) if now - since >= _UNDO_S]
        for folder in due:
            del self._removed[folder]
        if due:
            self._write(self._purge)

    def _purge(self, task: Task) -> None:
        library = self._holdings.writer()
        kept = self._removed.keys()  # removed a moment ago
        libraries.purge(library, [row for row in library.folders.all(with_removed=True) if row.id not in kept])
        care.compact(library, lambda: self.lane.is_wanted or task.is_stopped)
        self._keep_safe()
        self.look()

    def _take_up_embedder(self, _task: Task) -> None:
        self._indexing = self._program.indexing(self._holdings.writer())

    # what is noticed

    def _noticed(self, changed: dict[FolderId, set[str]]) -> None:
        """Paths that may have changed: they are looked at in one job, however many notices come before its turn."""
        with self._due:
            for folder, paths in changed.items():
                self._changed.setdefault(folder, set()).update(paths)
        self._once(self._take_changes)

    def _take_changes(self, task: Task) -> None:
        with self._due:
            changed, self._changed = self._changed, {}
        rows = [row for row in self._folders(None) if row.id in changed]
        parts = {row.id: frozenset(outermost(changed[row.id])) for row in rows if row.path not in changed[row.id]}
        self._index(task, rows, parts)

    def _look_again(self, paths: Sequence[str]) -> None:
        """Look at folders without being asked; those that were left stay so."""
        with self._due:
            self._wanted.update(paths)
        self._once(self._take_wanted)

    def _take_wanted(self, task: Task) -> None:
        with self._due:
            wanted, self._wanted = self._wanted, set()
        self._index(task, [row for row in self._folders(None) if row.path in wanted])

    def _settled(self) -> None:
        self._searching.submit(self._settle)

    def _settle(self, task: Task) -> None:
        """Publish how the library stands, and watch the folders it has now."""
        self._vigil.follow(self._holdings.beside().folders.all())
        self._look(task)

    def _look(self, task: Task) -> None:
        task.publish(LibraryLooked(task.id, libraries.status(self._holdings.beside())))
