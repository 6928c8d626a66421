"""Lanes, tasks and the mailbox: order, stop, pause, errors, merging."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.events import BugMet, Event, Progress, TaskBegan, TaskEnded, Token
from rag_desktop.domain.ids import TaskId
from rag_desktop.services.lanes import Lane, Once
from rag_desktop.services.mailbox import Mailbox
from rag_desktop.services.tasks import Task

WAIT_S = 10.0


class Listening:
    """A lane and what it published."""

    def __init__(self) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.lane = Lane("test", self.events.put)

    def ended(self, task: TaskId) -> tuple[TaskEnded, list[Event]]:
        """The end of a task, and all events that came before it."""
        before: list[Event] = []
        while True:
            event = self.events.get(timeout=WAIT_S)
            if isinstance(event, TaskEnded) and event.task == task:
                return event, before
            before.append(event)


@pytest.fixture
def listening() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.lane.close()


def test_jobs_run_in_order_one_at_a_time(listening: Listening) -> None:
    done: list[int] = []
    tasks = [listening.lane.submit(lambda _, number=number: done.append(number)) for number in range(5)]  # type: ignore[misc]
    listening.ended(tasks[-1])
    assert done == [0, 1, 2, 3, 4]


def test_a_job_may_go_first(listening: Listening) -> None:
    gate, done = threading.Event(), list[str]()
    listening.lane.submit(lambda _: done.extend([] if gate.wait(WAIT_S) else ["never"]))
    last = listening.lane.submit(lambda _: done.append("last"))
    listening.lane.submit(lambda _: done.append("first"), first=True)
    assert listening.lane.is_wanted
    gate.set()
    listening.ended(last)
    assert done == ["first", "last"]


def test_each_task_begins_and_ends_once(listening: Listening) -> None:
    task = listening.lane.submit(lambda _: None)
    end, before = listening.ended(task)
    assert end.error is None
    assert before == [TaskBegan(task)]
    assert listening.lane.task(task) is None


def test_an_error_for_the_person_ends_the_task_with_it(listening: Listening) -> None:
    def fail(_: Task) -> None:
        raise UserFacingError("disk-full")

    end, _ = listening.ended(listening.lane.submit(fail))
    assert end.error is not None
    assert end.error.code == "disk-full"


@pytest.mark.filterwarnings("default")
def test_a_bug_is_told_and_the_lane_goes_on(listening: Listening) -> None:
    def fail(_: Task) -> None:
        raise ZeroDivisionError("our bug")

    end, before = listening.ended(listening.lane.submit(fail))
    assert end.error is not None
    assert end.error.code == "bug"
    assert any(isinstance(event, BugMet) and "our bug" in event.report for event in before)
    assert listening.ended(listening.lane.submit(lambda _: None))[0].error is None


def test_stopping_a_task_that_runs_or_waits(listening: Listening) -> None:
    started = threading.Event()

    def work(task: Task) -> None:
        started.set()
        while True:
            task.check()

    running, waiting = listening.lane.submit(work), listening.lane.submit(work)
    started.wait(WAIT_S)
    for each in (waiting, running):
        task = listening.lane.task(each)
        assert task is not None
        task.stop()
    for each in (running, waiting):
        end, _ = listening.ended(each)
        assert end.error is not None
        assert end.error.code == "cancelled"


def test_a_paused_task_holds_until_it_is_resumed_or_stopped() -> None:
    for act, error in ((Task.resume, None), (Task.stop, Cancelled)):
        task = Task(lambda _: None)
        task.pause()
        passed: SimpleQueue[type[Exception] | None] = SimpleQueue()

        def work(task: Task = task, passed: SimpleQueue[type[Exception] | None] = passed) -> None:
            try:
                task.check()
            except Cancelled:
                passed.put(Cancelled)
            else:
                passed.put(None)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
        act(task)
        assert passed.get(timeout=WAIT_S) is error
        thread.join()


def test_stop_is_heard_even_if_it_came_first() -> None:
    heard: list[str] = []
    task = Task(lambda _: None)
    task.when_stopped(lambda: heard.append("before"))
    task.stop()
    task.when_stopped(lambda: heard.append("after"))
    assert heard == ["before", "after"]
    with pytest.raises(Cancelled):
        task.at("reading", 0, 1)


def test_progress_is_published_seldom_but_each_stage_and_the_end_always() -> None:
    events: list[Event] = []
    task = Task(events.append)
    for done in range(1, 1001):
        task.at("reading", done, 1000)
    task.at("embedding", 1, 10)
    stages = [(event.stage, event.done) for event in events if isinstance(event, Progress)]
    assert len(stages) < 20
    assert stages[0] == ("reading", 1)
    assert ("reading", 1000) in stages
    assert stages[-1] == ("embedding", 1)


@given(st.lists(st.tuples(st.integers(1, 2), st.text(max_size=3)), max_size=30))
def test_merging_loses_no_word_and_keeps_tasks_apart(words: list[tuple[int, str]]) -> None:
    box = Mailbox()
    for task, text in words:
        box.publish(Token(TaskId(task), text))
    taken = box.take()
    for task in (1, 2):
        assert "".join(each.text for each in taken if isinstance(each, Token) and each.task == task) == "".join(
            text for owner, text in words if owner == task
        )
    assert box.take() == []


def test_the_window_is_woken_once_a_batch() -> None:
    wakes: list[int] = []
    box = Mailbox(lambda: wakes.append(1))
    for done in range(100):
        box.publish(Progress(TaskId(1), "reading", done, 100))
    assert wakes == [1]
    assert box.take() == [Progress(TaskId(1), "reading", 99, 100)]
    box.publish(TaskEnded(TaskId(1)))
    assert wakes == [1, 1]


def waited(event: threading.Event) -> None:
    assert event.wait(WAIT_S)


def test_a_job_waits_at_most_once(listening: Listening) -> None:
    lane, go, done = listening.lane, threading.Event(), []
    once = Once(lane, lane.submit)

    def job(_: Task) -> None:
        done.append(1)

    def other(_: Task) -> None:
        done.append(2)

    lane.submit(lambda _: waited(go))
    for each in (job, job, other, job):
        once(each)
    go.set()
    listening.ended(lane.submit(lambda _: None))
    assert done == [1, 2]
    once(job)
    listening.ended(lane.submit(lambda _: None))
    assert done == [1, 2, 1]


def test_a_job_that_was_stopped_before_its_turn_can_be_queued_again(listening: Listening) -> None:
    lane, go, done = listening.lane, threading.Event(), []
    once = Once(lane, lane.submit)

    def job(_: Task) -> None:
        done.append(1)

    lane.submit(lambda _: waited(go))
    once(job)
    lane.tasks()[-1].stop()
    go.set()
    listening.ended(lane.submit(lambda _: None))
    assert done == []
    once(job)
    listening.ended(lane.submit(lambda _: None))
    assert done == [1]
