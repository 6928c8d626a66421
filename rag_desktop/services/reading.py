"""Reads files through a few reader children and stores each document as it comes: searchable by keyword at once."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

from rag_desktop.domain.documents import ChunkDraft
from rag_desktop.domain.errors import Argument, UnreadableError, UserFacingError
from rag_desktop.domain.events import DocumentFailed, DocumentStored, Stage
from rag_desktop.domain.messages import ReadChunks, ReadHead, ReadRequest, StillReading
from rag_desktop.services.agenda import Agenda, FileToRead
from rag_desktop.services.bounds import Bounds
from rag_desktop.services.estimate import Estimate
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child, ChildBugError, Failed, Replies, Reply
from rag_desktop.workers.serving import Part

READING_VERSION = 1
"""Raised when readers or the chunker change what they make of a file; such documents are read again."""

_ATTEMPTS = 2
_BYTES_PER_SECOND = 250_000
_LOOK_S = 0.2
_PASSING = {"file-missing", "file-forbidden", "reader-bug"}
"""Reasons that may be gone at the next look though the file did not change."""
_CHILD_TROUBLES = {
    "child-died": "reader-died",
    "child-deadline": "reader-deadline",
    "child-memory": "reader-memory",
}


@dataclass(slots=True)
class _Read:
    """A document as its messages come."""

    head: ReadHead
    chunks: list[ChunkDraft] = field(default_factory=list)


@dataclass(slots=True)
class _InHand:
    item: FileToRead
    since: float


def reader_version(chunker: str) -> str:
    """What a document row remembers of how it was read."""
    return f"{READING_VERSION}/{chunker}"


class ReadingLine:
    """Feeds reader children and writes what they bring, one transaction a document."""

    def __init__(self, library: Library, readers: Iterable[Child], agenda: Agenda, bounds: Bounds) -> None:
        self._library = library
        self._readers = list(readers)
        self._agenda = agenda
        self._bounds = bounds
        self._estimate = Estimate()
        self._replies: Replies = SimpleQueue()
        self._in_hand: dict[tuple[Child, int], _InHand] = {}
        self._read: dict[tuple[Child, int], _Read] = {}

    def run(self, task: Task) -> None:
        """Read all that is on the agenda. Raises Cancelled after `stop`, and UserFacingError `disk-low`.

        What is in hand then is read again another time.
        """
        try:
            self._run(task)
        finally:
            for child, number in self._in_hand:
                child.stop(number)  # what a stopped run leaves must not keep the next one waiting

    def _run(self, task: Task) -> None:
        idle = deque(self._readers)
        done, clock = 0, _Stopwatch()
        while True:
            self._bounds.room.check()
            while idle and (item := self._agenda.next()):
                self._submit(idle.popleft(), item)
            if not self._in_hand:
                return
            clock.leave_out(task.check)
            try:
                reply = self._replies.get(timeout=_LOOK_S)
            except Empty:
                continue
            if isinstance(reply.message, Part):
                self._collect(reply.child, reply.number, reply.message.payload)
                continue
            idle.append(reply.child)
            work = self._in_hand[reply.child, reply.number]
            again = self._finish(reply, task)
            if again:
                self._agenda.again(again)
                continue
            done += 1
            self._estimate.read(work.item.format, work.item.file.size, time.monotonic() - work.since)
            clock.leave_out(lambda: self._bounds.power.rest(task, clock.lap()))
            left = self._estimate.seconds_left(clock.seconds, self._agenda.sizes())
            task.at(Stage.READING, done, max(done, self._agenda.total), work.item.file.path, left)

    def _submit(self, child: Child, item: FileToRead) -> None:
        deadline = self._bounds.caps.seconds + item.file.size / _BYTES_PER_SECOND
        request = ReadRequest(item.file.path, item.chunker, self._bounds.caps.bytes)
        number = child.submit(request, self._replies, deadline_s=deadline)
        self._in_hand[child, number] = _InHand(item, time.monotonic())

    def _collect(self, child: Child, number: int, part: StillReading | ReadHead | ReadChunks) -> None:
        if isinstance(part, ReadHead):
            self._read[child, number] = _Read(part)
        elif isinstance(part, ReadChunks):
            self._read[child, number].chunks.extend(part.chunks)

    def _finish(self, reply: Reply, task: Task) -> FileToRead | None:
        """Store the outcome of one file; or hand it back where its reader was lost for the first time."""
        key = reply.child, reply.number
        work, read = self._in_hand.pop(key), self._read.pop(key, None)
        if read is not None and not isinstance(reply.message, Failed):
            self._store(work.item, read, task)
            return None
        error = reply.message.error if isinstance(reply.message, Failed) else ChildBugError("a reader said nothing")
        if isinstance(error, UserFacingError) and error.code in _CHILD_TROUBLES and work.item.attempt < _ATTEMPTS:
            return replace(work.item, attempt=work.item.attempt + 1)
        self._store_failure(work.item, _reason(error, work.item.file.path), task)
        return None

    def _store(self, item: FileToRead, found: _Read, task: Task) -> None:
        library, read, reading = self._library, found.head.read, found.head.read.reading
        with library.transaction():
            version = reader_version(item.chunker)
            document = library.documents.put(item.folder, item.file, read.sha256, version)
            library.documents.set_reading(document, reading, found.head.packed_runs)
            library.documents.name_words(document, file_name(item.file.path), reading.metadata.title)
            library.chunks.replace(document, reading.text, found.chunks)
        task.publish(DocumentStored(task.id, document))

    def _store_failure(self, item: FileToRead, error: UserFacingError, task: Task) -> None:
        """Keep the reason. What an earlier reading of the same path left is no longer true, and goes.

        Unless the file only cannot be opened now, as one that another program keeps to itself: then it stays.
        """
        library = self._library
        known = library.documents.at(item.file.path) if error.code in _PASSING else None
        if known and known.sha256 is not None:
            with library.transaction():
                library.documents.outdate(known.id)
            task.publish(DocumentFailed(task.id, item.file.path, error.code))
            return
        with library.transaction():
            version = "" if error.code in _PASSING else reader_version(item.chunker)
            document = library.documents.put(item.folder, item.file, None, version)
            library.chunks.forget(document)
            library.documents.clear_reading(document)
            library.documents.set_error(document, error.code, error.arguments)
        task.publish(DocumentFailed(task.id, item.file.path, error.code))


class _Stopwatch:
    """Seconds of work, without those of pauses and rests."""

    def __init__(self) -> None:
        self._began = self._lapped = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def lap(self) -> float:
        """Seconds since the last lap."""
        before, self._lapped = self._lapped, time.monotonic()
        return self._lapped - before

    def leave_out(self, act: Callable[[], None]) -> None:
        """Do something that is no work."""
        before = time.monotonic()
        act()
        idle = time.monotonic() - before
        self._began += idle
        self._lapped += idle


def _reason(error: Exception, path: str) -> UserFacingError:
    if isinstance(error, UnreadableError):
        return error
    if isinstance(error, UserFacingError):
        return UnreadableError(_CHILD_TROUBLES.get(error.code, error.code), path=path)
    lines = str(error).strip().splitlines() or [""]
    arguments: dict[str, Argument] = {"path": path, "report": lines[-1][:300]}
    return UnreadableError("reader-bug", **arguments)


def file_name(path: str) -> str:
    """The last part of a path, of either kind of slash."""
    return path.replace("\\", "/").rsplit("/", 1)[-1].encode("utf-8", "replace").decode("utf-8")
