"""Lines above everything: why indexing stopped, until it goes on; what was damaged and brought back, until closed."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Event, LibraryRecovered, Progress, Stage, TaskEnded
from rag_desktop.gui.buttons import tool
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID

_ICON = 20


def is_shown(error: UserFacingError) -> bool:
    """Whether this error is shown here, and not as a notice. A download that the disk is too small for is none."""
    return error.code == "disk-low" or (error.code == "disk-full" and "needed" not in error.arguments)


class Banner(QFrame):
    """One trouble at a time. Closed by hand, it stays so until indexing has gone on once."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._error: UserFacingError | None = None
        self._closed = ""
        self._icon = QLabel()
        self.sentence = QLabel()
        self.hint = QLabel()
        self.close_button = tool(context.theme, "close", context.wording.say("Close"), self._close)
        self._lay_out()
        self._paint()
        context.bridge.happened.connect(self.take)
        context.theme.changed.connect(self._paint)
        self.hide()

    def _lay_out(self) -> None:
        for label in (self.sentence, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.hint.setProperty("muted", True)
        self._icon.setFixedSize(_ICON, _ICON)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.sentence)
        words.addWidget(self.hint)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID * 2, GRID, GRID, GRID)
        layout.setSpacing(GRID + 4)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        layout.addWidget(self.close_button)

    def take(self, event: Event) -> None:
        """Follow an event."""
        match event:
            case TaskEnded(error=error) if error is not None and is_shown(error):
                self._show(error)
            case Progress(stage=Stage.READING | Stage.EMBEDDING, done=done) if done > 0:
                self._go_on()
            case _:
                pass

    def _show(self, error: UserFacingError) -> None:
        if error.code == self._closed:
            return
        is_new = self._error is None or self._error.code != error.code
        self._error = error
        wording = self._context.wording
        self.sentence.setText(wording.error(error))
        self.hint.setText(wording.hint(error))
        self.hint.setVisible(bool(self.hint.text()))
        self.show()
        if is_new:
            self._announce()

    def _go_on(self) -> None:
        self._error, self._closed = None, ""
        self.hide()

    def _close(self) -> None:
        self._closed = self._error.code if self._error else ""
        self.hide()

    def _announce(self) -> None:
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.sentence.text()))

    def _paint(self) -> None:
        tokens = self._context.theme.tokens
        self._icon.setPixmap(self._context.theme.icon("warning", tokens.warn).pixmap(_ICON, _ICON))
        self.setStyleSheet(
            f"Banner, Recovery {{ background: {tokens.surface_raised}; border: none;"
            f" border-bottom: 1px solid {tokens.hairline}; border-left: 3px solid {tokens.warn}; }}"
        )


class Recovery(Banner):
    """Everything that was damaged and brought back, with what was lost of it. Only the person closes it."""

    def take(self, event: Event) -> None:
        if isinstance(event, LibraryRecovered):
            said = [self.sentence.text()] if self.isVisible() else []
            self.sentence.setText("\n".join([*said, self._context.wording.error(event.error)]))
            self.hint.hide()
            self.show()
            self._announce()
