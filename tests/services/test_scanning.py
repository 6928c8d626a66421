"""A walk over real folders, and what is to be done about what it met."""

import hashlib
import os
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import DocumentId, FolderId
from rag_desktop.services.scanning import Found, Plan, plan, single_file, walk
from rag_desktop.store.documents import DocumentRow, FileState

READER = "1/leaves"
is_root = hasattr(os, "geteuid") and os.geteuid() == 0


def text_files(path: str) -> str | None:
    return "text" if path.lower().endswith((".txt", ".md")) else None


def walked(root: Path, *excluded: str, at: Callable[[int, str], None] = lambda *_: None) -> Found:
    return walk(str(root), text_files, excluded=excluded, at=at)


def write(root: Path, name: str, text: str = "Words.", *, mtime_ns: int = 1_000) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def found_names(root: Path, *excluded: str) -> list[str]:
    return [os.path.relpath(file.path, root) for file in walked(root, *excluded).files]


# The walk


def test_files_come_in_a_stable_order_with_size_and_time(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "z/2.md", "z/1.md", "m/deep/er/x.txt", "B.TXT"):
        write(tmp_path, name)
    assert found_names(tmp_path) == ["B.TXT", "a.txt", "b.txt", "m/deep/er/x.txt", "z/1.md", "z/2.md"]
    assert walked(tmp_path).files[1] == FileState(str(tmp_path / "a.txt"), 6, 1_000)


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


@pytest.mark.parametrize("name", ["node_modules", ".git", "__pycache__", ".ssh", "$RECYCLE.BIN"])
def test_folders_that_hold_nobodys_documents_are_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"sub/{name}/a.txt")
    write(tmp_path, "sub/b.txt")
    assert found_names(tmp_path) == ["sub/b.txt"]


def test_a_root_of_such_a_name_is_walked(tmp_path: Path) -> None:
    write(tmp_path, "venv/a.txt")
    assert found_names(tmp_path / "venv") == ["a.txt"]


def test_excluded_files_and_folders_are_left_out(tmp_path: Path) -> None:
    for name in ("in/a.txt", "in/b.txt", "out/c.txt", "out/deep/d.txt", "outer/e.txt"):
        write(tmp_path, name)
    assert found_names(tmp_path, str(tmp_path / "out"), str(tmp_path / "in" / "b.txt")) == ["in/a.txt", "outer/e.txt"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.txt")
    write(tmp_path, "root/real.txt")
    (tmp_path / "root" / "file.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "loop").symlink_to(tmp_path / "root")
    (tmp_path / "root" / "broken.txt").symlink_to(tmp_path / "nowhere")
    found = walked(tmp_path / "root")
    assert [Path(file.path).name for file in found.files] == ["real.txt"]
    assert (found.unreadable, found.skipped) == ([], {})


def test_a_root_that_is_a_link_is_walked(tmp_path: Path) -> None:
    write(tmp_path, "real/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert found_names(tmp_path / "link") == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="special files of POSIX")
def test_special_files_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    write(tmp_path, "a.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket.txt"))
        assert found_names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are bytes")
@pytest.mark.parametrize(
    "name",
    [
        b"new\nline.txt",
        b'it\'s "so".txt',
        b"caf\xe9.txt",
        "e\u0301.txt".encode(),
        "\u1112\u1161\u11ab.txt".encode(),
        b"%s ;#?.txt",
    ],
)
def test_any_name_is_found_as_it_is_on_disk(tmp_path: Path, name: bytes) -> None:
    inner = os.path.join(os.fsencode(tmp_path), name + b"-folder")
    os.mkdir(inner)
    for path in (os.path.join(os.fsencode(tmp_path), name), os.path.join(inner, name)):
        with open(path, "wb") as file:
            file.write(b"x")
    assert {os.fsencode(file.path) for file in walked(tmp_path).files} == {
        os.path.join(os.fsencode(tmp_path), name),
        os.path.join(inner, name),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are bytes")
def test_composed_and_decomposed_names_are_two_files(tmp_path: Path) -> None:
    write(tmp_path, "e\u0301.txt")
    write(tmp_path, "\u00e9.txt")
    assert len(walked(tmp_path).files) == 2


def test_a_folder_that_vanishes_during_the_walk_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a/1.txt")
    gone = write(tmp_path, "b/2.txt")

    def vanish(_: int, where: str) -> None:
        if Path(where).name == "a":
            gone.unlink()
            gone.parent.rmdir()

    found = walked(tmp_path, at=vanish)
    assert found.unreadable == [str(tmp_path / "b")]
    assert [Path(file.path).name for file in found.files] == ["1.txt"]


@pytest.mark.skipif(is_root, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_listed_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "locked/a.txt")
    (tmp_path / "locked").chmod(0o000)
    try:
        assert walked(tmp_path).unreadable == [str(tmp_path / "locked")]
    finally:
        (tmp_path / "locked").chmod(0o700)


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path.touch()])
def test_a_root_that_cannot_be_listed_is_away(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "root")
    with pytest.raises(UserFacingError) as caught:
        walked(tmp_path / "root")
    assert caught.value.code == "folder-away"


def test_a_single_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt")
    assert single_file(str(path)) == FileState(str(path), 6, 1_000)
    for wrong, code in ((tmp_path / "nowhere", "folder-away"), (tmp_path, "path-not-regular")):
        with pytest.raises(UserFacingError) as caught:
            single_file(str(wrong))
        assert caught.value.code == code


# The plan


@dataclass
class Known:
    """What a library would know after it had read all that lies in `root` now."""

    root: Path
    rows: list[DocumentRow] = field(default_factory=list)

    def read_all(self, *, reader: str = READER, failed: Iterable[str] = ()) -> "Known":
        for number, file in enumerate(walked(self.root).files, start=1):
            digest = hashlib.sha256(Path(file.path).read_bytes()).digest()
            error = UserFacingError("file-damaged") if Path(file.path).name in failed else None
            sha256 = None if error else digest
            self.rows.append(DocumentRow(DocumentId(number), FolderId(1), file, sha256, reader, error))
        return self

    def plan(self, reader: str = READER) -> "Named":
        return Named(plan(walked(self.root), self.rows, reader), self)


@dataclass
class Named:
    """A plan with names instead of numbers."""

    plan: Plan
    known: Known

    def name(self, document: DocumentId) -> str:
        return next(Path(row.file.path).name for row in self.known.rows if row.id == document)

    @property
    def read(self) -> list[str]:
        return [Path(file.path).name for file in self.plan.read]

    @property
    def moved(self) -> list[tuple[str, str]]:
        return [(self.name(document), Path(file.path).name) for document, file in self.plan.moved]

    @property
    def touched(self) -> list[str]:
        assert all(self.name(document) == Path(file.path).name for document, file in self.plan.touched)
        return [self.name(document) for document, _ in self.plan.touched]

    @property
    def gone(self) -> list[str]:
        return [self.name(document) for document in self.plan.gone]


@pytest.fixture
def known(tmp_path: Path) -> Known:
    """Three files, read."""
    for place, name in enumerate(("a.txt", "b.txt", "sub/c.txt")):
        write(tmp_path, name, f"These are the words of {name}.", mtime_ns=1_000 + place)
    return Known(tmp_path).read_all()


def test_new_files_are_read(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    write(tmp_path, "sub/b.txt")
    named = Known(tmp_path).plan()
    assert named.read == ["a.txt", "b.txt"]
    assert (named.moved, named.touched, named.gone) == ([], [], [])


def test_nothing_is_done_and_nothing_opened_where_nothing_changed(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(path: str) -> bytes:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr("rag_desktop.services.scanning._sha256", opened)
    assert known.plan().plan == Plan()


def test_a_changed_file_is_read(known: Known) -> None:
    write(known.root, "a.txt", "These are the WORDS of a.txt.", mtime_ns=2_000)
    write(known.root, "b.txt", "Longer words than before, by far, stand in here now.", mtime_ns=1_000)
    named = known.plan()
    assert named.read == ["a.txt", "b.txt"]
    assert (named.moved, named.touched, named.gone) == ([], [], [])


def test_a_file_with_only_a_new_time_is_touched(known: Known) -> None:
    os.utime(known.root / "a.txt", ns=(5_000, 5_000))
    named = known.plan()
    assert (named.read, named.touched, named.moved, named.gone) == ([], ["a.txt"], [], [])
    assert named.plan.touched[0][1].mtime_ns == 5_000


def test_a_moved_or_renamed_file_is_not_read_again(known: Known) -> None:
    (known.root / "a.txt").rename(known.root / "sub" / "renamed.txt")
    named = known.plan()
    assert (named.read, named.moved, named.gone) == ([], [("a.txt", "renamed.txt")], [])


def test_a_moved_folder_moves_its_files(known: Known) -> None:
    (known.root / "sub").rename(known.root / "other")
    named = known.plan()
    assert (named.read, named.moved, named.gone) == ([], [("c.txt", "c.txt")], [])


def test_names_passed_on_in_a_row_are_never_confused(known: Known) -> None:
    (known.root / "b.txt").rename(known.root / "d.txt")
    (known.root / "a.txt").rename(known.root / "b.txt")
    named = known.plan()
    assert sorted(named.read) == ["b.txt", "d.txt"]
    assert (named.moved, named.gone) == ([], ["a.txt"])


def test_two_files_that_change_places_are_read(known: Known) -> None:
    (known.root / "a.txt").rename(known.root / "x")
    (known.root / "b.txt").rename(known.root / "a.txt")
    (known.root / "x").rename(known.root / "b.txt")
    named = known.plan()
    assert (named.read, named.moved, named.touched, named.gone) == (["a.txt", "b.txt"], [], [], [])


def test_a_copy_is_read_and_the_original_stays(known: Known) -> None:
    write(known.root, "copy.txt", "These are the words of a.txt.")
    named = known.plan()
    assert (named.read, named.moved, named.gone) == (["copy.txt"], [], [])


def test_of_two_copies_one_is_the_moved_file(known: Known) -> None:
    (known.root / "a.txt").unlink()
    for name in ("one.txt", "two.txt"):
        write(known.root, name, "These are the words of a.txt.")
    named = known.plan()
    assert (named.read, named.moved, named.gone) == (["two.txt"], [("a.txt", "one.txt")], [])


def test_twins_move_each_to_its_own_place(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        write(tmp_path, name, "Twins.")
    known = Known(tmp_path).read_all()
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").rename(tmp_path / f"new-{name}.txt")
    named = known.plan()
    assert named.read == named.gone == []
    assert len(dict(named.moved)) == len({to for _, to in named.moved}) == 2


def test_another_suffix_is_another_kind_of_file(known: Known) -> None:
    (known.root / "a.txt").rename(known.root / "a.md")
    named = known.plan()
    assert (named.read, named.moved, named.gone) == (["a.md"], [], ["a.txt"])


def test_a_file_of_equal_size_is_no_moved_one(known: Known) -> None:
    (known.root / "a.txt").unlink()
    write(known.root, "new.txt", "These are the WORDS of a.txt.")
    named = known.plan()
    assert (named.read, named.moved, named.gone) == (["new.txt"], [], ["a.txt"])


def test_a_deleted_file_is_gone(known: Known) -> None:
    (known.root / "sub" / "c.txt").unlink()
    named = known.plan()
    assert (named.read, named.moved, named.touched, named.gone) == ([], [], [], ["c.txt"])


def test_a_new_version_of_reading_reads_everything_again(known: Known) -> None:
    (known.root / "a.txt").rename(known.root / "d.txt")
    named = known.plan(reader="2/leaves")
    assert named.read == ["b.txt", "d.txt", "c.txt"]
    assert (named.moved, named.touched, named.gone) == ([], [], ["a.txt"])


def test_a_failed_file_waits_until_it_changes(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    write(tmp_path, "b.txt")
    known = Known(tmp_path).read_all(failed=("a.txt", "b.txt"))
    assert known.plan().plan == Plan()
    os.utime(tmp_path / "a.txt", ns=(9, 9))
    assert known.plan().read == ["a.txt"]
    assert known.plan(reader="2/leaves").read == ["a.txt", "b.txt"]


def test_files_below_a_folder_that_cannot_be_seen_are_not_gone(known: Known) -> None:
    found = walked(known.root, str(known.root / "sub"))
    found.unreadable.append(str(known.root / "sub"))
    (known.root / "a.txt").unlink()
    found.files.pop(0)
    named = Named(plan(found, known.rows, READER), known)
    assert named.gone == ["a.txt"]


def test_a_file_that_vanishes_before_it_is_compared_is_left_to_its_reader(known: Known) -> None:
    found = walked(known.root)
    found.files[0] = FileState(found.files[0].path, found.files[0].size, 9_999)
    (known.root / "a.txt").unlink()
    assert Named(plan(found, known.rows, READER), known).read == ["a.txt"]
