"""Writes what readers bring: a document is all there or not at all, and small ones share a transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.documents import ChunkDraft
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import DocumentFailed, DocumentStored, Event
from rag_desktop.domain.messages import ReadHead
from rag_desktop.formats import ocr
from rag_desktop.services.agenda import FileToRead
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library

READING_VERSION = 3
"""Raised when readers or the chunker change what they make of a file; such documents are read again."""

_PASSING = {"file-missing", "file-forbidden", "reader-bug", "recogniser-failed"}
"""Reasons that may be gone at the next look though the file did not change."""
_MOST_TOGETHER = 16
_MOST_CHARACTERS = 500_000
"""More than this, or more documents, wait for no others: a reader of the library should not wait long either."""


@dataclass(slots=True)
class Read:
    """A document as its messages come."""

    head: ReadHead
    chunks: list[ChunkDraft] = field(default_factory=list)


def reader_version(chunker: str) -> str:
    """What a document row remembers of how it was read."""
    return f"{READING_VERSION}/{chunker}"


def unrecognised_version(chunker: str) -> str | None:
    """As `reader_version`, of documents with scanned pages where text recognition is not installed: once it is, these
    are read again. None where it is."""
    return None if ocr.is_installed() else f"{reader_version(chunker)}/unrecognised"


class Storing:
    """Gathers outcomes of reading and commits them together. What is gathered is lost with the process, and read again.

    A commit costs about as much as the rows of a small document.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._waiting: list[tuple[Callable[[Task], Event | None], FileToRead]] = []
        self._characters = 0

    def read(self, item: FileToRead, found: Read) -> None:
        """Keep a document."""
        self._waiting.append((lambda task: self._store(item, found, task), item))
        self._characters += len(found.head.read.reading.text)

    def failed(self, item: FileToRead, error: UserFacingError) -> None:
        """Keep the reason why a document could not be read."""
        self._waiting.append((lambda task: self._store_failure(item, error, task), item))

    @property
    def is_due(self) -> bool:
        """Whether more should not be gathered."""
        return len(self._waiting) >= _MOST_TOGETHER or self._characters >= _MOST_CHARACTERS

    def flush(self, task: Task) -> Sequence[FileToRead]:
        """Commit what was gathered; returns the files whose outcome is kept now."""
        waiting, self._waiting, self._characters = self._waiting, [], 0
        if not waiting:
            return ()
        with self._library.transaction():
            events = [store(task) for store, _ in waiting]
        for event in events:
            if event:
                task.publish(event)
        return [item for _, item in waiting]

    def _store(self, item: FileToRead, found: Read, task: Task) -> DocumentStored:
        library, read, reading = self._library, found.head.read, found.head.read.reading
        version = _version(item, is_scan="pages-without-text" in reading.warnings)
        document = library.documents.put(item.folder, item.file, read.sha256, version)
        library.documents.set_reading(document, reading, found.head.packed_runs)
        library.documents.name_words(document, file_name(item.file.path), reading.metadata.title)
        library.chunks.replace(document, reading.text, found.chunks)
        return DocumentStored(task.id, document)

    def _store_failure(self, item: FileToRead, error: UserFacingError, task: Task) -> DocumentFailed | None:
        """What an earlier reading of the same path left is no longer true, and goes.

        Unless the file only cannot be read now, as one that another program keeps to itself: then its older words stay,
        with the reason. A file that went away meanwhile is for the next look to tell.
        """
        documents = self._library.documents
        known = documents.at(item.file.path) if error.code in _PASSING else None
        if known and known.sha256 is not None:
            documents.outdate(known.id)
            documents.set_error(known.id, error.code, error.arguments)
        elif error.code == "file-missing":
            return None
        else:
            is_scan = error.code == "no-text" and item.format == "pdf"
            version = "" if error.code in _PASSING else _version(item, is_scan=is_scan)
            document = documents.put(item.folder, item.file, None, version)
            self._library.chunks.forget(document)
            documents.clear_reading(document)
            documents.set_error(document, error.code, error.arguments)
        return DocumentFailed(task.id, item.file.path, error.code)


def _version(item: FileToRead, *, is_scan: bool) -> str:
    version = unrecognised_version(item.chunker) if is_scan else None
    return version or reader_version(item.chunker)


def file_name(path: str) -> str:
    """The last part of a path, of either kind of slash."""
    return path.replace("\\", "/").rsplit("/", 1)[-1].encode("utf-8", "replace").decode("utf-8")
