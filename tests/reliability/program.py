"""The program under stress, in a process of its own: the real composition, told what to do over a pipe, killed at will.

Stress.ask sends (name, arguments) and gets what the method of that name returned, or what it raised.
"""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from rag_desktop import app
from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.events import DocumentStored, Event
from rag_desktop.domain.messages import EmbedRequest, ReadRequest
from rag_desktop.files import walking
from rag_desktop.files.walking import outermost
from rag_desktop.services import library as libraries
from rag_desktop.services import storing
from rag_desktop.services.indexing import Indexing
from rag_desktop.services.neighbours import exact_index
from rag_desktop.services.opening import open_writer
from rag_desktop.services.tasks import Task
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child
from tests.reliability.mutants import MUTANTS

EDIT = "edit"
"""What the program says while it works: now is the moment to change files; it goes on when it gets an answer."""
_SAMPLES = 6


@dataclass(frozen=True)
class Beginning:
    """How a program is started. environment: variables of the process. version: of reading."""

    place: Path
    environment: Mapping[str, str]
    mutant: str | None = None
    version: int = storing.READING_VERSION


@dataclass(frozen=True)
class Fate:
    """What befalls the next work: each a number of statements, requests or documents after which it does; 0 is never.

    kill: of the whole program; after a time that is not its own where negative. stop: as by the person. kill_child:
    whichever got that request. edit: files change. kill_at_snapshot: when a new file of the index is to be recorded.
    """

    kill: int = 0
    stop: int = 0
    kill_child: int = 0
    edit: int = 0
    kill_at_snapshot: bool = False


@dataclass
class Notes:
    """What a look did. opened: files that this process opened itself. embedded: digests of texts."""

    read: list[str] = field(default_factory=list)
    embedded: list[bytes] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    was_stopped: bool = False
    statements: int = 0
    """Of SQL."""


@dataclass(frozen=True)
class IndexLook:
    """The index that follows the commits in the program. nearest: scores of sampled searches, of it and of exact."""

    labels: frozenset[int]
    nearest: list[tuple[list[float], list[float]]]
    likeness: float
    """The least cosine of a vector in the index and the one that is stored."""


class Served:
    """What can be asked of the program."""

    def __init__(self, beginning: Beginning, pipe: Connection) -> None:
        self._pipe = pipe
        self._notes = Notes()
        self._fate = Fate()
        self._counts = {"statement": 0, "request": 0, "document": 0}
        self._task = Task(self._happened)
        self._broken: set[tuple[int, int]] = set()
        self._foreign: set[str] = set()
        self._base = "\0"
        self._library: Library | None = None
        self._indexing: Indexing | None = None
        self._program = app.build(beginning.place)
        storing.READING_VERSION = beginning.version
        setattr(walking, "os", _Os(self))  # noqa: B010 - it is a module that is replaced
        self._watch_children()
        sys.addaudithook(self._on_audit)
        if beginning.mutant:
            MUTANTS[beginning.mutant].apply()

    # what can be asked

    def open(self, place: Path, base: str, fate: Fate) -> list[str]:
        """Open a library as the program does at its start. Returns the codes of what had to be mended."""
        self._base, self._fate = base, fate
        self._library, recovered = open_writer(place)
        self._library.connection.exec_trace = self._on_statement
        libraries.purge(self._library)
        self._indexing = self._program.indexing(self._library)
        return [each.error.code for each in recovered]

    def close(self) -> None:
        """Close the library; the children live on."""
        self.library.close()

    def end(self) -> None:
        """Close everything."""
        if self._library:
            self._library.close()
        self._program.close()

    def register(self, paths: list[str]) -> None:
        self.indexing.register(paths)

    def remove(self, path: str) -> None:
        libraries.mark_removed(self.library, path)

    def undo_remove(self, path: str) -> None:
        row = self.library.folders.at(path)
        assert row
        libraries.restore(self.library, row)

    def pause(self, path: str, paused: bool) -> None:
        libraries.pause(self.library, path, paused=paused)

    def set_patterns(self, path: str, patterns: str) -> None:
        libraries.set_patterns(self.library, path, patterns)

    def hide(self, folders: set[tuple[int, int]], foreign: set[str]) -> None:
        """Folders, by device and inode, whose entries cannot be listed; and roots that lie on another device now."""
        self._broken, self._foreign = folders, foreign

    def look(self, touched: Iterable[str] | None, apart: list[str], fate: Fate) -> Notes:
        """Look, read and embed. touched: paths that a watcher named, a folder's own for all of it; None is all folders.

        apart: paths of folders that are looked at one after another instead of together.
        """
        self._notes, self._fate, self._task = Notes(), fate, Task(self._happened)
        self._counts = dict.fromkeys(self._counts, 0)
        rows = self.library.folders.all()
        below = None
        if touched is not None:
            changed = _by_folder(rows, touched)
            rows = [row for row in rows if row.path in changed]
            below = {
                row.id: frozenset(outermost(changed[row.path])) for row in rows if row.path not in changed[row.path]
            }
        try:
            for row in [row for path in apart for row in rows if row.path == path]:
                self.indexing.read([row], self._task, below)
            if not apart:
                self.indexing.read(rows, self._task, below)
            _, error = self.indexing.embed(self._task)
            if error:
                raise error
        except Cancelled:
            self._notes.was_stopped = True
        self._fate = Fate()
        self._notes.statements = self._counts["statement"]
        return self._notes

    def index(self) -> IndexLook:
        """Look at the index in memory and compare it with the stored vectors."""
        _, neighbours = self.indexing._space_and_neighbours(self._program.embedder.embedder)  # type: ignore[union-attr]
        exact, index = exact_index(self.library, neighbours.space), neighbours.index
        both = sorted(index.labels & self.library.vectors.chunk_ids(neighbours.space.id))
        stored = dict(zip(exact._labels.tolist(), exact._vectors, strict=True))
        likeness = min((float(np.dot(made, stored[label])) for label, made in
                        zip(both, index.vectors(both), strict=True)), default=1.0)  # fmt: skip
        step = max(1, len(exact) // _SAMPLES)
        nearest = [
            tuple([score for _, score in each.search(vector, 5)] for each in (index, exact))
            for vector in exact._vectors[::step]
        ]
        return IndexLook(index.labels, nearest, likeness)  # type: ignore[arg-type]

    # what befalls it

    @property
    def library(self) -> Library:
        assert self._library
        return self._library

    @property
    def indexing(self) -> Indexing:
        assert self._indexing
        return self._indexing

    def _on_statement(self, _: Any, sql: str, __: Any) -> bool:
        self._counts["statement"] += 1
        is_snapshot = self._fate.kill_at_snapshot and sql.startswith("INSERT OR REPLACE INTO snapshots")
        if is_snapshot or self._counts["statement"] == self._fate.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._counts["statement"] == self._fate.stop:
            self._task.stop()
        return True

    def _happened(self, event: Event) -> None:
        if isinstance(event, DocumentStored):
            self._counts["document"] += 1
            if self._counts["document"] == self._fate.edit:
                self._pipe.send((EDIT, None))
                self._pipe.recv()

    def _watch_children(self) -> None:
        real = Child.submit

        def submit(child: Child, payload: Any, *rest: Any, **named: Any) -> int:
            number = real(child, payload, *rest, **named)
            if isinstance(payload, ReadRequest):
                self._notes.read.append(payload.path)
            elif isinstance(payload, EmbedRequest) and not payload.is_query:
                self._notes.embedded += [blake2b(text.encode(), digest_size=16).digest() for text in payload.texts]
            self._counts["request"] += 1
            if self._counts["request"] == self._fate.kill_child and child.pid:
                os.kill(child.pid, signal.SIGKILL)
            return number

        Child.submit = submit  # type: ignore[method-assign, assignment]

    def _on_audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(self._base):
            self._notes.opened.append(arguments[0])

    def scandir(self, path: str) -> Any:
        """As `os.scandir`, of a disk that may be broken."""
        status = os.stat(path)
        if (status.st_dev, status.st_ino) in self._broken:
            raise OSError(5, "Input/output error", path)
        return os.scandir(path)

    def placed(self, path: str, status: os.stat_result) -> os.stat_result:
        """What the system says of a file, on the device where it is meant to be."""
        if not walking.is_within(path, self._foreign):
            return status
        times = {name: getattr(status, name) for name in ("st_atime_ns", "st_mtime_ns", "st_ctime_ns")}
        return os.stat_result((*status[:2], status.st_dev + 1, *status[3:]), times)


class _Os:
    """The module `os` for walks, with disks that break and drives that come and go."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self.scandir = served.scandir

    def stat(self, path: str) -> os.stat_result:
        return self._served.placed(path, os.stat(path))

    def lstat(self, path: str) -> os.stat_result:
        return self._served.placed(path, os.lstat(path))

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def _by_folder(rows: Iterable[FolderRow], touched: Iterable[str]) -> dict[str, set[str]]:
    """As Vigil does: each path with the innermost folder that holds it."""
    changed: dict[str, set[str]] = {}
    roots = [row.path for row in rows]
    for path in touched:
        above = [root for root in roots if walking.is_within(path, [root])]
        if above:
            changed.setdefault(max(above, key=len), set()).add(path)
    return changed


def serve(beginning: Beginning, pipe: Connection) -> None:
    """The process: until the pipe is closed or `end` is asked for."""
    os.environ.update(beginning.environment)
    logging.disable(logging.WARNING)  # a damaged index is told there, and is meant to be
    served = Served(beginning, pipe)
    name = ""
    while name != "end":
        try:
            name, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(("done", getattr(served, name)(*arguments)))
        except UserFacingError as error:
            pipe.send(("refused", error))
        except BaseException:
            pipe.send(("failed", traceback.format_exc()))
            raise
