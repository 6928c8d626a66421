"""A child process is limited, dies and comes back; whoever waits for it is always told."""

import functools
import time
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.workers import child as child_module
from rag_desktop.workers.child import Child, ChildBugError, Failed, Limits, Replies
from rag_desktop.workers.serving import Done, Part
from tests.workers import roles
from tests.workers.asking import LONG, MIB, MakeChild, failure_of, is_gone, next_reply, pid_of, within
from tests.workers.roles import Die, Fill, Say, Work

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
    failed: set[int] = set()
    ended: set[int] = set()
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


def test_a_fresh_process_takes_over_from_one_that_grew(make: MakeChild) -> None:
    child = make(limits=Limits(recycle_at=1))  # any process has grown beyond one byte, once somebody looked
    pid = pid_of(child)
    deadline = time.monotonic() + LONG
    while not child.is_worn:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert pid_of(child) != pid
    lasting = make(limits=Limits(recycle_at=1 << 40))
    assert len({pid_of(lasting) for _ in range(5)}) == 1


def test_recycling_waits_for_what_is_outstanding(make: MakeChild) -> None:
    child = make(limits=Limits(recycle_at=1))
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
