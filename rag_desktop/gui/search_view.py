"""What a search found, as cards: changes while one types."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from rag_desktop.domain.answers import Passage
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Event, LibraryLooked, SearchFinished, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui.away import Away
from rag_desktop.gui.cards import Card, cited
from rag_desktop.gui.column import Column
from rag_desktop.gui.panel import Context

_WAIT_MS = 400
"""A search that takes longer says that it is under way."""


class SearchView(QWidget):
    """Results of the last search; those of an older one that come late are passed over."""

    opened = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._task: TaskId | None = None
        self._is_final = False
        self._away = Away()
        self.cards: list[Card] = []
        self.passages: tuple[Passage, ...] = ()
        self.query = ""
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setProperty("muted", True)
        self._column = Column(follows=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._column)
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(_WAIT_MS)
        self._waiting.timeout.connect(lambda: self._say(context.wording.say("Searching…")))
        self._column.add(self.said)
        self._say(self._empty_words())
        context.bridge.happened.connect(self._take)

    def search(self, query: str, *, is_final: bool) -> None:
        """Find passages. is_final: Enter was pressed, so what is wrong with the words is said."""
        self.query, self._is_final = query, is_final
        if not query:
            self._task = None
            self._show(())
            self._say(self._empty_words())
            return
        if self._task is not None:
            self._context.desk.stop(self._task)
        self._task = self._context.desk.search(query)
        self._waiting.start()

    def _take(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self._away.take(event.status)
            self._show_away()
        if self._task is None or event.task != self._task:
            return
        match event:
            case SearchFinished(passages=passages, seconds=seconds):
                self._waiting.stop()
                self._show(passages)
                self._say(self._found_words(len(passages), seconds))
            case TaskEnded(error=error):
                self._waiting.stop()
                self._task = None
                if error:
                    self._refused(error)

    def _refused(self, error: UserFacingError) -> None:
        if error.code == "cancelled" or (error.code == "question-empty" and not self._is_final):
            return
        self._show(())
        self._say(self._context.wording.error(error))

    def _show(self, passages: tuple[Passage, ...]) -> None:
        self._column.take_all()
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setProperty("muted", True)
        self._column.add(self.said)
        self.passages = passages
        self.cards = [
            Card(citation, self._context.wording, self._context.theme) for citation in cited(passages, self.query)
        ]
        for card in self.cards:
            card.opened.connect(self.opened)
            self._column.add(card)
        self._show_away()
        self._column.verticalScrollBar().setValue(0)

    def _show_away(self) -> None:
        for card in self.cards:
            card.show_away(is_away=self._away.holds(card.citation.passage.document))

    def select(self, number: int) -> None:
        """Show which card's document is open."""
        for card in self.cards:
            card.select(is_selected=card.citation.number == number)

    def _say(self, words: str) -> None:
        self.said.setText(words)

    def _empty_words(self) -> str:
        return self._context.wording.say("Type a few words: the passages that fit are shown here at once.")

    def _found_words(self, found: int, seconds: float) -> str:
        if not found:
            return self._context.wording.say("Nothing fits these words. Try fewer, or other ones.")
        return self._context.wording.count(
            "{n} passage in {milliseconds:.0f} ms",
            "{n} passages in {milliseconds:.0f} ms",
            found,
            milliseconds=max(1.0, seconds * 1000),
        )
