"""Reads rows of a damaged SQLite file: what cannot be read is leapt over."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from rag_desktop.store.connection import has_log, immutable_connection

UNREADABLE = (apsw.Error, UnicodeDecodeError, OSError)
"""What reading damaged rows may raise."""
_HIGHEST = 1 << 50


@contextmanager
def opened(path: Path) -> Iterator[apsw.Connection]:
    """A connection that leaves the file and its log as they are."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.pragma("user_version")
    except (apsw.ReadOnlyError, apsw.CantOpenError):
        connection.close()
        if has_log(path):
            raise
        connection = immutable_connection(path)
    except apsw.Error:  # damaged; each reading below says so itself
        pass
    try:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.pragma("cell_size_check", True)
        connection.pragma("writable_schema", True)  # else a file that is cut short is refused as a whole
        connection.pragma("query_only", True)
        yield connection
    finally:
        connection.close()


def rows(connection: apsw.Connection, query: str, trouble: list[Exception] | None = None) -> Iterator[tuple[Any, ...]]:
    """Rows of a query that has one parameter: the key to begin after; keys are its first column, ascending integers.

    trouble: gets what was raised in between; empty where all rows were read.
    """
    last, leap = -1, 1
    while last < _HIGHEST:
        try:
            for row in connection.execute(query, (last,)):
                yield row
                last, leap = int(row[0]), 1
        except UNREADABLE as error:
            if trouble is not None:
                trouble.append(error)
            last, leap = last + leap, leap * 2
        else:
            return


def columns(connection: apsw.Connection, table: str) -> list[str]:
    """Names of a table's columns; none where they cannot be read."""
    with suppress(*UNREADABLE):
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    return []
