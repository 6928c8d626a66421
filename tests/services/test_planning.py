"""What is to be done about files that came, changed, moved and went."""

import dataclasses
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import DocumentId, FolderId
from rag_desktop.services import planning
from rag_desktop.services.planning import Plan, Sight, plan
from rag_desktop.store.documents import DocumentRow

READER = "1/leaves"


def write(root: Path, name: str, text: str = "Words.", *, mtime_ns: int = 1_000) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def files_of(root: Path) -> list[FileState]:
    found = [(path, path.stat()) for path in sorted(root.rglob("*")) if path.is_file()]
    return [FileState(str(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns) for path, status in found]


@dataclass
class Known:
    """What a library would know after it had read all that lies in `root` now."""

    root: Path
    rows: list[DocumentRow] = field(default_factory=list)

    def read_all(self, *, reader: str = READER, failed: Iterable[str] = ()) -> "Known":
        for number, file in enumerate(files_of(self.root), start=1):
            digest = hashlib.sha256(Path(file.path).read_bytes()).digest()
            error = UserFacingError("file-damaged") if Path(file.path).name in failed else None
            sha256 = None if error else digest
            self.rows.append(DocumentRow(DocumentId(number), FolderId(1), file, sha256, reader, error))
        return self

    def plan(self, reader: str = READER) -> "Named":
        return Named(plan([Sight(FolderId(1), files_of(self.root), self.rows, reader)])[0], self)


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
    def opened(path: str, _: object) -> bytes:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr("rag_desktop.services.planning.sha256_of", opened)
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
    assert sorted(named.moved) == [("a.txt", "b.txt"), ("b.txt", "d.txt")]
    assert (named.read, named.gone) == ([], [])


def test_two_files_that_change_places_are_moved(known: Known) -> None:
    (known.root / "a.txt").rename(known.root / "x")
    (known.root / "b.txt").rename(known.root / "a.txt")
    (known.root / "x").rename(known.root / "b.txt")
    named = known.plan()
    assert sorted(named.moved) == [("a.txt", "b.txt"), ("b.txt", "a.txt")]
    assert (named.read, named.touched, named.gone) == ([], [], [])


def test_a_file_moved_over_another_takes_its_place(known: Known) -> None:
    (known.root / "a.txt").rename(known.root / "b.txt")
    named = known.plan()
    assert (named.moved, named.gone, named.read) == ([("a.txt", "b.txt")], ["b.txt"], [])


def test_an_edit_that_keeps_size_and_time_is_seen(known: Known) -> None:
    write(known.root, "a.txt", "These are the WORDS of a.txt.", mtime_ns=1_000)
    assert known.plan().read == ["a.txt"]


def test_a_time_of_change_that_nobody_noted_says_nothing(known: Known) -> None:
    for place, row in enumerate(known.rows):
        file = FileState(row.file.path, row.file.size, row.file.mtime_ns)
        known.rows[place] = DocumentRow(row.id, row.folder_id, file, row.sha256, row.reader, row.error)
    assert known.plan().plan == Plan()


def test_a_file_that_went_to_another_folder_is_moved(tmp_path: Path) -> None:
    write(tmp_path, "here/a.txt", "These are the words of a.txt.")
    (tmp_path / "there").mkdir()
    known = Known(tmp_path / "here").read_all()
    (tmp_path / "here" / "a.txt").rename(tmp_path / "there" / "a.txt")
    here, there = plan(
        [
            Sight(FolderId(1), [], known.rows, READER),
            Sight(FolderId(2), files_of(tmp_path / "there"), [], READER),
        ]
    )
    assert here == Plan()
    assert ([file.path for _, file in there.moved], there.read) == ([str(tmp_path / "there" / "a.txt")], [])


def test_a_large_file_can_be_left_while_it_is_hashed(known: Known) -> None:
    os.utime(known.root / "a.txt", ns=(5_000, 5_000))
    (known.root / "a.txt").write_bytes(b"x" * len("These are the words of a.txt."))
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan([Sight(FolderId(1), files_of(known.root), known.rows, READER)], check)


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


def test_a_renamed_folder_of_many_twins_and_many_of_one_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is hashed once, and compared with a few documents only."""
    texts = {f"{number:04}.txt": f"{number // 2 if number < 1_000 else number:04}" for number in range(3_000)}
    (tmp_path / "before").mkdir()
    for name, text in texts.items():
        (tmp_path / "before" / name).write_text(text)
    known = Known(tmp_path).read_all()
    (tmp_path / "before").rename(tmp_path / "after")
    hashed: Counter[str] = Counter()
    suffixes: Counter[str] = Counter()
    real_suffix = planning._suffix

    def sha256_of(path: str, _: object) -> bytes:
        hashed[path] += 1
        return hashlib.sha256(Path(path).read_bytes()).digest()

    def suffix(path: str) -> str:
        suffixes[path] += 1
        return real_suffix(path)

    monkeypatch.setattr(planning, "sha256_of", sha256_of)
    monkeypatch.setattr(planning, "_suffix", suffix)
    named = known.plan()
    assert (named.read, named.touched, named.gone) == ([], [], [])
    assert {texts[before] for before, _ in named.moved} == set(texts.values())
    assert all(texts[before] == texts[after] for before, after in named.moved)
    assert len({before for before, _ in named.moved}) == len({after for _, after in named.moved}) == 3_000
    assert set(hashed.values()) == {1}
    assert suffixes.total() <= 4 * 3_000


def test_a_changed_file_is_hashed_once_and_is_not_its_own_origin(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    (known.root / "b.txt").unlink()
    write(known.root, "a.txt", "These are the words of b.txt.", mtime_ns=9_000)
    hashed: Counter[str] = Counter()
    real = planning.sha256_of

    def sha256_of(path: str, check: Callable[[], None]) -> bytes | None:
        hashed[path] += 1
        return real(path, check)

    monkeypatch.setattr(planning, "sha256_of", sha256_of)
    named = known.plan()
    assert (named.moved, named.gone, named.read) == ([("b.txt", "a.txt")], ["a.txt"], [])
    assert hashed == {str(known.root / "a.txt"): 1}


def test_a_document_that_is_to_be_read_again_is_no_origin(known: Known) -> None:
    """Its version is empty then, and none is accepted beside the current one here."""
    known.rows[0] = dataclasses.replace(known.rows[0], reader="")
    (known.root / "a.txt").rename(known.root / "d.txt")
    assert (known.plan().read, known.plan().moved) == (["d.txt"], [])


def test_one_read_by_an_accepted_version_moves(known: Known) -> None:
    known.rows[0] = dataclasses.replace(known.rows[0], reader="1/other")
    (known.root / "a.txt").rename(known.root / "d.txt")
    (made,) = plan([Sight(FolderId(1), files_of(known.root), known.rows, READER, accepted="1/other")])
    assert Named(made, known).moved == [("a.txt", "d.txt")]


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
    (known.root / "a.txt").unlink()
    files = [file for file in files_of(known.root) if "/sub/" not in file.path]
    sight = Sight(FolderId(1), files, known.rows, READER, [str(known.root / "sub")])
    assert Named(plan([sight])[0], known).gone == ["a.txt"]


def test_a_file_that_vanishes_before_it_is_compared_is_left_to_its_reader(known: Known) -> None:
    files = files_of(known.root)
    files[0] = FileState(files[0].path, files[0].size, 9_999)
    (known.root / "a.txt").unlink()
    assert Named(plan([Sight(FolderId(1), files, known.rows, READER)])[0], known).read == ["a.txt"]
