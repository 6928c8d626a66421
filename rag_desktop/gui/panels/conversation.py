"""The conversation: questions with their answers as they come, and the field to ask in."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from rag_desktop.domain.answers import Answer, Citation
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    Answered,
    ConversationBegun,
    ConversationOpened,
    ConversationsListed,
    Event,
    PassagesFound,
    SearchFinished,
    TaskEnded,
    Token,
)
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui.answer_view import Turn
from rag_desktop.gui.column import Column, column_width
from rag_desktop.gui.composer import Composer
from rag_desktop.gui.panel import Context, Panel, Place
from rag_desktop.gui.search_view import SearchView
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import N_


class Conversation(QWidget):
    """One conversation at a time. Only the task of the last question is listened to: late words of others are lost."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.turns: list[Turn] = []
        self._id: int | None = None
        self._asking: TaskId | None = None
        self._listing: TaskId | None = None
        self._opening: TaskId | None = None
        self._searching: TaskId | None = None
        self._shown: Turn | None = None
        self.column = Column()
        self.search = SearchView(context)
        self.composer = Composer(context)
        self._pages = QStackedWidget()
        self._empty = self._empty_page()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.column)
        self._pages.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addLayout(self._composer_row())
        self.setFocusProxy(self.composer)
        self._connect()
        self._listing = context.desk.conversations()

    def _empty_page(self) -> QWidget:
        say = self._context.wording.say
        page = QWidget()
        title = QLabel(say("Ask your own documents"))
        title.setProperty("title", True)
        words = QLabel(say("Answers show the very words they rest on. Nothing leaves this computer."))
        words.setProperty("muted", True)
        layout = QVBoxLayout(page)
        layout.addStretch(3)
        for label in (title, words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addStretch(4)
        return page

    def _composer_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        row.addStretch(1)
        row.addWidget(self.composer, 1000)
        row.addStretch(1)
        return row

    def _connect(self) -> None:
        moves = self._context.moves
        self._context.bridge.happened.connect(self._take)
        moves.conversation_chosen.connect(self.open)
        moves.conversation_begun.connect(self.begin)
        moves.citation_shown.connect(self.search.select)
        self.composer.asked.connect(lambda question: self.ask(question, self.composer.filters))
        self.composer.searched.connect(self._search)
        self.composer.stopped.connect(self.stop)
        self.composer.mode_changed.connect(lambda _: self._choose_page())
        self.search.opened.connect(moves.citation_shown)
        self.search.example_chosen.connect(self.composer.insert)
        for number in range(1, 10):
            shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
            shortcut.activated.connect(lambda number=number: self.open_citation(number))

    # what a person does

    def ask(self, question: str, filters: Filters | None = None) -> None:
        """Ask a question in this conversation, of all documents or of those that filters leave."""
        if self._asking is not None:
            return
        turn = self._add_turn(question, filters or EVERYTHING)
        self._asking = self._context.desk.ask(question, self._id, filters or EVERYTHING)
        self.composer.set_busy(is_busy=True)
        self._show_sources_of(turn)
        self.column.go_to_end()

    def _search(self, words: str, is_final: bool) -> None:
        self.search.search(words, self.composer.filters, is_final=is_final)

    def stop(self) -> None:
        """Stop the answer that comes; what is there of it stays."""
        if self._asking is not None:
            self._context.desk.stop(self._asking)

    def open(self, conversation: int) -> None:
        """Show another conversation. An answer that still comes is stopped, and kept where it belongs."""
        self._leave()
        self.composer.answer_mode.setChecked(True)
        self._opening = self._context.desk.open_conversation(conversation)

    def begin(self) -> None:
        """Show a new, empty conversation."""
        self._leave()
        self.composer.answer_mode.setChecked(True)
        self._clear(None)
        self.composer.setFocus()

    def open_citation(self, number: int) -> None:
        """Open source `number` of the answer whose sources are shown, or of the search."""
        if self.composer.is_search:
            found = next((card.citation for card in self.search.cards if card.citation.number == number), None)
        else:
            found = self._shown.citation(number) if self._shown else None
        if found:
            self._context.moves.citation_shown.emit(found)

    def _leave(self) -> None:
        self.stop()
        self._asking = self._listing = self._opening = self._searching = None
        self.composer.set_busy(is_busy=False)

    # what happens

    def _take(self, event: Event) -> None:
        if event.task == self._asking:
            self._take_answer(event)
        match event:
            case ConversationsListed(conversations=rows) if event.task == self._listing:
                self._listing = None
                if rows and not self.turns:
                    self._opening = self._context.desk.open_conversation(rows[0].id)
            case ConversationOpened(conversation=conversation, answers=answers) if event.task == self._opening:
                self._opening = None
                if self._asking is None:
                    self._restore(conversation, answers)
            case SearchFinished() if event.task == self._searching:
                self._show_found(event)
            case TaskEnded() if event.task in (self._listing, self._opening):
                self._listing = self._opening = None
                self._tell(event.error)

    def _take_answer(self, event: Event) -> None:
        turn = self.turns[-1]
        match event:
            case PassagesFound():
                turn.show_sources(event)
                self._show_sources_of(turn)
            case Token(text=text):
                turn.append(text)
            case Answered(answer=answer):
                turn.finish(answer)
                self._show_sources_of(turn)
            case ConversationBegun(conversation=conversation):
                self._id = conversation
            case TaskEnded(error=error):
                self._end(turn, error)

    def _end(self, turn: Turn, error: UserFacingError | None) -> None:
        self._asking = None
        self.composer.set_busy(is_busy=False)
        if turn.answer is None:
            turn.fail(self._failure_words(error))
        if error and error.code == "generator-missing":
            self._searching = self._context.desk.search(turn.question, turn.filters or EVERYTHING)

    def _failure_words(self, error: UserFacingError | None) -> str:
        wording = self._context.wording
        if error is None or error.code in ("cancelled", "child-stopped"):
            return wording.say("Stopped.")
        if error.code == "child-died":
            return wording.say("The language model stopped unexpectedly. It starts again with your next question.")
        return wording.error(error)

    def _show_found(self, found: SearchFinished) -> None:
        """Nothing answers here, but what was found can be read."""
        self._searching = None
        self.turns[-1].know(found.passages, found.absent)
        self._show_sources_of(self.turns[-1])

    def _tell(self, error: UserFacingError | None) -> None:
        if error and error.code != "cancelled":
            self._context.moves.notice.emit(self._context.wording.error(error), "", None)

    # what is shown

    def _restore(self, conversation: int, answers: tuple[Answer, ...]) -> None:
        self._clear(conversation)
        for answer in answers:
            self._add_turn(answer.question).finish(answer, is_new=False)
        if self.turns:
            self._show_sources_of(self.turns[-1])
        self.column.go_to_end()

    def _clear(self, conversation: int | None) -> None:
        self._id, self._shown = conversation, None
        self.turns.clear()
        self.column.take_all()
        self._choose_page()
        self._context.moves.citations_changed.emit((), None)

    def _add_turn(self, question: str, filters: Filters | None = None) -> Turn:
        turn = Turn(question, self._context, filters)
        turn.cite_chosen.connect(lambda citation, turn=turn: self._choose(turn, citation))
        turn.asked_again.connect(self.ask)
        self.turns.append(turn)
        self.column.add(turn)
        self._choose_page()
        return turn

    def _choose(self, turn: Turn, citation: Citation) -> None:
        if turn is not self._shown:
            self._show_sources_of(turn)
        self._context.moves.citation_shown.emit(citation)

    def _show_sources_of(self, turn: Turn) -> None:
        self._shown = turn
        self._context.moves.search_explained.emit(turn.absent)
        self._context.moves.citations_changed.emit(turn.passages, turn.answer or turn.question)

    def _choose_page(self) -> None:
        talk = self.column if self.turns else self._empty
        self._pages.setCurrentWidget(self.search if self.composer.is_search else talk)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.composer.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.composer.setMaximumWidth(column_width(self))
        super().resizeEvent(event)


PANEL = Panel("conversation", N_("Conversation"), Place.CENTRE, "Ctrl+L", Conversation)
