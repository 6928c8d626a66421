"""What changes in real folders is told; what does not, is not."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from rag_desktop.files import watching
from rag_desktop.files.rules import Rules
from rag_desktop.files.source import Lost, Seen, Source
from rag_desktop.files.walking import is_within
from rag_desktop.files.watching import Watch

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="as Linux does it")
PATIENCE_S = 20.0
Changed = Mapping[str, frozenset[str]]
RENAME = pytest.mark.skipif(sys.platform == "win32", reason="a watched folder cannot be renamed on Windows")


class Heard:
    """All that a watch told, in order."""

    def __init__(self) -> None:
        self._told = threading.Condition()
        self.batches: list[Changed] = []

    def changed(self, paths: Changed) -> None:
        with self._told:
            self.batches.append(paths)
            self._told.notify_all()

    @property
    def paths(self) -> set[str]:
        return {path for batch in self.batches for paths in batch.values() for path in paths}

    def of(self, root: Path) -> set[str]:
        return {path for batch in self.batches for path in batch.get(str(root), ())}

    def until(self, is_enough: Callable[[set[str]], bool]) -> set[str]:
        with self._told:
            assert self._told.wait_for(lambda: is_enough(self.paths), PATIENCE_S), (
                f"heard only of {sorted(self.paths)[:9]}"
            )
            return self.paths

    def until_told(self, *paths: Path) -> set[str]:
        """Wait until all of these were told, by themselves or with a folder that holds them."""
        return self.until(lambda heard: all(is_within(str(path), heard) for path in paths))

    def forget(self) -> None:
        with self._told:
            self.batches.clear()


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "old.txt").write_text("Old words.")
    return tmp_path / "root"


def new_watch(heard: Heard, *excluded: Path) -> Watch:
    return Watch(heard.changed, excluded=map(str, excluded), quiet_s=0.05, most_s=1.0, beat_s=0.1)


@pytest.fixture(params=["the system's own", "a whole tree"])
def watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, heard: Heard, root: Path) -> Iterator[Watch]:
    if request.param == "a whole tree":
        # Compares listings, so that what Windows and macOS use is tried out everywhere but for the system's own part.
        def observed(seen: Seen, lost: Lost) -> Source:
            from watchdog.observers.polling import PollingObserver

            from rag_desktop.files.observing import Observed

            return Observed(seen, lost, PollingObserver(timeout=0.02))

        monkeypatch.setattr(watching, "_new_source", observed)
    watch = new_watch(heard, root / "library")
    watch.follow({str(root): Rules(str(root))})
    assert watch.failed == {}
    yield watch
    watch.close()


@pytest.fixture
def own(heard: Heard, root: Path) -> Iterator[Watch]:
    watch = new_watch(heard, root / "library")
    watch.follow({str(root): Rules(str(root))})
    yield watch
    watch.close()


def nothing_but(heard: Heard, marker: Path) -> None:
    """Events come in order: once a last change is told, what was not told before never will be."""
    marker.write_text("x")
    assert heard.until_told(marker) == {str(marker)}


# Changes


@pytest.mark.usefixtures("watch")
def test_a_new_a_changed_and_a_deleted_file(root: Path, heard: Heard) -> None:
    new = root / "sub" / "new.txt"
    for change in (
        lambda: new.write_text("New words."),
        lambda: new.write_text("Other words."),
        lambda: os.utime(new, ns=(5, 5)),
        new.unlink,
    ):
        heard.forget()
        change()
        assert heard.until_told(new) == {str(new)}


@pytest.mark.usefixtures("watch")
def test_both_ends_of_a_move(root: Path, heard: Heard) -> None:
    (root / "old.txt").rename(root / "sub" / "moved.txt")
    assert heard.until_told(root / "old.txt", root / "sub" / "moved.txt") == {
        str(root / "old.txt"), str(root / "sub" / "moved.txt"),
    }  # fmt: skip


@pytest.mark.usefixtures("watch")
def test_moves_in_and_out(root: Path, heard: Heard, tmp_path: Path) -> None:
    (root / "old.txt").rename(tmp_path / "out.txt")
    assert heard.until_told(root / "old.txt") == {str(root / "old.txt")}
    heard.forget()
    (tmp_path / "whole" / "tree").mkdir(parents=True)
    (tmp_path / "whole" / "tree" / "a.txt").write_text("x")
    (tmp_path / "whole").rename(root / "whole")
    heard.until_told(root / "whole" / "tree" / "a.txt")
    heard.until(lambda paths: str(root / "whole") in paths)
    heard.forget()
    (root / "whole" / "tree" / "b.txt").write_text("x")
    heard.until(lambda paths: str(root / "whole" / "tree" / "b.txt") in paths)


@pytest.mark.usefixtures("watch")
def test_new_folders_are_watched_too(root: Path, heard: Heard) -> None:
    deep = root / "n" / "e" / "w"
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text("x")
    heard.until_told(deep / "a.txt")
    heard.until(lambda paths: str(root / "n") in paths)
    heard.forget()
    (deep / "b.txt").write_text("x")
    heard.until(lambda paths: str(deep / "b.txt") in paths)


@RENAME
@pytest.mark.usefixtures("watch")
def test_a_moved_folder_is_watched_at_its_new_place(root: Path, heard: Heard) -> None:
    (root / "sub" / "deep").mkdir()
    heard.until_told(root / "sub" / "deep")
    heard.forget()
    (root / "sub").rename(root / "other")
    heard.until(lambda paths: {str(root / "sub"), str(root / "other")} <= paths)
    heard.forget()
    (root / "other" / "deep" / "a.txt").write_text("x")
    heard.until(lambda paths: str(root / "other" / "deep" / "a.txt") in paths)


@on_linux
@pytest.mark.usefixtures("watch")
@pytest.mark.parametrize("name", [b"new\nline.txt", b"caf\xe9.txt", b" 'it' \"is\" .txt", "e\u0301\u202e.txt".encode()])
def test_names_of_all_kinds(root: Path, heard: Heard, name: bytes) -> None:
    path = os.path.join(os.fsencode(root), b"sub", name)
    with open(path, "wb") as file:
        file.write(b"x")
    assert heard.until_told(Path(os.fsdecode(path))) == {os.fsdecode(path)}


def test_many_changes_are_one_of_the_root(root: Path, heard: Heard) -> None:
    may_go_on = threading.Event()

    def changed(paths: Changed) -> None:
        heard.changed(paths)
        assert may_go_on.wait(PATIENCE_S)

    busy = Watch(changed, quiet_s=0.3, most_s=60.0)
    busy.follow({str(root): Rules(str(root))})
    (root / "first.txt").touch()
    heard.until_told(root / "first.txt")
    for number in range(1_500):
        (root / "sub" / f"{number}.txt").touch()
    may_go_on.set()
    heard.until(lambda paths: str(root) in paths)
    busy.close()
    assert heard.paths == {str(root), str(root / "first.txt")}


# What is no change


@pytest.mark.usefixtures("watch")
def test_looking_is_no_change(root: Path, heard: Heard) -> None:
    for _ in range(3):
        assert (root / "old.txt").read_text() == "Old words."
        (root / "old.txt").stat()
        os.listdir(root / "sub")
    nothing_but(heard, root / "marker.txt")


@pytest.mark.usefixtures("watch")
def test_what_is_left_out_is_not_told(root: Path, heard: Heard) -> None:
    (root / "library" / "deep").mkdir(parents=True)
    (root / "library" / "deep" / "library.sqlite").write_text("x")
    (root / "node_modules" / "a").mkdir(parents=True)
    (root / "node_modules" / "a" / "readme.md").write_text("x")
    (root / "letter.tmp").write_text("x")
    (root / "sub" / "id_rsa").write_text("x")
    nothing_but(heard, root / "marker.txt")


@pytest.mark.usefixtures("watch")
def test_a_draft_that_is_renamed_is_told_by_its_new_name(root: Path, heard: Heard) -> None:
    (root / "old.txt.tmp").write_text("New words.")
    (root / "old.txt.tmp").replace(root / "old.txt")
    assert heard.until_told(root / "old.txt") == {str(root / "old.txt")}


# Roots


def test_roots_come_go_and_change_their_rules(watch: Watch, root: Path, heard: Heard, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    rules = {str(path): Rules(str(path), "*.log") for path in (root, other)}
    watch.follow(rules)
    (root / "a.log").write_text("x")
    (other / "a.txt").write_text("x")
    assert heard.until_told(other / "a.txt") == {str(other / "a.txt")}
    watch.follow({str(other): rules[str(other)]})
    heard.forget()
    (root / "a.txt").write_text("x")
    nothing_but(heard, other / "marker.txt")
    watch.follow({})
    heard.forget()
    (other / "b.txt").write_text("x")
    watch.follow(rules)
    nothing_but(heard, root / "marker.txt")


def test_a_root_inside_another(watch: Watch, root: Path, heard: Heard) -> None:
    inner = root / "sub"
    both = {str(root): Rules(str(root)), str(inner): Rules(str(inner))}
    watch.follow(both)
    (inner / "a.txt").write_text("x")
    assert heard.until_told(inner / "a.txt") == {str(inner / "a.txt")}
    watch.follow({str(inner): both[str(inner)]})
    heard.forget()
    (root / "b.txt").write_text("x")
    nothing_but(heard, inner / "marker.txt")


def test_each_change_is_told_of_the_innermost_root(watch: Watch, root: Path, heard: Heard) -> None:
    inner = root / "sub" / "inner"
    inner.mkdir()
    heard.until_told(inner)
    watch.follow({str(path): Rules(str(path)) for path in (root, inner)})
    heard.forget()
    (inner / "a.txt").write_text("x")
    (root / "b.txt").write_text("x")
    heard.until_told(inner / "a.txt", root / "b.txt")
    assert (heard.of(inner), heard.of(root)) == ({str(inner / "a.txt")}, {str(root / "b.txt")})
    for number in range(1_100):
        (inner / f"{number}.txt").touch()
    heard.until_told(inner / "1099.txt")
    assert heard.of(root) == {str(root / "b.txt")}


@on_linux
def test_a_root_inside_a_folder_that_changed_is_told_whole(own: Watch, root: Path, heard: Heard) -> None:
    inner = root / "sub" / "inner"
    inner.mkdir()
    heard.until_told(inner)
    own.follow({str(path): Rules(str(path)) for path in (root, inner)})
    heard.forget()
    (root / "sub").chmod(0o750)
    (inner / "a.txt").write_text("x")
    heard.until_told(inner / "a.txt", root / "sub")
    assert str(root / "sub") in heard.of(root)
    assert str(inner) in heard.of(inner)


@on_linux
def test_a_root_that_is_a_link_does_not_lead_to_what_is_never_told(root: Path, heard: Heard, tmp_path: Path) -> None:
    (root / "library").mkdir()
    link = tmp_path / "link"
    link.symlink_to(root)
    watch = new_watch(heard, root / "library")
    watch.follow({str(link): Rules(str(link))})
    (root / "library" / "library.sqlite").write_text("x")
    nothing_but(heard, link / "marker.txt")
    watch.close()


@on_linux
def test_what_is_never_told_may_be_named_by_a_link(root: Path, heard: Heard, tmp_path: Path) -> None:
    (root / "library").mkdir()
    link = tmp_path / "link"
    link.symlink_to(root / "library")
    watch = new_watch(heard, link)
    watch.follow({str(root): Rules(str(root))})
    (root / "library" / "library.sqlite").write_text("x")
    nothing_but(heard, root / "marker.txt")
    watch.close()


@RENAME
def test_a_root_that_goes_and_comes_again(watch: Watch, root: Path, heard: Heard, tmp_path: Path) -> None:
    root.rename(tmp_path / "unplugged")
    heard.until(lambda paths: str(root) in paths)
    assert watch.failed == {}
    heard.forget()
    (tmp_path / "unplugged").rename(root)
    heard.until(lambda paths: str(root) in paths)
    heard.forget()
    (root / "sub" / "a.txt").write_text("x")
    heard.until_told(root / "sub" / "a.txt")


@RENAME
@pytest.mark.usefixtures("watch")
def test_a_root_that_is_replaced_from_above(root: Path, heard: Heard, tmp_path: Path) -> None:
    """Nothing happens to the watched folder itself: the one above it is another."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b" / "root").mkdir(parents=True)
    (tmp_path / "b" / "root" / "b.txt").write_text("x")
    root.rename(tmp_path / "a" / "root")
    above = Watch(heard.changed, quiet_s=0.05, most_s=1.0, beat_s=0.1)
    inner = tmp_path / "a" / "root"
    try:
        above.follow({str(inner): Rules(str(inner))})
        (tmp_path / "a").rename(tmp_path / "was a")
        (tmp_path / "b").rename(tmp_path / "a")
        heard.until(lambda paths: str(inner) in paths)
        heard.forget()
        (inner / "c.txt").write_text("x")
        heard.until_told(inner / "c.txt")
    finally:
        above.close()


def test_a_root_that_is_not_there_yet_is_waited_for(watch: Watch, root: Path, heard: Heard, tmp_path: Path) -> None:
    later = tmp_path / "later"
    watch.follow({str(later): Rules(str(later))})
    assert watch.failed == {}
    later.mkdir()
    heard.until(lambda paths: str(later) in paths)
    (later / "a.txt").write_text("x")
    heard.until_told(later / "a.txt")


def test_a_file_by_itself(own: Watch, root: Path, heard: Heard) -> None:
    single = root / "old.txt"
    own.follow({str(single): Rules(str(single))})
    (root / "sibling.txt").write_text("x")
    single.write_text("New words.")
    assert heard.until_told(single) == {str(single)}
    heard.forget()
    (root / "draft").write_text("x")
    (root / "draft").replace(single)
    assert heard.until_told(single) == {str(single)}
    heard.forget()
    single.unlink()
    assert heard.until_told(single) == {str(single)}
    heard.forget()
    single.write_text("Again.")
    assert heard.until_told(single) == {str(single)}


# Ends and failures


def test_closing_ends_all_threads(root: Path, heard: Heard) -> None:
    before = set(threading.enumerate())
    watch = new_watch(heard)
    watch.follow({str(root): Rules(str(root))})
    assert len(set(threading.enumerate()) - before) >= 2
    watch.close()
    watch.close()
    watch.follow({str(root): Rules(str(root))})
    assert set(threading.enumerate()) <= before
    (root / "a.txt").write_text("x")
    assert heard.batches == []


def test_it_may_be_closed_by_what_it_tells(root: Path) -> None:
    done = threading.Event()

    def changed(_: Changed) -> None:
        closing.close()
        done.set()

    closing = Watch(changed, quiet_s=0.01)
    closing.follow({str(root): Rules(str(root))})
    (root / "a.txt").write_text("x")
    assert done.wait(PATIENCE_S)
    until(lambda: not closing._thread.is_alive())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watch_that_can_tell_no_more_says_so(root: Path) -> None:
    def changed(_: Changed) -> None:
        raise RuntimeError("a bug")

    watch = Watch(changed, quiet_s=0.01)
    watch.follow({str(root): Rules(str(root))})
    (root / "a.txt").write_text("x")
    until(lambda: watch.failed)
    assert watch.failed[str(root)].code == "watch-failed"
    watch.close()


def test_a_source_that_dies_is_replaced(own: Watch, root: Path, heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    source = own._source
    assert source is not None
    source.close()
    heard.until(lambda paths: str(root) in paths)
    until(lambda: own._source is not source and str(root) in own._watched)
    heard.forget()
    (root / "a.txt").write_text("x")
    heard.until_told(root / "a.txt")
    assert "begins again" in caplog.text


def test_without_watchdog_it_is_said(root: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("watchdog.utils", "watchdog.events", "rag_desktop.files.observing"):
        monkeypatch.setitem(sys.modules, name, None)
    watch = new_watch(heard)
    watch.follow({str(root): Rules(str(root))})
    assert watch.failed[str(root)].code == "watch-missing"
    watch.close()


@on_linux
def test_what_is_left_out_costs_no_watches(root: Path, heard: Heard) -> None:
    from rag_desktop.files.inotify import Inotify

    for number in range(300):
        (root / "node_modules" / str(number)).mkdir(parents=True)
    watch = new_watch(heard)
    watch.follow({str(root): Rules(str(root))})
    assert isinstance(watch._source, Inotify)
    assert watch._source.watches == 2
    (root / "sub").rename(root / "venv")
    heard.until_told(root / "sub")
    assert watch._source.watches == 1
    (root / "venv").rename(root / "sub")
    heard.until_told(root / "sub")
    until(lambda: isinstance(watch._source, Inotify) and watch._source.watches == 2)
    (root / "sub").rmdir()
    until(lambda: isinstance(watch._source, Inotify) and watch._source.watches == 1)
    watch.close()


@on_linux
def test_missed_events_are_a_change_of_the_root(own: Watch, root: Path, heard: Heard) -> None:
    from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, WatchDescriptor

    from rag_desktop.files.inotify import Inotify

    assert isinstance(own._source, Inotify)
    own._source.descriptor.handle_event(InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b""))
    assert heard.until_told(root) == {str(root)}
    heard.forget()
    nothing_but(heard, root / "sub" / "a.txt")


@on_linux
def test_watches_are_left_for_other_programs(root: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_desktop.files.inotify._most_watches", lambda: 4)
    watch = new_watch(heard)
    watch.follow({str(root): Rules(str(root))})
    assert watch.failed == {}
    for number in range(4):
        (root / "sub" / str(number)).mkdir()
    until(lambda: watch.failed)
    assert watch.failed[str(root)].code == "watch-limit"
    heard.until(lambda paths: str(root) in paths)
    for number in range(4):
        (root / "sub" / str(number)).rmdir()
    watch.follow({str(root): Rules(str(root))})
    assert watch.failed == {}
    watch.close()


IN_ANOTHER_PROCESS = """
import ctypes, os, sys
from rag_desktop.files.rules import Rules
from rag_desktop.files.watching import Watch
if ctypes.CDLL(None).unshare(0x10000000): sys.exit(77)  # a user namespace, with limits of its own
def limit(name, number):
    try:
        with open("/proc/sys/user/" + name, "w") as file: file.write(str(number))
    except OSError: sys.exit(77)
{before}
watch = Watch(print)
watch.follow({{sys.argv[1]: Rules(sys.argv[1])}})
print(*(error.code for error in watch.failed.values()))
print(watch._source.watches if watch._source else "no source")
watch.close()
"""


@on_linux
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("limit('max_inotify_watches', 2)", ["", "2"]),
        ("limit('max_inotify_watches', 1)", ["watch-limit", "0"]),
        ("limit('max_inotify_instances', 0)", ["watch-limit", "no source"]),
    ],
)
def test_the_systems_limits_are_named(root: Path, before: str, expected: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS.format(before=before), str(root)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("no user namespaces here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == expected
