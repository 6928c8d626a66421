"""The main window: three columns, a menu bar, a line at the foot; opens first and starts its services after that."""

import time
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QVBoxLayout, QWidget

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    BugMet,
    DocumentFailed,
    DocumentStored,
    Event,
    FolderChanged,
    LibraryLooked,
    TaskEnded,
    WindowWanted,
)
from rag_desktop.gui import banner, crash
from rag_desktop.gui.columns import Columns
from rag_desktop.gui.discovery import find_panels
from rag_desktop.gui.drop import DropOverlay, DropWatch
from rag_desktop.gui.geometry import Memory, restore_place, save_place
from rag_desktop.gui.menus import SEPARATOR, Entry, Menus
from rag_desktop.gui.model_hint import choose_model
from rag_desktop.gui.notices import NoticeLine
from rag_desktop.gui.panel import Context
from rag_desktop.gui.shortcuts import Shortcuts
from rag_desktop.gui.status_bar import StatusBar, rule
from rag_desktop.services.wording import N_

_SIZE = (1280, 820)
_LEAST = (900, 600)
_LOOK_MS = 2_000
"""While documents come in, the library is looked at again at most this often."""
_QUIET_S = 600.0
"""A lasting trouble is said again only after so long: the program looks at the folders often, unasked."""
_LASTING = frozenset(
    {"child-broken", "child-deadline", "child-died", "child-memory", "disk-failed", "library-busy", "library-damaged"}
)
_SAID_ELSEWHERE = frozenset({"cancelled", "child-stopped", "bug", "question-empty", "generator-missing"})


class Window(QMainWindow):
    """Builds the panels it finds and connects them. `panels` are their widgets by name."""

    started = Signal()
    """The first paint is done and the services were asked to start."""

    def __init__(self, context: Context, memory: Memory) -> None:
        super().__init__()
        self.context = context
        self.desk = context.desk
        self.bridge = context.bridge
        self.painted_at: float | None = None
        """Monotonic seconds of the first paint."""
        self._memory = memory
        self._is_focused = False
        self._said: dict[str, float] = {}
        self._declared = find_panels()
        self.panels: dict[str, QWidget] = {panel.name: panel.build(context) for panel in self._declared}
        self.columns = Columns(context, self._declared, self.panels, memory)
        self.banner = banner.Banner(context)
        self.recovery = banner.Recovery(context)
        self.status = StatusBar(context)
        self._menus = Menus(self, context)
        self._look_later = QTimer(self)
        host = self._lay_out()
        self._fill_menus()
        self.notices = NoticeLine(host, context)
        self.overlay = DropOverlay(host, context)
        self._drops = DropWatch(self.overlay, context)
        self._connect()

    def _lay_out(self) -> QWidget:
        self.setWindowTitle("RAG Desktop")
        self.setMinimumSize(*_LEAST)
        host = QWidget()
        layout = QVBoxLayout(host)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.recovery)
        layout.addWidget(self.banner)
        layout.addWidget(self.columns, 1)
        layout.addWidget(rule())
        layout.addWidget(self.status)
        self.setCentralWidget(host)
        restore_place(self, self._memory, *_SIZE)
        return host

    def _fill_menus(self) -> None:
        say, moves, menus = self.context.wording.say, self.context.moves, self._menus
        menus.add(
            say("&File"),
            [
                Entry(N_("New conversation"), ("Ctrl+N",), moves.conversation_begun.emit),
                SEPARATOR,
                Entry(N_("Add a folder…"), ("Ctrl+O",), moves.files_wanted.emit),
                Entry(N_("Add files…"), ("Ctrl+Shift+O",), partial(self._choose, files=True)),
                Entry(N_("Import a model file…"), (), partial(choose_model, self, self.context)),
                SEPARATOR,
                Entry(N_("Quit"), ("Ctrl+Q",), self.close),
            ],
        )
        view = menus.add(
            say("&View"),
            [
                Entry(N_("Go to the question"), ("Ctrl+L",), partial(self.show_panel, "conversation")),
                Entry(N_("Next pane"), ("F6",), partial(self._next_pane, 1)),
                Entry(N_("Previous pane"), ("Shift+F6",), partial(self._next_pane, -1)),
                Entry(N_("Left pane"), ("Ctrl+B",), partial(self.columns.toggle_pane, self.columns.left)),
                Entry(N_("Right pane"), ("Ctrl+Shift+B",), partial(self.columns.toggle_pane, self.columns.right)),
                SEPARATOR,
            ],
        )
        menus.add_panels(view, [panel for panel in self._declared if panel.name != "conversation"], self.show_panel)
        view.addSeparator()
        menus.add_appearances(view)
        menus.add(
            say("&Library"),
            [
                Entry(N_("Look again at all folders"), ("F5",), self.desk.upkeep.rescan),
                Entry(N_("Pause or go on indexing"), (), self._toggle_hold),
                Entry(N_("Stop indexing"), (), self.desk.upkeep.leave_all),
            ],
        )
        menus.add(say("&Help"), [Entry(N_("Keyboard shortcuts"), ("F1", "?"), self.show_shortcuts)])

    def _connect(self) -> None:
        moves = self.context.moves
        self._look_later.setSingleShot(True)
        self._look_later.setInterval(_LOOK_MS)
        self._look_later.timeout.connect(self.desk.upkeep.look)
        moves.files_wanted.connect(self._choose)
        moves.panel_wanted.connect(self.show_panel)
        moves.conversation_begun.connect(partial(self.show_panel, "conversation"))
        moves.conversation_chosen.connect(lambda _: self.columns.show_conversation())
        moves.citation_shown.connect(lambda _: self.columns.open_pane(self.columns.right))
        self.bridge.happened.connect(self._on_event)

    # opening and closing

    def event(self, event: QEvent) -> bool:
        """Start the services once the window has been painted for the first time."""
        done = super().event(event)
        if event.type() is QEvent.Type.Paint and self.painted_at is None:
            self.painted_at = time.monotonic()
            QTimer.singleShot(0, self._start)
        return done

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        handle = self.windowHandle()
        if handle:
            handle.installEventFilter(self._drops)

    def _start(self) -> None:
        self.desk.upkeep.start()
        self.desk.upkeep.look()
        self.desk.models()
        self.started.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        save_place(self, self._memory)
        self.columns.save()
        self._memory.keep("appearance", self.context.theme.choice)
        self._memory.save()
        super().closeEvent(event)

    # what happens

    def _on_event(self, event: Event) -> None:
        match event:
            case LibraryLooked(status=status):
                self.columns.show_emptiness(is_empty=not status.folders)
                self._focus_once()
            case DocumentStored() | DocumentFailed() | FolderChanged():
                if not self._look_later.isActive():
                    self._look_later.start()
            case TaskEnded(error=error) if error is not None:
                self._say_error(error)
            case BugMet(report=report):
                crash.show(report, self.context.wording, self)
            case WindowWanted():
                self.come_forward()
            case _:
                pass

    def _focus_once(self) -> None:
        """Once it is known whether there is anything to ask, the first key press goes where it is of use."""
        if not self._is_focused:
            self._is_focused = True
            self.columns.focus_centre()

    def _say_error(self, error: UserFacingError) -> None:
        if error.code in _SAID_ELSEWHERE or banner.is_shown(error) or self._was_said(error):
            return
        say, again = self.context.wording.say, error.code == "library-in-use"
        label, act = (say("Try again"), self.desk.upkeep.start) if again else ("", None)
        self.context.moves.notice.emit(self.context.wording.error(error), label, act)

    def _was_said(self, error: UserFacingError) -> bool:
        """Whether a trouble that lasts was told a short while ago."""
        if error.code not in _LASTING:
            return False
        now, before = time.monotonic(), self._said.get(error.code)
        if before is not None and now - before < _QUIET_S:
            return True
        self._said[error.code] = now
        return False

    # what can be done

    def come_forward(self) -> None:
        """Show the window above the others, also from the task bar."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def show_panel(self, name: str) -> None:
        """Show a panel and give it the focus."""
        self.columns.show_panel(name)

    def show_shortcuts(self) -> Shortcuts:
        """The list of shortcuts."""
        shown = Shortcuts(self, self.context, self._menus.actions)
        shown.open()
        return shown

    def _toggle_hold(self) -> None:
        self.desk.upkeep.pause(paused=not self.desk.upkeep.is_paused)

    def _next_pane(self, step: int) -> None:
        panes, focused = self.columns.panes(), QApplication.focusWidget()
        if not panes:
            return
        here = next((place for place, pane in enumerate(panes) if focused and _holds(pane, focused)), -step)
        panes[(here + step) % len(panes)].setFocus(Qt.FocusReason.TabFocusReason)

    def _choose(self, *, files: bool = False) -> None:
        say, mode = self.context.wording.say, QFileDialog.FileMode
        dialog = QFileDialog(self, say("Add files") if files else say("Add a folder"))
        dialog.setFileMode(mode.ExistingFiles if files else mode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self.context.moves.paths_dropped)
        dialog.open()


def _holds(pane: QWidget, widget: QWidget) -> bool:
    return pane is widget or pane.isAncestorOf(widget)
