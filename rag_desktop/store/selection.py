"""The documents that filters leave, and their leaves: what a search by words or by meaning is narrowed to.

Documents are compared here and not in SQL: names are compared as people see them (case and composition do not count),
which SQLite does not know, and twenty thousand rows take some hundredths of a second. Leaves are kept by document from
one search to the next, so that a library that is being written to costs only what was read anew.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple

import apsw
import numpy as np
import numpy.typing as npt

from rag_desktop.domain.filters import Filters
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.store.connection import State, state_of
from rag_desktop.store.matching import FolderName, PathPattern, plain

Labels = npt.NDArray[np.int64]

_FEW_LEAVES = 10_000
"""Up to here a set of the leaves is made and looked into; above, the document of each passage that has the words is
looked up. Measured on a million leaves, a word in one of 400: of 5,000 leaves .7 ms as a set and 1.2 ms looked up, of
50,000 it is 17 ms and 7 ms, of 500,000 160 ms and 10 ms."""
_AS_SET = " AND +passage_words.rowid IN (SELECT id FROM chunks WHERE document_id IN (SELECT value FROM json_each(?)))"
_LOOKED_UP = " AND (SELECT document_id FROM chunks WHERE id = passage_words.rowid) IN (SELECT value FROM json_each(?))"
_DOCUMENTS = (
    "SELECT d.id, d.tried_at, d.mtime_ns, d.format, d.author, d.path, CASE WHEN f.is_file THEN NULL ELSE f.path END"
    " FROM documents d JOIN folders f ON f.id = d.folder_id"
    " WHERE f.removed_at IS NULL AND (d.error_code IS NULL OR d.sha256 IS NOT NULL)"
)
_LEAVES = (
    "SELECT document_id, group_concat(id) FROM chunks WHERE digest IS NOT NULL"
    " AND document_id IN (SELECT value FROM json_each(?)) GROUP BY document_id"
)
_FIRST_LEAF = "SELECT id FROM chunks WHERE document_id = ? AND digest IS NOT NULL ORDER BY ordinal LIMIT 1"
_SEPARATOR = os.fsencode(os.sep)
_KEPT = 16
"""Selections that are kept: filters change letter by letter while they are typed."""


class _Row(NamedTuple):
    id: DocumentId
    tried_at: float
    mtime_ns: int
    format: str | None
    author: str | None
    path: bytes
    root: bytes | None
    """Path of the watched folder; None where the file itself is watched."""


class Selection:
    """Documents that filters leave, newest first. It stands for the library as it was when it was made."""

    def __init__(self, rows: Sequence[_Row], leaves: "_Leaves") -> None:
        self._rows = sorted(rows, key=lambda row: (-row.mtime_ns, row.id))
        self._leaves = leaves

    @cached_property
    def documents(self) -> tuple[DocumentId, ...]:
        """Ids of the documents, by the time of their files' last change, newest first."""
        return tuple(row.id for row in self._rows)

    @cached_property
    def leaves(self) -> int:
        """How many leaves these documents have."""
        return sum(map(len, self._arrays))

    @cached_property
    def _arrays(self) -> list[Labels]:
        return self._leaves.of(self._rows)

    @cached_property
    def _labels(self) -> Labels:
        found = np.sort(np.concatenate([np.zeros(0, np.int64), *self._arrays]), kind="stable")
        found.flags.writeable = False
        return found

    def labels(self) -> Labels:
        """Ids of the leaves, ascending; not to be written to."""
        return self._labels

    @cached_property
    def _ids(self) -> str:
        return json.dumps(self.documents)

    def condition(self) -> tuple[str, tuple[str]]:
        """What a query of passage_words adds to its WHERE, and the values that go into it."""
        return (_AS_SET if self.leaves <= _FEW_LEAVES else _LOOKED_UP), (self._ids,)


class Selections:
    """Makes selections over one connection, and keeps them until the library changes."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._leaves = _Leaves(connection)
        self._version: State | None = None
        self._rows: list[_Row] = []
        self._made: dict[Filters, Selection] = {}

    def of(self, filters: Filters) -> Selection | None:
        """What `filters` leave of the folders that are not removed, which may be nothing; None without filters."""
        if not filters:
            return None
        self._refresh()
        if filters not in self._made:
            if len(self._made) == _KEPT:
                del self._made[next(iter(self._made))]
            tests = _tests(filters)
            self._made[filters] = Selection(
                [row for row in self._rows if all(test(row) for test in tests)], self._leaves
            )
        return self._made[filters]

    def newest(self, selection: Selection, limit: int) -> list[ChunkId]:
        """The first leaf of each document, newest documents first; those without text are passed over."""
        found: list[ChunkId] = []
        for document in selection.documents:
            if len(found) == limit:
                break
            leaf = self._connection.execute(_FIRST_LEAF, (document,)).get
            if leaf is not None:
                found.append(ChunkId(leaf))
        return found

    def _refresh(self) -> None:
        version = state_of(self._connection)
        if version != self._version:
            self._rows = list(map(_Row._make, self._connection.execute(_DOCUMENTS)))
            self._leaves.keep(self._rows)
            self._made.clear()
            self._version = version


class _Leaves:
    """Leaf ids by document, read when first wanted and again when the document was read again."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._held: dict[DocumentId, tuple[float, Labels]] = {}

    def keep(self, rows: Iterable[_Row]) -> None:
        """Let go of all documents but these."""
        if self._held:
            self._held = {row.id: self._held[row.id] for row in rows if row.id in self._held}

    def of(self, rows: Sequence[_Row]) -> list[Labels]:
        """Leaf ids of each document."""
        missing = {row.id: row.tried_at for row in rows if self._held.get(row.id, (None,))[0] != row.tried_at}
        if missing:
            nothing = np.zeros(0, np.int64)
            self._held.update((document, (tried_at, nothing)) for document, tried_at in missing.items())
            for document, ids in self._connection.execute(_LEAVES, (json.dumps(list(missing)),)):
                self._held[document] = (missing[document], np.fromstring(ids, np.int64, sep=","))
        return [self._held[row.id][1] for row in rows]


_Test = Callable[[_Row], bool]


def _tests(filters: Filters) -> list[_Test]:
    """What a document must pass, quick ones first."""
    found: list[_Test] = []
    if filters.after or filters.before:
        found.append(_dated(filters.after, filters.before))
    if filters.formats:
        found.append(_formed(filters.formats))
    if filters.authors:
        found.append(_written(filters.authors))
    if filters.folders:
        found.append(_placed(filters.folders))
    if filters.globs:
        patterns = [PathPattern(glob) for glob in filters.globs]
        found.append(lambda row: any(pattern.matches(row.path) for pattern in patterns))
    return found


def _dated(after: date | None, before: date | None) -> _Test:
    first = None if after is None else _began(after)
    past = None if before is None or before == date.max else _began(before + timedelta(days=1))

    def test(row: _Row) -> bool:
        return (first is None or row.mtime_ns >= first) and (past is None or row.mtime_ns < past)

    return test


def _began(day: date) -> int:
    """Nanoseconds since 1970 of a day's first moment by the local clock, also where clocks change at midnight."""
    try:
        return round(datetime.combine(day, time.min).timestamp()) * 10**9
    except (OverflowError, OSError, ValueError):  # outside what the system's clock can tell
        return (day - date(1970, 1, 1)).days * 86_400 * 10**9


def _formed(formats: Sequence[str]) -> _Test:
    names = frozenset(plain(name).lstrip(".") for name in formats)
    suffixes = tuple(f".{name}".encode("utf-8", "surrogatepass") for name in names)
    return lambda row: row.format in names or row.path.lower().endswith(suffixes)


def _written(authors: Sequence[str]) -> _Test:
    parts = [plain(author) for author in authors]
    return lambda row: row.author is not None and any(part in plain(row.author) for part in parts)


def _placed(folders: Sequence[str]) -> _Test:
    names = [FolderName(folder) for folder in folders]
    known: dict[tuple[bytes | None, bytes], bool] = {}

    def test(row: _Row) -> bool:
        place = (row.root, row.path.rpartition(_SEPARATOR)[0])
        if place not in known:
            known[place] = any(name.holds(*place) for name in names)
        return known[place]

    return test
