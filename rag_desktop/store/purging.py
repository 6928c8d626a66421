"""Deletes many documents at once, in steps that keep neither readers nor other writers waiting long."""

from collections.abc import Collection, Iterator

import apsw

from rag_desktop.domain.ids import DocumentId, FolderId

_CHUNKS, _DOCUMENTS = 2000, 500
"""Rows that go in one transaction."""


class Purging:
    """Deletes rows of documents that are hidden already. Each step is for a transaction of its own."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def hold_merging(self, *, held: bool) -> None:
        """Keep FTS5 from rewriting its index again and again as rows go; `compact` does that once, later.

        With its default, each tenth of an index that is deleted rewrites it: most of the time of a large purge.
        """
        self._connection.execute(
            "INSERT INTO passage_words (passage_words, rank) VALUES ('deletemerge', ?)", (0 if held else 10,)
        )

    def of_folder(self, folder: FolderId) -> list[DocumentId]:
        """Documents of a folder."""
        return [row[0] for row in self._connection.execute("SELECT id FROM documents WHERE folder_id = ?", (folder,))]

    def steps(self, documents: Collection[DocumentId]) -> Iterator[list[DocumentId]]:
        """The documents in parts of some thousand chunks at most; a longer one by itself."""
        part: list[DocumentId] = []
        chunks = 0
        for document in documents:
            count = self._connection.execute("SELECT count(*) FROM chunks WHERE document_id = ?", (document,)).get
            if part and (chunks + count > _CHUNKS or len(part) == _DOCUMENTS):
                yield part
                part, chunks = [], 0
            part.append(document)
            chunks += count
        if part:
            yield part

    def shorten(self, document: DocumentId) -> bool:
        """Delete some of a long document's chunks; False once few enough are left for `forget`."""
        ids = [
            row[0]
            for row in self._connection.execute(
                "SELECT id FROM chunks WHERE document_id = ? ORDER BY ordinal DESC LIMIT ?", (document, _CHUNKS + 1)
            )
        ]
        if len(ids) <= _CHUNKS:
            return False
        self._chunks(f"({', '.join(map(str, ids))})", ())
        return True

    def forget(self, documents: Collection[DocumentId]) -> None:
        """Delete documents with all that belongs to them."""
        ids, marks = tuple(documents), f"({', '.join('?' * len(documents))})"
        self._chunks(f"(SELECT id FROM chunks WHERE document_id IN {marks})", ids)
        for table, column in (
            ("texts", "document_id"), ("source_runs", "document_id"), ("document_words", "rowid"), ("documents", "id"),
        ):  # fmt: skip
            self._connection.execute(f"DELETE FROM {table} WHERE {column} IN {marks}", ids)

    def _chunks(self, ids: str, bindings: tuple[int, ...]) -> None:
        for table, column in (("passage_words", "rowid"), ("vectors", "chunk_id"), ("chunks", "id")):
            self._connection.execute(f"DELETE FROM {table} WHERE {column} IN {ids}", bindings)
