"""A document that nobody sees: it holds vectors by the digest of their words until a new reading takes them over."""

import time

import apsw

HOLDER = b"rag-desktop:salvaged"
"""The path of that document and of its folder, which is marked as removed: no path of a file system."""


def holder(connection: apsw.Connection) -> int:
    """The id of the document, made where there is none, in the caller's transaction."""
    known = connection.execute("SELECT id FROM documents WHERE path = ?", (HOLDER,)).get
    if known is not None:
        return int(known)
    now = time.time()
    connection.execute(
        "INSERT INTO folders (path, is_file, chunker, added_at, removed_at) VALUES (?, 1, '', ?, ?)", (HOLDER, now, now)
    )
    connection.execute(
        "INSERT INTO documents (folder_id, path, size, mtime_ns, reader, tried_at) VALUES (?, ?, 0, 0, '', ?)",
        (connection.last_insert_rowid(), HOLDER, now),
    )
    document = connection.last_insert_rowid()
    connection.execute("INSERT INTO document_words (rowid, name, title) VALUES (?, '', NULL)", (document,))
    return document


def is_awaited(connection: apsw.Connection) -> bool:
    """Whether documents are still to be read that may take vectors over."""
    folders = "SELECT id FROM folders WHERE removed_at IS NULL"
    query = (
        f"SELECT EXISTS (SELECT 1 FROM documents WHERE reader = '' AND error_code IS NULL AND folder_id IN ({folders}))"
        f" OR EXISTS ({folders} AND scanned_at IS NULL)"
    )
    return bool(connection.execute(query).get)
