"""Three examples of the query syntax, shown while nothing was typed; choosing one writes it into the field."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from rag_desktop.domain.events import Event, LibraryLooked
from rag_desktop.gui.filters import folder_name
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID


class Examples(QWidget):
    """Each example is a button, with what it means beside it."""

    chosen = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._folder = ""
        say = context.wording.say
        self.buttons = [QPushButton() for _ in range(3)]
        meanings = (
            say("only PDF files"),
            say("only this folder, changed in 2023 or later"),
            say("these very words, and not “draft”"),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, GRID, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (button, meaning) in enumerate(zip(self.buttons, meanings, strict=True)):
            label = QLabel(meaning)
            label.setProperty("muted", True)
            label.setWordWrap(True)
            button.setProperty("flat", True)
            button.setStyleSheet("text-align: left;")
            button.setAccessibleDescription(meaning)
            button.clicked.connect(partial(self._choose, button))
            grid.addWidget(button, row, 0)
            grid.addWidget(label, row, 1)
        self._name()
        context.bridge.happened.connect(self._take)

    def _take(self, event: Event) -> None:
        if isinstance(event, LibraryLooked) and event.status.folders:
            folder = folder_name(event.status.folders[0].path)
            if folder != self._folder:
                self._folder = folder
                self._name()

    def _name(self) -> None:
        say = self._context.wording.say
        folder = self._folder or say("Contracts")
        folder = f'"{folder}"' if " " in folder or "," in folder else folder
        for button, example in zip(
            self.buttons,
            (
                say("type:{value}", value="pdf"),
                " ".join((say("in:{value}", value=folder), say("after:{value}", value=2023))),
                say('"exact words" -draft'),
            ),
            strict=True,
        ):
            button.setText(example.replace("&", "&&"))
            button.setProperty("example", example)

    def _choose(self, button: QPushButton) -> None:
        self.chosen.emit(str(button.property("example")))
