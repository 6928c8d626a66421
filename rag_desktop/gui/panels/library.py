"""The folders of the library: how each stands, and what can be done with it."""

import os
from functools import partial
from itertools import islice

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QMenu, QToolButton, QVBoxLayout, QWidget

from rag_desktop.domain.events import Event, FolderRemoved
from rag_desktop.gui.drop import split
from rag_desktop.gui.folder_row import MORE_WIDTH, FolderRow
from rag_desktop.gui.folders import FOLDER_ROLE, Folder, FolderModel
from rag_desktop.gui.panel import Context, Panel, Place
from rag_desktop.gui.reveal import reveal
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import N_

_MOST_AT_ONCE = 100
"""Dropped files beyond this many are added by their folders: a row for each of thousands helps nobody."""


class FolderList(QListView):
    """A list whose rows open their menu by right click, by the menu key, and at the dots on their right."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("plain", True)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        is_dots = place.x() >= self.viewport().width() - MORE_WIDTH and self.indexAt(place).isValid()
        if is_dots and event.button() == Qt.MouseButton.LeftButton:
            self.customContextMenuRequested.emit(place)


class LibraryPanel(QWidget):
    """Lists folders; adds what is dropped anywhere in the window."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.model = FolderModel(context.wording, self)
        self._rows = FolderRow(context.theme, context.wording)
        self.list = FolderList()
        self.nothing = QLabel(context.wording.say("No folder yet"))
        self._lay_out()
        context.moves.paths_dropped.connect(self._add)
        context.bridge.happened.connect(self._on_event)
        context.theme.changed.connect(self.list.viewport().update)

    def sizeHint(self) -> QSize:
        return QSize(248, 320)

    def _lay_out(self) -> None:
        say = self._context.wording.say
        self.list.setModel(self.model)
        self.list.setItemDelegate(self._rows)
        self.list.setAccessibleName(say("Folders of the library"))
        self.list.customContextMenuRequested.connect(self._show_menu)
        remove = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self._remove_current)
        self.nothing.setProperty("muted", True)
        self.nothing.setContentsMargins(GRID + 2, 0, 0, 0)
        self.model.rowsInserted.connect(self.nothing.hide)
        self.model.rowsRemoved.connect(lambda *_: self.nothing.setVisible(not self.model.rowCount()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, 0)
        layout.setSpacing(GRID // 4)
        layout.addLayout(self._head())
        layout.addWidget(self.nothing)
        layout.addWidget(self.list)
        self.setFocusProxy(self.list)

    def _head(self) -> QHBoxLayout:
        say = self._context.wording.say
        title = QLabel(say("Library"))
        title.setProperty("heading", True)
        add = QToolButton()
        self._context.theme.dress(add, "plus")
        add.setProperty("flat", True)
        add.setAccessibleName(say("Add a folder"))
        add.setToolTip(say("Add a folder (Ctrl+O)"))
        add.clicked.connect(lambda _: self._context.moves.files_wanted.emit())
        head = QHBoxLayout()
        head.setContentsMargins(GRID + 2, 0, 0, 0)
        head.addWidget(title)
        head.addStretch()
        head.addWidget(add)
        return head

    # what happens

    def _on_event(self, event: Event) -> None:
        self.model.take(event)
        if isinstance(event, FolderRemoved):
            self._offer_undo(event.path)

    def _offer_undo(self, path: str) -> None:
        say, desk = self._context.wording.say, self._context.desk
        sentence = say(
            "{name} is out of the library. Nothing on disk was touched.", name=os.path.basename(path) or path
        )
        self._context.moves.notice.emit(sentence, say("Undo"), partial(desk.upkeep.undo_remove, path))

    def _add(self, paths: list[str]) -> None:
        documents = split(paths)[0]
        if len(documents) > _MOST_AT_ONCE:
            documents = list(
                dict.fromkeys(path if os.path.isdir(path) else os.path.dirname(path) for path in documents)
            )
        for path in islice(documents, _MOST_AT_ONCE):
            self.model.expect(path, self._context.desk.upkeep.add(path))

    # what can be done with a folder

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if not index.isValid():
            index = self.list.currentIndex()
            place = self.list.visualRect(index).center()
        if index.isValid():
            self.list.setCurrentIndex(index)
            self.menu(index).exec(self.list.viewport().mapToGlobal(place))

    def menu(self, index: QModelIndex) -> QMenu:
        """The menu of a row."""
        say, folder, menu = self._context.wording.say, index.data(FOLDER_ROLE), QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(say("Look again"), partial(self._look_again, folder))
        if folder.task is not None:
            paused = self._context.desk.upkeep.is_paused
            hold = partial(self._context.desk.upkeep.pause, paused=not paused)
            menu.addAction(say("Go on indexing") if paused else say("Pause indexing"), hold)
            menu.addAction(say("Stop reading this folder"), partial(self._context.desk.stop, folder.task))
        if folder.status and folder.status.failed:
            menu.addAction(say("Show problems"), partial(self._context.moves.panel_wanted.emit, "problems"))
        menu.addAction(say("Show in the file manager"), partial(reveal, folder.path))
        menu.addSeparator()
        menu.addAction(say("Take out of the library"), partial(self.remove, folder))
        return menu

    def _look_again(self, folder: Folder) -> None:
        self.model.expect(folder.path, self._context.desk.upkeep.add(folder.path))

    def remove(self, folder: Folder) -> None:
        """Take a folder out; the notice that follows offers to undo that."""
        if folder.task is not None:
            self._context.desk.stop(folder.task)
        self._context.desk.upkeep.remove(folder.path)

    def _remove_current(self) -> None:
        index = self.list.currentIndex()
        if index.isValid():
            self.remove(index.data(FOLDER_ROLE))


PANEL = Panel("library", N_("Library"), Place.LEFT, "Ctrl+Shift+L", LibraryPanel, order=-10)
