"""Puts a new database file in the place of a damaged one, so that a killed program finds one or the other, whole.

A database's log would be played into whatever file has its name: it leaves together with the damaged file.
"""

import os
from contextlib import suppress
from pathlib import Path

import apsw

_KEPT = 2
"""Damaged files that are kept, for whoever may still read something in them."""
_LOGS = ("-wal", "-shm", "-journal")


def fresh_path(path: Path) -> Path:
    """Where the new file is written."""
    return path.with_name(path.name + ".new")


def discard(path: Path) -> None:
    """Delete a database file that nobody has open, with its logs."""
    for left in ("", *_LOGS):
        Path(str(path) + left).unlink(missing_ok=True)


def exchange(path: Path) -> Path:
    """Put `fresh_path(path)` in the place of `path`; returns where the damaged file is kept. Nobody has either open."""
    earlier = kept_files(path)
    number = 1 + max((int(each.stem[-3:]) for each in earlier if each.stem[-3:].isdigit()), default=0)
    kept = path.with_name(f"{path.stem}.damaged-{number:03}{path.suffix}")
    for left in _LOGS:
        with suppress(FileNotFoundError):
            Path(str(path) + left).replace(str(kept) + left)
    with suppress(FileNotFoundError):
        path.replace(kept)
    fresh_path(path).replace(path)
    sync_folder(path.parent)
    for old in earlier[: max(0, len(earlier) - _KEPT + 1)]:
        with suppress(OSError):
            discard(old)
    return kept


def kept_files(path: Path) -> list[Path]:
    """Damaged files that were kept, the oldest first."""
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def finish(path: Path) -> None:
    """Complete an exchange that was cut off between its renames, or clear away what was left before them."""
    fresh = fresh_path(path)
    if not fresh.exists():
        return
    if path.exists() or not _is_whole(fresh):
        discard(fresh)
    else:
        fresh.replace(path)


def sync_file(path: Path) -> None:
    """Bring a file's bytes to the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Bring renames to the disk, where the system opens a folder for that (Windows does not)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _is_whole(path: Path) -> bool:
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return connection.pragma("quick_check") == "ok" and bool(connection.pragma("user_version"))
        finally:
            connection.close()
    except apsw.Error:
        return False
