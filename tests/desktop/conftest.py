"""The real window over a library of its own with the scripted engine, offscreen; everything is closed afterwards."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QWidget

from rag_desktop.app import build
from rag_desktop.domain.events import Event, LibraryLooked, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.panel import Context, Moves
from rag_desktop.gui.theme import Theme
from rag_desktop.gui.window import Window
from rag_desktop.gui.workarounds import keep_true_alive
from rag_desktop.services.desk import Desk
from rag_desktop.services.program import Program
from tests.desktop.making import NotingDesk, make_context

E = TypeVar("E")
keep_true_alive()
WAIT_MS = 30_000
SAMPLE = Path(__file__).parents[2] / "resources" / "sample"


@dataclass
class Opened:
    """A window that is open, and what a test asks of it."""

    qtbot: QtBot
    program: Program
    bridge: Bridge
    desk: Desk
    moves: Moves
    widget: Window
    events: list[Event] = field(default_factory=list)

    @property
    def panels(self) -> dict[str, QWidget]:
        """The panels by name."""
        return self.widget.panels

    def happened(self, kind: type[E]) -> list[E]:
        """All events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def until(self, true: Callable[[], Any]) -> None:
        """Let the window run until something holds; fails after half a minute."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=WAIT_MS)

    def ended(self, task: TaskId) -> TaskEnded:
        """Let the window run until a task is over."""
        self.until(lambda: any(event.task == task for event in self.happened(TaskEnded)))
        return next(event for event in self.happened(TaskEnded) if event.task == task)


MakeWindow = Callable[..., Opened]


@pytest.fixture
def make_window(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeWindow]:
    """Opens windows one after the other over the same library; `shown=False` leaves one unshown and unstarted."""
    monkeypatch.setenv("RAG_DESKTOP_ENGINE", "scripted")
    monkeypatch.setenv("RAG_DESKTOP_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RAG_DESKTOP_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("RAG_DESKTOP_CACHES", str(tmp_path / "caches"))
    monkeypatch.setenv("RAG_DESKTOP_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    closing: list[Opened] = []

    def make(*, shown: bool = True) -> Opened:
        program, bridge, moves = build(), Bridge(), Moves()
        desk = Desk(program, bridge.mailbox.publish)
        theme = Theme(qapp, "light")
        theme.apply()
        widget = Window(Context(desk, bridge, program.wording, theme, moves), Memory(program.places.config))
        opened = Opened(qtbot, program, bridge, desk, moves, widget)
        bridge.happened.connect(opened.events.append)
        closing.append(opened)
        if shown:
            with qtbot.waitSignal(widget.started, timeout=WAIT_MS):
                widget.show()
        return opened

    yield make
    for opened in closing:
        opened.widget.close()
        opened.desk.close()
        opened.widget.deleteLater()
    qapp.processEvents()


@pytest.fixture
def window(make_window: MakeWindow) -> Opened:
    """A window over an empty library, shown and started."""
    return make_window()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample folder, to be changed at will."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample"))


@pytest.fixture
def filled(window: Opened, sample: Path) -> Opened:
    """A window whose library holds the sample folder, embedded too."""
    window.ended(window.desk.upkeep.add(str(sample)))
    window.until(lambda: _is_embedded(window))
    return window


def _is_embedded(opened: Opened) -> bool:
    looks = opened.happened(LibraryLooked)
    spaces = looks[-1].status.spaces if looks else ()
    return bool(spaces) and all(space.vectors and not space.pending for space in spaces)


@pytest.fixture
def desk() -> NotingDesk:
    """What single widgets ask instead of the services."""
    return NotingDesk()


@pytest.fixture
def context(qapp: QApplication, desk: NotingDesk) -> Context:
    """What single widgets are built with."""
    return make_context(qapp, desk)
