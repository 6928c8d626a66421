"""A line at the foot of the window that says what happened, may offer to undo it, and goes away by itself."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID

_SHOWN_MS = 6_000
_SHOWN_WITH_ACTION_MS = 10_000
_WIDEST = 640
_FOOT = GRID * 5


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence, and what can be done about it: a label and what it does, or an empty label."""

    sentence: str
    label: str
    act: Callable[[], object] | None


class NoticeLine(QFrame):
    """Shows one notice at a time; others wait. The same sentence is not shown twice in a row."""

    def __init__(self, parent: QWidget, context: Context) -> None:
        super().__init__(parent)
        self._context = context
        self._waiting: deque[Notice] = deque()
        self._shown: Notice | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)
        self.sentence = QLabel()
        self.action = QPushButton()
        self._lay_out()
        context.moves.notice.connect(self.show_notice)
        context.theme.changed.connect(self._paint)
        parent.installEventFilter(self)
        self.hide()

    def _lay_out(self) -> None:
        self.setProperty("card", True)
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.action.clicked.connect(self._act)
        self.action.hide()
        close = QToolButton()
        close.setProperty("flat", True)
        close.setAccessibleName(self._context.wording.say("Close"))
        close.clicked.connect(self._next)
        self._context.theme.dress(close, "close")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID * 2, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self.action)
        layout.addWidget(close)
        self._paint()

    def show_notice(self, sentence: str, label: str, act: Callable[[], object] | None) -> None:
        """Show a sentence as soon as the one before is gone; with a label, a button that calls `act`."""
        notice = Notice(sentence, label, act)
        if self._shown and self._shown.sentence == sentence:
            self._shown = None  # told again: the newer action counts, and the time begins anew
            self._waiting.appendleft(notice)
            self._next()
        elif all(each.sentence != sentence for each in self._waiting):
            self._waiting.append(notice)
            if self._shown is None:
                self._next()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the foot when the window changes its size."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _next(self) -> None:
        self._timer.stop()
        self._shown = self._waiting.popleft() if self._waiting else None
        if self._shown is None:
            self.hide()
            return
        self.sentence.setText(self._shown.sentence)
        self.action.setText(self._shown.label)
        self.action.setVisible(bool(self._shown.label))
        self._place()
        self.raise_()
        self.show()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._shown.sentence))
        self._timer.start(_SHOWN_WITH_ACTION_MS if self._shown.label else _SHOWN_MS)

    def _act(self) -> None:
        act = self._shown.act if self._shown else None
        self._next()
        if act:
            act()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(_WIDEST, parent.width() - 4 * GRID)
        self.sentence.setMinimumWidth(0)
        layout = self.layout()
        needed = layout.totalHeightForWidth(width) if layout else 0
        self.setGeometry((parent.width() - width) // 2, parent.height() - needed - _FOOT, width, needed)

    def _paint(self) -> None:
        tokens = self._context.theme.tokens
        self.setStyleSheet(f'NoticeLine[card="true"] {{ border: 1px solid {tokens.line}; }}')
