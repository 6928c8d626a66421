"""Gives every leaf its vector: copied where the same words have one, embedded in batches by the child otherwise."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import numpy as np

from rag_desktop.domain.documents import Chunk
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Stage
from rag_desktop.domain.ids import ChunkId, FolderId
from rag_desktop.domain.messages import EmbedReply, EmbedRequest
from rag_desktop.services.bounds import Bounds
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import PendingChunk
from rag_desktop.text.chunks import embedded_words
from rag_desktop.workers.child import Child, Failed, Replies
from rag_desktop.workers.serving import Part

BATCH = 64
"""Leaves in one request: what a killed program embeds again at most."""
_WINDOW = 1024
"""Leaves that are sorted by length together: neighbours in a batch then need little padding."""
_IN_FLIGHT = 2
_DEADLINE_S = 120.0
_LOOK_S = 0.2
_ATTEMPTS = 3
_CHILD_TROUBLES = {"child-died", "child-deadline", "child-memory", "child-stopped"}


Order = Sequence[Collection[FolderId]]
"""Folders whose leaves are embedded, those of each set before those of the next."""


@dataclass(slots=True)
class _Batch:
    """Words that differ, each with all the leaves that hold them."""

    texts: list[str]
    owners: list[list[ChunkId]]
    folders: list[FolderId]


@dataclass(slots=True)
class Tally:
    """`embedded` leaves had to be embedded, `copied` had their words' vector already."""

    embedded_by_folder: Counter[FolderId] = field(default_factory=Counter)
    copied: int = 0

    @property
    def embedded(self) -> int:
        return self.embedded_by_folder.total()


class EmbeddingLine:
    """Embeds what is pending in one space."""

    def __init__(
        self, library: Library, child: Child, neighbours: Neighbours, order: Callable[[], Order], bounds: Bounds
    ) -> None:
        """order: whose leaves come first, asked again for each window of leaves."""
        self._library = library
        self._child = child
        self._neighbours = neighbours
        self._space = neighbours.space
        self._order = order
        self._bounds = bounds
        self._lapped = time.monotonic()
        self._replies: Replies = SimpleQueue()
        self._in_flight: dict[int, _Batch] = {}
        self.tally = Tally()

    def run(self, task: Task, give_way: Callable[[], bool] = lambda: False) -> None:
        """Embed until nothing is pending, or until `give_way` says that other work waits; while paused, not at all.

        Raises Cancelled after `stop`, and the child's error after three tries in a row that brought nothing.
        """
        total = self._library.vectors.pending_count(self._space.id, _united(self._order()))
        attempts, before = 0, -1
        while True:
            try:
                with task.regardless():
                    self._pass(task, total, give_way)
            except UserFacingError as error:
                attempts = attempts + 1 if self.tally.embedded == before else 1
                before = self.tally.embedded
                self._in_flight.clear()
                self._replies = SimpleQueue()
                if error.code not in _CHILD_TROUBLES or attempts == _ATTEMPTS:
                    raise
            else:
                return

    def _pass(self, task: Task, total: int, give_way: Callable[[], bool]) -> None:
        batches = self._batches(task)
        try:
            while True:
                is_held = task.is_paused or self._bounds.power.is_waiting
                is_more = not give_way() and (is_held or self._fill(batches))
                if not is_more and not self._in_flight:
                    return
                task.check()
                if not is_held:
                    task.at(Stage.EMBEDDING, min(self.tally.embedded + self.tally.copied, total), total)
                if self._take():
                    self._bounds.room.check()
                    self._bounds.power.rest(task, time.monotonic() - self._lapped)
                    self._lapped = time.monotonic()
        finally:
            for number in self._in_flight:
                self._child.stop(number)

    def _fill(self, batches: Iterator[_Batch]) -> bool:
        """Keep a request waiting behind the one in work, so that the child never idles."""
        while len(self._in_flight) < _IN_FLIGHT:
            batch = next(batches, None)
            if batch is None:
                return False
            request = EmbedRequest(tuple(batch.texts), is_query=False)
            number = self._child.submit(request, self._replies, deadline_s=_DEADLINE_S)
            self._in_flight[number] = batch
        return True

    def _take(self) -> bool:
        """Take a message of the child; whether that ended a batch."""
        try:
            reply = self._replies.get(timeout=_LOOK_S)
        except Empty:
            return False
        match reply.message:
            case Part(number=number, payload=EmbedReply() as part):
                self._store(self._in_flight[number], part)
            case Failed(error=error):
                raise error
            case _:
                self._in_flight.pop(reply.number)
                return True
        return False

    def _store(self, batch: _Batch, part: EmbedReply) -> None:
        width = part.dimension * 2
        rows = [
            (chunk, part.vectors[row * width : (row + 1) * width])
            for row, place in enumerate(part.places)
            for chunk in batch.owners[place]
        ]
        with self._library.transaction():
            self._library.vectors.add(self._space.id, rows)
        self._neighbours.follow()
        self._neighbours.snapshot_if_due()
        self.tally.embedded_by_folder.update(batch.folders[place] for place in part.places)
        self.tally.copied += len(rows) - len(part.places)

    def _batches(self, task: Task) -> Iterator[_Batch]:
        """Batches of the first folders that have leaves waiting; which those are may change from batch to batch."""
        reached: dict[frozenset[FolderId], ChunkId] = {}
        order = self._sets()
        while True:
            task.check()
            for folders in order:
                after = reached.get(folders, ChunkId(0))
                pending = self._library.vectors.pending(self._space.id, after, _WINDOW, folders)
                if pending:
                    break
            else:
                return
            reached[folders] = pending[-1].id
            for batch in self._sorted_batches(self._without_known(pending)):
                yield batch
                if self._sets() != order:
                    order, reached = self._sets(), {}
                    break

    def _sets(self) -> list[frozenset[FolderId]]:
        return [frozenset(folders) for folders in self._order()]

    def _without_known(self, pending: list[PendingChunk]) -> dict[bytes, list[ChunkId]]:
        """Leaves by their words' digest; those whose words have a vector already get a copy and are left out."""
        owners: dict[bytes, list[ChunkId]] = defaultdict(list)
        for chunk in pending:
            owners[chunk.digest].append(chunk.id)
        known = self._library.vectors.with_digests(self._space.id, list(owners))
        copies = [(chunk, vector) for digest, vector in known.items() for chunk in owners.pop(digest)]
        if copies:
            with self._library.transaction():
                self._library.vectors.add(self._space.id, copies)
            self._neighbours.follow()
            self.tally.copied += len(copies)
        return owners

    def _sorted_batches(self, owners: dict[bytes, list[ChunkId]]) -> Iterator[_Batch]:
        groups = list(owners.values())
        chunks = self._library.chunks.get([group[0] for group in groups])
        worded = [(self._words(chunks[group[0]]), group) for group in groups if group[0] in chunks]
        worded.sort(key=lambda item: len(item[0]), reverse=True)
        folders = self._library.folders.of_documents(chunk.document_id for chunk in chunks.values())
        for start in range(0, len(worded), BATCH):
            batch = worded[start : start + BATCH]
            homes = [folders[chunks[group[0]].document_id] for _, group in batch]
            yield _Batch([words for words, _ in batch], [group for _, group in batch], homes)

    def _words(self, chunk: Chunk) -> str:
        return embedded_words(chunk.headings, self._library.documents.text(chunk.document_id, chunk.span))


def _united(order: Order) -> set[FolderId]:
    return {folder for folders in order for folder in folders}


def embed_query(child: Child, question: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The vector of a question, shape (dimension,); served in between whatever the child is embedding."""
    reply = child.call(EmbedRequest((question,), is_query=True), deadline_s=_DEADLINE_S, urgent=True)
    return np.frombuffer(reply.vectors, dtype="<f2").astype(np.float32)
