"""One library on disk as its tables see it: for the one writer, or for any number of readers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
from filelock import FileLock, Timeout

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.store.chunks import Chunks
from rag_desktop.store.connection import FILE_NAME, open_reader, open_writer, worded
from rag_desktop.store.documents import Documents
from rag_desktop.store.folders import Folders
from rag_desktop.store.fulltext import FullText
from rag_desktop.store.migrations import is_older
from rag_desktop.store.purging import Purging
from rag_desktop.store.selection import Selections
from rag_desktop.store.vectors import VectorRows

_LOCK_NAME = "writer.lock"


class Library:
    """The tables of one library over one connection. Not for two threads at a time: each lane opens its own."""

    def __init__(self, folder: Path, connection: apsw.Connection, lock: FileLock | None) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock
        self.folders = Folders(connection)
        self.documents = Documents(connection)
        self.chunks = Chunks(connection)
        self.vectors = VectorRows(connection)
        self.fulltext = FullText(connection)
        self.selections = Selections(connection)
        self.purging = Purging(connection)

    @classmethod
    def writer(cls, folder: Path) -> "Library":
        """The one that writes. Raises UserFacingError `library-in-use` while another program writes."""
        lock = writers_lock(folder)
        try:
            return cls(folder, open_writer(folder), lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def locked(cls, folder: Path, lock: FileLock) -> "Library":
        """As `writer`, with the lock that `writers_lock` gave; it stays locked where this fails."""
        return cls(folder, open_writer(folder), lock)

    @classmethod
    def beside(cls, folder: Path) -> "Library":
        """A second connection of the program that holds the writer's lock, for small writes beside a long one."""
        return cls(folder, open_writer(folder), None)

    @classmethod
    def reader(cls, folder: Path) -> "Library":
        """One that reads, beside a writer or alone. Raises UserFacingError `library-missing` where there is none.

        A library of an older version is brought up to this one first; then it also raises as `writer`.
        """
        connection = open_reader(folder)
        if is_older(connection):
            connection.close()
            cls.writer(folder).close()
            connection = open_reader(folder)
        return cls(folder, connection, None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is written inside."""
        with worded(self.folder / FILE_NAME), self._connection if self._connection.in_transaction else self._writing():
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that has the write lock from its start: one that reads first could not wait for it any more.

        Not the connection's own `with`, which waits, and writes to the disk, without letting other threads run.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One state of the library for all that is read inside, whatever is committed meanwhile."""
        with worded(self.folder / FILE_NAME), self._connection:
            yield

    @property
    def connection(self) -> apsw.Connection:
        """The connection itself, for looking after the file."""
        return self._connection

    def close(self) -> None:
        """Close the file; the writer also lets go of its lock."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def writers_lock(folder: Path) -> FileLock:
    """The lock of the one writer, taken. Raises UserFacingError `library-in-use` while another program has it."""
    with worded(folder / FILE_NAME):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK_NAME, thread_local=False)  # whichever thread closes the library
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UserFacingError("library-in-use", path=str(folder)) from error
    return lock
