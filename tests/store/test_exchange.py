"""A fresh file takes a damaged one's place: with nothing of its log, and whenever the program is killed."""

import shutil
from pathlib import Path

import apsw
import pytest

from rag_desktop.store import exchange


def made(path: Path, value: int, *, is_whole: bool = True) -> Path:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (?)", (value,))
    connection.pragma("user_version", int(is_whole))
    connection.close()
    return path


def value(path: Path) -> int:
    connection = apsw.Connection(str(path))
    try:
        return int(connection.execute("SELECT x FROM t").get)
    finally:
        connection.close()


def left_by_a_killed_program(path: Path) -> None:
    """A file whose table is only in its log."""
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (1)")
    for name in ("", "-wal"):
        shutil.copy(f"{path}{name}", f"{path}{name}.kept")
    connection.close()
    for name in ("", "-wal"):
        shutil.move(f"{path}{name}.kept", f"{path}{name}")


def test_the_fresh_file_is_there_and_the_damaged_one_is_kept_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    left_by_a_killed_program(path)
    made(exchange.fresh_path(path), 2)
    kept = exchange.exchange(path)
    assert (value(path), value(kept)) == (2, 1)


def test_a_log_that_stayed_behind_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_LOGS", ())
    path = tmp_path / "library.sqlite"
    left_by_a_killed_program(path)
    made(exchange.fresh_path(path), 2)
    exchange.exchange(path)
    assert value(path) != 2


@pytest.mark.parametrize(
    ("is_there", "is_whole", "found"), [(True, True, 1), (False, True, 2), (True, False, 1), (False, False, None)]
)
def test_an_exchange_that_was_cut_off_is_finished_or_forgotten(
    tmp_path: Path, is_there: bool, is_whole: bool, found: int | None
) -> None:
    path = tmp_path / "library.sqlite"
    if is_there:
        made(path, 1)
    made(exchange.fresh_path(path), 2, is_whole=is_whole)
    exchange.finish(path)
    assert (value(path) if path.exists() else None) == found
    assert [file.name for file in tmp_path.iterdir()] == (["library.sqlite"] if found else [])


def test_half_a_fresh_file_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    fresh = made(exchange.fresh_path(path), 2)
    fresh.write_bytes(fresh.read_bytes()[:5000])
    exchange.finish(path)
    assert list(tmp_path.iterdir()) == []


def test_the_last_two_damaged_files_are_kept(tmp_path: Path) -> None:
    path = made(tmp_path / "library.sqlite", 0)
    for number in range(1, 5):
        made(exchange.fresh_path(path), number)
        exchange.exchange(path)
    assert [value(each) for each in exchange.kept_files(path)] == [2, 3]
