"""Two spellings of one path are one path, where the file system says so."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.files.sameness import Sameness, is_case_insensitive, is_normalising, sameness_of

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
