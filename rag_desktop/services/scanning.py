"""Walks a watched folder and compares what lies there with what the library knows: a stat for an unchanged file."""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import DocumentId
from rag_desktop.store.documents import DocumentRow, FileState

FormatOf = Callable[[str], str | None]

_SKIPPED_FOLDERS_LISTED = """
node_modules __pycache__ site-packages .git .hg .svn .ssh .gnupg .cache .venv venv .tox .mypy_cache .ruff_cache
.pytest_cache .hypothesis .idea .gradle .Trash $RECYCLE.BIN
"""
_SKIPPED_FOLDERS = frozenset(_SKIPPED_FOLDERS_LISTED.split())


@dataclass(slots=True)
class Found:
    """What a walk met. `skipped` counts files of formats that cannot be read, by suffix."""

    files: list[FileState] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    is_bare: bool = False
    """The root has no entry at all, as the mount point of a drive that is not there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a folder needs: files to read, documents to move, to touch (same bytes, new time), to drop."""

    read: tuple[FileState, ...] = ()
    moved: tuple[tuple[DocumentId, FileState], ...] = ()
    touched: tuple[tuple[DocumentId, FileState], ...] = ()
    gone: tuple[DocumentId, ...] = ()


def walk(root: str, format_of: FormatOf, *, excluded: Iterable[str], at: Callable[[int, str], None]) -> Found:
    """All files under `root` that some reader takes, in a stable order. Links and special files are passed over.

    excluded: files and folders that are left out, with all they hold. at: told how many files were met, and where.
    Raises UserFacingError `folder-away` where the root itself cannot be listed.
    """
    found, left_out = Found(), frozenset(excluded)
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder == root:
                raise UserFacingError("folder-away", path=root) from error
            found.unreadable.append(folder)
            continue
        waiting.extend(entry.path for entry in reversed(entries) if _is_walked(entry, left_out))
        for entry in entries:
            if entry.path not in left_out:
                _take(entry, format_of, found)
        at(len(found.files), folder)
        if folder == root:
            found.is_bare = not entries
    return found


def _is_walked(entry: os.DirEntry[str], left_out: frozenset[str]) -> bool:
    if entry.name in _SKIPPED_FOLDERS or entry.path in left_out:
        return False
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _take(entry: os.DirEntry[str], format_of: FormatOf, found: Found) -> None:
    try:
        if not entry.is_file(follow_symlinks=False):
            return
        if format_of(entry.path) is None:
            found.skipped[os.path.splitext(entry.name)[1].lower() or entry.name] += 1
            return
        found.files.append(_state(entry.path, entry.stat(follow_symlinks=False)))
    except OSError:
        found.unreadable.append(entry.path)


def single_file(path: str) -> FileState:
    """The state of a file that was added by itself. Raises UserFacingError `folder-away` where it is not there."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise UserFacingError("folder-away", path=path) from error
    if not stat.S_ISREG(status.st_mode):
        raise UserFacingError("path-not-regular", path=path)
    return _state(path, status)


def _state(path: str, status: os.stat_result) -> FileState:
    return FileState(path, status.st_size, status.st_mtime_ns)


def plan(found: Found, known: Sequence[DocumentRow], reader: str, check: Callable[[], None] = lambda: None) -> Plan:
    """Compare files with rows. Files are hashed only where a vanished document has their size, or only the time moved.

    reader: version of reading; documents read by another version are read again. check: called for each file; hashing
    many takes a while.
    """
    rows = {row.file.path: row for row in known}
    there = {file.path for file in found.files}
    vanished = [row for row in known if row.file.path not in there and not _is_hidden(row.file.path, found.unreadable)]
    lost = _by_content(vanished)
    read: list[FileState] = []
    moved: list[tuple[DocumentId, FileState]] = []
    touched: list[tuple[DocumentId, FileState]] = []
    for file in found.files:
        check()
        row = rows.get(file.path)
        if row and row.reader == reader and _same_bytes(row, file):
            if row.file != file:
                touched.append((row.id, file))
        elif row is None and (origin := _origin(file, lost, reader)):
            moved.append((origin.id, file))
        else:
            read.append(file)
    movers = {document for document, _ in moved}
    gone = tuple(row.id for row in vanished if row.id not in movers)
    return Plan(tuple(read), tuple(moved), tuple(touched), gone)


def _same_bytes(row: DocumentRow, file: FileState) -> bool:
    if row.file.size != file.size:
        return False
    return row.file.mtime_ns == file.mtime_ns or (row.sha256 is not None and row.sha256 == _sha256(file.path))


def _by_content(rows: Iterable[DocumentRow]) -> dict[int, list[DocumentRow]]:
    found: dict[int, list[DocumentRow]] = {}
    for row in rows:
        if row.sha256 is not None:
            found.setdefault(row.file.size, []).append(row)
    return found


def _origin(file: FileState, lost: dict[int, list[DocumentRow]], reader: str) -> DocumentRow | None:
    candidates = lost.get(file.size)
    if not candidates:
        return None
    digest = _sha256(file.path)
    for row in candidates:
        same_kind = os.path.splitext(row.file.path)[1].lower() == os.path.splitext(file.path)[1].lower()
        if row.sha256 == digest and row.reader == reader and same_kind:
            candidates.remove(row)
            return row
    return None


def _sha256(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


def _is_hidden(path: str, unreadable: Sequence[str]) -> bool:
    """Whether a file was not seen only because a folder above it could not be listed."""
    return any(path == above or path.startswith(above + os.sep) for above in unreadable)
