"""Compares what lies in watched folders with what the library knows: a stat for an unchanged file, a hash for a doubt.

All folders of a look are compared together: a file that went from one of them to another was moved, not lost and found.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import DocumentId, FolderId
from rag_desktop.store.documents import DocumentRow

_HASHED_AT_A_TIME = 1 << 20
_Kind = tuple[int, str, str | None]
"""Size, suffix, and the version of reading."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One folder as a look finds it. `known` are its documents, as far as the look reaches.

    reader: version of reading; documents read by another version are read again. hidden: folders and files that could
    not be looked at; what is known below them stays. accepted: another version that will do.
    """

    folder: FolderId
    files: Sequence[FileState]
    known: Sequence[DocumentRow]
    reader: str
    hidden: Sequence[str] = ()
    accepted: str | None = None

    def is_current(self, row: DocumentRow) -> bool:
        """Whether a document was read as it would be now."""
        return row.reader in {self.reader, self.accepted}


@dataclass(slots=True)
class Plan:
    """What a folder needs: files to read, documents to move here, to touch (same bytes, new time), to drop."""

    read: list[FileState] = field(default_factory=list)
    moved: list[tuple[DocumentId, FileState]] = field(default_factory=list)
    touched: list[tuple[DocumentId, FileState]] = field(default_factory=list)
    gone: list[DocumentId] = field(default_factory=list)


@dataclass(slots=True)
class _Unclear:
    """A file that is not what the library knows at its path. `row` is what it knows, if anything.

    digest: the file's SHA-256, where it was hashed.
    """

    place: int
    file: FileState
    row: DocumentRow | None
    digest: bytes | None = None


def plan(sights: Sequence[Sight], check: Callable[[], None] = lambda: None) -> list[Plan]:
    """What each folder needs, in the order of `sights`.

    Files are hashed only where a document that lost its place has their size, or only their times changed.
    check: called between files and, while one is hashed, for each MiB.
    """
    plans = [Plan() for _ in sights]
    unclear: list[_Unclear] = []
    lost: list[tuple[int, DocumentRow]] = []
    for place, sight in enumerate(sights):
        rows = {row.file.path: row for row in sight.known}
        there = {file.path for file in sight.files}
        lost += [(place, row) for path, row in rows.items() if path not in there and not _is_below(path, sight.hidden)]
        for file in sight.files:
            check()
            row = rows.get(file.path)
            if row is None or not sight.is_current(row):
                unclear.append(_Unclear(place, file, row))
            elif not _same_state(row.file, file):
                may_be_same = row.file.size == file.size and row.sha256 is not None
                digest = sha256_of(file.path, check) if may_be_same else None
                if digest is not None and digest == row.sha256:
                    plans[place].touched.append((row.id, file))
                else:
                    unclear.append(_Unclear(place, file, row, digest))
    _settle(sights, plans, unclear, lost, check)
    return plans


def _settle(
    sights: Sequence[Sight],
    plans: Sequence[Plan],
    unclear: Sequence[_Unclear],
    lost: Iterable[tuple[int, DocumentRow]],
    check: Callable[[], None],
) -> None:
    """Find the documents whose content turned up elsewhere; the other files are read, the other documents dropped."""
    homeless = list(lost)
    candidates = _Candidates([row for _, row in homeless] + [each.row for each in unclear if each.row is not None])
    movers: set[DocumentId] = set()
    for each in unclear:
        check()
        origin = candidates.take_origin(each, sights[each.place], check)
        if origin is None:
            plans[each.place].read.append(each.file)
            continue
        movers.add(origin.id)
        plans[each.place].moved.append((origin.id, each.file))
        if each.row is not None:
            homeless.append((each.place, each.row))  # another document has its path now
    for place, row in homeless:
        if row.id not in movers:
            plans[place].gone.append(row.id)


def _same_state(known: FileState, file: FileState) -> bool:
    """Whether nothing says that the file was touched. A ctime of 0 was never looked at."""
    same_change = known.ctime_ns == file.ctime_ns or 0 in {known.ctime_ns, file.ctime_ns}
    return known.size == file.size and known.mtime_ns == file.mtime_ns and same_change


class _Candidates:
    """Documents whose content may turn up elsewhere. First by what a stat tells, so that few files are hashed, then by
    hash: thousands of one size, as the thumbnails or records of a renamed folder, are not compared with one another."""

    def __init__(self, rows: Iterable[DocumentRow]) -> None:
        self._alike: dict[_Kind, dict[bytes, deque[DocumentRow]]] = {}
        for row in rows:
            if row.sha256 is not None:
                kind = row.file.size, _suffix(row.file.path), row.reader
                self._alike.setdefault(kind, {}).setdefault(row.sha256, deque()).append(row)

    def take_origin(self, each: _Unclear, sight: Sight, check: Callable[[], None]) -> DocumentRow | None:
        """The document whose content the file has and that was read as it would be, no candidate any more."""
        for reader in (sight.reader, sight.accepted):
            alike = self._alike.get((each.file.size, _suffix(each.file.path), reader))
            if not alike:
                continue
            each.digest = digest = each.digest or sha256_of(each.file.path, check)
            twins = alike.get(digest, ()) if digest else ()
            found = next((row for row in twins if each.row is None or row.id != each.row.id), None)
            if digest and found:
                alike[digest].remove(found)  # the first, or the second
                if not alike[digest]:
                    del alike[digest]
                return found
        return None


def _suffix(path: str) -> str:
    """What chooses the reader: two files of the same bytes may be read differently."""
    return os.path.splitext(path)[1].lower() or os.path.basename(path).lower()


def sha256_of(path: str, check: Callable[[], None] = lambda: None) -> bytes | None:
    """SHA-256 of a file's bytes, or None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(_HASHED_AT_A_TIME):
                check()
                digest.update(piece)
    except OSError:
        return None
    return digest.digest()


def _is_below(path: str, above: Sequence[str]) -> bool:
    return any(path == each or path.startswith(each.rstrip(os.sep) + os.sep) for each in above)
