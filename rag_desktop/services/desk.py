"""The window's side of the services: every call returns a task id at once, and what comes of it is published.

Three lanes: *writing* indexes, *searching* answers what must be quick (and makes the small writes), *generating*
answers questions. A fourth, *typing*, finds what words alone find while a person types, and so waits for no model; a
fifth, *fetching*, only waits for the network when a model is downloaded.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from rag_desktop.domain.answers import Question
from rag_desktop.domain.care import Recovered
from rag_desktop.domain.documents import Span
from rag_desktop.domain.events import (
    AbsentStage,
    ConversationBegun,
    ConversationOpened,
    ConversationsListed,
    DocumentOpened,
    Event,
    LibraryRecovered,
    ModelsChanged,
    ModelsListed,
    SearchFinished,
    TaskEnded,
)
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.domain.ids import DocumentId, TaskId
from rag_desktop.services import viewing
from rag_desktop.services.holdings import Holdings
from rag_desktop.services.lanes import Lane
from rag_desktop.services.library import fitting
from rag_desktop.services.program import Program
from rag_desktop.services.retrieval import Mode, Retrieval
from rag_desktop.services.tasks import Publish, Task
from rag_desktop.services.upkeep import Upkeep
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child


class Desk:
    """All that the window can ask for. Thread-safe; publishes from its lanes' threads."""

    def __init__(self, program: Program, publish: Publish) -> None:
        self._program = program
        self._publish = publish
        self._holdings = Holdings(program.places.library, self._recovered)
        self._retrievals: dict[int, tuple[Library, Program, Retrieval]] = {}
        self._discarded: list[Child] = []
        self._discarding = threading.Lock()
        self._searching = Lane("searching", self._tell)
        self._typing = Lane("typing", self._tell)
        self.upkeep = Upkeep(program, self._holdings, self._tell, self._searching)
        self._generating = Lane("generating", self._tell)
        self._fetching = Lane("fetching", publish)
        for each in program.recovered:
            self._recovered(each)

    def _tell(self, event: Event) -> None:
        if isinstance(event, TaskEnded) and event.error:
            self._holdings.met(event.error)
        self._publish(event)

    def _recovered(self, each: Recovered) -> None:
        self._publish(LibraryRecovered(TaskId(0), each.error))

    # asking

    def search(self, query: str, filters: Filters = EVERYTHING, *, is_typing: bool = False) -> TaskId:
        """Publish passages for a query.

        is_typing: its last word may not be finished. What words alone find is published beforehand, unless the rest was
        quicker: the query's vector may have to wait for a batch that is being embedded, or for the model to load.
        """
        question = Question(query, self._program.top_k, filters, is_typing)
        full = self._searching.submit(
            lambda task: task.publish(self._finished(self._holdings.beside(), question, task.id)), first=True
        )

        def find_words(task: Task) -> None:
            if self._is_wanted(full):
                found = self._finished(self._holdings.glance(), question, full, Mode.KEYWORD)
                if self._is_wanted(full):
                    task.publish(found)

        if is_typing:
            self._typing.submit(find_words, first=True)
        return full

    def _is_wanted(self, search: TaskId) -> bool:
        """Whether a search goes on and nobody stopped it."""
        task = self._searching.task(search)
        return task is not None and not task.is_stopped

    def _finished(
        self, library: Library, question: Question, search: TaskId, mode: Mode = Mode.HYBRID
    ) -> SearchFinished:
        found = self._retrieval(library).search(question, mode)
        absent = tuple(AbsentStage(*each) for each in found.absent.items())
        return SearchFinished(
            search,
            question.text,
            found.passages,
            found.seconds["total"],
            absent,
            fitting(library, question),
            found.is_inexact,
            is_final=mode is Mode.HYBRID,
        )

    def ask(self, question: str, conversation: int | None, filters: Filters = EVERYTHING) -> TaskId:
        """Answer a question, and keep the answer in a conversation (None: a new one)."""

        def act(task: Task) -> None:
            talks = self._holdings.conversations("generating")
            reader = self._holdings.reader()
            answer = self._program.answering(reader, self.upkeep.live_index).ask(
                Question(question, self._program.top_k, filters), task
            )
            kept = conversation if conversation is not None else talks.begin(question)
            if talks.add(kept, answer):
                task.publish(ConversationBegun(task.id, kept))
            self._program.safe.conversations(talks)

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
            self._program.safe.conversations(talks, alone=True)  # what was deleted is in no copy either
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
        self.upkeep.close()
        have_ended = [lane.close() for lane in self._lanes()]
        self._program.close()
        for child in self._discarded:
            child.close()
        if all(have_ended):
            self._holdings.close()  # else a connection is at work and cannot be closed; what it has committed stays

    def _lanes(self) -> tuple[Lane, ...]:
        return self._generating, self._searching, self._typing, self.upkeep.lane, self._fetching

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
        self.upkeep.take_up(self._program)
        task.publish(ModelsChanged(task.id))
        self._list_models(task)

    def _discard(self, children: Sequence[Child]) -> None:
        """End children once no lane can be using them: when each has come past this point."""
        self._discarded += children
        lanes = (self.upkeep.lane, self._searching, self._generating)
        awaited = {lane.name for lane in lanes}

        def pass_by(name: str) -> None:
            with self._discarding:
                awaited.discard(name)
                is_last = not awaited
            for child in children if is_last else ():
                child.close()

        if children:
            for lane in lanes:
                lane.submit(lambda _, name=lane.name: pass_by(name))  # type: ignore[misc]

    # what the lanes hold; each is opened by the first job of its lane that needs it

    def _retrieval(self, library: Library) -> Retrieval:
        """Search over a lane's connection and with the models of now."""
        lane, program = threading.get_ident(), self._program
        held = self._retrievals.get(lane)
        if held is None or held[:2] != (library, program):
            held = self._retrievals[lane] = (library, program, program.retrieval(library, self.upkeep.live_index))
        return held[2]
