"""A chip: a few words that narrow a search, with a cross that takes them away."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from rag_desktop.gui.panel import Context

_WIDEST = 190
_HEIGHT = 24
_CROSS = 12


class Chip(QFrame):
    """Words and a cross. What is longer than a chip is cut, and told whole by its tooltip."""

    cleared = Signal()

    def __init__(self, context: Context, words: str = "", clears: str = "") -> None:
        """clears: what the cross is called."""
        super().__init__()
        self._context = context
        self.setProperty("chip", True)
        self.setFixedHeight(_HEIGHT)
        self.cross = QToolButton()
        self.cross.setProperty("cross", True)
        self.cross.setIconSize(QSize(_CROSS, _CROSS))
        self.cross.clicked.connect(lambda _: self.cleared.emit())
        context.theme.dress(self.cross, "close")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 2, 0)
        self._layout.setSpacing(0)
        self._name_cross(clears)
        if words:
            label = QLabel(elided(words, self.fontMetrics()))
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setToolTip(words)
            label.setContentsMargins(7, 2, 2, 3)
            self._layout.addWidget(label)
            self._layout.addWidget(self.cross)
            self.mark(is_set=True)

    def _name_cross(self, words: str) -> None:
        self.cross.setAccessibleName(words)
        self.cross.setToolTip(words)

    def mark(self, *, is_set: bool, is_overruled: bool = False) -> None:
        """Show whether the chip narrows the search; one that is overruled does not, though it is set."""
        self.setProperty("set", is_set and not is_overruled)
        self.setProperty("overruled", is_set and is_overruled)
        for widget in (self, *self.findChildren(QWidget)):
            widget.style().unpolish(widget)
            widget.style().polish(widget)


class MenuChip(Chip):
    """A chip whose words open a menu of what can be chosen."""

    def __init__(self, context: Context, name: str, clears: str) -> None:
        """name: what is chosen here, for screen readers."""
        super().__init__(context, "", clears)
        self._name = name
        self._words = ""
        self.menu = StayingMenu(self)
        self.button = QToolButton()
        self.button.setProperty("chip-button", True)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setMenu(self.menu)
        self._layout.addWidget(self.button)
        self._layout.addWidget(self.cross)

    @property
    def words(self) -> str:
        """What is chosen, whole."""
        return self._words

    def show_choice(self, words: str, *, is_set: bool, is_overruled: bool) -> None:
        """Show what is chosen."""
        say = self._context.wording.say
        self._words = words
        self.button.setText(elided(words, self.fontMetrics()) + " ▾")
        self.button.setAccessibleName(say("{name}: {choice}", name=self._name, choice=words))
        self.button.setToolTip(say("What you typed goes before this.") if is_overruled else words if is_set else "")
        had_focus = self.cross.hasFocus()
        self.cross.setVisible(is_set)
        if had_focus and not is_set:
            self.button.setFocus()
        self.mark(is_set=is_set, is_overruled=is_overruled)


class StayingMenu(QMenu):
    """A menu that stays open while its boxes are ticked, so that several can be."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._tick():
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_tick = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not (is_tick and self._tick()):
            super().keyPressEvent(event)

    def _tick(self) -> bool:
        action = self.activeAction()
        if action is None or not action.isCheckable() or not action.isEnabled() or action.actionGroup() is not None:
            return False
        action.trigger()
        return True


def elided(words: str, metrics: QFontMetrics) -> str:
    """The words in the width of a chip."""
    return metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, _WIDEST)
