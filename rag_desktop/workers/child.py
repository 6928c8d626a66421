"""A child process and all that can happen to it: deadline, memory cap, polite stop, hard kill, restart."""

import itertools
import logging
import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any

import psutil

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.roles import Role
from rag_desktop.workers.serving import STOP_SLOTS, Done, Part, Ready, Refused, Request, Settings, StopBoard, run

_LOG = logging.getLogger(__name__)
_LOOK_S = 0.1
"""How often deadlines are looked at; memory every fifth time."""
_REST_S = 30.0
_OURS = {"child-died", "child-deadline", "child-memory"}
_BROKEN_STARTS = 3
"""After so many starts in a row whose role did not load, the child rests before it is started again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a child.

    start_s: seconds its role may take to load. memory: resident bytes at which it is killed, 0 for none.
    address_space: bytes it may map at all (POSIX), 0 for none. stop_grace_s: seconds a stopped request has to end
    before the process is killed. recycle_at: resident bytes above which a fresh process takes over before
    the next request, 0 for never.
    niceness: added to the child on POSIX; on Windows, any makes its
    priority lower.
    """

    start_s: float = 120.0
    memory: int = 0
    address_space: int = 0
    stop_grace_s: float = 1.5
    recycle_at: int = 0
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that will not be served. `error` is a UserFacingError, or a ChildBugError with the child's traceback.

    Codes of this module: `child-died`, `child-deadline`, `child-memory`, `child-stopped`, `child-broken`.
    """

    number: int
    error: Exception


class ChildBugError(RuntimeError):
    """The child met a bug of ours while serving; carries its traceback."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a lane finds in its queue: from which child, and what."""

    child: "Child"
    message: Part | Done | Failed

    @property
    def number(self) -> int:
        return self.message.number


Replies = SimpleQueue[Reply]


@dataclass(slots=True)
class _Outstanding:
    request: Request
    replies: Replies
    deadline_s: float
    submitted: float
    stop_asked: float | None = None


@dataclass(slots=True)
class _Run:
    """One life of the process."""

    process: BaseProcess
    pipe: Any
    board: StopBoard
    started: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    is_closing: bool = False
    resident: int = 0


class Child:
    """One child process with one role. Started at the first request; any thread may ask.

    Every request ends in exactly one `Done` or `Failed` in its queue, after any number of `Part`.
    """

    def __init__(self, name: str, role: Role, limits: Limits = Limits()) -> None:
        self.name = name
        self._role = role
        self._limits = limits
        self._lock = threading.RLock()
        self._send_lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._outstanding: dict[int, _Outstanding] = {}
        self._run: _Run | None = None
        self._failed_starts = 0
        self._rests_until = 0.0
        self._peak = 0

    @property
    def pid(self) -> int | None:
        """Process id while a process runs."""
        run_ = self._run
        return run_.process.pid if run_ else None

    @property
    def peak_memory(self) -> int:
        """Highest resident size seen, in bytes, over all lives."""
        return self._peak

    @property
    def is_worn(self) -> bool:
        """Whether a fresh process would take over if nothing were outstanding."""
        run_ = self._run
        return run_ is not None and 0 < self._limits.recycle_at < run_.resident

    def submit(self, payload: Any, replies: Replies, *, deadline_s: float, urgent: bool = False) -> int:
        """Send a request; its replies come to `replies`. Returns its number, for `stop`.

        deadline_s: seconds without a sign of life, once the child works on it, after which the child is killed.
        Raises UserFacingError `child-broken` while the child rests after failing to start.
        """
        with self._lock:
            run_ = self._running()
            request = Request(next(self._numbers), payload, urgent)
            self._outstanding[request.number] = _Outstanding(request, replies, deadline_s, time.monotonic())
        try:
            self._send(run_, request)
        except BaseException:  # a payload that cannot be sent is never answered
            with self._lock:
                self._outstanding.pop(request.number, None)
            raise
        return request.number

    def stop(self, number: int) -> None:
        """The request is no longer wanted: asked politely, and the process killed if it does not listen."""
        with self._lock:
            waiting, run_ = self._outstanding.get(number), self._run
            if waiting and run_ and waiting.stop_asked is None:
                waiting.stop_asked = time.monotonic()
                run_.board[number % STOP_SLOTS] = number

    def stream(self, payload: Any, *, deadline_s: float, urgent: bool = False) -> "Stream":
        """Send a request and iterate over its parts."""
        return Stream(self, payload, deadline_s=deadline_s, urgent=urgent)

    def call(self, payload: Any, *, deadline_s: float, urgent: bool = False) -> Any:
        """Send a request that has one part, and return that part. Raises what `Failed` carries."""
        parts = list(self.stream(payload, deadline_s=deadline_s, urgent=urgent))
        if len(parts) != 1:
            raise ChildBugError(f"{self.name} gave {len(parts)} parts where one was due")
        return parts[0]

    def close(self, wait_s: float = 2.0) -> None:
        """Ask the process to end, kill it if it does not, and fail what was outstanding."""
        run_ = self._run
        if run_ is not None:
            run_.is_closing = True
            self._send(run_, None)
            run_.process.join(wait_s)
            self._end(run_, UserFacingError("child-died", name=self.name))

    def _send(self, run_: _Run, request: Request | None) -> None:
        # Not under the lock that routing needs: a full pipe must not keep replies from being read.
        try:
            with self._send_lock:
                run_.pipe.send(request)
        except OSError:
            _LOG.debug("%s died before a request reached it", self.name)  # the pump tells those who wait

    def _running(self) -> _Run:
        run_ = self._run
        if run_ and self.is_worn and not self._outstanding:
            self.close()
            run_ = None
        if run_ is None:
            if time.monotonic() < self._rests_until:
                raise UserFacingError("child-broken", name=self.name)
            run_ = self._run = self._start()
        return run_

    def _start(self) -> _Run:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        board = context.RawArray("Q", STOP_SLOTS)
        settings = Settings(self.name, self._limits.address_space, self._limits.niceness)
        process = context.Process(
            target=run, args=(self._role, theirs, board, settings), name=f"rag-desktop {self.name}", daemon=True
        )
        process.start()
        theirs.close()
        run_ = _Run(process, ours, board)
        threading.Thread(target=self._pump, args=(run_,), name=f"{self.name} pump", daemon=True).start()
        return run_

    def _pump(self, run_: _Run) -> None:
        """Routes what the child says, and watches over it, for one life of the process."""
        look_at, looks = 0.0, itertools.count()
        while True:
            try:
                if run_.pipe.poll(_LOOK_S):
                    self._route(run_, run_.pipe.recv())
            except (EOFError, OSError):
                self._end(run_, UserFacingError("child-died", name=self.name))
                return
            if time.monotonic() < look_at:  # a child that talks without a pause is looked after too
                continue
            look_at = time.monotonic() + _LOOK_S
            error = self._overdue(run_) or (self._too_large(run_) if next(looks) % 5 == 0 else None)
            if error:
                self._end(run_, error)
                return

    def _route(self, run_: _Run, message: Ready | Part | Done | Refused) -> None:
        with self._lock:
            run_.heard = time.monotonic()
            if isinstance(message, Ready):
                run_.is_ready = True
                self._failed_starts = 0
                return
            if isinstance(message, Refused) and message.number == 0:
                self._end(run_, message.error or ChildBugError(message.report))
                return
            waiting = self._outstanding.get(message.number)
            if waiting is None:
                return
            if not isinstance(message, Part):
                del self._outstanding[message.number]
            if isinstance(message, Refused):
                told: Part | Done | Failed = Failed(message.number, message.error or ChildBugError(message.report))
            else:
                told = message
            waiting.replies.put(Reply(self, told))

    def _overdue(self, run_: _Run) -> UserFacingError | None:
        now = time.monotonic()
        with self._lock:
            if not run_.is_ready:
                return self._late() if now - run_.started > self._limits.start_s else None
            for waiting in self._outstanding.values():
                # One that waits behind another request is not deaf as long as the child says something.
                silent_since = max(waiting.stop_asked or now, run_.heard)
                if waiting.stop_asked and now - silent_since > self._limits.stop_grace_s:
                    return UserFacingError("child-stopped", name=self.name)
            first = next(iter(self._outstanding.values()), None)
            if first and now - max(run_.heard, first.submitted) > first.deadline_s:
                return self._late()
        return None

    def _late(self) -> UserFacingError:
        return UserFacingError("child-deadline", name=self.name)

    def _too_large(self, run_: _Run) -> UserFacingError | None:
        try:
            resident = psutil.Process(run_.process.pid).memory_info().rss
        except psutil.Error:
            return None
        run_.resident = resident
        self._peak = max(self._peak, resident)
        if self._limits.memory and resident > self._limits.memory:
            return UserFacingError("child-memory", name=self.name)
        return None

    def _end(self, run_: _Run, error: Exception) -> None:
        """The end of one life, however it came: everything outstanding fails with `error`.

        A process that ended before its role was ready says so (`ready` is 0): no request was its end.
        """
        with self._lock:
            if self._run is not run_:
                return
            self._run = None
            lost, self._outstanding = self._outstanding, {}
            if not run_.is_ready and isinstance(error, UserFacingError) and error.code in _OURS:
                error.arguments["ready"] = 0
            if not run_.is_ready and not run_.is_closing:
                self._failed_starts += 1
                if self._failed_starts >= _BROKEN_STARTS:
                    self._rests_until = time.monotonic() + _REST_S
        if run_.process.is_alive():
            run_.process.kill()
        run_.process.join()
        run_.pipe.close()
        for number, waiting in lost.items():
            waiting.replies.put(Reply(self, Failed(number, error)))


class Stream:
    """The parts of one request, as they come. Ends when the child is done; raises what went wrong."""

    def __init__(self, child: Child, payload: Any, *, deadline_s: float, urgent: bool) -> None:
        self._child = child
        self._replies: Replies = SimpleQueue()
        self._number = child.submit(payload, self._replies, deadline_s=deadline_s, urgent=urgent)

    def stop(self) -> None:
        """Ask for the end; from any thread. What is still under way comes before it."""
        self._child.stop(self._number)

    def __iter__(self) -> Iterator[Any]:
        while True:
            match self._replies.get().message:
                case Part(payload=payload):
                    yield payload
                case Failed(error=error):
                    raise error
                case _:
                    return
