"""What a panel is, and what it is given: the desk, the words, the look, and the ways to reach the other panels."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.theme import Theme
from rag_desktop.services.desk import Desk
from rag_desktop.services.wording import Wording


class Place(StrEnum):
    """Where a panel sits in the window."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    OVERLAY = "overlay"
    """Opened from the menu or the status bar, over the centre."""


class Moves(QObject):
    """What one panel asks of the others. All signals stay in the window's thread."""

    files_wanted = Signal()
    """Let the person choose folders to add."""
    paths_dropped = Signal(list)
    """Paths (str) to add; a .gguf file is a model to import."""
    citation_shown = Signal(object)
    """A Citation was chosen: select its card, open its document at the words."""
    citations_changed = Signal(object, object)
    """(passages in the order of their numbers, Answer, or its question (str) while it still streams, or None where
    there is none): what the cards show."""
    search_explained = Signal(object)
    """The AbsentStage values of the search behind those passages: told before `citations_changed`."""
    conversation_chosen = Signal(int)
    conversation_begun = Signal()
    """Start a new, empty conversation."""
    panel_wanted = Signal(str)
    """Show the panel with this name."""
    notice = Signal(str, str, object)
    """(sentence, label of an action or "", callable or None): a line that goes away by itself."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every panel is built with."""

    desk: Desk
    bridge: Bridge
    wording: Wording
    theme: Theme
    moves: Moves


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel's declaration. `title` is English, translated where shown; `shortcut` is a Qt key sequence or empty."""

    name: str
    title: str
    place: Place
    shortcut: str
    build: Callable[[Context], QWidget]
    order: int = 0


def show_beside(context: Context, panel: QWidget, name: str, *, opens: bool = False) -> None:
    """Show a panel of a side pane without taking the focus; where the person has closed that pane, only if it opens."""
    pane = panel.parentWidget()
    if pane is not None and not pane.isVisible() and not opens:
        return
    focused = panel.window().focusWidget()
    context.moves.panel_wanted.emit(name)
    if focused is not None:
        focused.setFocus(Qt.FocusReason.OtherFocusReason)
