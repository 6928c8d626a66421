"""What a search found, as cards: changes while one types."""

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from rag_desktop.domain.answers import Citation, Passage
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Event, LibraryLooked, SearchFinished, TaskEnded
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.domain.ids import ChunkId, TaskId
from rag_desktop.gui.away import Away
from rag_desktop.gui.cards import Card, cited
from rag_desktop.gui.column import Column
from rag_desktop.gui.examples import Examples
from rag_desktop.gui.filters import inexact_words, nothing_words
from rag_desktop.gui.panel import Context
from rag_desktop.gui.why import ground_of
from rag_desktop.text.queries import parsed

_WAIT_MS = 400
"""A search that takes longer says that it is under way."""
_HOLD_MS = 15
"""What words alone found is shown after so long: where meaning is quicker, the cards change once and not twice."""


class SearchView(QWidget):
    """Results of the last search; those of an older one that come late are passed over.

    A card whose passage is found again stays the widget it was, with its place on the screen, focus and selection.
    """

    opened = Signal(object)
    example_chosen = Signal(str)
    """An example of the query syntax, to be written into the field."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._task: TaskId | None = None
        self._is_final = False
        self._is_new = False
        self._held: SearchFinished | None = None
        self._selected: ChunkId | None = None
        self._away = Away()
        self.cards: list[Card] = []
        self.passages: tuple[Passage, ...] = ()
        self.query = ""
        self.filters = EVERYTHING
        self.said = QLabel()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setProperty("muted", True)
        self.examples = Examples(context)
        self.examples.chosen.connect(self.example_chosen)
        self._column = Column(follows=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._column)
        self._waiting = self._timer(_WAIT_MS)
        self._waiting.timeout.connect(lambda: self._say(context.wording.say("Searching…")))
        self._holding = self._timer(_HOLD_MS)
        self._holding.timeout.connect(self._show_held)
        self._column.arrange([self.said, self.examples])
        self._say(self._empty_words())
        context.bridge.happened.connect(self._take)

    def _timer(self, milliseconds: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        return timer

    def search(self, query: str, filters: Filters = EVERYTHING, *, is_final: bool) -> None:
        """Find passages. is_final: Enter was pressed, so what is wrong with the words is said."""
        if self._task is not None:
            self._context.desk.stop(self._task)
            self._task = None
        self._rest()
        self._is_new = self._is_new or (query, filters) != (self.query, self.filters)
        self.query, self.filters, self._is_final = query, filters, is_final
        if not query and not filters:
            self._show(())
            self._say(self._empty_words())
            return
        self._task = self._context.desk.search(query, filters, is_typing=not is_final)
        self._waiting.start()

    def _rest(self) -> None:
        """Nothing is waited for."""
        self._held = None
        self._holding.stop()
        self._waiting.stop()

    def _take(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self._away.take(event.status)
            self._show_away()
        if self._task is None or event.task != self._task:
            return
        match event:
            case SearchFinished(is_final=True):
                self._rest()
                self._show_found(event)
            case SearchFinished():
                self._held = event
                self._holding.start()
            case TaskEnded(error=error):
                self._rest()
                self._task = None
                if error:
                    self._refused(error)

    def _show_held(self) -> None:
        """Words have found something and meaning is still asked. That they found nothing is not told before that."""
        found, self._held = self._held, None
        if found is not None and found.passages:
            self._show_found(found)

    def _refused(self, error: UserFacingError) -> None:
        if error.code == "cancelled" or (error.code == "question-empty" and not self._is_final):
            return
        self._show(())
        self._say(self._context.wording.error(error))

    def _show_found(self, found: SearchFinished) -> None:
        self._waiting.stop()
        self._show(found.passages, found)
        self._say(self._found_words(found))

    def _show(self, passages: tuple[Passage, ...], found: SearchFinished | None = None) -> None:
        self.passages = passages
        ground = ground_of(passages, found.absent if found else ())
        known = {card.citation.passage.chunk.id: card for card in self.cards}
        self._column.setUpdatesEnabled(False)
        self.cards = []
        for citation in cited(passages, parsed(self.query).text):
            card = known.pop(citation.passage.chunk.id, None)
            if card is None:
                card = Card(citation, self._context.wording, self._context.theme, ground=ground)
                card.opened.connect(self.opened)
                card.select(is_selected=citation.passage.chunk.id == self._selected)
            else:
                card.renew(citation, ground)
            self.cards.append(card)
        self.examples.setVisible(not self.query and not self.filters)
        self._column.arrange([self.said, self.examples, *self.cards])
        for one, other in pairwise(stop for card in self.cards for stop in card.stops):
            QWidget.setTabOrder(one, other)
        self._show_away()
        if self._is_new:
            self._is_new = False
            self._column.verticalScrollBar().setValue(0)
        self._column.setUpdatesEnabled(True)

    def _show_away(self) -> None:
        for card in self.cards:
            card.show_away(is_away=self._away.holds(card.citation.passage.document))

    def select(self, citation: Citation) -> None:
        """Show which card's document is open."""
        self._selected = citation.passage.chunk.id
        for card in self.cards:
            card.select(is_selected=card.citation.passage.chunk.id == self._selected)

    def _say(self, words: str) -> None:
        self.said.setText(words)

    def _empty_words(self) -> str:
        return self._context.wording.say("Type a few words: the passages that fit are shown here at once.")

    def _found_words(self, found: SearchFinished) -> str:
        if not found.passages:
            return nothing_words(self.query, self.filters, found.fitting, self._context.wording)
        if found.is_inexact:
            return inexact_words(self._context.wording)
        return self._context.wording.count(
            "{n} passage in {milliseconds:.0f} ms",
            "{n} passages in {milliseconds:.0f} ms",
            len(found.passages),
            milliseconds=max(1.0, found.seconds * 1000),
        )
