"""Roles for tests of child processes: each does one thing that a real role may do, well or badly."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.roles import Serve, StopSign


@dataclass(frozen=True)
class Say:
    """Ask for these parts, with `pause` seconds of work before each."""

    parts: tuple[Any, ...]
    pause: float = 0.0


@dataclass(frozen=True)
class Work:
    """Say `begun`, then compute for so many seconds without looking up.

    holds_lock: inside one call that never lets go of the interpreter's lock.
    """

    seconds: float
    holds_lock: bool = False


@dataclass(frozen=True)
class Listen:
    """Work until told to stop, asking the stop sign; then say `goodbye`."""

    goodbye: str


@dataclass(frozen=True)
class Fill:
    """Take so many bytes of memory and keep them, then wait."""

    size: int


@dataclass(frozen=True)
class Die:
    """End this process in the midst of a request."""

    how: str


class Unsendable:
    def __reduce__(self) -> Any:
        raise TypeError("this cannot be sent")


def obliging(stop: StopSign) -> Serve:
    """Does whatever the request says; anything that is no wish is said back."""

    def serve(request: Any) -> Iterator[Any]:
        match request:
            case Say(parts, pause):
                for part in parts:
                    time.sleep(pause)
                    yield part
            case Work():
                yield "begun"
                yield _worked(request)
            case Listen(goodbye):
                while not stop():
                    time.sleep(0.01)
                yield goodbye
            case Fill(size):
                yield from _waiting(bytearray(size))
            case Die(how):
                _die(how)
            case _:
                yield _ANSWERS[request]() if request in _ANSWERS else request

    return serve


def _worked(work: Work) -> str:
    if work.holds_lock:
        sum(range(int(work.seconds * 100_000_000)))
    else:
        end = time.monotonic() + work.seconds
        while time.monotonic() < end:
            pass
    return "worked"


def _waiting(held: bytearray) -> Iterator[int]:
    while True:
        time.sleep(0.02)
        yield len(held)


def _die(how: str) -> None:
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


def _refusal() -> str:
    import socket

    try:
        socket.getaddrinfo("example.org", 80)
    except OSError as error:
        return type(error).__name__
    return "reached"


def _world_at_fault() -> None:
    raise UserFacingError("file-gone", path="/a b", size=3)


def _bug() -> None:
    nothing: dict[str, int] = {}
    nothing["no such key"] += 1


_ANSWERS: dict[Any, Callable[[], Any]] = {
    "pid": os.getpid,
    "niceness": lambda: os.nice(0),
    "world": _world_at_fault,
    "bug": _bug,
    "unsendable": Unsendable,
    "network": _refusal,
}


def world_at_fault(stop: StopSign) -> Serve:
    """Cannot load, and the person can do something about it."""
    raise UserFacingError("model-missing", model="gone")


def buggy(stop: StopSign) -> Serve:
    """Cannot load because of a bug of ours."""
    raise ZeroDivisionError("loading went wrong")


def slow_to_load(seconds: float, stop: StopSign) -> Serve:
    """Takes its time to load."""
    time.sleep(seconds)
    return obliging(stop)


def dies_in_loading(tally: Path, deaths: int, stop: StopSign) -> Serve:
    """Writes a line to `tally` at each start; the first `deaths` starts end the process."""
    with tally.open("a") as file:
        file.write("start\n")
    if len(tally.read_text().splitlines()) <= deaths:
        sys.stdout.flush()
        os._exit(4)
    return obliging(stop)
