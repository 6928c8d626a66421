"""Where a person types: a field that grows, send and stop, and whether words are to be answered or only found."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from rag_desktop.domain.filters import Filters
from rag_desktop.gui.filter_bar import FilterBar
from rag_desktop.gui.filters import without
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID, RADIUS
from rag_desktop.text.queries import Piece, parsed

_MOST_LINES = 8
_PAUSE_MS = 20
"""Shorter than two letters are apart: no letter is searched for that the next one follows at once, as from a paste."""
_LEAST_FOR_HINT = 480
LONGEST = 8_000
"""Characters of a question that are taken; more is no question but a document."""


class Field(QPlainTextEdit):
    """Text of one line or a few: Enter sends, Shift+Enter breaks the line, Escape stops."""

    sent = Signal()
    escaped = Signal()
    focus_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.sent.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        lines = max(1, int(self.document().size().height()))  # QPlainTextDocumentLayout counts lines, not pixels
        line = self.fontMetrics().lineSpacing()
        margins = 2 * int(self.document().documentMargin()) + 2 * self.frameWidth()
        shown = Qt.ScrollBarPolicy.ScrollBarAsNeeded if lines > _MOST_LINES else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(shown)
        self.setFixedHeight(min(lines, _MOST_LINES) * line + margins + 2)


class Composer(QFrame):
    """The field with its buttons. `is_busy` swaps Send for Stop."""

    asked = Signal(str)
    searched = Signal(str, bool)
    """(words, whether Enter was pressed): while one types, after a short pause."""
    stopped = Signal()
    mode_changed = Signal(bool)
    """Whether only a search is wanted."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._is_busy = False
        self.setObjectName("composer")
        self.field = Field()
        self.field.setObjectName("composer-field")
        self.field.setAccessibleName(context.wording.say("Question"))
        self.setFocusProxy(self.field)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(lambda: self._search(is_final=False))
        self._build()
        self._connect()
        self._show_mode()
        self._paint()

    def _build(self) -> None:
        say = self._context.wording.say
        self.answer_mode = self._mode_button(say("Answer"), say("Answer the question from your documents"))
        self.search_mode = self._mode_button(say("Search only"), say("Only find passages, while you type"))
        self.answer_mode.setChecked(True)
        self.filter_bar = FilterBar(self._context)
        self._hint = QLabel()
        self._hint.setProperty("muted", True)
        self._hint.setProperty("small", True)
        self.send = QPushButton(say("Ask"))
        self.send.setProperty("primary", True)
        self.stop = QPushButton(say("Stop"))
        self.stop.hide()
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.answer_mode)
        row.addWidget(self.search_mode)
        row.addSpacing(GRID)
        row.addWidget(self._hint)
        row.addStretch(1)
        row.addWidget(self.send)
        row.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(4)
        layout.addWidget(self.filter_bar)
        layout.addWidget(self.field)
        layout.addLayout(row)

    def _mode_button(self, words: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setObjectName("mode")
        return button

    def _connect(self) -> None:
        self._modes = QButtonGroup(self)
        self._modes.setExclusive(True)
        self._modes.addButton(self.answer_mode)
        self._modes.addButton(self.search_mode)
        self.search_mode.toggled.connect(self._change_mode)
        self.field.sent.connect(self.submit)
        self.field.escaped.connect(self.stopped)
        self.field.textChanged.connect(self._typed)
        self.field.focus_changed.connect(self._paint)
        self.send.clicked.connect(self.submit)
        self.stop.clicked.connect(self.stopped)
        self.filter_bar.changed.connect(self._narrow)
        self.filter_bar.piece_removed.connect(self._remove)
        self._context.theme.changed.connect(self._paint)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hint.setVisible(self.width() >= _LEAST_FOR_HINT)

    @property
    def is_search(self) -> bool:
        """Whether only a search is wanted."""
        return self.search_mode.isChecked()

    @property
    def words(self) -> str:
        """What was typed."""
        return self.field.toPlainText().strip()[:LONGEST]

    @property
    def filters(self) -> Filters:
        """What was chosen to narrow the search."""
        return self.filter_bar.filters

    def insert(self, words: str) -> None:
        """Write words at the end of what was typed."""
        before = self.field.toPlainText().rstrip()
        self._write(f"{before} {words}" if before else words)

    @property
    def _is_askable(self) -> bool:
        """Whether there is anything to send: filters alone can be searched, not answered."""
        return bool(self.words or (self.is_search and self.filters))

    def submit(self) -> None:
        """Ask or search for what was typed; nothing while an answer comes."""
        if not self._is_askable:
            return
        if self.is_search:
            self._search(is_final=True)
        elif not self._is_busy:
            words = self.words
            self.field.clear()
            self.asked.emit(words)

    def set_busy(self, *, is_busy: bool) -> None:
        """Whether an answer comes."""
        had_focus = self.send.hasFocus() or self.stop.hasFocus()
        self._is_busy = is_busy
        self._show_mode()
        if had_focus:
            self.field.setFocus()

    def _change_mode(self, is_search: bool) -> None:
        self._show_mode()
        self.mode_changed.emit(is_search)
        if is_search:
            self._search(is_final=False)
        self.field.setFocus()

    def _narrow(self) -> None:
        self.send.setEnabled(self._is_askable)
        if self.is_search:
            self._search(is_final=False)

    def _remove(self, piece: Piece) -> None:
        self._write(without(self.field.toPlainText(), piece))

    def _write(self, words: str) -> None:
        """Replace the text so that it can be undone, and go on at its end."""
        cursor = QTextCursor(self.field.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(words)
        self.field.setTextCursor(cursor)
        self.field.setFocus()

    def _show_mode(self) -> None:
        say = self._context.wording.say
        is_stop = self._is_busy and not self.is_search
        self.send.setVisible(not is_stop)
        self.stop.setVisible(is_stop)
        self.send.setEnabled(self._is_askable)
        self.send.setText(say("Search") if self.is_search else say("Ask"))
        self.field.setPlaceholderText(
            say("Search your documents…") if self.is_search else say("Ask your documents…")
        )  # fmt: skip
        if is_stop:
            self._hint.setText(say("Esc stops"))
        elif self.is_search:
            self._hint.setText(say("Results come while you type"))
        else:
            self._hint.setText(say("Enter sends, Shift+Enter breaks the line"))

    def _typed(self) -> None:
        typed = self.field.toPlainText()[:LONGEST]
        self.filter_bar.show_typed(typed, parsed(typed))
        self.send.setEnabled(self._is_askable)
        if self.is_search:
            self._pause.start()

    def _search(self, *, is_final: bool) -> None:
        self._pause.stop()
        self.searched.emit(self.words, is_final)

    def _paint(self) -> None:
        tokens = self._context.theme.tokens
        has_focus = self.field.hasFocus()
        line, thick = (tokens.accent, 2) if has_focus else (tokens.line, 1)
        self.setStyleSheet(
            f"#composer {{ border: {thick}px solid {line}; border-radius: {RADIUS}px; margin: {2 - thick}px;"
            f" background: {tokens.surface_raised}; }}"
            "#composer #composer-field, #composer #composer-field:focus { border: none; background: transparent; }"
            f"#composer QToolButton#mode {{ border: 1px solid transparent; border-radius: {RADIUS - 2}px;"
            f" padding: 3px 8px; background: transparent; color: {tokens.text_muted}; }}"
            f"#composer QToolButton#mode:checked {{ background: {tokens.accent_soft}; color: {tokens.text}; }}"
            f"#composer QPushButton:disabled {{ background: {tokens.hairline}; color: {tokens.text_muted};"
            f" border-color: {tokens.hairline}; }}"
            f"#composer QToolButton#mode:focus {{ border: 1px solid {tokens.accent}; }}"
        )
