"""Small documents and made-up vectors for tests of the library."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from rag_desktop.domain.documents import ChunkDraft, Metadata, Reading, Run, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId, DocumentId, FolderId
from rag_desktop.services.storing import file_name
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.chunks import embedded_words
from rag_desktop.text.words import keywords

DIMENSION = 8
READER = "1/leaves"
Matrix = npt.NDArray[np.float32]


def drafts(paragraphs: Sequence[str], headings: Sequence[str] = (), *, parent: bool = False) -> tuple[ChunkDraft, ...]:
    """A leaf for each paragraph of `joined(paragraphs)`; with `parent` all of them stand under one."""
    found: list[ChunkDraft] = []
    if parent:
        found.append(ChunkDraft(Span(0, len(joined(paragraphs))), None, 1, 1, tuple(headings), b""))
    start = 0
    for words in paragraphs:
        span = Span(start, start + len(words))
        digest = digest_of(words, headings)
        above = 0 if parent else None
        found.append(ChunkDraft(span, above, 1, 1, tuple(headings), digest, keywords(words)))
        start = span.end + 2
    return tuple(found)


def joined(paragraphs: Iterable[str]) -> str:
    """The text whose leaves `drafts` gives."""
    return "\n\n".join(paragraphs)


def digest_of(words: str, headings: Sequence[str] = ()) -> bytes:
    """As the chunker makes it."""
    return hashlib.blake2b(embedded_words(headings, words).encode(), digest_size=16).digest()


def reading(text: str, chunks: Sequence[ChunkDraft] = (), runs: Sequence[Run] = ()) -> Reading:
    """A reading of a text file."""
    return Reading("text", text, (), tuple(runs), tuple(chunks), Metadata())


def watched(library: Library, path: str = "/docs") -> FolderRow:
    """A folder of the library."""
    with library.transaction():
        return library.folders.add(path, is_file=False, chunker="leaves")


def put(
    library: Library,
    folder: FolderId,
    path: str,
    paragraphs: Sequence[str],
    headings: Sequence[str] = (),
    *,
    parent: bool = False,
) -> DocumentId:
    """Store a document as the reading line does, in the transaction of the caller."""
    text = joined(paragraphs)
    chunks = drafts(paragraphs, headings, parent=parent)
    sha256 = hashlib.sha256(text.encode()).digest()
    document = library.documents.put(folder, FileState(path, len(text), 1), sha256, READER)
    library.documents.set_reading(document, reading(text, chunks))
    library.documents.name_words(document, file_name(path), None)
    library.chunks.replace(document, text, chunks)
    return document


def fail(library: Library, folder: FolderId, path: str, error: UserFacingError) -> DocumentId:
    """Store a failure as the reading line does, in the transaction of the caller."""
    document = library.documents.put(folder, FileState(path, 1, 1), None, READER)
    library.chunks.forget(document)
    library.documents.clear_reading(document)
    library.documents.set_error(document, error.code, error.arguments)
    return document


def vector_of(digest: bytes) -> bytes:
    """The made-up embedding of words with this digest, as stored: unit length, float16."""
    made = np.random.default_rng(list(digest)).normal(size=DIMENSION)
    return (made / np.linalg.norm(made)).astype("<f2").tobytes()


def as_vector(blob: bytes) -> Matrix:
    """A stored vector, shape (DIMENSION,)."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)


def begun_space(library: Library) -> SpaceRow:
    """The one space of these tests."""
    with library.transaction():
        return library.vectors.space("key", "model", DIMENSION)


def embed_pending(library: Library, space: SpaceRow, limit: int = 1000) -> list[ChunkId]:
    """Give vectors to pending leaves, in one transaction."""
    pending = library.vectors.pending(space.id, ChunkId(0), limit)
    with library.transaction():
        library.vectors.add(space.id, [(chunk.id, vector_of(chunk.digest)) for chunk in pending])
    return [chunk.id for chunk in pending]
