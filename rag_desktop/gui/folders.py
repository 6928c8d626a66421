"""The folders of the library as rows: what is known of each, and what is being done with it now."""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    Event,
    FolderRegistered,
    FolderRemoved,
    IndexingHeld,
    IndexingPlanned,
    LibraryLooked,
    Progress,
    Stage,
    TaskBegan,
    TaskEnded,
)
from rag_desktop.domain.ids import FolderId, TaskId
from rag_desktop.domain.status import FolderStatus, LibraryStatus
from rag_desktop.gui import amounts
from rag_desktop.gui.activity import Activity
from rag_desktop.gui.away import innermost
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
    STOPPED = "stopped"
    WAITING = "waiting"
    PROBLEMS = "problems"


@dataclass(slots=True)
class Folder:
    """One row. `status` is None until the library was looked at; `task` works on the folder, or will.

    has_begun: the task runs. is_in_hand: it is at this folder now. is_held: all indexing is paused. is_left: the
    person stopped it.
    """

    path: str
    id: FolderId | None = None
    status: FolderStatus | None = None
    task: TaskId | None = None
    has_begun: bool = False
    is_in_hand: bool = False
    is_held: bool = False
    is_left: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    rate: float | None = None
    left: float | None = None
    plan: IndexingPlanned | None = None

    @property
    def name(self) -> str:
        """The last part of the path; the path itself where there is none, as for `/`."""
        return os.path.basename(self.path) or self.path

    @property
    def is_paused(self) -> bool:
        """Whether the person paused this folder."""
        return self.status is not None and self.status.is_paused

    @property
    def problems(self) -> int:
        """Documents that could not be read, without those that are ignored."""
        return self.status.failed if self.status else 0

    @property
    def state(self) -> State:
        is_away = self.status is not None and self.status.is_away
        if self.is_paused:
            return State.AWAY if is_away else State.PAUSED
        if self.task is not None:
            is_worked_on = self.has_begun and self.is_in_hand
            return State.PAUSED if self.is_held else State.INDEXING if is_worked_on else State.WAITING
        if self.status is None:
            return State.WAITING
        if is_away:
            return State.AWAY
        return State.STOPPED if self.is_left else State.PROBLEMS if self.problems else State.READY


class FolderModel(QAbstractListModel):
    """Follows the library's events. clock: seconds that only grow."""

    def __init__(
        self, wording: Wording, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._activity = Activity(clock)
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
                lines = (folder.path, *explanation(folder, self._wording))
                return f"<p>{'<br>'.join(map(escape, lines))}</p>"
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._wording.say("{name}: {detail}", name=folder.name, detail=detail(folder, self._wording))
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return " ".join(explanation(folder, self._wording))
            case _ if role == FOLDER_ROLE:
                return folder
        return None

    # what happens

    def expect(self, path: str, task: TaskId) -> None:
        """A folder that is being added shows as waiting at once, before anything was done."""
        folder = self._at(os.path.abspath(path)) or self._insert(os.path.abspath(path))
        self._give(folder, task)
        folder.is_left = False
        self._changed(folder)

    def leave(self, path: str) -> None:
        """The person stopped a folder: until it is taken up again, its row says so."""
        folder = self._at(path)
        if folder:
            folder.is_left = True
            self._leave(folder)

    def take(self, event: Event) -> None:
        """Follow an event."""
        self._activity.take(event)
        match event:
            case LibraryLooked(status=status):
                self._look(status)
            case FolderRegistered(task=task, folder=folder, path=path):
                self._register(task, folder, path)
            case FolderRemoved(path=path):
                self._drop(path)
            case IndexingHeld(held=held):
                self._hold(held)
            case IndexingPlanned() as plan if plan.task not in self._ended:
                self._plan(plan)
            case TaskBegan(task=task):
                self._begin(task)
            case Progress(stage=Stage.SCANNING | Stage.READING) as progress if progress.task not in self._ended:
                self._progress(progress)
            case TaskEnded(task=task, error=error):
                self._end(task, error)
            case _:
                pass

    @property
    def folders(self) -> tuple[Folder, ...]:
        """All rows, in their order."""
        return tuple(self._folders)

    def _register(self, task: TaskId, id_: FolderId, path: str) -> None:
        if task not in self._ended:
            self.expect(path, task)
        folder = self._at(path)
        if folder:
            folder.id = id_

    def _look(self, status: LibraryStatus) -> None:
        known = {folder.path: folder for folder in status.folders}
        for folder in list(self._folders):
            if folder.path not in known and folder.task is None:
                self._drop(folder.path)
        for path, each in known.items():
            folder = self._at(path) or self._insert(path)
            if folder.status != each:
                folder.id, folder.status = each.id, each
                self._changed(folder)

    def _hold(self, held: bool) -> None:
        self._is_held = held
        for folder in self._folders:
            folder.is_held = held
            folder.rate, folder.left = self._activity.rate, self._activity.seconds_left
            self._changed(folder)

    def _plan(self, plan: IndexingPlanned) -> None:
        """Folders that a task will read wait for their turn."""
        for folder in self._folders:
            if folder.id in plan.folders:
                if folder.task != plan.task:
                    self._give(folder, plan.task)
                    folder.has_begun = True
                folder.plan, folder.is_left = plan, False
                self._changed(folder)

    def _begin(self, task: TaskId) -> None:
        for folder in self._of(task):
            folder.has_begun = folder.is_in_hand = True
            self._changed(folder)

    def _progress(self, progress: Progress) -> None:
        folder = self._working(progress)
        if folder is None:
            return
        folder.has_begun = True
        folder.stage, folder.done, folder.total = progress.stage, progress.done, progress.total
        folder.rate, folder.left = self._activity.rate, self._activity.seconds_left
        self._changed(folder)

    def _working(self, progress: Progress) -> Folder | None:
        """The folder a task is at: its own, or, where it goes through several, the one that holds the path in hand."""
        own = self._of(progress.task)
        home = innermost([folder.path for folder in self._folders], progress.words)
        folder = self._at(home) if home else None
        if folder is None:
            return own[0] if own else None
        for other in own:
            if other is not folder and other.is_in_hand:
                self._leave(other)
        if folder not in own:
            self._give(folder, progress.task)
        folder.is_in_hand = True
        return folder

    def _end(self, task: TaskId, error: UserFacingError | None) -> None:
        self._ended.append(task)
        was_stopped = error is not None and error.code == "cancelled"
        for folder in self._of(task):
            folder.is_left = folder.is_left or was_stopped
            self._leave(folder)
            if folder.id is None:
                self._drop(folder.path)  # it could not be added; where it could, the next look brings it back

    def _give(self, folder: Folder, task: TaskId) -> None:
        folder.task, folder.has_begun, folder.is_in_hand, folder.is_held = task, False, False, self._is_held
        folder.stage, folder.done, folder.total = "", 0, 0
        folder.rate = folder.left = folder.plan = None

    def _leave(self, folder: Folder) -> None:
        folder.task = folder.plan = None
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
        case State.PAUSED if folder.is_paused:
            return say("Paused · {documents}", documents=documents)
        case State.PAUSED:
            return (
                say("Paused at {done:,} of {total:,}", done=folder.done, total=folder.total)
                if folder.total
                else say("Paused")
            )
        case State.STOPPED:
            return say("Stopped · {documents}", documents=documents)
        case State.INDEXING:
            return _work(folder, wording)
        case State.AWAY:
            return say("Away · {documents} kept", documents=documents)
        case State.PROBLEMS:
            problems = amounts.problems(folder.problems, wording)
            return say("{documents} · {problems}", documents=documents, problems=problems)
    return documents


def _work(folder: Folder, wording: Wording) -> str:
    if folder.stage != Stage.READING:
        return wording.count("Looking: {n:,} file", "Looking: {n:,} files", folder.total)
    if folder.left is None:
        return wording.say("{done:,} of {total:,}", done=folder.done, total=folder.total)
    return wording.say(
        "{share} % · {left}",
        share=amounts.share(folder.done, folder.total),
        left=amounts.time_left(folder.left, wording),
    )


def explanation(folder: Folder, wording: Wording) -> tuple[str, ...]:
    """What can be said beside the path and the line under the name; nothing where that line says all."""
    say, lines = wording.say, []
    if folder.state is State.INDEXING and folder.total:
        lines.append(_reading_words(folder, wording))
    if folder.plan and len(folder.plan.folders) > 1:
        others = len(folder.plan.folders) - 1
        lines.append(
            wording.count("Read together with {n} other folder", "Read together with {n} other folders", others)
        )
    if folder.plan:
        lines.append(amounts.plan(folder.plan, wording))
    match folder.state:
        case State.PAUSED if folder.is_paused:
            lines.append(say("Nothing more of it is read until you resume it. What was read can be searched."))
        case State.STOPPED:
            lines.append(say("What was read can be searched. “Look again” goes on with the rest."))
        case State.AWAY:
            lines.append(say("It cannot be reached right now. What was read can be searched."))
        case _:
            pass
    return tuple(lines)


def _reading_words(folder: Folder, wording: Wording) -> str:
    say, done, total = wording.say, folder.done, folder.total
    if folder.stage != Stage.READING:
        return wording.count("Looking: {n:,} file", "Looking: {n:,} files", total)
    if folder.rate is None:
        return say("Reading: {done:,} of {total:,} files", done=done, total=total)
    rate = amounts.rate(folder.rate)
    return say("Reading: {done:,} of {total:,} files, {rate} a second", done=done, total=total, rate=rate)
