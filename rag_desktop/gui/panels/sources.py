"""The sources of an answer as cards, in the order of their numbers; there before the first word of the answer."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from rag_desktop.domain.answers import Answer, Citation, Ended, Passage
from rag_desktop.domain.events import AbsentStage, Event, LibraryLooked
from rag_desktop.gui.away import Away
from rag_desktop.gui.cards import Card, merged
from rag_desktop.gui.panel import Context, Panel, Place, show_beside
from rag_desktop.gui.theme import GRID
from rag_desktop.gui.why import Ground, ground_of
from rag_desktop.services.wording import N_


class Sources(QWidget):
    """The cards of one answer."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._cards: list[Card] = []
        self._away = Away()
        self._absent: tuple[AbsentStage, ...] = ()
        self._said = QLabel()
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setWordWrap(True)
        self._said.setProperty("muted", True)
        self._column = QVBoxLayout()
        self._column.setSpacing(GRID)
        inner = QWidget()
        inner_layout = QVBoxLayout(inner)
        inner_layout.setContentsMargins(GRID, GRID, GRID, GRID)
        inner_layout.addWidget(self._said)
        inner_layout.addLayout(self._column)
        inner_layout.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self.setAccessibleName(context.wording.say("Sources"))
        context.moves.search_explained.connect(self._explain)
        context.moves.citations_changed.connect(self._change)
        context.moves.citation_shown.connect(self._select)
        context.bridge.happened.connect(self._take)
        self._change((), None)

    @property
    def cards(self) -> list[Card]:
        """The cards, in the order of their numbers."""
        return list(self._cards)

    def _explain(self, absent: tuple[AbsentStage, ...]) -> None:
        self._absent = absent

    def _change(self, passages: tuple[Passage, ...], told: Answer | str | None) -> None:
        answer = told if isinstance(told, Answer) else None
        selected = next((card.citation.number for card in self._cards if card.is_selected), None)
        for card in self._cards:
            self._column.removeWidget(card)
            card.deleteLater()
        question = answer.question if answer else told if isinstance(told, str) else ""
        citations = merged(passages, answer.citations if answer else (), question)
        is_cited = answer is not None and answer.citations and answer.ended in (Ended.COMPLETE, Ended.LENGTH)
        numbers = {each.number for each in answer.citations} if answer and is_cited else None
        ground = ground_of([each.passage for each in citations], self._absent)
        self._cards = [self._card(each, numbers, ground) for each in citations]
        for card in self._cards:
            self._column.addWidget(card)
            card.select(is_selected=answer is not None and card.citation.number == selected)
        self._say(answer)
        if isinstance(told, str) and passages:
            show_beside(self._context, self, "sources")

    def _card(self, citation: Citation, numbers: set[int] | None, ground: Ground) -> Card:
        is_uncited = numbers is not None and citation.number not in numbers
        note = self._context.wording.say("not cited in the answer") if is_uncited else ""
        card = Card(citation, self._context.wording, self._context.theme, note, ground)
        card.opened.connect(self._context.moves.citation_shown)
        card.show_away(is_away=self._away.holds(citation.passage.document))
        return card

    def _take(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self._away.take(event.status)
            for card in self._cards:
                card.show_away(is_away=self._away.holds(card.citation.passage.document))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Hand the focus on to the first card; a focus proxy would draw it here at each new answer."""
        super().focusInEvent(event)
        if self._cards:
            self._cards[0].setFocus(event.reason())

    def _say(self, answer: Answer | None) -> None:
        say = self._context.wording.say
        if not self._cards:
            words = say("The passages that an answer rests on are shown here.")
        elif answer is not None and answer.refused:
            words = say("Nothing here answers the question. These passages come nearest to it:")
        else:
            words = ""
        self._said.setText(words)
        self._said.setVisible(bool(words))

    def _select(self, citation: Citation) -> None:
        for card in self._cards:
            is_it = card.citation.number == citation.number and (
                card.citation.passage.chunk.id == citation.passage.chunk.id
            )
            card.select(is_selected=is_it)
            if is_it:
                self._scroll.ensureWidgetVisible(card, 0, GRID)


PANEL = Panel("sources", N_("Sources"), Place.RIGHT, "", Sources, order=1)
