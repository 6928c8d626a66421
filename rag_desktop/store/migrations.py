"""The schema as a numbered list of steps: each once, in one transaction with its record; never edited."""

import time

import apsw

from rag_desktop.domain.errors import UserFacingError

_FIRST = """
CREATE TABLE folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE,
    is_file INTEGER NOT NULL,
    chunker TEXT NOT NULL,
    added_at REAL NOT NULL,
    scanned_at REAL,
    is_away INTEGER NOT NULL DEFAULT 0,
    removed_at REAL
) STRICT;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders (id),
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 BLOB,
    reader TEXT NOT NULL,
    format TEXT,
    title TEXT,
    author TEXT,
    page_count INTEGER,
    page_labels TEXT,
    length INTEGER NOT NULL DEFAULT 0,
    warnings TEXT,
    error_code TEXT,
    error_arguments TEXT,
    tried_at REAL NOT NULL
) STRICT;
CREATE INDEX documents_folder ON documents (folder_id);
CREATE INDEX documents_sha256 ON documents (sha256);

CREATE TABLE texts (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    start INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (document_id, start)
) STRICT;
CREATE TABLE source_runs (document_id INTEGER PRIMARY KEY REFERENCES documents (id), runs BLOB NOT NULL) STRICT;

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    ordinal INTEGER NOT NULL,
    parent_id INTEGER,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    page_start INTEGER,
    page_end INTEGER,
    headings TEXT,
    digest BLOB
) STRICT;
CREATE INDEX chunks_document ON chunks (document_id, ordinal);
CREATE INDEX chunks_digest ON chunks (digest) WHERE digest IS NOT NULL;

CREATE VIRTUAL TABLE passage_words USING fts5 (
    words, headings, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE passage_terms USING fts5vocab (passage_words, 'row');
CREATE VIRTUAL TABLE document_words USING fts5 (
    name, title, content = '', contentless_delete = 1, tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TABLE spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE TABLE vectors (
    space_id INTEGER NOT NULL REFERENCES spaces (id),
    chunk_id INTEGER NOT NULL REFERENCES chunks (id),
    vector BLOB NOT NULL,
    PRIMARY KEY (space_id, chunk_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX vectors_chunk ON vectors (chunk_id);

CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    op TEXT NOT NULL CHECK (op IN ('add', 'drop')),
    space_id INTEGER NOT NULL,
    chunk_id INTEGER NOT NULL
) STRICT;
CREATE TRIGGER vectors_added AFTER INSERT ON vectors BEGIN
    INSERT INTO ledger (op, space_id, chunk_id) VALUES ('add', new.space_id, new.chunk_id);
END;
CREATE TRIGGER vectors_changed AFTER UPDATE OF vector ON vectors BEGIN
    INSERT INTO ledger (op, space_id, chunk_id) VALUES ('add', new.space_id, new.chunk_id);
END;
CREATE TRIGGER vectors_dropped AFTER DELETE ON vectors BEGIN
    INSERT INTO ledger (op, space_id, chunk_id) VALUES ('drop', old.space_id, old.chunk_id);
END;

CREATE TABLE snapshots (
    space_id INTEGER PRIMARY KEY REFERENCES spaces (id),
    file TEXT NOT NULL,
    seq INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    count INTEGER NOT NULL,
    made_at REAL NOT NULL
) STRICT;
"""

_CARE = """
ALTER TABLE folders ADD COLUMN patterns TEXT NOT NULL DEFAULT '';
ALTER TABLE folders ADD COLUMN is_paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE folders ADD COLUMN device INTEGER;
ALTER TABLE folders ADD COLUMN mounts TEXT;
ALTER TABLE documents ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN is_ignored INTEGER NOT NULL DEFAULT 0;
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (("first", _FIRST), ("care", _CARE))


def version(connection: apsw.Connection) -> int:
    """Number of the last migration that this library has had; 0 for a new file."""
    return int(connection.pragma("user_version") or 0)


def is_older(connection: apsw.Connection) -> bool:
    """Whether this library lacks migrations of this program."""
    return version(connection) < len(MIGRATIONS)


def migrate(connection: apsw.Connection) -> None:
    """Bring the library up to this program's schema.

    Raises UserFacingError `library-newer` for a library that a newer program has written.
    """
    refuse_newer(connection)
    for number, (name, script) in enumerate(MIGRATIONS, start=1):
        if number > version(connection):
            with connection:
                connection.execute(script)
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT, applied_at REAL)"
                )
                connection.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, name, time.time()))
                connection.pragma("user_version", number)


def refuse_newer(connection: apsw.Connection) -> None:
    """Raise UserFacingError `library-newer` if this program is older than the library."""
    if version(connection) > len(MIGRATIONS):
        raise UserFacingError("library-newer", path=connection.filename)
