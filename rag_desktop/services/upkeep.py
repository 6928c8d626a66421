"""Keeps the library in step with its folders: the writing lane, what is asked of it, and what it notices itself."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rag_desktop.domain.care import At, unwatched
from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.events import FolderRegistered, FolderRemoved, IndexingHeld, LibraryLooked
from rag_desktop.domain.ids import FolderId, TaskId
from rag_desktop.services import care
from rag_desktop.services import library as libraries
from rag_desktop.services.holdings import Holdings
from rag_desktop.services.indexing import Indexing, IndexingReport
from rag_desktop.services.lanes import Lane, Once
from rag_desktop.services.looking import Asked, Looks
from rag_desktop.services.program import Program
from rag_desktop.services.room import Room
from rag_desktop.services.tasks import Publish, Task
from rag_desktop.services.vigil import Vigil
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
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
        self._pausing = threading.Lock()
        self._once = Once(self.lane, self._write)
        self._looks = Looks()
        self._removed: dict[FolderId, float] = {}
        self._vigil = Vigil(program.settings, self._noticed, self._look_again, self._tidy)

    def start(self) -> TaskId:
        """Open the library, look again at all its folders, and from then on notice what changes in them."""
        opened = self._ask(list)  # opening makes all folders be looked at
        self._once(self._purge)
        return opened

    def add(self, path: str) -> TaskId:
        """Index a folder or file: searchable by keyword first, by meaning when its turn comes."""

        def register(task: Task) -> None:
            (row,) = self._program.indexing(self._holdings.beside()).register([path])
            task.publish(FolderRegistered(indexing, row.id, row.path))
            self.touch(row.path)

        indexing = self._ask(lambda: self._registered([path]))
        self._searching.submit(register, first=True)
        return indexing

    def rescan(self, paths: Sequence[str] | None = None) -> TaskId:
        """Look again at these folders, or at all; at those that were left, too."""

        return self._ask(lambda: self._taken_up(self._folders(paths)))

    def index(
        self,
        paths: Sequence[str],
        follow: Publish,
        report: Callable[[IndexingReport], None],
        chunker: str | None = None,
    ) -> TaskId:
        """Index folders or files to the end in one task, for a command line beside the window.

        follow: told all events of the task. report: given what it did, before it ends. chunker: as `register` has it.
        """

        def act(task: Task) -> None:
            folders = self._registered(paths, chunker)
            for row in folders:
                task.publish(FolderRegistered(task.id, row.id, row.path))
            self._watched()
            with self._ending():
                report(self._opened().run(folders, task))

        return self._write(act, follow)

    def remove(self, path: str) -> TaskId:
        """Take a folder out of all results; `undo_remove` takes that back for some minutes."""

        def act(task: Task) -> None:
            self._take_out(libraries.mark_removed(self._holdings.beside(), path), task)
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
                self._take_out(row, task)
            self._settle(task)

        return self._searching.submit(act, follow=follow)

    def undo_remove(self, path: str) -> TaskId:
        """Bring a removed folder back as it was."""

        def act(task: Task) -> None:
            row = self._holdings.beside().folders.at(path)
            if row is None:
                raise UserFacingError("folder-unknown", path=path)
            self._removed.pop(row.id, None)
            libraries.restore(self._holdings.beside(), row)
            self._settle(task)
            self.rescan([path])  # it may have changed while nobody looked

        return self._searching.submit(act)

    def retry(self, paths: Sequence[str], follow: Publish | None = None) -> TaskId:
        """Read documents again that could not be read, though they did not change."""

        def failed() -> list[FolderRow]:
            self._opened()
            return self._taken_up(libraries.forget_failures(self._holdings.writer(), paths))

        return self._ask(failed, follow=follow)

    def ignore(self, paths: Sequence[str], *, ignored: bool = True, follow: Publish | None = None) -> TaskId:
        """Say no more of these failures until their files change, or speak of them again."""

        def act(task: Task) -> None:
            libraries.ignore_failures(self._holdings.beside(), paths, ignored=ignored)
            self._look(task)

        return self._searching.submit(act, follow=follow)

    # how indexing goes

    def pause(self, *, paused: bool) -> None:
        """Hold all indexing, or let it go on."""
        with self._pausing:
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
        return self._change(path, lambda library: libraries.set_patterns(library, path, patterns), follow)

    def set_chunker(self, path: str, chunker: str, follow: Publish | None = None) -> TaskId:
        """Cut a folder's documents by another scheme (text.schemes): they are read again."""
        return self._change(path, lambda library: libraries.set_chunker(library, path, chunker), follow)

    def _change(self, path: str, change: Callable[[Library], object], follow: Publish | None) -> TaskId:
        def act(task: Task) -> None:
            change(self._holdings.beside())
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
            self._once(self._embed)

    def live_index(self, key: str) -> HnswIndex | None:
        """The index of a space that is being written here, which follows each commit."""
        return self._indexing.live_index(key) if self._indexing else None

    def close(self) -> None:
        """Notice nothing more. The lane is closed with the others."""
        self._vigil.close()

    # the lane's work

    def _write(self, job: Callable[[Task], None], follow: Publish | None = None) -> TaskId:
        with self._pausing:
            task = self.lane.submit(job, follow=follow)
            waiting = self.lane.task(task)
            if self._is_paused and waiting:
                waiting.pause()
        return task

    def _opened(self, at: At = unwatched) -> Indexing:
        library = self._holdings.writer(at)
        if self._indexing is None:
            self._indexing = self._program.indexing(library)
            self._vigil.begin(Room(library.folder), self._program.own_places)
            self._looks.again([row.path for row in library.folders.all()])
        return self._indexing

    def _registered(self, paths: Sequence[str], chunker: str | None = None) -> list[FolderRow]:
        return self._taken_up(self._opened().register(paths, chunker))

    def _taken_up(self, folders: list[FolderRow]) -> list[FolderRow]:
        for row in folders:
            self._opened().take_up(row.id)
        return folders

    def _take_out(self, row: FolderRow, task: Task) -> None:
        if self._indexing:
            self._indexing.leave(row.id)
        self._removed[row.id] = time.monotonic()
        task.publish(FolderRemoved(task.id, row.id, row.path))

    def _folders(self, paths: Sequence[str] | None) -> list[FolderRow]:
        self._opened()
        library = self._holdings.writer()
        return library.folders.all() if paths is None else [libraries.folder_at(library, path) for path in paths]

    def _ask(self, folders: Callable[[], list[FolderRow]], follow: Publish | None = None) -> TaskId:
        """Have folders looked at, and what they need read. The look does not wait until a reading before it is over."""
        asked = self._looks.ask(folders)
        task = self._write(lambda task: self._fulfil(asked, task), follow)
        waiting = self.lane.task(task)
        if waiting:
            waiting.when_stopped(lambda: self._unwanted(asked))
        return task

    def _unwanted(self, asked: Asked) -> None:
        """A task was stopped, perhaps before its turn: what it brought upon the agenda is not read for now."""
        self._looks.forget(asked)
        if self._indexing:
            for row in asked.looked:
                self._indexing.drop(row.id)

    def _fulfil(self, asked: Asked, task: Task) -> None:
        try:
            self._opened(task.at)
        except UserFacingError:
            self._looks.forget(asked)
            raise
        try:
            self._read(task)
        except Cancelled:
            self._unwanted(asked)
            raise
        if asked.error:
            self._vigil.met(asked.error)
            raise asked.error

    def _read(self, task: Task) -> None:
        """Look at whatever waits to be looked at, and read; what comes to be looked at meanwhile is, too."""

        def look() -> None:
            if self._looks.is_waiting:
                self._looks.take(self._opened(), self._watched, task)

        with self._ending():
            look()
            self._opened().read_on(task, look)

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """What follows a reading, however it ended: what was read is embedded, what was noticed is not forgotten."""
        try:
            yield
            self._keep_safe()
        except UserFacingError as error:
            self._vigil.met(error)
            raise
        finally:
            self._once(self._embed)
            self._searching.submit(self._settle)
            if self._looks.is_noticed:
                self._once(self._read)

    def _watched(self) -> list[FolderRow]:
        folders = self._holdings.writer().folders.all()
        self._vigil.follow(folders, _FOLLOWING_S)
        return folders

    def _embed(self, task: Task) -> None:
        """Embed until other work waits; the rest is queued behind that work."""
        if self._indexing is None or self._program.embedder is None:
            return
        try:
            _, error = self._indexing.embed(task, lambda: self.lane.is_wanted, is_last=False)
            if self.lane.is_wanted:
                self._once(self._embed)
            else:
                care.compact(self._holdings.writer(), lambda: self.lane.is_wanted or task.is_stopped)
            self._keep_safe()
            if error:
                raise error
        except UserFacingError as error:
            self._vigil.met(error)
            raise
        finally:
            self.look()

    def _keep_safe(self) -> None:
        """Copy what could not be made again: the list of folders and spaces, and the settings."""
        self._program.safe.folders(self._holdings.writer(), now=True)
        self._program.safe.settings()

    def _tidy(self) -> None:
        """Delete the rows of folders that were removed a while ago."""
        now = time.monotonic()
        due = [folder for folder, since in list(self._removed.items()) if now - since >= _UNDO_S]
        for folder in due:
            self._removed.pop(folder, None)
        if due:
            self._once(self._purge)

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

    def _noticed(self, changed: Mapping[FolderId, set[str]]) -> None:
        """Paths that may have changed: they are looked at in one job, however many notices come before its turn."""
        self._looks.notice(changed)
        self._once(self._read)

    def _look_again(self, paths: Sequence[str]) -> None:
        """Look at folders without being asked; what was left of them stays so."""
        self._looks.again(paths)
        self._once(self._read)

    def _settle(self, task: Task) -> None:
        """Publish how the library stands, and watch the folders it has now."""
        self._vigil.follow(self._holdings.beside().folders.all())
        self._look(task)

    def _look(self, task: Task) -> None:
        embedders, models = self._program.embedders, self._program.models.list()
        task.publish(LibraryLooked(task.id, libraries.status(self._holdings.beside(), embedders, models)))
