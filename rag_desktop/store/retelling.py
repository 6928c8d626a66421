"""Finds and mends damage in the file of conversations, with the help of its last backup.

A turn is never changed once it is written: where a backup has it too, the backup's is believed.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from rag_desktop.store import tolerant
from rag_desktop.store.conversations import FILE_NAME, answer_from_json, begin_conversations
from rag_desktop.store.exchange import discard, exchange, fresh_path, sync_file
from rag_desktop.store.tolerant import UNREADABLE

Rows = dict[int, tuple[Any, ...]]
_CONVERSATIONS = "SELECT id, title, begun_at, changed_at FROM conversations WHERE id > ? ORDER BY id"
_TURNS = "SELECT id, conversation_id, asked_at, question, answer FROM turns WHERE id > ? ORDER BY id"


@dataclass(frozen=True, slots=True)
class Retold:
    """What a restoration kept: turns in all, those of them that only the damaged file had, and those that are lost.

    lost: None where not even their number is known. kept: where the damaged file is.
    """

    turns: int
    newer: int
    lost: int | None
    kept: Path


@dataclass(slots=True)
class _Read:
    conversations: Rows
    turns: Rows
    unread: int
    is_whole: bool
    last: int
    """The highest number that was ever given to a turn."""


_NOTHING = _Read({}, {}, 0, is_whole=True, last=0)


def is_sound(folder: Path, backup: Path | None) -> bool:
    """Whether SQLite finds nothing wrong, every answer can be read, and the file is not older than its backup.

    A file that lost its log is whole, and yet older: it has given out fewer numbers.
    """
    try:
        with tolerant.opened(folder / FILE_NAME) as connection:
            if connection.pragma("integrity_check") != "ok":
                return False
        live = _read(folder / FILE_NAME)
    except UNREADABLE:
        return False
    backed = _read(backup) if backup else _NOTHING
    if not live.is_whole or live.unread or live.last < backed.last:
        return False
    return all(live.turns[id_] == backed.turns[id_] for id_ in live.turns.keys() & backed.turns.keys())


def is_of_this_version(folder: Path) -> bool:
    """Whether the tables are those of this program, whatever the number in the header says."""
    query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
    fresh = apsw.Connection(":memory:")
    begin_conversations(fresh)
    expected = fresh.execute(query).fetchall()
    fresh.close()
    with suppress(*UNREADABLE), tolerant.opened(folder / FILE_NAME) as connection:
        return bool(connection.execute(query).fetchall() == expected)
    return False


def restore(folder: Path, backup: Path | None) -> Retold:
    """Put a sound file in the place of a damaged one: the backup's turns, and newer ones that can be read.

    What was deleted since the backup stays deleted where that can be told. Nobody has the file open.
    """
    path = folder / FILE_NAME
    live, backed = _read(path), _read(backup) if backup else _NOTHING
    if live.is_whole and live.last >= backed.last:
        conversations = {id_: backed.conversations.get(id_, row) for id_, row in live.conversations.items()}
        turns = {id_: row for id_, row in backed.turns.items() if id_ in live.turns or row[1] in live.conversations}
    else:
        conversations, turns = {**live.conversations, **backed.conversations}, dict(backed.turns)
    newer = {id_: row for id_, row in live.turns.items() if id_ not in turns}
    turns.update(newer)
    for _, conversation, asked_at, question, _ in turns.values():
        conversations.setdefault(conversation, (conversation, question[:200], asked_at, asked_at))
    _write(fresh_path(path), conversations, turns)
    is_counted = live.is_whole and live.last >= backed.last
    return Retold(len(turns), len(newer), live.unread if is_counted else None, exchange(path))


def copy_to(connection: apsw.Connection) -> Callable[[Path], None]:
    """Writes a compact copy of the open file to a path, and verifies it. Raises apsw.CorruptError for a bad copy."""

    def write(path: Path) -> None:
        connection.execute("VACUUM INTO ?", (str(path),))
        copy = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            if copy.pragma("integrity_check") != "ok":
                raise apsw.CorruptError("the copy is not whole")
        finally:
            copy.close()

    return write


def _read(path: Path) -> _Read:
    """Rows that can be read and understood."""
    found = _Read({}, {}, 0, is_whole=False, last=0)
    trouble: list[Exception] = []
    try:
        with tolerant.opened(path) as connection:
            found.conversations = {row[0]: row for row in tolerant.rows(connection, _CONVERSATIONS, trouble)}
            for row in tolerant.rows(connection, _TURNS, trouble):
                if _is_understood(row):
                    found.turns[row[0]] = row
                else:
                    found.unread += 1
            found.last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'turns'").get or 0
            found.is_whole = not trouble and connection.pragma("quick_check") == "ok"
    except UNREADABLE:
        found.is_whole = False
    return found


def _is_understood(row: tuple[Any, ...]) -> bool:
    try:
        answer_from_json(row[4])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return True


def _write(path: Path, conversations: Rows, turns: Rows) -> None:
    discard(path)
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("synchronous", "FULL")
        begin_conversations(connection)
        with connection:
            connection.executemany("INSERT INTO conversations VALUES (?, ?, ?, ?)", conversations.values())
            connection.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?)", turns.values())
    finally:
        connection.close()
    sync_file(path)
