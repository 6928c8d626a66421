"""What a library ought to hold, made anew from the program and from the texts: to compare with, or to put in place."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Any

import apsw

from rag_desktop.store.codec import path_from_blob, words_from_json
from rag_desktop.store.migrations import migrate
from rag_desktop.text.words import keywords

PASSAGES, NAMES = "passage_words", "document_words"
_AVERAGES = 1
"""The row of an FTS5 index that holds how many rows and tokens there are: BM25 counts with them."""
_AT_A_TIME = 4096

Words = tuple[int, str, str | None]
Step = Callable[[int], None]


@lru_cache(maxsize=1)
def schema() -> dict[tuple[str, str], str]:
    """The statements of the schema in force, by kind (table, index, trigger) and name."""
    fresh = apsw.Connection(":memory:")
    try:
        migrate(fresh)
        rows = fresh.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        return {(kind, name): sql for kind, name, sql in rows}
    finally:
        fresh.close()


def text_of(connection: apsw.Connection, document: int) -> str:
    """A document's text, with � where its bytes are no text any more."""
    rows = connection.execute("SELECT CAST(text AS BLOB) FROM texts WHERE document_id = ? ORDER BY start", (document,))
    return "".join((row[0] or b"").decode("utf-8", "replace") for row in rows)


def headings_of(stored: bytes | None) -> tuple[str, ...] | None:
    """Headings as they are stored, or None where they cannot be read."""
    try:
        found = words_from_json((stored or b"").decode("utf-8"))
    except ValueError:
        return None
    return found if all(isinstance(each, str) for each in found) else None


def passage_rows(connection: apsw.Connection, document: int) -> Iterator[Words]:
    """What the full text should hold for each leaf of a document: id, words, headings."""
    text = text_of(connection, document)
    leaves = connection.execute(
        "SELECT id, span_start, span_end, CAST(headings AS BLOB) FROM chunks WHERE document_id = ?"
        " AND digest IS NOT NULL ORDER BY id",
        (document,),
    )
    for id_, start, end, stored in leaves:
        words, headings = text[start:end], "\n".join(headings_of(stored) or ())
        yield id_, keywords(words) or words, keywords(headings) or headings


def name_rows(connection: apsw.Connection) -> Iterator[Words]:
    """What the full text should hold for each document that was read: id, file name, title."""
    rows = list(
        connection.execute("SELECT id, path, CAST(title AS BLOB) FROM documents WHERE error_code IS NULL ORDER BY id")
    )
    for id_, path, title in rows:
        last = path_from_blob(path).replace("\\", "/").rsplit("/", 1)[-1]
        name = last.encode("utf-8", "replace").decode("utf-8")
        said = None if title is None else title.decode("utf-8", "replace")
        yield id_, keywords(name) or name, keywords(said or "") or said


class ExpectedWords:
    """The full text as it should be, in a temporary file of its own."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._found = connection
        self._expected = apsw.Connection("")
        for table in (PASSAGES, NAMES):
            self._expected.execute(schema()["table", table])

    def put(self, table: str, rows: Iterable[Words]) -> None:
        """Add rows that the library should have."""
        first, second = _columns(table)
        with self._expected:
            self._expected.executemany(f"INSERT INTO {table} (rowid, {first}, {second}) VALUES (?, ?, ?)", rows)

    def differs(self, table: str, step: Step) -> set[int]:
        """Rows whose words in the library are not the expected ones; 0 stands for the counts that BM25 needs."""
        wrong = self._sizes_that_differ(table)
        if self._averages(self._found, table) != self._averages(self._expected, table):
            wrong.add(0)
        ours, theirs = _instances(self._found, table), _instances(self._expected, table)
        done = 0
        while True:
            one, other = list(islice(ours, _AT_A_TIME)), list(islice(theirs, _AT_A_TIME))
            if one != other:
                # From here on the two are out of step: the rows of this block are named, the rest is not looked at.
                wrong.update(row[1] for pair in zip_longest(one, other) if pair[0] != pair[1] for row in pair if row)
                return wrong
            if not one:
                return wrong
            done += len(one)
            step(done)

    def differing_rows(self, table: str) -> set[int]:
        """As `differs`, but each row for itself; for the small table of names."""
        found, expected = (set(_instances(each, table)) for each in (self._found, self._expected))
        return self._sizes_that_differ(table) | {row[1] for row in found ^ expected}

    def close(self) -> None:
        """Throw it away."""
        self._expected.close()

    def _sizes_that_differ(self, table: str) -> set[int]:
        query = f"SELECT id, sz FROM {table}_docsize"
        found, expected = set(self._found.execute(query)), set(self._expected.execute(query))
        return {row[0] for row in found ^ expected}

    @staticmethod
    def _averages(connection: apsw.Connection, table: str) -> bytes:
        """Counts of rows and tokens; an index that never had a row says nothing where an emptied one says zeroes."""
        block = connection.execute(f"SELECT block FROM {table}_data WHERE id = ?", (_AVERAGES,)).get
        return bytes(block or b"").rstrip(b"\0")


def rebuild_words(connection: apsw.Connection, step: Step) -> None:
    """Make both full text tables anew from texts and chunks, in the caller's transaction."""
    connection.execute("DROP TABLE IF EXISTS passage_terms")
    for table in (PASSAGES, NAMES):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(schema()["table", table])
    connection.execute(schema()["table", "passage_terms"])
    _insert(connection, NAMES, name_rows(connection))
    documents = list(connection.execute("SELECT id FROM documents ORDER BY id"))
    for done, (document,) in enumerate(documents):
        _insert(connection, PASSAGES, list(passage_rows(connection, document)))
        step(done)


def _insert(connection: apsw.Connection, table: str, rows: Iterable[Words]) -> None:
    first, second = _columns(table)
    connection.executemany(f"INSERT INTO {table} (rowid, {first}, {second}) VALUES (?, ?, ?)", rows)


def _columns(table: str) -> tuple[str, str]:
    return ("words", "headings") if table == PASSAGES else ("name", "title")


def _instances(connection: apsw.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """Every token of a full text table: term, row, column, place; in that order."""
    name = f"{table}_instances"
    was_query_only = connection.pragma("query_only")
    connection.pragma("query_only", False)
    try:
        connection.execute(f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{name} USING fts5vocab(main, {table}, instance)")
    finally:
        connection.pragma("query_only", was_query_only)
    return iter(connection.execute(f"SELECT CAST(term AS BLOB), doc, col, offset FROM temp.{name}"))
