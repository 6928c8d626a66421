"""The folders of the library as rows: what is known of each, and what is being done with it now."""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rag_desktop.domain.events import (
    Event,
    FolderRegistered,
    FolderRemoved,
    IndexingHeld,
    LibraryLooked,
    Progress,
    Stage,
    TaskBegan,
    TaskEnded,
)
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import FolderStatus, LibraryStatus
from rag_desktop.gui import amounts
from rag_desktop.gui.pace import Pace
from rag_desktop.services.wording import Wording

Index = QModelIndex | QPersistentModelIndex
FOLDER_ROLE = Qt.ItemDataRole.UserRole
_NO_INDEX = QModelIndex()


class State(StrEnum):
    """What a person should know of a folder first."""

    READY = "ready"
    INDEXING = "indexing"
    AWAY = "away"
    PAUSED = "paused"
    WAITING = "waiting"
    PROBLEMS = "problems"


@dataclass(slots=True)
class Folder:
    """One row. `status` is None until the library was looked at; `task` works on the folder, or will."""

    path: str
    status: FolderStatus | None = None
    task: TaskId | None = None
    has_begun: bool = False
    is_held: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    pace: Pace = field(default_factory=Pace)

    @property
    def name(self) -> str:
        """The last part of the path; the path itself where there is none, as for `/`."""
        return os.path.basename(self.path) or self.path

    @property
    def state(self) -> State:
        if self.task is not None:
            return State.PAUSED if self.is_held else State.INDEXING if self.has_begun else State.WAITING
        if self.status is None:
            return State.WAITING
        if self.status.is_away:
            return State.AWAY
        return State.PROBLEMS if self.status.failed else State.READY


class FolderModel(QAbstractListModel):
    """Follows the library's events. clock: seconds that only grow."""

    def __init__(
        self, wording: Wording, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._clock = clock
        self._folders: list[Folder] = []
        self._ended: deque[TaskId] = deque(maxlen=256)
        self._is_held = False

    # what Qt asks

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._folders)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        folder = self._folders[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return folder.name
            case Qt.ItemDataRole.ToolTipRole:
                return folder.path
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return self._wording.say("{name}: {detail}", name=folder.name, detail=detail(folder, self._wording))
            case _ if role == FOLDER_ROLE:
                return folder
        return None

    # what happens

    def expect(self, path: str, task: TaskId) -> None:
        """A folder that is being added shows as waiting at once, before anything was done."""
        folder = self._at(os.path.abspath(path)) or self._insert(os.path.abspath(path))
        self._give(folder, task)
        self._changed(folder)

    def _hold(self, held: bool) -> None:
        self._is_held = held
        for folder in self._folders:
            folder.is_held = held
            folder.pace.hold()
            self._changed(folder)

    def take(self, event: Event) -> None:
        """Follow an event."""
        match event:
            case LibraryLooked(status=status):
                self._look(status)
            case FolderRegistered(task=task, path=path) if task not in self._ended:
                self.expect(path, task)
            case FolderRemoved(path=path):
                self._drop(path)
            case IndexingHeld(held=held):
                self._hold(held)
            case TaskBegan(task=task):
                self._begin(task)
            case Progress(stage=Stage.SCANNING | Stage.READING) as progress:
                self._progress(progress)
            case TaskEnded(task=task):
                self._end(task)
            case _:
                pass

    @property
    def folders(self) -> tuple[Folder, ...]:
        """All rows, in their order."""
        return tuple(self._folders)

    def _look(self, status: LibraryStatus) -> None:
        known = {folder.path: folder for folder in status.folders}
        for folder in list(self._folders):
            if folder.path not in known and folder.task is None:
                self._drop(folder.path)
        for path, each in known.items():
            folder = self._at(path) or self._insert(path)
            if folder.status != each:
                folder.status = each
                self._changed(folder)

    def _begin(self, task: TaskId) -> None:
        for folder in self._of(task):
            folder.has_begun = True
            self._changed(folder)

    def _progress(self, progress: Progress) -> None:
        if progress.task in self._ended:
            return
        folder = self._working(progress)
        if folder is None:
            return
        if folder.stage != progress.stage:
            folder.pace = Pace()
        folder.has_begun = True
        folder.stage, folder.done, folder.total = progress.stage, progress.done, progress.total
        folder.pace.at(self._clock(), progress.done, progress.total)
        self._changed(folder)

    def _working(self, progress: Progress) -> Folder | None:
        """The folder a task is at: its own, or, where it goes through all, the one that holds the path in hand."""
        own = self._of(progress.task)
        inside = [folder for folder in self._folders if _holds(folder.path, progress.words)]
        if not inside:
            return own[0] if own else None
        folder = max(inside, key=lambda each: len(each.path))
        if folder not in own:
            for other in own:
                self._leave(other)
            self._give(folder, progress.task)
        return folder

    def _end(self, task: TaskId) -> None:
        self._ended.append(task)
        for folder in self._of(task):
            self._leave(folder)
            if folder.status is None:
                self._drop(folder.path)  # it could not be added; where it could, the next look brings it back

    def _give(self, folder: Folder, task: TaskId) -> None:
        folder.task, folder.has_begun, folder.stage, folder.done, folder.total = task, False, "", 0, 0
        folder.pace, folder.is_held = Pace(), self._is_held

    def _leave(self, folder: Folder) -> None:
        folder.task = None
        self._changed(folder)

    def _of(self, task: TaskId) -> list[Folder]:
        return [folder for folder in self._folders if folder.task == task]

    def _at(self, path: str) -> Folder | None:
        return next((folder for folder in self._folders if folder.path == path), None)

    def _insert(self, path: str) -> Folder:
        folder = Folder(path, is_held=self._is_held)
        self.beginInsertRows(_NO_INDEX, len(self._folders), len(self._folders))
        self._folders.append(folder)
        self.endInsertRows()
        return folder

    def _drop(self, path: str) -> None:
        folder = self._at(path)
        if folder:
            row = self._folders.index(folder)
            self.beginRemoveRows(_NO_INDEX, row, row)
            del self._folders[row]
            self.endRemoveRows()

    def _changed(self, folder: Folder) -> None:
        if folder in self._folders:
            index = self.index(self._folders.index(folder))
            self.dataChanged.emit(index, index)


def detail(folder: Folder, wording: Wording) -> str:
    """What stands under a folder's name."""
    say, status = wording.say, folder.status
    documents = amounts.documents(status.documents if status else 0, wording)
    match folder.state:
        case State.WAITING:
            return say("Waiting")
        case State.PAUSED:
            return (
                say("Paused at {done:,} of {total:,}", done=folder.done, total=folder.total)
                if folder.total
                else say("Paused")
            )
        case State.INDEXING:
            return _work(folder, wording)
        case State.AWAY:
            return say("Cannot be reached; {documents} kept", documents=documents)
        case State.PROBLEMS:
            problems = amounts.problems(status.failed if status else 0, wording)
            return say("{documents} · {problems}", documents=documents, problems=problems)
    return documents


def _work(folder: Folder, wording: Wording) -> str:
    if folder.stage != Stage.READING:
        return wording.count("Looking: {n:,} file", "Looking: {n:,} files", folder.total)
    left = folder.pace.seconds_left
    if left is None:
        return wording.say("{done:,} of {total:,}", done=folder.done, total=folder.total)
    return wording.say(
        "{done:,} of {total:,} · {left}",
        done=folder.done,
        total=folder.total,
        left=amounts.time_left(left, wording),
    )


def _holds(folder: str, path: str) -> bool:
    return bool(path) and (path == folder or path.startswith(folder.rstrip(os.sep) + os.sep))
