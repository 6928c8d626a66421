"""Two spellings of one path are one path, where the file system says so."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.files.sameness import Sameness, is_case_insensitive, is_normalising, listed, sameness_of, spelled

COMPOSED, DECOMPOSED = "각서 é", "\u1100\u1161\u11a8\u1109\u1165 e\u0301"


def test_by_bytes() -> None:
    same = Sameness()
    for path in (COMPOSED, DECOMPOSED, "A", "a", "\udce9"):
        assert same.canonical(path) == path


def test_without_case() -> None:
    same = Sameness(ignores_case=True)
    assert same.canonical("/A/Straße.TXT") == same.canonical("/a/STRASSE.txt")
    assert same.canonical(COMPOSED) != same.canonical(DECOMPOSED)


def test_without_composition() -> None:
    same = Sameness(ignores_composition=True)
    assert same.canonical(COMPOSED) == same.canonical(DECOMPOSED)
    assert same.canonical("É") != same.canonical("é")


@given(st.text())
def test_what_is_canonical_stays_so(path: str) -> None:
    for same in (Sameness(), Sameness(True), Sameness(ignores_composition=True), Sameness(True, True)):
        assert same.canonical(same.canonical(path)) == same.canonical(path)


@given(st.text())
def test_with_neither_all_spellings_are_one(path: str) -> None:
    same = Sameness(True, True)
    spelled = {same.canonical(unicodedata.normalize(form, path)) for form in ("NFC", "NFD")}
    assert len(spelled) == 1


def test_a_place_is_spelled_as_the_innermost_root_that_holds_it(tmp_path: Path) -> None:
    root, link, inner = tmp_path / "root", tmp_path / "link", tmp_path / "root" / "sub" / "inner"
    inner.mkdir(parents=True)
    (inner / "a.txt").touch()
    link.symlink_to(root)
    (tmp_path / "deep").symlink_to(root / "sub")
    roots = [str(root), str(inner)]
    for named, expected in (
        (root, root),
        (link, root),
        (link / "sub", root / "sub"),
        (tmp_path / "deep", root / "sub"),
        (tmp_path / "deep" / "inner" / "a.txt", inner / "a.txt"),
        (link / "nothing", root / "nothing"),
        (tmp_path, tmp_path),
        (tmp_path / "rooted", tmp_path / "rooted"),
    ):
        assert spelled(str(named), roots) == str(expected)
    assert spelled(str(root / "sub"), [str(link)]) == str(link / "sub"), "as the root begins it, though it is a link"
    assert spelled("/no\0path", roots) == "/no\0path"


def test_a_link_out_of_all_roots_stays_itself(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "elsewhere")
    assert spelled(str(tmp_path / "root" / "link"), [str(tmp_path / "root")]) == str(tmp_path / "root" / "link")


def test_two_names_of_one_file_are_two_places_but_a_link_to_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    (tmp_path / "hard.txt").hardlink_to(tmp_path / "a.txt")
    (tmp_path / "soft.txt").symlink_to(tmp_path / "a.txt")
    roots = [str(tmp_path / "a.txt")]
    assert spelled(str(tmp_path / "hard.txt"), roots) == str(tmp_path / "hard.txt")
    assert spelled(str(tmp_path / "soft.txt"), roots) == str(tmp_path / "a.txt")


def test_a_root_that_is_away_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(tmp_path / "Away")
    assert spelled(f"{root}/a.txt", [root]) == f"{root}/a.txt"
    monkeypatch.setattr("rag_desktop.files.sameness.sameness_of", lambda _: Sameness())
    assert spelled(str(tmp_path / "away"), [root]) == str(tmp_path / "away")
    monkeypatch.setattr("rag_desktop.files.sameness.sameness_of", lambda _: Sameness(True, True))
    assert spelled(str(tmp_path / "away"), [root]) == root
    assert spelled(str(tmp_path / "AWAY" / "a.txt"), [root]) == f"{root}/a.txt"


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux does it")
def test_a_usual_file_system_of_linux_tells_all_names_apart(tmp_path: Path) -> None:
    (tmp_path / "Letters").mkdir()
    (tmp_path / COMPOSED).touch()
    assert sameness_of(str(tmp_path)) == Sameness(False, False)
    (tmp_path / "lETTERS").mkdir()
    (tmp_path / DECOMPOSED).touch()
    assert sameness_of(str(tmp_path)) == Sameness(False, False)
    assert len(os.listdir(tmp_path)) == 4


@pytest.fixture
def forgiving(monkeypatch: pytest.MonkeyPatch) -> Sameness:
    """A file system that finds names in any case and composition."""
    same, real = Sameness(True, True), os.lstat

    def lstat(path: str) -> os.stat_result:
        folder, name = os.path.split(path)
        for there in os.listdir(folder):
            if same.canonical(there) == same.canonical(name):
                return real(os.path.join(folder, there))
        raise FileNotFoundError(path)

    monkeypatch.setattr("rag_desktop.files.sameness.os.lstat", lstat)
    return same


def test_a_forgiving_file_system_is_told(tmp_path: Path, forgiving: Sameness) -> None:
    (tmp_path / "123").touch()
    (tmp_path / "Letters").mkdir()
    (tmp_path / COMPOSED).touch()
    assert sameness_of(str(tmp_path)) == forgiving


@pytest.mark.usefixtures("forgiving")
def test_on_it_a_place_is_spelled_as_its_folders_list_it(tmp_path: Path) -> None:
    there = tmp_path / "Letters" / COMPOSED
    there.mkdir(parents=True)
    for named in (tmp_path / "lETTERS" / DECOMPOSED, tmp_path / "LETTERS" / COMPOSED.upper(), there):
        for roots in ([], [str(tmp_path / "Letters")], [str(there)]):
            assert spelled(str(named), roots) == str(there)
    assert listed(str(tmp_path / "lETTERS" / "New")) == str(tmp_path / "Letters" / "New")


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux does it")
def test_where_case_tells_names_apart_another_one_is_another_place(tmp_path: Path) -> None:
    (tmp_path / "Letters").mkdir()
    assert listed(str(tmp_path / "LETTERS")) == str(tmp_path / "LETTERS")


def test_the_folders_own_name_tells_where_nothing_in_it_does(tmp_path: Path, forgiving: Sameness) -> None:
    empty = tmp_path / "Empty é"
    empty.mkdir()
    (empty / "123").touch()
    assert sameness_of(str(empty)) == forgiving


def test_where_nothing_tells_the_system_is_believed(tmp_path: Path) -> None:
    silent = tmp_path / "123"
    silent.mkdir()
    assert is_case_insensitive(str(silent)) == (sys.platform in ("win32", "darwin"))
    assert is_normalising(str(silent)) == (sys.platform == "darwin")
    assert is_normalising(str(tmp_path / "nowhere")) == (sys.platform == "darwin")
    assert is_case_insensitive(str(tmp_path / "nowhere")) == (sys.platform in ("win32", "darwin"))
