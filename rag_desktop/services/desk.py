"""The window's side of the services: every call returns a task id at once, and what comes of it is published.

Three lanes: *writing* indexes, *searching* answers what must be quick (and makes the small writes), *generating*
answers questions. A fourth, *fetching*, only waits for the network when a model is downloaded.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from rag_desktop.domain.answers import Question
from rag_desktop.domain.documents import Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    ConversationBegun,
    ConversationOpened,
    ConversationsListed,
    DocumentOpened,
    FolderRegistered,
    FolderRemoved,
    IndexingHeld,
    LibraryLooked,
    ModelsChanged,
    ModelsListed,
    SearchFinished,
)
from rag_desktop.domain.ids import DocumentId, TaskId
from rag_desktop.services import library as libraries
from rag_desktop.services import viewing
from rag_desktop.services.holdings import Holdings
from rag_desktop.services.indexing import Indexing, IndexingReport
from rag_desktop.services.lanes import Lane
from rag_desktop.services.program import Program
from rag_desktop.services.retrieval import Mode, Retrieval
from rag_desktop.services.tasks import Publish, Task
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child


class Desk:
    """All that the window can ask for. Thread-safe; publishes from its lanes' threads."""

    def __init__(self, program: Program, publish: Publish) -> None:
        self._program = program
        self._publish = publish
        self._indexing: Indexing | None = None
        self._holdings = Holdings(program.places.library)
        self._retrieval: tuple[tuple[Library, Program], Retrieval] | None = None
        self._discarded: list[Child] = []
        self._is_paused = False
        self._is_embedding_due = False
        self._due = threading.Lock()
        self._writing = Lane("writing", publish)
        self._searching = Lane("searching", publish)
        self._generating = Lane("generating", publish)
        self._fetching = Lane("fetching", publish)

    # indexing

    def start(self) -> TaskId:
        """Open the library and look again at all its folders."""
        return self._write(self._open)

    def add(self, path: str) -> TaskId:
        """Index a folder or file: searchable by keyword first, by meaning when its turn comes."""

        def register(task: Task) -> None:
            (row,) = self._quick_writer().register([path])
            task.publish(FolderRegistered(indexing, row.id, row.path))

        indexing = self._write(lambda task: self._index(task, lambda: [self._known(path)]))
        self._searching.submit(register, first=True)
        return indexing

    def rescan(self) -> TaskId:
        """Look again at all folders."""
        return self._write(lambda task: self._index(task, self._opened().folders.all))

    def retry(self, paths: Sequence[str]) -> TaskId:
        """Read documents again that could not be read, though they did not change."""

        def act(task: Task) -> None:
            homes = libraries.forget_failures(self._opened(), paths)
            self._index(task, lambda: homes)

        return self._write(act)

    def index(self, paths: Sequence[str], follow: Publish, report: Callable[[IndexingReport], None]) -> TaskId:
        """Index folders or files to the end in one task, for a command line beside the window.

        follow: told all events of the task. report: given what it did, before it ends.
        """

        def act(task: Task) -> None:
            indexing = self._indexing_of(self._opened())
            folders = indexing.register(paths)
            for row in folders:
                task.publish(FolderRegistered(task.id, row.id, row.path))
            report(indexing.run(folders, task))
            self.look()

        return self._write(act, follow)

    def remove_all(self, paths: Sequence[str], follow: Publish, report: Callable[[int], None]) -> TaskId:
        """As `remove`, for a command line beside the window. report: given how many documents that takes away."""

        def act(task: Task) -> None:
            library = self._holdings.beside()
            for path in paths:
                libraries.folder_at(library, path)  # all or none
            rows = [libraries.mark_removed(library, path) for path in paths]
            report(sum(libraries.documents_of(library, row) for row in rows))
            for row in rows:
                task.publish(FolderRemoved(task.id, row.id, row.path))
            self._look(task)

        return self._searching.submit(act, follow=follow)

    def remove(self, path: str) -> TaskId:
        """Take a folder out of all results; `undo_remove` takes that back until the program starts anew."""

        def act(task: Task) -> None:
            row = libraries.mark_removed(self._holdings.beside(), path)
            task.publish(FolderRemoved(task.id, row.id, row.path))
            self._look(task)

        return self._searching.submit(act)

    def undo_remove(self, path: str) -> TaskId:
        """Bring a removed folder back as it was."""

        def act(task: Task) -> None:
            row = self._holdings.beside().folders.at(path)
            if row is None:
                raise UserFacingError("folder-unknown", path=path)
            libraries.restore(self._holdings.beside(), row)
            self._look(task)

        return self._searching.submit(act)

    def pause(self, *, paused: bool) -> None:
        """Hold all indexing, or let it go on."""
        self._is_paused = paused
        for task in self._writing.tasks():
            if paused:
                task.pause()
            else:
                task.resume()
        self._publish(IndexingHeld(TaskId(0), paused))

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    def look(self) -> TaskId:
        """Publish how the library stands."""
        return self._searching.submit(self._look)

    # asking

    def search(self, query: str) -> TaskId:
        """Publish passages for a query."""

        def act(task: Task) -> None:
            found = self._found().search(Question(query, self._program.top_k), Mode.HYBRID)
            task.publish(SearchFinished(task.id, query, found.passages, found.seconds["total"]))

        return self._searching.submit(act, first=True)

    def ask(self, question: str, conversation: int | None) -> TaskId:
        """Answer a question, and keep the answer in a conversation (None: a new one)."""

        def act(task: Task) -> None:
            talks = self._holdings.conversations("generating")
            reader = self._holdings.reader()
            answer = self._program.answering(reader, self._live_index).ask(
                Question(question, self._program.top_k), task
            )
            kept = conversation if conversation is not None else talks.begin(question)
            if talks.add(kept, answer):
                task.publish(ConversationBegun(task.id, kept))

        return self._generating.submit(act)

    def open_document(self, document: DocumentId, span: Span | None, words: str | None = None) -> TaskId:
        """Publish a document with the words at `span` marked; `words` are what stood there when it was cited."""

        def act(task: Task) -> None:
            task.publish(DocumentOpened(task.id, viewing.view(self._holdings.beside(), document, span, words)))

        return self._searching.submit(act, first=True)

    def conversations(self) -> TaskId:
        """Publish the list of conversations."""

        def act(task: Task) -> None:
            rows = tuple(self._holdings.conversations("searching").all())
            task.publish(ConversationsListed(task.id, rows))

        return self._searching.submit(act)

    def open_conversation(self, conversation: int) -> TaskId:
        """Publish the answers of a conversation."""

        def act(task: Task) -> None:
            answers = tuple(self._holdings.conversations("searching").turns(conversation))
            task.publish(ConversationOpened(task.id, conversation, answers))

        return self._searching.submit(act)

    def forget_conversation(self, conversation: int) -> TaskId:
        """Delete a conversation."""

        def act(task: Task) -> None:
            talks = self._holdings.conversations("searching")
            talks.forget(conversation)
            task.publish(ConversationsListed(task.id, tuple(talks.all())))

        return self._searching.submit(act)

    # models

    def models(self) -> TaskId:
        """Publish the models there are."""
        return self._searching.submit(self._list_models)

    def fetch_model(self, name: str) -> TaskId:
        """Download a model; its progress is published."""

        def act(task: Task) -> None:
            self._program.models.get(name, lambda done, total, words: task.at("downloading", done, total, words))
            self._models_changed(task)

        return self._fetching.submit(act)

    def import_model(self, path: Path) -> TaskId:
        """Copy a GGUF file into the models folder."""

        def act(task: Task) -> None:
            self._program.models.import_file(path, lambda done, total, words: task.at("copying", done, total, words))
            self._models_changed(task)

        return self._fetching.submit(act)

    def use_model(self, name: str) -> TaskId:
        """Use an installed model from now on."""

        def act(task: Task) -> None:
            self._program.models.use(name)
            self._models_changed(task)

        return self._fetching.submit(act)

    # tasks

    def stop(self, task: TaskId) -> None:
        """Ask a task to end, whichever lane it is on."""
        for lane in self._lanes():
            found = lane.task(task)
            if found:
                found.stop()

    def close(self) -> None:
        """Stop everything, close the library, end all children."""
        have_ended = [lane.close() for lane in self._lanes()]
        self._program.close()
        for child in self._discarded:
            child.close()
        if all(have_ended):
            self._holdings.close()  # else a connection is at work and cannot be closed; what it has committed stays

    def _lanes(self) -> tuple[Lane, ...]:
        return self._generating, self._searching, self._writing, self._fetching

    def _write(self, job: Callable[[Task], None], follow: Publish | None = None) -> TaskId:
        task = self._writing.submit(job, follow=follow)
        waiting = self._writing.task(task)
        if self._is_paused and waiting:
            waiting.pause()
        return task

    def _open(self, task: Task) -> None:
        libraries.purge(self._opened())
        self._index(task, self._opened().folders.all)

    def _index(self, task: Task, folders: Callable[[], list[FolderRow]]) -> None:
        self._opened()
        if self._indexing is None:
            raise AssertionError("the writer is open but has no indexing")
        try:
            self._indexing.read(folders(), task)
        finally:  # what was read before a stop or a failure is embedded all the same
            self._embed_later()
            self.look()

    def _embed_later(self) -> None:
        """Queue one embedding at most: two would give way to each other for ever."""
        with self._due:
            if self._is_embedding_due:
                return
            self._is_embedding_due = True
        self._write(self._embed)

    def _embed(self, task: Task) -> None:
        """Embed until other work waits; the rest is queued behind that work."""
        self._is_embedding_due = False
        if self._indexing is None or self._program.embedder is None:
            return
        _, error = self._indexing.embed(task, lambda: self._writing.is_wanted)
        if self._writing.is_wanted:
            self._embed_later()
        self.look()
        if error:
            raise error

    def _known(self, path: str) -> FolderRow:
        (row,) = self._indexing_of(self._opened()).register([path])
        return row

    def _look(self, task: Task) -> None:
        task.publish(LibraryLooked(task.id, libraries.status(self._holdings.beside())))

    def _list_models(self, task: Task) -> None:
        generator = self._program.generator
        task.publish(
            ModelsListed(
                task.id,
                self._program.models.list(),
                generator.generator.model if generator else None,
                generator.missed if generator else None,
            )
        )

    def _models_changed(self, task: Task) -> None:
        """Take up the models of now: answers and searches that run keep theirs, later ones use the new."""
        before = self._program
        self._program = before.with_models()
        kept = self._program.children
        self._discard([child for child in before.children if child not in kept])
        if self._holdings.is_writing and before.embedder is not self._program.embedder:
            self._write(self._take_up_embedder)
            self._embed_later()
        task.publish(ModelsChanged(task.id))
        self._list_models(task)

    def _take_up_embedder(self, _task: Task) -> None:
        self._indexing = self._program.indexing(self._holdings.writer())

    def _discard(self, children: Sequence[Child]) -> None:
        """End children once no lane can be using them: when each has come past this point."""
        self._discarded += children
        lanes = (self._writing, self._searching, self._generating)
        awaited = {lane.name for lane in lanes}

        def pass_by(name: str) -> None:
            with self._due:
                awaited.discard(name)
                is_last = not awaited
            for child in children if is_last else ():
                child.close()

        if children:
            for lane in lanes:
                lane.submit(lambda _, name=lane.name: pass_by(name))  # type: ignore[misc]

    # what the lanes hold; each is opened by the first job of its lane that needs it

    def _opened(self) -> Library:
        library = self._holdings.writer()
        if self._indexing is None:
            self._indexing = self._program.indexing(library)
        return library

    def _quick_writer(self) -> Indexing:
        return self._program.indexing(self._holdings.beside())

    def _indexing_of(self, library: Library) -> Indexing:
        return self._indexing or self._program.indexing(library)

    def _found(self) -> Retrieval:
        """Search over the connection and with the models of now."""
        wanted = self._holdings.beside(), self._program
        if self._retrieval is None or self._retrieval[0] != wanted:
            self._retrieval = wanted, self._program.retrieval(wanted[0], self._live_index)
        return self._retrieval[1]

    def _live_index(self, key: str) -> HnswIndex | None:
        return self._indexing.live_index(key) if self._indexing else None
