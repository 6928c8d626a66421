"""A child process serves, is stopped, dies and comes back; whoever waits for it is always told."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.roles import Role
from rag_desktop.workers import child as child_module
from rag_desktop.workers.child import Child, ChildBugError, Failed, Limits, Replies, Reply
from rag_desktop.workers.serving import Done, Part
from tests.workers import roles
from tests.workers.roles import Die, Fill, Listen, Say, Work

MIB = 1024 * 1024
LONG = 30.0
MakeChild = Callable[..., Child]


@pytest.fixture
def make() -> Iterator[MakeChild]:
    """Children that are gone, processes and all, when the test is over."""
    made: list[Child] = []

    def build(role: Role = roles.obliging, limits: Limits = Limits()) -> Child:
        made.append(Child("test", role, limits))
        return made[-1]

    yield build
    for each in made:
        each.close()
        assert each.pid is None


@pytest.fixture(scope="module")
def shared() -> Iterator[Child]:
    """One child for tests that leave it alive and well."""
    one = Child("shared", roles.obliging)
    assert one.call("warm", deadline_s=LONG) == "warm"
    yield one
    one.close()


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


# Serving


def test_parts_of_a_stream_come_as_they_are_made(shared: Child) -> None:
    arrivals = [time.monotonic() for _ in shared.stream(Say(("a", "b", "c"), pause=0.1), deadline_s=LONG)]
    assert arrivals[1] - arrivals[0] > 0.05
    assert list(shared.stream(Say((1, "two", b"3")), deadline_s=LONG)) == [1, "two", b"3"]


def test_a_call_gives_the_one_part(shared: Child) -> None:
    assert shared.call(Say(("only",)), deadline_s=LONG) == "only"


@pytest.mark.parametrize("parts", [(), ("a", "b")])
def test_a_call_with_another_number_of_parts_is_a_bug(shared: Child, parts: tuple[str, ...]) -> None:
    with pytest.raises(ChildBugError, match=f"gave {len(parts)} parts"):
        shared.call(Say(parts), deadline_s=LONG)


def test_a_large_payload_goes_there_and_back(shared: Child) -> None:
    payload = bytes(range(256)) * 40_000
    assert shared.call(payload, deadline_s=LONG) == payload


def test_what_the_person_can_mend_is_carried_whole(shared: Child) -> None:
    error = failure_of(shared, "world")
    assert (error.code, error.arguments) == ("file-gone", {"path": "/a b", "size": 3})


def test_a_bug_is_carried_with_its_traceback(shared: Child) -> None:
    with pytest.raises(ChildBugError, match=r"(?s)Traceback.*roles\.py.*KeyError: 'no such key'"):
        shared.call("bug", deadline_s=LONG)
    assert shared.call("still here", deadline_s=LONG) == "still here"


def test_a_reply_that_cannot_be_sent_is_a_bug(shared: Child) -> None:
    with pytest.raises(ChildBugError, match="this cannot be sent"):
        shared.call("unsendable", deadline_s=LONG)
    assert shared.call("still here", deadline_s=LONG) == "still here"


def test_a_request_that_cannot_be_sent_raises_at_once_and_is_forgotten(make: MakeChild) -> None:
    child = make()
    pid = pid_of(child)
    with pytest.raises(TypeError, match="this cannot be sent"):
        child.call(roles.Unsendable(), deadline_s=0.2)
    time.sleep(0.6)
    assert pid_of(child) == pid


def test_an_urgent_request_is_served_between_parts_of_a_bulk_one(shared: Child) -> None:
    replies: Replies = SimpleQueue()
    bulk = shared.submit(Say(tuple(range(8)), pause=0.05), replies, deadline_s=LONG)
    assert next_reply(replies).number == bulk
    urgent = shared.submit("now", replies, deadline_s=LONG, urgent=True)
    order = []
    while True:
        reply = next_reply(replies)
        order.append(reply.number)
        if reply.number == bulk and isinstance(reply.message, Done):
            break
    assert order.index(urgent) <= 3
    assert order.count(bulk) == 8


def test_other_requests_wait_their_turn(shared: Child) -> None:
    replies: Replies = SimpleQueue()
    numbers = [shared.submit(Say((n,), pause=0.02), replies, deadline_s=LONG) for n in range(4)]
    messages = [next_reply(replies).message for _ in range(8)]
    assert [message.payload for message in messages if isinstance(message, Part)] == [0, 1, 2, 3]
    assert [message.number for message in messages if isinstance(message, Done)] == numbers


def test_many_threads_may_ask_at_once(shared: Child) -> None:
    answers: dict[int, int] = {}

    def ask(n: int) -> None:
        for step in range(20):
            answers[n * 100 + step] = shared.call(n * 100 + step, deadline_s=LONG, urgent=bool(n % 2))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 120
    assert all(asked == answered for asked, answered in answers.items())


def test_a_child_is_not_let_onto_the_network(shared: Child) -> None:
    assert shared.call("network", deadline_s=LONG) == "NetworkRefusedError"


def test_niceness_is_added(make: MakeChild) -> None:
    assert make(limits=Limits(niceness=3)).call("niceness", deadline_s=LONG) >= 3


# Stopping


def test_a_stopped_request_ends_between_two_parts(shared: Child) -> None:
    pid = pid_of(shared)
    stream = shared.stream(Say(tuple(range(1000)), pause=0.05), deadline_s=LONG)
    parts = iter(stream)
    assert next(parts) == 0
    asked = time.monotonic()
    stream.stop()
    assert len(list(parts)) <= 4
    assert time.monotonic() - asked < 0.3
    assert pid_of(shared) == pid


def test_a_role_that_asks_the_stop_sign_has_its_last_word(shared: Child) -> None:
    stream = shared.stream(Listen("goodbye"), deadline_s=LONG)
    threading.Timer(0.1, stream.stop).start()
    assert list(stream) == ["goodbye"]


def test_a_request_stopped_before_its_turn_is_never_begun(shared: Child) -> None:
    replies: Replies = SimpleQueue()
    shared.submit(Work(0.3), SimpleQueue(), deadline_s=LONG)
    shared.stop(shared.submit("unwanted", replies, deadline_s=LONG))
    assert isinstance(next_reply(replies).message, Done)


def test_stopping_a_request_that_waits_does_not_kill_the_one_in_work(make: MakeChild) -> None:
    child = make(limits=Limits(stop_grace_s=0.3))
    pid = pid_of(child)
    bulk = child.stream(Say(tuple(range(12)), pause=0.1), deadline_s=LONG)
    child.stop(child.submit("unwanted", SimpleQueue(), deadline_s=LONG))
    assert list(bulk) == list(range(12))
    assert pid_of(child) == pid


@pytest.mark.parametrize("holds_lock", [False, True])
def test_a_child_that_does_not_listen_is_killed_and_replaced(make: MakeChild, holds_lock: bool) -> None:
    child = make(limits=Limits(stop_grace_s=0.5))
    pid = pid_of(child)
    stream = child.stream(Work(60, holds_lock=holds_lock), deadline_s=LONG)
    parts = iter(stream)
    assert next(parts) == "begun"
    asked = time.monotonic()
    stream.stop()
    with pytest.raises(UserFacingError) as caught:
        list(parts)
    assert caught.value.code == "child-stopped"
    assert time.monotonic() - asked < 2.0
    assert within(2.0, lambda: is_gone(pid))
    assert pid_of(child) != pid


def test_stopping_what_is_over_or_unknown_does_nothing(shared: Child) -> None:
    replies: Replies = SimpleQueue()
    number = shared.submit("x", replies, deadline_s=LONG)
    assert isinstance(next_reply(replies).message, Part)
    assert isinstance(next_reply(replies).message, Done)
    shared.stop(number)
    shared.stop(999_999)
    assert shared.call("y", deadline_s=LONG) == "y"


# Limits and deaths


def test_silence_beyond_the_deadline_kills(make: MakeChild) -> None:
    child = make()
    pid = pid_of(child)
    began = time.monotonic()
    assert failure_of(child, Work(60), deadline_s=0.5).code == "child-deadline"
    assert 0.5 <= time.monotonic() - began < 2.5
    assert is_gone(pid)


def test_parts_are_signs_of_life(shared: Child) -> None:
    assert len(list(shared.stream(Say(tuple(range(8)), pause=0.15), deadline_s=0.8))) == 8


def test_waiting_for_another_request_does_not_count_as_silence(shared: Child) -> None:
    replies: Replies = SimpleQueue()
    shared.submit(Work(1.2), SimpleQueue(), deadline_s=LONG)
    shared.submit("short", replies, deadline_s=0.5)
    assert isinstance(next_reply(replies).message, Part)


def test_a_child_that_takes_too_much_memory_is_killed_even_while_it_talks(make: MakeChild) -> None:
    child = make(limits=Limits(memory=150 * MIB))
    pid = pid_of(child)
    with pytest.raises(UserFacingError) as caught:
        list(child.stream(Fill(400 * MIB), deadline_s=LONG))
    assert caught.value.code == "child-memory"
    assert is_gone(pid)
    assert child.peak_memory > 150 * MIB


def test_an_address_space_limit_fails_the_request_only(make: MakeChild) -> None:
    child = make(limits=Limits(address_space=2048 * MIB))
    pid = pid_of(child)
    assert failure_of(child, Fill(4096 * MIB)).code == "child-memory"
    assert pid_of(child) == pid


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_everything_outstanding_learns_of_a_death(make: MakeChild, how: str) -> None:
    child = make()
    pid = pid_of(child)
    replies: Replies = SimpleQueue()
    numbers = {
        child.submit(Work(0.2), replies, deadline_s=LONG),
        child.submit(Die(how), replies, deadline_s=LONG),
        child.submit("never", replies, deadline_s=LONG),
        child.submit("never", replies, deadline_s=LONG, urgent=True),
    }
    failed, ended = set(), set()
    while numbers - failed - ended:
        reply = next_reply(replies)
        if isinstance(reply.message, Failed):
            assert isinstance(reply.message.error, UserFacingError)
            assert reply.message.error.code == "child-died"
            failed.add(reply.number)
        elif isinstance(reply.message, Done):
            ended.add(reply.number)
    assert sorted(numbers)[1:3] == sorted(failed - {max(numbers)})
    assert pid_of(child) != pid


def test_a_child_killed_while_idle_comes_back(make: MakeChild) -> None:
    child = make()
    pid = pid_of(child)
    psutil.Process(pid).kill()
    assert within(2.0, lambda: child.pid is None)
    assert pid_of(child) != pid


def test_dying_at_work_again_and_again_is_no_failed_start(make: MakeChild) -> None:
    child = make()
    for _ in range(5):
        assert failure_of(child, Die("kill")).code == "child-died"
    assert child.call("fine", deadline_s=LONG) == "fine"


# Loading


def test_a_role_that_cannot_load_says_why(make: MakeChild) -> None:
    error = failure_of(make(roles.world_at_fault), "x")
    assert (error.code, error.arguments) == ("model-missing", {"model": "gone"})


def test_a_bug_at_loading_is_carried_with_its_traceback(make: MakeChild) -> None:
    with pytest.raises(ChildBugError, match=r"(?s)Traceback.*ZeroDivisionError: loading went wrong"):
        make(roles.buggy).call("x", deadline_s=LONG)


def test_loading_has_its_own_deadline(make: MakeChild) -> None:
    child = make(functools.partial(roles.slow_to_load, 30.0), Limits(start_s=0.5))
    assert failure_of(child, "x").code == "child-deadline"


def test_loading_does_not_count_against_a_request(make: MakeChild) -> None:
    child = make(functools.partial(roles.slow_to_load, 1.0))
    assert child.call("x", deadline_s=0.4) == "x"


def test_three_failed_starts_give_the_child_a_rest(
    make: MakeChild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "_REST_S", 1.0)
    tally = tmp_path / "starts"
    child = make(functools.partial(roles.dies_in_loading, tally, 3))
    assert [failure_of(child, "x").code for _ in range(5)] == ["child-died"] * 3 + ["child-broken"] * 2
    assert len(tally.read_text().splitlines()) == 3
    time.sleep(1.1)
    assert child.call("rested", deadline_s=LONG) == "rested"


def test_failed_starts_count_only_in_a_row(make: MakeChild, tmp_path: Path) -> None:
    child = make(functools.partial(roles.dies_in_loading, tmp_path / "starts", 2))
    assert [failure_of(child, "x").code for _ in range(2)] == ["child-died"] * 2
    assert child.call("loaded", deadline_s=LONG) == "loaded"
    assert failure_of(child, Die("exit")).code == "child-died"
    assert child.call("loaded", deadline_s=LONG) == "loaded"


# Recycling and closing


def test_a_fresh_process_takes_over_after_so_many_requests(make: MakeChild) -> None:
    child = make(limits=Limits(recycle_after=3))
    pids = [pid_of(child) for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_recycling_waits_for_what_is_outstanding(make: MakeChild) -> None:
    child = make(limits=Limits(recycle_after=1))
    pid_of(child)
    replies: Replies = SimpleQueue()
    numbers = {child.submit(Say((n,), pause=0.02), replies, deadline_s=LONG) for n in range(5)}
    done = {reply.number for reply in (next_reply(replies) for _ in range(10)) if isinstance(reply.message, Done)}
    assert done == numbers


def test_close_leaves_no_process_and_fails_what_was_outstanding(make: MakeChild) -> None:
    child = make()
    pid = pid_of(child)
    replies: Replies = SimpleQueue()
    child.submit(Work(60), replies, deadline_s=LONG)
    assert isinstance(next_reply(replies).message, Part)
    began = time.monotonic()
    child.close(wait_s=0.3)
    assert time.monotonic() - began < 1.5
    assert is_gone(pid)
    assert child.pid is None
    assert isinstance(next_reply(replies).message, Failed)


def test_an_idle_child_ends_by_itself_when_closed(make: MakeChild) -> None:
    child = make()
    pid = pid_of(child)
    began = time.monotonic()
    child.close(wait_s=10)
    assert time.monotonic() - began < 2.0
    assert is_gone(pid)


def test_closing_and_asking_again_is_no_failed_start(make: MakeChild) -> None:
    child = make(functools.partial(roles.slow_to_load, 0.5))
    for _ in range(4):
        child.submit("x", SimpleQueue(), deadline_s=LONG)
        child.close(wait_s=0.0)
    assert child.call("x", deadline_s=LONG) == "x"


def test_closing_a_child_that_never_started_is_fine(make: MakeChild) -> None:
    child = make()
    child.close()
    child.close()
    assert child.pid is None
