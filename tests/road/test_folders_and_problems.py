"""`problems`, `why` and `folder` from the command line, with real files and readers."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.road.conftest import CommandLine


@pytest.fixture
def mixed(scripted: CommandLine, tmp_path: Path) -> Path:
    """A folder with a good file, a broken one, one that nobody reads and one that is left out; indexed."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of use")
    (folder / "film.mp4").write_bytes(b"\0\0\0\x18ftyp")
    (folder / "key.pem").write_text("-----BEGIN", encoding="utf-8")
    scripted("add", str(folder), status=3)
    return folder


def test_a_problem_has_its_path_reason_advice_and_time(scripted: CommandLine, mixed: Path) -> None:
    (problem,) = scripted("problems", "--json").json["problems"]
    assert problem["path"] == str(mixed / "broken.pdf")
    assert problem["code"] == "pdf-damaged"
    assert "damaged" in problem["reason"]
    assert "save it again" in problem["hint"]
    assert problem["ignored"] is False
    assert datetime.now(UTC) - datetime.fromisoformat(problem["tried_at"]) < timedelta(minutes=10)
    said = scripted("problems").out
    assert all(part in said for part in (problem["path"], problem["reason"], problem["hint"], "Tried "))


def test_a_problem_can_be_ignored_and_heeded_again(scripted: CommandLine, mixed: Path) -> None:
    broken = str(mixed / "broken.pdf")
    (problem,) = scripted("problems", "--ignore", broken, "--json").json["problems"]
    assert problem["ignored"] is True
    assert broken not in scripted("problems").out
    assert broken in scripted("problems", "--all").out
    assert broken not in scripted("status").out
    assert broken in scripted("problems", "--heed", broken).out


def test_a_retry_reads_a_file_that_did_not_change(scripted: CommandLine, mixed: Path) -> None:
    before = scripted("problems", "--json").json["problems"][0]["tried_at"]
    (problem,) = scripted("problems", "--retry", str(mixed / "broken.pdf"), "--json").json["problems"]
    assert problem["tried_at"] >= before
    shutil.copy(mixed / "good.txt", mixed / "broken.txt")
    (mixed / "broken.pdf").unlink()
    scripted("add", str(mixed))
    assert scripted("problems", "--json").json["problems"] == []


def test_what_was_left_out_of_a_document_is_said(scripted: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "page.html").write_text(
        "<p>Seen.</p><p style='display:none'>" + "Hidden words that nobody sees. " * 20 + "</p>", encoding="utf-8"
    )
    scripted("add", str(tmp_path / "odd"))
    (partly,) = scripted("problems", "--json").json["partly"]
    assert (partly["path"], partly["code"]) == (str(tmp_path / "odd" / "page.html"), "text-hidden")
    assert partly["reason"] in scripted("problems").out


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("broken.pdf", "pdf-damaged"),
        ("film.mp4", "format-unknown"),
        ("key.pem", "path-excluded"),
        ("x", "path-missing"),
    ],
)
def test_why_a_file_is_not_found(scripted: CommandLine, mixed: Path, name: str, code: str) -> None:
    answer = scripted("why", str(mixed / name), "--json", status=1).json
    assert (answer["found"], answer["code"]) == (False, code)
    assert answer["reason"]


def test_why_one_is(scripted: CommandLine, mixed: Path, tmp_path: Path) -> None:
    assert scripted("why", str(mixed / "good.txt"), "--json").json["found"] is True
    assert scripted("why", str(tmp_path), "--json", status=1).json["code"] == "path-outside"


def test_a_paused_folder_is_not_read(scripted: CommandLine, mixed: Path) -> None:
    assert scripted("folder", str(mixed), "--pause", "--json").json["paused"] is True
    (mixed / "new.txt").write_text("Words of a new file.", encoding="utf-8")
    scripted("add", str(mixed), status=3)
    assert scripted("why", str(mixed / "new.txt"), "--json", status=1).json["code"] == "folder-paused"
    assert scripted("folder", str(mixed), "--resume", "--json").json["paused"] is False
    assert scripted("why", str(mixed / "new.txt"), "--json").json["found"] is True


def test_patterns_are_kept_and_shown(scripted: CommandLine, mixed: Path, tmp_path: Path) -> None:
    answer = scripted("folder", str(mixed), "--exclude", "*.pdf", "!key.pem", "--json").json
    assert answer["patterns"] == ["*.pdf", "!key.pem"]
    assert scripted("problems", "--json").json["problems"] == []
    assert scripted("why", str(mixed / "broken.pdf"), "--json", status=1).json["code"] == "path-excluded"
    (tmp_path / "lines").write_text("good*\n", encoding="utf-8")
    scripted("folder", str(mixed), "--exclude-from", str(tmp_path / "lines"))
    assert scripted("why", str(mixed / "good.txt"), "--json", status=1).json["code"] == "path-excluded"
    scripted("folder", str(mixed), "--exclude")
    assert scripted("why", str(mixed / "good.txt"), "--json").json["found"] is True
    assert scripted("folder", str(mixed), "--exclude", "***/[", "--json", status=1).json["error"]["code"] == (
        "pattern-refused"
    )


def test_an_away_folder_is_marked_in_results(scripted: CommandLine, mixed: Path) -> None:
    mixed.rename(mixed.with_name("elsewhere"))
    scripted("add", str(mixed), status=3)
    (passage, *_) = scripted("search", "boiler serviced", "--json").json["passages"]
    assert (passage["away"], passage["path"]) == (True, str(mixed / "good.txt"))
    mixed.with_name("elsewhere").rename(mixed)
    scripted("add", str(mixed), status=3)
    assert scripted("search", "boiler serviced", "--json").json["passages"][0]["away"] is False


def test_files_that_are_passed_over_are_told_by_kind(scripted: CommandLine, mixed: Path) -> None:
    said = scripted("add", str(mixed), status=3).out
    assert "Passed over, of kinds that are not read: .mp4 1" in said


def test_an_empty_path_is_not_the_folder_one_is_in(scripted: CommandLine) -> None:
    for words in (("add", ""), ("why", ""), ("remove", "")):
        scripted(*words, status=2)


def test_why_the_programs_own_files_are_not_read(scripted: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.", encoding="utf-8")
    scripted("--library", str(tmp_path / "own"), "add", str(tmp_path))
    answer = scripted("--library", str(tmp_path / "own"), "why", str(tmp_path / "own" / "backups"), "--json", status=1)
    assert answer.json["code"] == "path-own"


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x1f\x8b\x08", b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_packed_is_no_text_whatever_its_name(scripted: CommandLine, tmp_path: Path, start: bytes) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "app.log").write_bytes(start + b"plain words follow here, line by line\n" * 2000)
    scripted("add", str(tmp_path / "odd"), status=3)
    (problem,) = scripted("problems", "--json").json["problems"]
    assert problem["code"] == "file-binary"


def test_the_demo_answers_from_its_own_sample_only(scripted: CommandLine, mixed: Path) -> None:
    demos = str(Path(scripted("status", "--json").json["library"]).with_name("sample-library"))
    scripted("--library", demos, "add", str(mixed), status=3)
    scripted("demo")
    (folder,) = scripted("--library", demos, "status", "--json").json["folders"]
    assert Path(folder["path"]).name == "sample"
    assert Path(folder["path"]) != mixed


def test_a_folder_is_cut_as_was_asked(scripted: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "lease.txt").write_text("The tenant pays the rent on the first day of a month. " * 60, encoding="utf-8")
    whole = scripted("add", str(folder), "--json").json["folders"][0]["passages"]
    few = scripted("add", str(folder), "--chunker", "characters:2000/100", "--json").json["folders"][0]
    assert 1 < few["passages"] < whole
    assert scripted("folder", str(folder), "--json").json["chunker"] == "characters:2000/100"
    assert scripted("add", str(folder), "--json").json["folders"][0]["passages"] == few["passages"]
    assert scripted("folder", str(folder), "--chunker", "leaves", "--json").json["chunker"] == "leaves"
    assert scripted("status", "--json").json["passages"] == whole
    for words in (("add", str(folder)), ("folder", str(folder))):
        refused = scripted(*words, "--chunker", "sideways", "--json", status=1).json["error"]
        assert refused["code"] == "chunker-unknown"
    assert scripted("folder", str(folder), "--json").json["chunker"] == "leaves"
    assert scripted("check", "--json").json["findings"] == []
