"""A lane is a thread that does one job at a time, in the order they came."""

import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.events import BugMet, Event, TaskBegan, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.services.tasks import Publish, Task

_LOG = logging.getLogger(__name__)
Job = Callable[[Task], None]


class Lane:
    """Runs jobs in a thread of its own. Each job's task ends in exactly one TaskEnded, whatever happens to it."""

    def __init__(self, name: str, publish: Publish) -> None:
        self.name = name
        self._publish = publish
        self._ready = threading.Condition()
        self._waiting: deque[tuple[Task, Job]] = deque()
        self._tasks: dict[TaskId, Task] = {}
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name=f"{name} lane", daemon=True)
        self._thread.start()

    def submit(self, job: Job, *, first: bool = False, follow: Publish | None = None) -> TaskId:
        """Queue a job, at the front of those that wait with `first`; returns at once.

        follow: told all events of this task too, its end included, in the thread that publishes them.
        """
        task = Task(_both(self._publish, follow) if follow else self._publish)
        with self._ready:
            self._tasks[task.id] = task
            if self._is_closing:
                task.stop()
            (self._waiting.appendleft if first else self._waiting.append)((task, job))
            self._ready.notify()
        return task.id

    def task(self, task: TaskId) -> Task | None:
        """A task of this lane that waits or runs."""
        return self._tasks.get(task)

    @property
    def is_wanted(self) -> bool:
        """Whether another job waits behind the one that runs."""
        return bool(self._waiting)

    def tasks(self) -> list[Task]:
        """Tasks that wait or run."""
        return list(self._tasks.values())

    def close(self, wait_s: float = 5.0) -> bool:
        """Stop what runs and what waits, and end the thread. Whether it ended in that time."""
        with self._ready:
            self._is_closing = True
            for task in list(self._tasks.values()):
                task.stop()
            self._ready.notify()
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._waiting or self._is_closing)
                if not self._waiting:
                    return
                task, job = self._waiting.popleft()
            error = self._outcome(task, job)
            with self._ready:
                del self._tasks[task.id]
            task.publish(TaskEnded(task.id, error))

    def _outcome(self, task: Task, job: Job) -> UserFacingError | None:
        try:
            if task.is_stopped:
                raise Cancelled
            task.publish(TaskBegan(task.id))
            job(task)
        except Cancelled:
            return UserFacingError("cancelled")
        except UserFacingError as error:
            return error
        except Exception:  # noqa: BLE001 - the wall round a lane: a bug ends its task, never the lane
            _LOG.exception("a task of the %s lane met a bug", self.name)
            task.publish(BugMet(task.id, traceback.format_exc()))
            return UserFacingError("bug")
        return None


class Once:
    """Queues a job unless it is waiting already; one that was stopped before its turn waits no more."""

    def __init__(self, lane: Lane, submit: Callable[[Job], TaskId]) -> None:
        """submit: how a job gets into the lane."""
        self._lane = lane
        self._submit = submit
        self._due = threading.Lock()
        self._queued: dict[str, TaskId] = {}

    def __call__(self, job: Job) -> None:
        """Queue `job`; it is known by its name."""
        name = job.__name__

        def act(task: Task) -> None:
            with self._due:
                self._queued.pop(name, None)
            job(task)

        with self._due:
            waiting = self._queued.get(name)
            if waiting is None or self._lane.task(waiting) is None:
                self._queued[name] = self._submit(act)


def _both(one: Publish, other: Publish) -> Publish:
    def publish(event: Event) -> None:
        one(event)
        other(event)

    return publish
