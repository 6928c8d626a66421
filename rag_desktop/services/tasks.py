"""One running job. Reporting is checking: whoever reports progress learns there that the person pressed stop."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rag_desktop.domain.errors import Cancelled
from rag_desktop.domain.events import Event, Progress
from rag_desktop.domain.ids import TaskId

Publish = Callable[[Event], None]

_NUMBERS = itertools.count(1)
_INTERVAL_S = 0.1


class Task:
    """A job with an id, a stop sign and a way to say how far it is."""

    def __init__(self, publish: Publish) -> None:
        self.id = TaskId(next(_NUMBERS))
        self.publish = publish
        self._stopped = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._acts: list[Callable[[], None]] = []
        self._is_regardless = False
        self._published = 0.0
        self._stage = ""

    def stop(self) -> None:
        """Ask the job to end; from any thread."""
        self._stopped.set()
        self._going.set()
        for act in self._acts:
            act()

    def when_stopped(self, act: Callable[[], None]) -> None:
        """Call `act` as soon as the person presses stop, in the thread that does; at once if that was before."""
        self._acts.append(act)
        if self._stopped.is_set():
            act()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    @property
    def is_paused(self) -> bool:
        return not self._going.is_set()

    def pause(self) -> None:
        """Hold the job at its next report, until `resume` or `stop`."""
        self._going.clear()

    def resume(self) -> None:
        """Let a held job go on."""
        self._going.set()

    def check(self) -> None:
        """Wait while the job is paused; raise Cancelled if the person pressed stop."""
        if not self._is_regardless:
            self._going.wait()
        if self._stopped.is_set():
            raise Cancelled

    @contextmanager
    def regardless(self) -> Iterator[None]:
        """Do not wait in here while the job is paused: it does what cannot wait, and looks at `is_paused` itself."""
        before, self._is_regardless = self._is_regardless, True
        try:
            yield
        finally:
            self._is_regardless = before

    def wait(self, seconds: float) -> None:
        """Rest for so long, or until the person presses stop. Raises Cancelled after `stop`."""
        self._stopped.wait(seconds)
        self.check()

    def at(self, stage: str, done: int, total: int, words: str = "", seconds_left: float | None = None) -> None:
        """Publish progress, at most ten times a second and at each new stage. Raises Cancelled after `stop`."""
        self.check()
        now = time.monotonic()
        if now - self._published >= _INTERVAL_S or stage != self._stage or done == total:
            self._published, self._stage = now, stage
            self.publish(Progress(self.id, stage, done, total, words, seconds_left))
