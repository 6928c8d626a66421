"""The folders of the library: how each stands, and what can be done with it."""

import os
from functools import partial
from itertools import islice

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QMenu, QToolButton, QVBoxLayout, QWidget

from rag_desktop.domain.events import Event, FolderRemoved, LibraryLooked, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui.drop import split
from rag_desktop.gui.folder_row import MORE_WIDTH, FolderRow
from rag_desktop.gui.folders import FOLDER_ROLE, Folder, FolderModel, State
from rag_desktop.gui.leave_out import LeaveOut
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
        self._adding: dict[TaskId, str] = {}
        self._looking: dict[TaskId, str] = {}
        self._restoring: dict[TaskId, str] = {}
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
        self.list.clicked.connect(self._touch)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._touch(self.list.currentIndex()))
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
        match event:
            case FolderRemoved(path=path):
                self._offer_undo(path)
            case TaskEnded(task=task, error=error):
                added, restored = self._adding.pop(task, None), self._restoring.pop(task, None)
                if added and error is None:
                    self._looking[self._context.desk.upkeep.look()] = added
                if restored and error is None:
                    self._look_again(restored)  # it may have been taken out before all of it was read
            case LibraryLooked(task=task) if task in self._looking:
                self._say_if_nothing(self._looking.pop(task))
            case _:
                pass

    def _offer_undo(self, path: str) -> None:
        say = self._context.wording.say
        sentence = say(
            "{name} is out of the library. Nothing on disk was touched.", name=os.path.basename(path) or path
        )
        self._context.moves.notice.emit(sentence, say("Undo"), partial(self._undo, path))

    def _undo(self, path: str) -> None:
        self._restoring[self._context.desk.upkeep.undo_remove(path)] = path

    def _say_if_nothing(self, path: str) -> None:
        """A drop that brought nothing is told: silence would look like success."""
        folder = next((each for each in self.model.folders if each.path == os.path.abspath(path)), None)
        if folder and folder.state is State.READY and folder.status and not folder.status.documents:
            sentence = self._context.wording.say(
                "Nothing in {name} was added: it holds no file that can be read, or all are left out.", name=folder.name
            )
            self._context.moves.notice.emit(sentence, "", None)

    def _add(self, paths: list[str]) -> None:
        documents = split(paths)[0]
        if len(documents) > _MOST_AT_ONCE:
            documents = list(
                dict.fromkeys(path if os.path.isdir(path) else os.path.dirname(path) for path in documents)
            )
        for path in islice(documents, _MOST_AT_ONCE):
            task = self._context.desk.upkeep.add(path)
            self._adding[task] = path
            self.model.expect(path, task)

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
        say, moves = self._context.wording.say, self._context.moves
        folder: Folder = index.data(FOLDER_ROLE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(say("Look again"), partial(self._look_again, folder.path))
        if folder.id is not None:
            words = say("Resume this folder") if folder.is_paused else say("Pause this folder")
            menu.addAction(words, partial(self._pause, folder.path, paused=not folder.is_paused))
        if folder.task is not None and not folder.is_paused:
            menu.addAction(say("Stop indexing now"), partial(self._leave, folder))
        if folder.status and (folder.state is State.AWAY or not os.path.isfile(folder.path)):
            menu.addAction(say("Leave out…"), partial(self.leave_out, folder))
        menu.addSeparator()
        if folder.problems:
            menu.addAction(say("Show problems"), partial(moves.panel_wanted.emit, "problems"))
        menu.addAction(say("Show in the file manager"), partial(reveal, folder.path))
        menu.addSeparator()
        menu.addAction(say("Take out of the library"), partial(self.remove, folder))
        return menu

    def _look_again(self, path: str) -> None:
        self.model.expect(path, self._context.desk.upkeep.rescan([path]))

    def _pause(self, path: str, *, paused: bool) -> None:
        self._context.desk.upkeep.pause_folder(path, paused=paused)

    def _leave(self, folder: Folder) -> None:
        """Stop reading a folder: a task that waits for it is called off, one that runs goes on with the others."""
        if folder.task is not None and not folder.has_begun:
            self._context.desk.stop(folder.task)
        self._context.desk.upkeep.leave(folder.path)
        self.model.leave(folder.path)

    def leave_out(self, folder: Folder) -> LeaveOut:
        """Ask what is to be left out of a folder."""
        dialog = LeaveOut(self.window(), self._context, folder)
        dialog.saved.connect(partial(self._context.desk.upkeep.set_patterns, folder.path))
        dialog.open()
        return dialog

    def _touch(self, index: QModelIndex) -> None:
        """What a person has in hand is read first."""
        if index.isValid():
            self._context.desk.upkeep.touch(index.data(FOLDER_ROLE).path)

    def remove(self, folder: Folder) -> None:
        """Take a folder out; the notice that follows offers to undo that."""
        if folder.task is not None:
            self._leave(folder)
        self._context.desk.upkeep.remove(folder.path)

    def _remove_current(self) -> None:
        index = self.list.currentIndex()
        if index.isValid():
            self.remove(index.data(FOLDER_ROLE))


PANEL = Panel("library", N_("Library"), Place.LEFT, "Ctrl+Shift+L", LibraryPanel, order=-10)
