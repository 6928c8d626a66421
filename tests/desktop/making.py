"""Made-up passages and answers for tests of single widgets, and a context whose desk only notes what it is asked."""

from collections.abc import Callable
from typing import Any, cast

from PySide6.QtWidgets import QApplication

from rag_desktop.domain.answers import (
    Answer,
    AnswerSentence,
    Citation,
    Ended,
    Passage,
    StageScore,
    Timing,
)
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.ids import ChunkId, DocumentId, TaskId
from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.panel import Context, Moves
from rag_desktop.gui.theme import Theme
from rag_desktop.services.wording import Wording
from rag_desktop.settings.places import find_places

TRACE = (StageScore("keyword", 7.1), StageScore("vector", 0.82), StageScore("fused", 0.9))


class NotingDesk:
    """Every call is noted as (name, arguments) and gets the next task id; nothing comes of it by itself."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., TaskId]:
        def call(*arguments: Any, **named: Any) -> TaskId:
            self.asked.append((name, (*arguments, *named.values())))
            return TaskId(len(self.asked))

        return call

    def last(self, name: str) -> tuple[TaskId, tuple[Any, ...]]:
        """Task and arguments of the last call of a name."""
        place = max(at for at, (called, _) in enumerate(self.asked) if called == name)
        return TaskId(place + 1), self.asked[place][1]


def make_context(application: QApplication, desk: NotingDesk | None = None) -> Context:
    """A context without services behind it."""
    theme = Theme(application, "light")
    wording = Wording("en", find_places().resources)
    return Context(cast("Any", desk or NotingDesk()), Bridge(), wording, theme, Moves())


def make_passage(number: int, text: str, *, start: int = 100, page: int | None = None, **document: Any) -> Passage:
    """A passage of a document with this number."""
    about = {"path": f"/files/report-{number}.pdf", "format": "pdf", "title": None, **document}
    chunk = Chunk(
        ChunkId(number), DocumentId(number), 0, None, Span(start, start + len(text)), page, page, ("Part", "Chapter")
    )
    return Passage(chunk, Document(DocumentId(number), **about), text, 0.9, TRACE)


def make_citation(number: int, passage: Passage, words: str, page: int | None = None) -> Citation:
    """A citation of words that the passage holds."""
    start = passage.chunk.span.start + passage.text.index(words)
    return Citation(number, passage, Span(start, start + len(words)), page)


def make_answer(text: str, *citations: Citation, ended: Ended = Ended.COMPLETE, **sentences: float) -> Answer:
    """An answer; `first=0.1` gives its first sentence that support."""
    found = []
    if sentences:
        found = [AnswerSentence(Span(0, text.index(".") + 1), (), sentences["first"])]
    return Answer("What is it?", text, citations, tuple(found), ended, "small", "cpu", Timing(0.1, 0.2, 1.5))
