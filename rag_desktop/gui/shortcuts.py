"""The list of all shortcuts, under F1 and `?`."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import N_

_ELSEWHERE = (
    (N_("Send the question"), "Return"),
    (N_("New line in the question"), "Shift+Return"),
    (N_("Stop answering"), "Esc"),
    (N_("Open a source of the answer"), "Alt+1 … Alt+9"),
    (N_("Find in the document"), "Ctrl+F"),
)
"""Keys of single panels, which no menu shows."""


class Shortcuts(QDialog):
    """Two columns: what, and the keys."""

    def __init__(self, parent: QWidget, context: Context, actions: Iterable[QAction]) -> None:
        super().__init__(parent)
        say = context.wording.say
        self.setWindowTitle(say("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [(action.text().replace("&", ""), keys) for action in actions if (keys := _keys(action))]
        rows += [(say(label), keys) for label, keys in _ELSEWHERE]
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID * 4)
        grid.setVerticalSpacing(GRID)
        for row, (label, keys) in enumerate(rows):
            grid.addWidget(QLabel(label), row, 0)
            shown = QLabel(keys)
            shown.setProperty("muted", True)
            grid.addWidget(shown, row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 3, GRID * 2, GRID * 3, GRID * 2)
        layout.setSpacing(GRID * 2)
        layout.addLayout(grid)
        layout.addWidget(buttons)


def _keys(action: QAction) -> str:
    return ", ".join(each.toString(QKeySequence.SequenceFormat.NativeText) for each in action.shortcuts())
