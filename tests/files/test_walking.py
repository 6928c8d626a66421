"""A walk over real folders, whole and in parts."""

import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.files.rules import Rules
from rag_desktop.files.walking import Found, is_link, is_within, outermost, single_file, walk

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="as Linux does it")


def text_files(path: str) -> str | None:
    return "text" if path.lower().endswith((".txt", ".md")) else None


def walked(
    root: Path,
    *excluded: Path,
    patterns: str = "",
    below: Iterable[Path] | None = None,
    at: Callable[[int, str], None] = lambda *_: None,
) -> Found:
    return walk(
        Rules(str(root), patterns),
        text_files,
        excluded=map(str, excluded),
        at=at,
        below=None if below is None else map(str, below),
    )


def write(root: Path, name: str, text: str = "Words.", *, mtime_ns: int = 1_000) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def names(found: Found, root: Path) -> list[str]:
    return [os.path.relpath(file.path, root) for file in found.files]


def test_files_come_in_a_stable_order_with_size_and_times(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "z/2.md", "z/1.md", "m/deep/er/x.txt", "B.TXT"):
        write(tmp_path, name)
    found = walked(tmp_path)
    assert names(found, tmp_path) == ["B.TXT", "a.txt", "b.txt", "m/deep/er/x.txt", "z/1.md", "z/2.md"]
    status = (tmp_path / "a.txt").stat()
    assert found.files[1] == FileState(str(tmp_path / "a.txt"), 6, 1_000, status.st_ctime_ns)
    assert (found.complete, found.device) == ((str(tmp_path),), tmp_path.stat().st_dev)
    assert not found.is_bare


@on_linux
def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "before")
    before = walked(tmp_path).files[0]
    while write(tmp_path, "a.txt", "behind").stat().st_ctime_ns == before.ctime_ns:
        pass  # until the clock of the file system ticks
    after = walked(tmp_path).files[0]
    assert (after.size, after.mtime_ns) == (before.size, before.mtime_ns)
    assert after.ctime_ns > before.ctime_ns


def test_what_no_reader_takes_is_counted_by_suffix(tmp_path: Path) -> None:
    for name in ("a.xyz", "b.XYZ", "c.bin", "Makefile", "d.txt"):
        write(tmp_path, name)
    assert walked(tmp_path).skipped == {".xyz": 2, ".bin": 1, "Makefile": 1}


def test_the_caller_hears_how_far_the_walk_is_and_may_stop_it(tmp_path: Path) -> None:
    for name in ("a/1.txt", "b/2.txt", "c/3.txt"):
        write(tmp_path, name)
    heard: list[tuple[int, str]] = []
    walked(tmp_path, at=lambda count, where: heard.append((count, Path(where).name)))
    assert heard == [(0, tmp_path.name), (1, "a"), (2, "b"), (3, "c")]

    def stop(count: int, _: str) -> None:
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        walked(tmp_path, at=stop)


def test_what_the_rules_leave_out_is_counted_and_not_entered(tmp_path: Path) -> None:
    for name in ("a.txt", "node_modules/b.txt", "node_modules/deep/c.txt", "drafts/d.txt", "e.tmp", "sub/.env"):
        write(tmp_path, name)
    found = walked(tmp_path, patterns="/drafts/")
    assert (names(found, tmp_path), found.excluded) == (["a.txt"], 4)
    found = walked(tmp_path, patterns="!node_modules/")
    assert names(found, tmp_path) == ["a.txt", "drafts/d.txt", "node_modules/b.txt", "node_modules/deep/c.txt"]


def test_a_root_of_a_name_that_is_left_out_is_walked(tmp_path: Path) -> None:
    write(tmp_path, "venv/a.txt")
    assert names(walked(tmp_path / "venv"), tmp_path) == ["venv/a.txt"]


def test_excluded_files_and_folders_are_left_out(tmp_path: Path) -> None:
    for name in ("in/a.txt", "in/b.txt", "out/c.txt", "out/deep/d.txt", "outer/e.txt"):
        write(tmp_path, name)
    found = walked(tmp_path, tmp_path / "out", tmp_path / "in" / "b.txt")
    assert names(found, tmp_path) == ["in/a.txt", "outer/e.txt"]
    assert found.excluded == 0


# Links and special files


def test_what_is_excluded_is_left_out_by_whatever_way_the_walk_comes_to_it(tmp_path: Path) -> None:
    root, way = tmp_path / "root", tmp_path / "way"
    for name in ("a.txt", "library/backup.txt", "other/b.txt", "single.txt", "deep/er/c.txt", "deep/twin.txt"):
        write(root, name)
    (tmp_path / "single.txt").symlink_to(root / "a.txt")
    way.symlink_to(tmp_path)
    (tmp_path / "named").symlink_to(root / "other")
    (root / "hard.txt").hardlink_to(root / "single.txt")
    inside = [root / name for name in ("library", "single.txt", "gone")]
    excluded = [*inside, tmp_path / "named", tmp_path / "single.txt", way / "root" / "deep" / "er"]
    for place in (root, way / "root"):
        found = walked(place, *excluded)
        assert names(found, place) == ["a.txt", "hard.txt", "deep/twin.txt"]
        for part in ("library", "library/backup.txt", "other/b.txt", "single.txt", "deep/er/c.txt"):
            assert names(walked(place, *excluded, below=[place / part]), place) == []


def test_a_root_is_walked_though_it_is_excluded_by_another_name(tmp_path: Path) -> None:
    write(tmp_path, "root/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "root")
    assert names(walked(tmp_path / "root", tmp_path / "link"), tmp_path) == ["root/a.txt"]


def test_links_are_not_followed_but_counted(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.txt")
    root = write(tmp_path, "root/real.txt").parent
    (root / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(root)
    (root / "itself").symlink_to(root / "itself")
    (root / "broken.txt").symlink_to(tmp_path / "nowhere")
    found = walked(root)
    assert names(found, root) == ["real.txt"]
    assert (found.links, found.unreadable, found.skipped) == (5, [], {})


def test_a_root_that_is_a_link_is_walked(tmp_path: Path) -> None:
    write(tmp_path, "real/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert names(walked(tmp_path / "link"), tmp_path) == ["link/a.txt"]


def test_a_folder_that_becomes_a_link_during_the_walk_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.txt")
    write(tmp_path, "root/a/1.txt")
    swapped = write(tmp_path, "root/b/2.txt").parent

    def swap(_: int, where: str) -> None:
        if where.endswith("root"):
            swapped.rename(tmp_path / "elsewhere")
            swapped.symlink_to(tmp_path / "outside")

    assert names(walked(tmp_path / "root", at=swap), tmp_path) == ["root/a/1.txt"]


def test_junctions_are_links() -> None:
    def status(mode: int, tag: int) -> os.stat_result:
        return cast("os.stat_result", SimpleNamespace(st_mode=mode, st_reparse_tag=tag))

    tag = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    if tag is not None:
        assert is_link(status(stat.S_IFDIR, tag))
        assert not is_link(status(stat.S_IFDIR, 0x9000001A))  # a folder of OneDrive
    assert is_link(status(stat.S_IFLNK, 0))
    assert not is_link(status(stat.S_IFDIR, 0))


@on_linux
def test_special_files_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    write(tmp_path, "a.txt")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
        assert names(walked(tmp_path), tmp_path) == ["a.txt"]
        assert walked(tmp_path, below=[tmp_path / "pipe.txt", tmp_path / "socket.txt"]).files == []


# Names


@on_linux
@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.txt",
        b'it\'s "so".txt',
        b"caf\xe9.txt",
        "e\u0301.txt".encode(),
        "\u1112\u1161\u11ab.txt".encode(),
        "\u202etxt.exe.txt".encode(),
        b" lead and trail .txt",
        b"%s ;#?*[a]\\.txt",
        b"-rf.txt",
        b"x" * 251 + b".txt",
    ],
)
def test_any_name_is_found_as_it_is_on_disk(tmp_path: Path, name: bytes) -> None:
    inner = os.path.join(os.fsencode(tmp_path), name[:200] + b"-folder ")
    os.mkdir(inner)
    expected = {os.path.join(os.fsencode(tmp_path), name), os.path.join(inner, name)}
    for path in expected:
        with open(path, "wb") as file:
            file.write(b"x")
    assert {os.fsencode(file.path) for file in walked(tmp_path, patterns="*.log\n/q/**/z").files} == expected
    assert {
        os.fsencode(file.path) for file in walked(tmp_path, below=[Path(os.fsdecode(path)) for path in expected]).files
    } == expected


@on_linux
def test_composed_and_decomposed_names_are_two_files(tmp_path: Path) -> None:
    write(tmp_path, "e\u0301.txt")
    write(tmp_path, "\u00e9.txt")
    assert len(walked(tmp_path).files) == 2


@on_linux
def test_paths_too_long_to_be_opened_are_named(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=here)
        inner = os.open("x" * 250, os.O_RDONLY, dir_fd=here)
        os.close(os.open("b.txt", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.close(here)
        here = inner
    os.close(here)
    try:
        found = walked(tmp_path)
        assert [Path(file.path).name for file in found.files] == ["a.txt"] + ["b.txt"] * (len(found.files) - 1)
        assert 14 < len(found.files) < 20
        assert len(found.unreadable) == 1
        assert len(found.unreadable[0]) > 4_000
        assert not found.speaks_for(found.unreadable[0] + "/b.txt")
        assert walked(tmp_path, below=[Path(found.unreadable[0]) / "c"]).unreadable != []
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path)], check=True)


@on_linux
def test_a_tree_as_deep_as_can_be(tmp_path: Path) -> None:
    deepest = str(tmp_path)
    for _ in range(1_900):
        deepest += "/d"
        os.mkdir(deepest)
    Path(f"{deepest}/a.txt").touch()
    try:
        assert len(walked(tmp_path).files) == 1
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path)], check=True)


# What goes away, and what may not be seen


def test_a_folder_that_vanishes_during_the_walk_is_gone(tmp_path: Path) -> None:
    write(tmp_path, "a/1.txt")
    gone = write(tmp_path, "b/2.txt")

    def vanish(_: int, where: str) -> None:
        if Path(where).name == "a":
            gone.unlink()
            gone.parent.rmdir()

    found = walked(tmp_path, at=vanish)
    assert (names(found, tmp_path), found.unreadable) == (["a/1.txt"], [])
    assert found.speaks_for(str(gone))


def test_a_root_that_vanishes_during_the_walk_is_away(tmp_path: Path) -> None:
    for name in ("root/a/1.txt", "root/b/2.txt"):
        write(tmp_path, name)

    def vanish(_: int, where: str) -> None:
        if Path(where).name == "a":
            (tmp_path / "root").rename(tmp_path / "unplugged")
            (tmp_path / "root").mkdir()

    with pytest.raises(UserFacingError) as caught:
        walked(tmp_path / "root", at=vanish)
    assert caught.value.code == "folder-away"


LOOK = """
import os, sys
from rag_desktop.files.rules import Rules
from rag_desktop.files.walking import walk
from rag_desktop.domain.errors import UserFacingError
{before}
try:
    found = walk(Rules(sys.argv[1]), lambda path: "text", excluded=[], at=lambda count, where: at(where))
except UserFacingError as error:
    print(error.code)
else:
    for file in found.files: print("file", os.path.relpath(file.path, sys.argv[1]))
    for path in found.unreadable: print("unreadable", os.path.relpath(path, sys.argv[1]))
    for path in found.mounts: print("mount", os.path.relpath(path, sys.argv[1]))
    print("links", found.links)
"""


def look_in_another_process(root: Path, before: str) -> list[str]:
    code = LOOK.format(before="at = lambda where: None\n" + before)
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this machine does not let a program do that")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@on_linux
@pytest.mark.parametrize("locked", ["locked", "."])
def test_a_folder_that_may_not_be_listed(tmp_path: Path, locked: str) -> None:
    for above in [tmp_path, *tmp_path.parents][:3]:
        above.chmod(0o755)
    write(tmp_path, "locked/a.txt")
    write(tmp_path, "open/b.txt")
    (tmp_path / locked).chmod(0o000)
    try:
        lines = look_in_another_process(tmp_path, "if os.geteuid() == 0: os.setgid(65534), os.setuid(65534)")
    finally:
        (tmp_path / locked).chmod(0o700)
    assert lines == (["folder-away"] if locked == "." else ["file open/b.txt", "unreadable locked", "links 0"])


MOUNT = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x00020000 | (0x10000000 if os.geteuid() else 0)): sys.exit(77)
def mount(source, target, kind, flags):
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, None): sys.exit(77)
mount("none", "/", "", 0x44000)  # what is mounted here stays here
inner = sys.argv[1] + "/a/inner"
"""


@on_linux
def test_a_folder_that_holds_itself_by_way_of_a_mount_is_walked_once(tmp_path: Path) -> None:
    write(tmp_path, "a/1.txt")
    (tmp_path / "a" / "inner").mkdir()
    lines = look_in_another_process(tmp_path, MOUNT + 'mount(sys.argv[1], inner, "", 0x5000)')
    assert lines == ["file a/1.txt", "links 1"]


@on_linux
def test_other_file_systems_are_walked_and_named(tmp_path: Path) -> None:
    write(tmp_path, "a/inner/hidden.txt")
    before = MOUNT + 'mount("none", inner, "tmpfs", 0); open(inner + "/2.txt", "w").close()'
    assert look_in_another_process(tmp_path, before) == ["file a/inner/2.txt", "mount a/inner", "links 0"]


@on_linux
def test_what_was_mounted_and_goes_away_during_the_walk_is_not_gone(tmp_path: Path) -> None:
    (tmp_path / "a" / "inner").mkdir(parents=True)
    unplug = """
mount("none", inner, "tmpfs", 0)
os.makedirs(inner + "/x"), os.makedirs(inner + "/y")
at = lambda where: where.endswith("/x") and libc.umount2(inner.encode(), 2)
"""
    assert look_in_another_process(tmp_path, MOUNT + unplug) == ["unreadable a/inner", "mount a/inner", "links 0"]


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path.touch()])
@pytest.mark.parametrize("below", [None, "a.txt"])
def test_a_root_that_cannot_be_listed_is_away(tmp_path: Path, make: Callable[[Path], None], below: str | None) -> None:
    root = tmp_path / "root"
    make(root)
    with pytest.raises(UserFacingError) as caught:
        walked(root, below=None if below is None else [root / below])
    assert caught.value.code == "folder-away"


@pytest.mark.parametrize("below", [None, "a.txt"])
def test_an_empty_root_is_bare(tmp_path: Path, below: str | None) -> None:
    some = None if below is None else [tmp_path / below]
    assert walked(tmp_path, below=some).is_bare
    (tmp_path / "lost+found").mkdir()
    assert not walked(tmp_path, below=some).is_bare


def test_a_file_that_fails_to_tell_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = write(tmp_path, "sub/a.txt")
    write(tmp_path, "sub/b.txt")
    real = os.lstat

    def lstat(path: str) -> os.stat_result:
        if path == str(broken):
            raise OSError(errno.EIO, "a worn disk")
        return real(path)

    monkeypatch.setattr("rag_desktop.files.walking.os.lstat", lstat)
    found = walked(tmp_path, below=[broken, tmp_path / "sub" / "b.txt"])
    assert (names(found, tmp_path), found.unreadable) == (["sub/b.txt"], [str(broken)])


# Parts


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/1.txt", "a/2.txt", "a/b/3.txt", "c/4.txt", "node_modules/5.txt", "6.txt"):
        write(tmp_path, name)
    return tmp_path


@pytest.mark.parametrize(
    ("below", "expected", "complete"),
    [
        (["a"], ["a/1.txt", "a/2.txt", "a/b/3.txt"], ["a"]),
        (["a/1.txt"], ["a/1.txt"], ["a/1.txt"]),
        (["a/b", "a", "a/1.txt"], ["a/1.txt", "a/2.txt", "a/b/3.txt"], ["a"]),
        (["c", "a/b"], ["a/b/3.txt", "c/4.txt"], ["a/b", "c"]),
        (["gone"], [], ["gone"]),
        (["gone/deep/er"], [], ["gone/deep/er"]),
        (["6.txt/x"], [], ["6.txt/x"]),
        (["node_modules/5.txt"], [], ["node_modules/5.txt"]),
        (["."], ["6.txt", "a/1.txt", "a/2.txt", "a/b/3.txt", "c/4.txt"], ["."]),
        ([], [], []),
    ],
)
def test_a_part_is_looked_at_alone(tree: Path, below: list[str], expected: list[str], complete: list[str]) -> None:
    found = walked(tree, below=[tree / name for name in below])
    assert names(found, tree) == expected
    assert found.complete == tuple(str(tree / name) for name in complete)
    assert not found.is_bare
    assert not found.speaks_for(str(tree / "nowhere.txt")) or complete == ["."]


def test_a_part_behind_a_link_or_left_out_is_empty(tree: Path) -> None:
    (tree / "link").symlink_to(tree / "a")
    for name in ("link", "link/1.txt", "c/4.txt"):
        found = walked(tree, tree / "c", below=[tree / name])
        assert (found.files, found.complete) == ([], (str(tree / name),))
    assert walked(tree, patterns="/a/b/", below=[tree / "a" / "b" / "3.txt"]).excluded == 1


def test_a_part_elsewhere_is_a_bug(tree: Path) -> None:
    with pytest.raises(ValueError, match="not below"):
        walked(tree, below=[tree.parent / "elsewhere"])


_PART = st.lists(st.sampled_from("abc"), min_size=0, max_size=4).map(lambda parts: os.sep.join(["", *parts]))


@given(st.lists(_PART))
def test_the_outermost_hold_all_and_one_another_never(paths: list[str]) -> None:
    kept = outermost(paths)
    assert set(kept) <= set(paths)
    assert all(is_within(path, kept) for path in paths)
    assert not any(is_within(path, [other]) for path in kept for other in kept if other != path)


def test_within_is_of_whole_names() -> None:
    assert is_within("/a/b", ["/a"])
    assert is_within("/a", ["/a"])
    assert is_within("/a", ["/"])
    assert not is_within("/ab", ["/a"])
    assert not is_within("/", ["/a"])


def test_a_single_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt")
    assert single_file(str(path)) == FileState(str(path), 6, 1_000, path.stat().st_ctime_ns)
    for wrong, code in ((tmp_path / "nowhere", "folder-away"), (tmp_path, "path-not-regular")):
        with pytest.raises(UserFacingError) as caught:
            single_file(str(wrong))
        assert caught.value.code == code
