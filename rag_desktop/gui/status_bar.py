"""The foot of the window: what the library holds, what goes on, who answers, and that nothing leaves this machine."""

import os
import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from rag_desktop.domain.answers import Answer
from rag_desktop.domain.events import (
    Answered,
    Event,
    FolderRegistered,
    IndexingHeld,
    LibraryLooked,
    ModelsListed,
    Progress,
    Stage,
    TaskEnded,
)
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import LibraryStatus
from rag_desktop.gui import amounts
from rag_desktop.gui.pace import Pace
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID

DOWNLOADING = "downloading"


class StatusBar(QFrame):
    """One line, made from events."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._names: dict[TaskId, str] = {}
        self._working: Progress | None = None
        self._pace = Pace()
        self._downloads: set[TaskId] = set()
        self.library = _label()
        self.work = _label()
        self.hold = QToolButton()
        self.problems = QToolButton()
        self.model = QToolButton()
        self.offline = QToolButton()
        self._lay_out()
        context.bridge.happened.connect(self.take)
        context.theme.changed.connect(self._show_offline)
        context.theme.changed.connect(self._show_hold)

    def _lay_out(self) -> None:
        say, moves = self._context.wording.say, self._context.moves
        self.setFixedHeight(GRID * 4)
        self.work.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for button in (self.hold, self.problems, self.model, self.offline):
            button.setProperty("flat", True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.hold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.hold.clicked.connect(lambda: self._context.desk.upkeep.pause(paused=not self._context.desk.upkeep.is_paused))
        self.problems.clicked.connect(lambda: moves.panel_wanted.emit("problems"))
        self.problems.setToolTip(say("Documents that could not be read"))
        self.model.clicked.connect(lambda: moves.panel_wanted.emit("models"))
        self.model.setToolTip(say("The model that answers"))
        self.offline.clicked.connect(self._explain_offline)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID + 4, 0, GRID // 2, 0)
        layout.setSpacing(GRID)
        for widget in (self.library, self.problems, self.hold):
            layout.addWidget(widget)
        layout.addWidget(self.work, 1)
        for widget in (self.model, self.offline):
            layout.addWidget(widget)
        self.hold.hide()
        self.problems.hide()
        self._show_hold()
        self._show_offline()

    def take(self, event: Event) -> None:
        """Follow an event."""
        match event:
            case LibraryLooked(status=status):
                self._show_library(status)
            case FolderRegistered(task=task, path=path):
                self._names[task] = os.path.basename(path) or path
            case Progress(stage="downloading") as progress:
                self._downloads.add(progress.task)
                self._show_offline()
            case Progress(stage=Stage.SCANNING | Stage.READING | Stage.EMBEDDING) as progress:
                self._show_work(progress)
            case IndexingHeld(held=held):
                self._pace.hold()
                self._show_hold()
                self._say_work(self._working, held=held)
            case TaskEnded(task=task):
                self._end(task)
            case Answered(answer=answer):
                self._show_answered(answer)
            case ModelsListed(answering=answering):
                say = self._context.wording.say
                self.model.setText(answering or say("No model that answers"))
            case _:
                pass

    def _show_library(self, status: LibraryStatus) -> None:
        say, wording = self._context.wording.say, self._context.wording
        documents = sum(folder.documents for folder in status.folders)
        self.library.setText(
            say(
                "{documents}, {passages}",
                documents=amounts.documents(documents, wording),
                passages=amounts.passages(status.passages, wording),
            )
            if status.folders
            else say("The library is empty")
        )
        self.problems.setVisible(bool(status.failed))
        self.problems.setText(amounts.problems(len(status.failed), wording))
        self.problems.setIcon(self._context.theme.icon("warning", self._context.theme.tokens.warn))

    def _show_work(self, progress: Progress) -> None:
        before = self._working
        if before is None or (before.task, before.stage) != (progress.task, progress.stage):
            self._pace = Pace()
        self._working = progress
        self._pace.at(time.monotonic(), progress.done, progress.total)
        self.hold.show()
        self._say_work(progress, held=self._context.desk.upkeep.is_paused)

    def _say_work(self, progress: Progress | None, *, held: bool) -> None:
        say = self._context.wording.say
        if progress is None:
            self.work.setText(say("Indexing is paused") if held else "")
            self.hold.setVisible(held)
        elif held:
            self.work.setText(say("Paused at {share} %", share=amounts.share(progress.done, progress.total)))
        else:
            self.work.setText(self._work_words(progress))
        self.work.setToolTip(progress.words if progress else "")

    def _work_words(self, progress: Progress) -> str:
        say, wording = self._context.wording.say, self._context.wording
        name = self._names.get(progress.task, say("Library"))
        if progress.stage == Stage.SCANNING:
            return say("{name}: looking, {files:,} files so far", name=name, files=progress.total)
        share, left, rate = amounts.share(progress.done, progress.total), self._pace.seconds_left, self._pace.rate
        if progress.stage == Stage.EMBEDDING:
            if left is None:
                return say("Preparing search by meaning: {share} %", share=share)
            return say(
                "Preparing search by meaning: {share} %, {left}", share=share, left=amounts.time_left(left, wording)
            )
        if left is None or rate is None:
            return say("{name}: {share} %", name=name, share=share)
        return say(
            "{name}: {share} %, {rate:.1f} documents/s, {left}",
            name=name,
            share=share,
            rate=rate,
            left=amounts.time_left(left, wording),
        )

    def _end(self, task: TaskId) -> None:
        self._names.pop(task, None)
        if task in self._downloads:
            self._downloads.discard(task)
            self._show_offline()
        if self._working and self._working.task == task:
            self._working = None
            self._say_work(None, held=self._context.desk.upkeep.is_paused)

    def _show_answered(self, answer: Answer) -> None:
        first = answer.timing.first_token
        if answer.model is None or first is None or answer.tokens.generated < 2 or answer.timing.total <= first:
            return
        self.model.setText(
            self._context.wording.say(
                "{model} · {device} · {rate:.0f} tokens/s",
                model=answer.model,
                device=answer.device or "?",
                rate=answer.tokens.generated / (answer.timing.total - first),
            )
        )

    def _show_hold(self) -> None:
        say, is_paused = self._context.wording.say, self._context.desk.upkeep.is_paused
        words = say("Go on indexing") if is_paused else say("Pause indexing")
        self.hold.setIcon(self._context.theme.icon("resume" if is_paused else "pause"))
        self.hold.setToolTip(words)
        self.hold.setAccessibleName(words)

    def _show_offline(self) -> None:
        say, theme = self._context.wording.say, self._context.theme
        if self._downloads:
            self.offline.setText(say("downloading a model"))
            self.offline.setIcon(theme.icon("download", theme.tokens.warn))
        else:
            self.offline.setText(say("offline"))
            self.offline.setIcon(theme.icon("shield", theme.tokens.good))
        self.offline.setToolTip(self._offline_words())

    def _offline_words(self) -> str:
        say = self._context.wording.say
        if self._downloads:
            return say("A model you asked for is being downloaded. Nothing of yours is sent.")
        return say("This program does not use the network. Your files and questions stay on this machine.")

    def _explain_offline(self) -> None:
        self._context.moves.notice.emit(self._offline_words(), "", None)


def _label() -> QLabel:
    label = QLabel()
    label.setProperty("muted", True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def rule() -> QWidget:
    """A hairline."""
    line = QFrame()
    line.setProperty("rule", True)
    return line
