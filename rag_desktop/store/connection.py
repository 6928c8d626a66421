"""Opens the library's SQLite file, for the one writer or for readers beside it, and words SQLite's complaints."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.store.migrations import migrate, refuse_newer, version

FILE_NAME = "library.sqlite"
_BUSY_MS = 10_000
_PAGE_CACHE_KIB = 65_536
_SYNC_NORMAL = "NORMAL"
"""In WAL mode NORMAL survives a killed program whole; a power cut may lose the last commits, never consistency."""


State = tuple[int, int]
"""Tells one state of the library from another, as one connection sees it."""


def state_of(connection: apsw.Connection) -> State:
    """The state of now: SQLite's `data_version` tells what others committed, but not what this connection wrote."""
    return connection.pragma("data_version"), connection.total_changes()


def open_writer(folder: Path) -> apsw.Connection:
    """The connection that writes; makes and migrates the file where needed. The caller holds the writer's lock."""
    path = folder / FILE_NAME
    with worded(path):
        folder.mkdir(parents=True, exist_ok=True)
        connection = apsw.Connection(str(path))
        if connection.readonly("main"):
            connection.close()
            raise UserFacingError("library-forbidden", path=str(folder))
        _prepare(connection)
        begin_file(connection)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", _SYNC_NORMAL)
        connection.pragma("foreign_keys", True)
        migrate(connection)
    return connection


def open_reader(folder: Path) -> apsw.Connection:
    """A connection that cannot write. Raises UserFacingError `library-missing` where there is none yet."""
    path = folder / FILE_NAME
    if not path.exists():
        raise UserFacingError("library-missing", path=str(folder))
    with worded(path):
        connection = reading_connection(path)
        refuse_newer(connection)
        if version(connection) == 0:
            raise UserFacingError("library-missing", path=str(folder))
    return connection


def begin_file(connection: apsw.Connection) -> None:
    """What must be chosen before a new file has its first page: free pages can then be given back in small steps."""
    if not connection.pragma("page_count"):
        connection.pragma("auto_vacuum", "incremental")


def reading_connection(path: Path) -> apsw.Connection:
    """A connection to a WAL file that cannot write rows, also where nothing there may be written at all."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # A reader of a WAL file must be able to write its shared memory; the pragma is what keeps it from the rows.
        _prepare(connection)
        connection.pragma("user_version")
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.IOError, apsw.FullError):  # the last two: a full disk
        connection.close()
        if has_log(path):  # what it holds would be missed
            raise
        connection = immutable_connection(path)
        _prepare(connection)
    connection.pragma("query_only", True)
    return connection


def immutable_connection(path: Path) -> apsw.Connection:
    """A connection to a file beside which nothing can be written, and nobody writes: a writer's log would be there.

    https://www.sqlite.org/wal.html#read_only_databases
    """
    uri = path.absolute().as_uri() + "?immutable=1"
    return apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def has_log(path: Path) -> bool:
    """Whether there is a write-ahead log with anything in it."""
    try:
        return Path(str(path) + "-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _prepare(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    connection.pragma("cache_size", -_PAGE_CACHE_KIB)
    connection.pragma("temp_store", "memory")
    connection.pragma("trusted_schema", False)


@contextmanager
def worded(path: Path) -> Iterator[None]:
    """Turns what SQLite and the disk may do to a library into errors a person understands."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError, UnicodeDecodeError) as error:
        raise UserFacingError("library-damaged", path=str(path)) from error
    except apsw.FullError as error:
        raise UserFacingError("disk-full", path=str(path.parent)) from error
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
        raise UserFacingError("library-forbidden", path=str(path.parent)) from error
    except (apsw.IOError, OSError) as error:
        raise UserFacingError(_disk_code(error), path=str(path.parent)) from error
    except apsw.BusyError as error:
        raise UserFacingError("library-busy", path=str(path.parent)) from error


def _disk_code(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "disk-full"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR):
        return "library-forbidden"
    return "disk-failed"
