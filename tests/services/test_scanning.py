"""What a look makes of folders that are not there, or are not what they were. Real files and a real library."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import FolderId
from rag_desktop.services.scanning import Below, Scan, Scanning
from rag_desktop.services.storing import reader_version
from rag_desktop.services.tasks import Task
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as opened:
        yield opened


class Looked:
    """One folder that is looked at again and again; what a look wants read counts as read."""

    def __init__(self, library: Library, root: Path) -> None:
        self.library, self.root = library, root
        root.mkdir()
        with library.transaction():
            self.id = library.folders.add(str(root), is_file=False, chunker="leaves").id

    @property
    def row(self) -> FolderRow:
        found = self.library.folders.at(str(self.root))
        assert found is not None
        return found

    def look(self, below: Below | None = None) -> Scan:
        scanning = Scanning(self.library, lambda path: "text" if path.endswith(".txt") else None)
        (scan,) = scanning.look([self.row], Task(lambda _: None), below or {})
        scanning.apply([scan])
        with self.library.transaction():
            for file in scan.plan.read:
                self._read(file)
            if scan.is_whole:
                self.library.folders.scanned(self.id, scan.device, scan.mounts)
        return scan

    def _read(self, file: FileState) -> None:
        digest = hashlib.sha256(Path(file.path).read_bytes()).digest()
        self.library.documents.put(self.id, file, digest, reader_version("leaves"))

    @property
    def names(self) -> list[str]:
        return sorted(Path(row.file.path).name for row in self.library.documents.of_folder(self.id))


@pytest.fixture
def looked(library: Library, tmp_path: Path) -> Looked:
    made = Looked(library, tmp_path / "root")
    for name in ("a.txt", "usb/b.txt", "usb/c.txt"):
        path = made.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"The words of {name}.")
    made.look()
    return made


def set_column(looked: Looked, column: str, value: object) -> None:
    looked.library._connection.execute(f"UPDATE folders SET {column} = ?", (value,))


def codes(scan: Scan) -> list[str]:
    return [failure.error.code for failure in scan.failures]


def test_a_root_that_is_gone_is_away_and_keeps_its_documents(looked: Looked) -> None:
    looked.root.rename(looked.root.with_name("elsewhere"))
    assert codes(looked.look()) == ["folder-away"]
    assert (looked.row.is_away, looked.names) == (True, ["a.txt", "b.txt", "c.txt"])
    looked.root.with_name("elsewhere").rename(looked.root)
    scan = looked.look()
    assert (scan.plan.read, looked.row.is_away) == ([], False)


def test_an_empty_mount_point_is_away(looked: Looked) -> None:
    looked.root.rename(looked.root.with_name("elsewhere"))
    looked.root.mkdir()
    set_column(looked, "device", 1)
    assert codes(looked.look()) == ["folder-away"]
    assert looked.names == ["a.txt", "b.txt", "c.txt"]


def test_a_folder_that_was_emptied_is_empty(looked: Looked) -> None:
    for path in looked.root.rglob("*.txt"):
        path.unlink()
    (looked.root / "usb").rmdir()
    assert codes(looked.look()) == []
    assert (looked.names, looked.row.is_away) == ([], False)


def test_another_drive_at_the_same_place_is_no_deletion(looked: Looked) -> None:
    looked.root.rename(looked.root.with_name("elsewhere"))
    looked.root.mkdir()
    (looked.root / "other.txt").write_text("Of another drive.")
    set_column(looked, "device", 1)
    assert codes(looked.look()) == ["folder-away"]
    assert looked.names == ["a.txt", "b.txt", "c.txt"]


def test_on_the_same_drive_it_is(looked: Looked) -> None:
    for path in looked.root.rglob("*.txt"):
        path.unlink()
    (looked.root / "other.txt").write_text("Written anew.")
    assert codes(looked.look()) == []
    assert looked.names == ["other.txt"]


def test_a_drive_below_the_root_is_away_not_deleted(looked: Looked) -> None:
    set_column(looked, "mounts", json.dumps([str(looked.root / "usb")]))
    for path in (looked.root / "usb").iterdir():
        path.unlink()
    (looked.root / "a.txt").unlink()
    for _ in range(2):
        scan = looked.look()
        assert (codes(scan), looked.names) == (["folder-away"], ["b.txt", "c.txt"])
        assert looked.row.mounts == (str(looked.root / "usb"),)


def test_a_drive_that_was_never_one_is_deleted_with_its_files(looked: Looked) -> None:
    for path in (looked.root / "usb").iterdir():
        path.unlink()
    assert codes(looked.look()) == []
    assert looked.names == ["a.txt"]


def test_a_partial_look_speaks_for_its_part_only(looked: Looked) -> None:
    (looked.root / "a.txt").unlink()
    (looked.root / "usb" / "b.txt").unlink()
    (looked.root / "usb" / "d.txt").write_text("New.")
    looked.look({FolderId(looked.id): frozenset([str(looked.root / "usb")])})
    assert looked.names == ["a.txt", "c.txt", "d.txt"]
    looked.look({FolderId(looked.id): frozenset([str(looked.root / "a.txt")])})
    assert looked.names == ["c.txt", "d.txt"]


def test_files_that_change_places_keep_their_documents(looked: Looked) -> None:
    before = {row.sha256: row.id for row in looked.library.documents.of_folder(looked.id)}
    a, b = looked.root / "a.txt", looked.root / "usb" / "b.txt"
    a.rename(looked.root / "x")
    b.rename(a)
    (looked.root / "x").rename(b)
    assert looked.look().plan.read == []
    assert {row.sha256: row.id for row in looked.library.documents.of_folder(looked.id)} == before


def test_patterns_are_kept_to(looked: Looked) -> None:
    with looked.library.transaction():
        looked.library.folders.set_patterns(looked.id, "usb/\n")
    looked.look()
    assert looked.names == ["a.txt"]


def test_a_stray_file_in_an_empty_mount_point_brings_nothing_back(looked: Looked) -> None:
    looked.root.rename(looked.root.with_name("elsewhere"))
    looked.root.mkdir()
    set_column(looked, "device", 1)
    looked.look()
    (looked.root / "stray.txt").write_text("Not of the drive.")
    looked.look({FolderId(looked.id): frozenset([str(looked.root / "stray.txt")])})
    assert codes(looked.look()) == ["folder-away"]
    assert (looked.names, looked.row.is_away) == (["a.txt", "b.txt", "c.txt"], True)
