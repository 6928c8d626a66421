"""Changes are told when it is quiet, or after a while, and never twice."""

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.files.batching import MOST_PATHS, Batch


def batch() -> Batch:
    return Batch(quiet_s=1.0, most_s=10.0)


def test_nothing_is_due_where_nothing_changed() -> None:
    assert batch().due() is None
    assert batch().take() == {}
    assert batch().take(["/r"]) == {}


def test_a_change_is_due_when_it_was_quiet() -> None:
    some = batch()
    some.add("/r", "/r/a", 5.0)
    assert some.due() == 6.0
    some.add("/r", "/r/b", 5.5)
    assert some.due() == 6.5
    assert some.take() == {"/r": {"/r/a", "/r/b"}}
    assert some.due() is None


def test_a_change_does_not_wait_for_ever() -> None:
    some = batch()
    for tick in range(100):
        some.add("/r", "/r/a", tick / 2)
    assert some.due() == 10.0
    some.take()
    some.add("/r", "/r/a", 50.0)
    assert some.due() == 51.0


def test_a_change_of_a_folder_is_that_of_all_it_holds() -> None:
    some = batch()
    for path in ("/r/a/b", "/r/a", "/r/a/c/d", "/r/ab"):
        some.add("/r", path, 0.0)
    assert some.take() == {"/r": {"/r/a", "/r/ab"}}


def test_a_change_in_a_root_inside_another_is_not_lost_in_that_of_a_folder_above() -> None:
    some = batch()
    some.add("/p", "/p/sub", 0.0)
    some.add("/p/sub/nested", "/p/sub/nested/a", 0.0)
    assert some.take() == {"/p": {"/p/sub"}, "/p/sub/nested": {"/p/sub/nested/a"}}


def test_a_root_below_what_changed_is_given_whole() -> None:
    some = batch()
    some.add("/p", "/p/sub", 0.0)
    some.add("/p/sub/nested", "/p/sub/nested/a", 0.0)
    roots = ["/p", "/p/sub/nested", "/p/sub", "/p/subs", "/q"]
    whole = {root: frozenset({root}) for root in ("/p/sub/nested", "/p/sub")}
    assert some.take(roots) == {"/p": {"/p/sub"}, **whole}
    some.add("/p", "/p", 0.0)
    assert some.take(roots) == {root: frozenset({root}) for root in ("/p", "/p/sub/nested", "/p/sub", "/p/subs")}
    some.add("/", "/", 0.0)
    assert some.take(["/q"]) == {"/": {"/"}, "/q": {"/q"}}


def test_too_many_changes_are_one_of_the_root() -> None:
    some = batch()
    some.add("/other", "/other/a", 0.0)
    for number in range(MOST_PATHS):
        some.add("/r", f"/r/{number}", 0.0)
    assert len(some.take()["/r"]) == MOST_PATHS
    some.add("/other", "/other/a", 0.0)
    for number in range(MOST_PATHS + 1):
        some.add("/r", f"/r/{number}", 0.0)
    some.add("/r", "/r/one more", 0.0)
    assert some.take() == {"/r": {"/r"}, "/other": {"/other/a"}}


def test_a_root_may_be_forgotten() -> None:
    some = batch()
    some.add("/r", "/r/a", 0.0)
    some.drop("/r")
    some.drop("/r")
    assert some.due() is None


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(["/r/a", "/r/a/b", "/r/c"]))))
def test_a_batch_is_due_within_the_most_and_never_while_it_is_loud(steps: list[tuple[float, str]]) -> None:
    some, now, first = batch(), 0.0, 0.0
    for wait, path in steps:
        due = some.due()
        now += wait
        if due is not None and due <= now:
            assert some.take()
        if some.due() is None:
            first = now
        some.add("/r", path, now)
        assert some.due() == min(now + 1.0, first + 10.0)
