"""Ways to ask a child and to wait for what becomes of it, for the tests of children."""

import time
from collections.abc import Callable

import psutil
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.workers.child import Child, Replies, Reply

MIB = 1024 * 1024
LONG = 30.0
MakeChild = Callable[..., Child]


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def failure_of(child: Child, payload: object, **options: float) -> UserFacingError:
    with pytest.raises(UserFacingError) as caught:
        child.call(payload, deadline_s=options.get("deadline_s", LONG))
    return caught.value


def pid_of(child: Child) -> int:
    pid = child.call("pid", deadline_s=LONG)
    assert isinstance(pid, int)
    assert child.pid == pid
    return pid


def next_reply(replies: Replies) -> Reply:
    return replies.get(timeout=LONG)
