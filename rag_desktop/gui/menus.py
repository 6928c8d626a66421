"""The menu bar: the window's own actions, and one entry for each panel, made from the declarations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from rag_desktop.gui.panel import Context, Panel
from rag_desktop.services.wording import N_

APPEARANCES = (("system", N_("Like the system")), ("light", N_("Light")), ("dark", N_("Dark")))


@dataclass(frozen=True, slots=True)
class Entry:
    """One action: its English label, its keys (the first is shown), and what it does. An empty label parts groups."""

    label: str
    keys: tuple[str, ...] = ()
    act: Callable[[], object] = lambda: None


SEPARATOR = Entry("")


class Menus:
    """Fills a window's menu bar. `actions` are all actions by their shown label, for the list of shortcuts."""

    def __init__(self, window: QMainWindow, context: Context) -> None:
        self._window = window
        self._context = context
        self.actions: list[QAction] = []

    def add(self, title: str, entries: Sequence[Entry]) -> QMenu:
        """A menu with these entries."""
        menu = self._window.menuBar().addMenu(title)
        for entry in entries:
            if entry is SEPARATOR:
                menu.addSeparator()
            else:
                self._add(menu, entry)
        return menu

    def add_panels(self, menu: QMenu, panels: Sequence[Panel], show: Callable[[str], None]) -> None:
        """An entry for each panel."""
        for panel in panels:
            keys = (panel.shortcut,) if panel.shortcut else ()
            self._add(menu, Entry(panel.title, keys, partial(show, panel.name)))

    def add_appearances(self, menu: QMenu) -> None:
        """A choice of light and dark."""
        say, theme = self._context.wording.say, self._context.theme
        inside, group = menu.addMenu(say("Appearance")), QActionGroup(menu)
        for choice, label in APPEARANCES:
            action = inside.addAction(say(label))
            action.setCheckable(True)
            action.setChecked(theme.choice == choice)
            action.triggered.connect(partial(theme.choose, choice))
            group.addAction(action)

    def _add(self, menu: QMenu, entry: Entry) -> None:
        action = QAction(self._context.wording.say(entry.label), self._window)
        action.setShortcuts([QKeySequence(each) for each in entry.keys])
        action.triggered.connect(lambda _: entry.act())
        menu.addAction(action)
        self.actions.append(action)
