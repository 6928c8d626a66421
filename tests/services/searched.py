"""A small library with vectors of the scripted engine, for tests of searching: real rows, no files, no weights."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.domain.messages import EmbedRequest
from rag_desktop.domain.models import Relevance
from rag_desktop.engines import scripted
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.retrieval import Retrieval
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.services.storing import file_name
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
from rag_desktop.text.chunks import embedded_words
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child
from tests.store import material

DAY = 86_400 * 10**9
"""Nanoseconds."""
SAYS = Relevance(0.6, 0.03)
"""What cosines of the scripted model say."""


@dataclass(frozen=True)
class Searched:
    """A library that is written to here and searched as the program does, with what answers for its vectors."""

    library: Library
    choice: EmbedderChoice

    def folder(self, path: str = "/docs") -> FolderRow:
        return material.watched(self.library, path)

    def put(
        self,
        folder: FolderRow,
        name: str,
        *paragraphs: str,
        day: int = 1,
        headings: Sequence[str] = (),
        parent: bool = False,
    ) -> DocumentId:
        """A document of these paragraphs, each a leaf on a page of its own, last changed on a day since 1970."""
        text = material.joined(paragraphs)
        made = material.drafts(paragraphs, headings, parent=parent)
        leaves = [
            replace(each, page_start=page, page_end=page) for page, each in enumerate(made[-len(paragraphs) :], 1)
        ]
        chunks = [*made[: len(made) - len(leaves)], *leaves]
        path = f"{folder.path}/{name}"
        with self.library.transaction():
            state = FileState(path, len(text), day * DAY)
            document = self.library.documents.put(folder.id, state, _sha256(text), material.READER)
            self.library.documents.set_reading(document, material.reading(text, chunks))
            self.library.documents.name_words(document, file_name(path), None)
            self.library.chunks.replace(document, text, chunks)
        return document

    def embed(self) -> None:
        """Give every leaf its vector."""
        embedder = self.choice.embedder
        with self.library.transaction():
            space = self.library.vectors.space(embedder.key, embedder.model, embedder.dimension)
            pending = self.library.vectors.pending(space.id, ChunkId(0), 10_000)
            chunks = self.library.chunks.get([each.id for each in pending])
            for chunk in chunks.values():
                words = embedded_words(chunk.headings, self.library.documents.text(chunk.document_id, chunk.span))
                reply = embedder.child.call(EmbedRequest((words,), is_query=False), deadline_s=60)
                self.library.vectors.add(space.id, [(chunk.id, reply.vectors)])

    @contextmanager
    def retrieval(
        self, choices: Sequence[EmbedderChoice] | None = None, index: Callable[[str], HnswIndex | None] = lambda _: None
    ) -> Iterator[Retrieval]:
        """As a face of the program searches: over a connection of its own, beside the writer."""
        with Library.reader(self.library.folder) as reader:
            yield Retrieval(reader, [self.choice] if choices is None else choices, index)


def choice_of(child: Child, languages: Sequence[str] = ("*",)) -> EmbedderChoice:
    """The scripted model, served by `child`."""
    return EmbedderChoice(Embedder(child, "key", "scripted", scripted.DIMENSION), tuple(languages), SAYS, is_late=True)


@contextmanager
def searched(folder: Path, child: Child) -> Iterator[Searched]:
    """An empty library in `folder`."""
    with Library.writer(folder) as library:
        yield Searched(library, choice_of(child))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
