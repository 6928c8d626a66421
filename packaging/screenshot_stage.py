"""A window over a library of its own, and what its states need to be set up; screenshots.py takes the pictures."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from rag_desktop.app import build
from rag_desktop.domain.events import Event, LibraryLooked
from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.filters import Choice
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.panel import Context, Moves
from rag_desktop.gui.panels.conversation import Conversation
from rag_desktop.gui.theme import Theme
from rag_desktop.gui.window import Window
from rag_desktop.services.desk import Desk

SAMPLE = Path(__file__).parents[1] / "resources" / "sample"
WAIT_S = 20.0


class Stage:
    """A window over a library of its own, and what a state needs to set it up."""

    def __init__(self, application: QApplication, theme: str, folder: Path) -> None:
        self.folder = folder
        self.program, self.bridge, self.moves = build(folder / "library"), Bridge(), Moves()
        self.desk = Desk(self.program, self.bridge.mailbox.publish)
        self.theme = Theme(application, theme)
        self.theme.apply()
        self.looks: list[LibraryLooked] = []
        self.bridge.happened.connect(self._note)
        context = Context(self.desk, self.bridge, self.program.wording, self.theme, self.moves)
        self.window = Window(context, Memory(self.program.places.config))

    def run(self, seconds: float) -> None:
        """Let the window run for a while."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def until(self, true: Callable[[], bool]) -> None:
        """Let the window run until something holds."""
        end = time.monotonic() + WAIT_S
        while not true() and time.monotonic() < end:
            self.run(0.05)

    def fill(self) -> None:
        """Add the sample folder and wait until it can be searched by meaning."""
        folder = self.folder / "Workshop"
        shutil.copytree(SAMPLE, folder)
        self.moves.paths_dropped.emit([str(folder)])
        self.until(self._is_embedded)
        self.run(0.3)

    def _is_embedded(self) -> bool:
        spaces = self.looks[-1].status.spaces if self.looks else ()
        return bool(spaces) and all(space.vectors and not space.pending for space in spaces)

    def _note(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self.looks.append(event)


def ask(stage: Stage, question: str) -> Conversation:
    """Type a question and send it; the panel it went to."""
    talk = stage.window.panels["conversation"]
    if not isinstance(talk, Conversation):
        raise TypeError("the conversation panel is another one now")
    talk.ask(question)
    return talk


def search(stage: Stage, words: str, choice: Choice | None = None) -> Conversation:
    """Type into the search; the panel it went to."""
    talk = stage.window.panels["conversation"]
    if not isinstance(talk, Conversation):
        raise TypeError("the conversation panel is another one now")
    talk.composer.search_mode.setChecked(True)
    talk.composer.filter_bar.choose(choice or Choice())
    talk.composer.field.setPlainText(words)
    stage.run(0.8)
    return talk
