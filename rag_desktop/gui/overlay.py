"""A page over the centre column, with its title and a way back, for panels that are looked at now and then."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rag_desktop.gui.buttons import tool
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID


class OverlayPage(QWidget):
    """Holds one panel."""

    closed = Signal()

    def __init__(self, context: Context, title: str, panel: QWidget) -> None:
        super().__init__()
        say = context.wording.say
        self.panel = panel
        name = QLabel(title)
        name.setProperty("title", True)
        close = tool(context.theme, "close", say("Close (Esc)"), self.closed.emit)
        head = QHBoxLayout()
        head.addWidget(name)
        head.addStretch()
        head.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 3, GRID * 2, GRID * 2, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(head)
        layout.addWidget(panel, 1)
        self.setFocusProxy(panel)
        back = QShortcut(QKeySequence("Esc"), self)
        back.activated.connect(self.closed)
