"""The child's side: one loop that serves requests, lets urgent ones in between, and can be stopped."""

import logging
import os
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import connection as mpc
from multiprocessing import parent_process
from typing import Any, Protocol

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.roles import Role, Serve
from rag_desktop.workers import guard

if sys.platform == "linux":
    import fcntl

STOP_SLOTS = 64
"""Requests of one child that can be outstanding and stopped at a time."""


class StopBoard(Protocol):
    """Numbers that both processes see: request n is unwanted once slot n % STOP_SLOTS holds n."""

    def __getitem__(self, slot: int, /) -> int: ...
    def __setitem__(self, slot: int, number: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What the parent sends. Numbers only grow."""

    number: int
    payload: Any
    urgent: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One reply to a request; more may come."""

    number: int
    payload: Any


@dataclass(frozen=True, slots=True)
class Done:
    """The request is served, or was stopped."""

    number: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The request failed in the child. `error` is for the person; `report` is a traceback of a bug."""

    number: int
    error: UserFacingError | None
    report: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The role is loaded."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a child is set up, before its role loads. `memory` caps its address space in bytes; 0 does not."""

    name: str
    memory: int
    niceness: int


def run(role: Role, pipe: "mpc.Connection[Any, Any]", stopped: StopBoard, settings: Settings) -> None:
    """Top of a child process: load the role, then serve until the pipe closes or the parent dies."""
    guard.install()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent to understand
    _limit(settings)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _Loop(role, pipe, stopped).run()


def _limit(settings: Settings) -> None:
    if settings.niceness:
        _stand_back(settings.niceness)
    if settings.memory and os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (settings.memory, settings.memory))


def _stand_back(niceness: int) -> None:
    """Let whatever the person does go first, at the processor and, where the system has that, at the disk."""
    import psutil

    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    os.nice(niceness)
    if sys.platform == "linux":
        psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)


def _die_with_parent() -> None:
    """A child must not outlive a killed parent, even in the midst of a long computation."""
    parent = parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        # Code that holds the interpreter's lock keeps this thread from running. The kernel needs no lock: it sends
        # SIGIO, whose default is to end the process, once the parent's end of this pipe is gone.
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, os.O_ASYNC)
    mpc.wait([parent.sentinel])
    os._exit(1)


class _Loop:
    def __init__(self, role: Role, pipe: "mpc.Connection[Any, Any]", stopped: StopBoard) -> None:
        self._role = role
        self._pipe = pipe
        self._stopped = stopped
        self._current = 0
        self._waiting: deque[Request] = deque()

    def run(self) -> None:
        try:
            serve = self._load()
            while serve is not None:
                self._serve(serve, self._waiting.popleft() if self._waiting else self._receive())
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # asked to end, or the parent is gone

    def _load(self) -> Serve | None:
        try:
            serve = self._role(lambda: self._is_stopped(self._current))
        except UserFacingError as error:
            self._pipe.send(Refused(0, error, ""))
        except MemoryError:
            self._pipe.send(Refused(0, UserFacingError("child-memory"), ""))
        except Exception as error:
            logging.getLogger(__name__).debug("role failed to load", exc_info=error)
            self._pipe.send(Refused(0, None, traceback.format_exc()))
        else:
            self._pipe.send(Ready())
            return serve
        return None

    def _serve(self, serve: Serve, request: Request) -> None:
        outer, self._current = self._current, request.number
        try:
            for payload in self._parts(serve, request):
                self._pipe.send(Part(request.number, payload))
                self._let_urgent_in(serve)
            self._pipe.send(Done(request.number))
        except UserFacingError as error:
            self._pipe.send(Refused(request.number, error, ""))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except MemoryError:
            self._pipe.send(Refused(request.number, UserFacingError("child-memory"), ""))
        except Exception as error:
            logging.getLogger(__name__).debug("request failed", exc_info=error)
            self._pipe.send(Refused(request.number, None, traceback.format_exc()))
        finally:
            self._current = outer

    def _parts(self, serve: Serve, request: Request) -> Iterator[Any]:
        is_unwanted = self._is_stopped(request.number)
        if is_unwanted:
            return
        for payload in serve(request.payload):
            yield payload
            if is_unwanted:  # a role that was stopped has one more word, such as why it ended
                return
            is_unwanted = self._is_stopped(request.number)

    def _is_stopped(self, number: int) -> bool:
        return self._stopped[number % STOP_SLOTS] == number

    def _receive(self) -> Request:
        request: Request | None = self._pipe.recv()
        if request is None:
            raise EOFError("asked to end")
        return request

    def _let_urgent_in(self, serve: Serve) -> None:
        while self._pipe.poll():
            request = self._receive()
            if request.urgent:
                self._serve(serve, request)
            else:
                self._waiting.append(request)
