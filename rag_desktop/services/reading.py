"""Reads files through a few reader children and stores each document as it comes: searchable by keyword at once."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from rag_desktop.domain.errors import Argument, UnreadableError, UserFacingError
from rag_desktop.domain.events import Stage
from rag_desktop.domain.messages import ReadChunks, ReadHead, ReadRequest, StillReading
from rag_desktop.services.agenda import Agenda, FileToRead
from rag_desktop.services.bounds import Bounds
from rag_desktop.services.estimate import Estimate, InHand
from rag_desktop.services.storing import Read, Storing
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child, ChildBugError, Failed, Replies, Reply
from rag_desktop.workers.serving import Part

_ATTEMPTS = 2
_UNTIL_HEAD = {"pdf": 0.6}
_USUALLY_UNTIL_HEAD = 0.15
"""The part of reading a file that is over when its text is there."""
_STORING = 0.2
"""The part that remains when all its chunks are there; measured on manuals of some thousand pages."""
_SMALL = 1 << 18
_AT_ONCE = 3
"""Small files in one reader's hands, so that it never waits for the next; a large one is in its hands alone."""
_BYTES_PER_SECOND = 250_000
_LOOK_S = 0.2
_CHILD_TROUBLES = {
    "child-died": "reader-died",
    "child-deadline": "reader-deadline",
    "child-memory": "reader-memory",
}


@dataclass(slots=True)
class _InHand:
    item: FileToRead
    since: float
    share: float = 0.0
    """How much of it is done, as far as its reader says."""


class ReadingLine:
    """Feeds reader children and has what they bring written."""

    def __init__(self, library: Library, readers: Iterable[Child], agenda: Agenda, bounds: Bounds) -> None:
        self._library = library
        self._readers = list(readers)
        self._agenda = agenda
        self._bounds = bounds
        self._estimate = Estimate()
        self._replies: Replies = SimpleQueue()
        self._in_hand: dict[tuple[Child, int], _InHand] = {}
        self._read: dict[tuple[Child, int], Read] = {}
        self._storing = Storing(library)
        self._newest = ""
        self._trouble: Exception | None = None
        """What ended a reader last: all that was in its hands fails with the same."""

    def run(self, task: Task, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Read all that is on the agenda, and what comes upon it. Raises Cancelled and UserFacingError `disk-low`.

        While the task is paused nothing is handed out. meanwhile: called several times a second, paused or not. What is
        in hand when this ends early waits on the agenda again.
        """
        try:
            with task.regardless():
                self._run(task, meanwhile)
        finally:
            for child, number in self._in_hand:
                child.stop(number)  # what a stopped run leaves must not keep the next one waiting
            self._agenda.put_back()

    def _run(self, task: Task, meanwhile: Callable[[], None]) -> None:
        idle = deque(self._readers)
        clock = _Stopwatch()
        while True:
            task.check()
            clock.leave_out(meanwhile)
            is_held = task.is_paused or self._bounds.power.is_waiting
            if not is_held:
                self._bounds.room.check()
                self._hand_out(idle)
            if not self._in_hand and not len(self._agenda):
                return
            reply = self._next_reply()
            if reply is not None and not isinstance(reply.message, Part):
                if reply.child not in idle:
                    idle.append(reply.child)
                self._finish(reply)
            if is_held:
                clock.lap_out()
            if self._storing.is_due or self._replies.empty():
                if self._store(task):
                    clock.leave_out(lambda: self._bounds.power.rest(task, clock.lap()))
                if not is_held:
                    self._report(task, clock.seconds)

    def _hand_out(self, idle: deque[Child]) -> None:
        while idle and (item := self._agenda.next()):
            child = idle.popleft()
            self._submit(child, item)
            if item.file.size < _SMALL and not child.is_worn and self._handed(child) < _AT_ONCE:
                idle.append(child)

    def _report(self, task: Task, elapsed: float) -> None:
        now = time.monotonic()
        in_hand = [
            InHand(each.item.format, each.item.file.size, now - each.since, each.share)
            for each in self._in_hand.values()
        ]
        left = self._estimate.seconds_left(elapsed, self._agenda.sizes(), in_hand)
        task.at(Stage.READING, self._agenda.done, self._agenda.total, self._newest, left)

    def _next_reply(self) -> Reply | None:
        try:
            reply = self._replies.get(timeout=_LOOK_S)
        except Empty:
            return None
        if isinstance(reply.message, Part):
            self._collect(reply.child, reply.number, reply.message.payload)
        return reply

    def _store(self, task: Task) -> bool:
        stored = self._storing.flush(task)
        self._agenda.finished(stored)
        self._newest = stored[-1].file.path if stored else self._newest
        return bool(stored)

    def _handed(self, child: Child) -> int:
        return sum(each is child for each, _ in self._in_hand)

    def _submit(self, child: Child, item: FileToRead) -> None:
        deadline = self._bounds.caps.seconds + item.file.size / _BYTES_PER_SECOND
        request = ReadRequest(item.file.path, item.chunker, self._bounds.caps.bytes)
        number = child.submit(request, self._replies, deadline_s=deadline)
        self._in_hand[child, number] = _InHand(item, time.monotonic())

    def _collect(self, child: Child, number: int, part: StillReading | ReadHead | ReadChunks) -> None:
        work = self._in_hand[child, number]
        until_head = _UNTIL_HEAD.get(work.item.format, _USUALLY_UNTIL_HEAD)
        if isinstance(part, StillReading):
            work.share = part.share * until_head
        elif isinstance(part, ReadHead):
            self._read[child, number] = Read(part)
            work.share = until_head
        else:
            read = self._read[child, number]
            read.chunks.extend(part.chunks)
            through = part.chunks[-1].span.end / max(1, len(read.head.read.reading.text))
            work.share = until_head + (1 - _STORING - until_head) * through

    def _finish(self, reply: Reply) -> None:
        """Keep the outcome of one file; or put it back where its reader was lost for the first time."""
        key = reply.child, reply.number
        work, read = self._in_hand.pop(key), self._read.pop(key, None)
        if read is not None and not isinstance(reply.message, Failed):
            self._storing.read(work.item, read)
            self._estimate.read(work.item.format, work.item.file.size, time.monotonic() - work.since)
            return
        error = reply.message.error if isinstance(reply.message, Failed) else ChildBugError("a reader said nothing")
        if isinstance(error, UserFacingError) and _is_blameless(error):
            self._agenda.again(work.item)
            return
        if isinstance(error, UserFacingError) and error.code in _CHILD_TROUBLES:
            is_bystander, self._trouble = error is self._trouble, error
            if is_bystander:  # it only waited behind the file at which the reader was lost
                self._agenda.again(work.item)
                return
            if work.item.attempt < _ATTEMPTS:
                self._agenda.again(replace(work.item, attempt=work.item.attempt + 1))
                return
        self._storing.failed(work.item, _reason(error, work.item.file.path))
        self._estimate.read(work.item.format, work.item.file.size, time.monotonic() - work.since)


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

    def lap_out(self) -> None:
        """The time since the last lap was no work."""
        self._began += self.lap()

    def leave_out(self, act: Callable[[], None]) -> None:
        """Do something that is no work."""
        before = time.monotonic()
        act()
        idle = time.monotonic() - before
        self._began += idle
        self._lapped += idle


def _is_blameless(error: UserFacingError) -> bool:
    """Whether the reader was ended by us, or never came to work: no file can be the cause of that."""
    return error.code == "child-stopped" or not error.arguments.get("ready", 1)


def _reason(error: Exception, path: str) -> UserFacingError:
    if isinstance(error, UnreadableError):
        return error
    if isinstance(error, UserFacingError):
        return UnreadableError(_CHILD_TROUBLES.get(error.code, error.code), path=path)
    lines = str(error).strip().splitlines() or [""]
    arguments: dict[str, Argument] = {"path": path, "report": lines[-1][:300]}
    return UnreadableError("reader-bug", **arguments)
