"""A quick look at a file that was just opened: whether the whole of it ought to be checked."""

from contextlib import suppress
from pathlib import Path

import apsw

from rag_desktop.store.expected import schema
from rag_desktop.store.integrity import Integrity
from rag_desktop.store.migrations import MIGRATIONS, version
from rag_desktop.store.tolerant import UNREADABLE
from rag_desktop.store.wal import lost_commits

_SIZE_AT, _SIZE_BYTES = 28, 4
"""Where the header says how many pages the file has."""


def is_doubtful(connection: apsw.Connection, path: Path) -> bool:
    """Whether something is wrong at first sight: the schema, a table's ends, the file's length, the log's end."""
    try:
        if Integrity(connection).schema() or lost_commits(path, connection) or _is_short(connection, path):
            return True
        tables = [name for kind, name in schema() if kind == "table" and "_words" not in name and "_terms" not in name]
        for table in tables:
            for order in ("", " DESC"):
                connection.execute(f"SELECT * FROM {table} ORDER BY 1{order} LIMIT 1").fetchall()
        for table in ("passage_words", "document_words"):
            connection.execute(f"SELECT rowid FROM {table} LIMIT 1").fetchall()
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, UnicodeDecodeError):
        return True
    return False


def is_there(path: Path) -> bool:
    """Whether there is a file with anything in it."""
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def set_version_right(path: Path) -> None:
    """Let a library's version be that of its last migration: the number in the header alone may be damaged."""
    with suppress(*UNREADABLE):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(1000)
            recorded = connection.execute("SELECT max(number) FROM migrations").get
            if recorded and recorded <= len(MIGRATIONS) and version(connection) != recorded:
                connection.pragma("user_version", int(recorded))
        finally:
            connection.close()


def _is_short(connection: apsw.Connection, path: Path) -> bool:
    """Whether the file lacks pages at its end. Pages that only the log has are no loss."""
    with suppress(FileNotFoundError):
        if Path(str(path) + "-wal").stat().st_size:
            return False
    with path.open("rb") as file:
        file.seek(_SIZE_AT)
        pages = int.from_bytes(file.read(_SIZE_BYTES), "big")
        return path.stat().st_size < pages * int(connection.pragma("page_size"))
