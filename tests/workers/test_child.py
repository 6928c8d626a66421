"""A child serves requests in parts, lets urgent ones in between, and stops when told to."""

import threading
import time
from queue import SimpleQueue

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.workers.child import Child, ChildBugError, Limits, Replies
from rag_desktop.workers.serving import Done, Part
from tests.workers import roles
from tests.workers.asking import LONG, MakeChild, failure_of, is_gone, next_reply, pid_of, within
from tests.workers.roles import Listen, Say, Work

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
