"""A line to find words in the document that is shown."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID


class FindBar(QWidget):
    """Says what is looked for and which find is wanted; whoever shows the document answers with how many there are."""

    wanted = Signal(str)
    chosen = Signal(int)
    """The 0-based find to show."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._count = 0
        self._at = 0
        self.field = QLineEdit()
        self.field.setPlaceholderText(context.wording.say("Find in the document"))
        self.field.setAccessibleName(context.wording.say("Find in the document"))
        self.told = QLabel()
        self.told.setProperty("muted", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self.field, 1)
        row.addWidget(self.told)
        say = context.wording.say
        row.addWidget(self._button("previous", say("Previous find (Shift+Enter)"), -1))
        row.addWidget(self._button("next", say("Next find (Enter)"), 1))
        close = self._button("close", say("Close (Esc)"), 0)
        close.clicked.connect(self.close_bar)
        row.addWidget(close)
        self.field.textChanged.connect(self._change)
        self.hide()

    def _button(self, icon: str, name: str, by: int) -> QToolButton:
        button = QToolButton()
        self._context.theme.dress(button, icon)
        button.setProperty("flat", True)
        button.setAccessibleName(name)
        button.setToolTip(name)
        if by:
            button.clicked.connect(lambda: self.step(by))
        return button

    def open(self) -> None:
        """Show the line and let the person type."""
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def close_bar(self) -> None:
        """Look for nothing any more."""
        self.field.clear()
        self.hide()

    def step(self, by: int) -> None:
        """Show the next find, or with -1 the one before; after the last comes the first."""
        if self._count:
            self._at = (self._at + by) % self._count
            self._show()

    def show_count(self, count: int) -> None:
        """So many finds are there; the first is shown as soon as it is known."""
        was_none, self._count = self._count == 0, count
        if count and was_none:
            self._at = 0
            self._show()
        else:
            self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)

    def _change(self, words: str) -> None:
        self._count = self._at = 0
        self._tell()
        self.wanted.emit(words)

    def _show(self) -> None:
        self._tell()
        self.chosen.emit(self._at)

    def _tell(self) -> None:
        say = self._context.wording.say
        if not self.field.text():
            self.told.setText("")
        elif not self._count:
            self.told.setText(say("Not found"))
        else:
            self.told.setText(say("{at} of {count}", at=self._at + 1, count=self._count))
