"""What indexing is at, how fast it goes and how long it will take, followed from its events."""

import time
from collections.abc import Callable

from rag_desktop.domain.events import Event, IndexingHeld, IndexingPlanned, Progress, Stage, TaskEnded
from rag_desktop.gui.pace import Pace


class Activity:
    """The stage that reported last. Only one task writes to a library at a time, so there is one or none.

    clock: seconds that only grow. progress: the last report, or None while nothing is done. plan: what that task said
    it would read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace = Pace()
        self.progress: Progress | None = None
        self.plan: IndexingPlanned | None = None

    def take(self, event: Event) -> None:
        """Follow an event."""
        match event:
            case Progress(stage=Stage.SCANNING | Stage.READING | Stage.EMBEDDING) as progress:
                self._go_on(progress)
            case IndexingPlanned() as plan:
                self.plan = plan
            case IndexingHeld():
                self._pace.hold()
            case TaskEnded(task=task):
                if self.progress and self.progress.task == task:
                    self.progress = None
                if self.plan and self.plan.task == task:
                    self.plan = None
            case _:
                pass

    def _go_on(self, progress: Progress) -> None:
        before = self.progress
        if before is None or (before.task, before.stage) != (progress.task, progress.stage):
            self._pace = Pace()
        self.progress = progress
        self._pace.at(self._clock(), progress.done, progress.total)

    @property
    def rate(self) -> float | None:
        """Files (reading) or passages (embedding) a second; None while that cannot be said."""
        is_counted = self.progress is not None and self.progress.stage != Stage.SCANNING
        return self._pace.rate if is_counted else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the stage is done; None while that cannot be said.

        A file says little of how long the next one takes, so for reading the task's own estimate counts; one passage
        takes about as long as another.
        """
        if self.progress is None or self.progress.stage == Stage.SCANNING:
            return None
        return self.progress.seconds_left if self.progress.stage == Stage.READING else self._pace.seconds_left
