"""The foot of the window: what the library holds, what goes on, who answers, and that nothing leaves this machine."""

import os
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from rag_desktop.domain.answers import Answer
from rag_desktop.domain.events import (
    Answered,
    Event,
    FolderRegistered,
    IndexingHeld,
    IndexingPlanned,
    LibraryLooked,
    ModelsListed,
    Progress,
    Stage,
    TaskEnded,
)
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import LibraryStatus
from rag_desktop.gui import amounts
from rag_desktop.gui.activity import Activity
from rag_desktop.gui.away import innermost
from rag_desktop.gui.elided import ElidedLabel
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID

DOWNLOADING = "downloading"


class StatusBar(QFrame):
    """One line, made from events."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._names: dict[TaskId, str] = {}
        self._folders: tuple[str, ...] = ()
        self._activity = Activity()
        self._downloads: set[TaskId] = set()
        self.library = _label()
        self.work = ElidedLabel("", mode=Qt.TextElideMode.ElideRight)
        self.hold = QToolButton()
        self.stop = QToolButton()
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
        self.work.setProperty("muted", True)
        for button in (self.hold, self.stop, self.problems, self.model, self.offline):
            button.setProperty("flat", True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._lay_out_indexing()
        self.problems.clicked.connect(lambda: moves.panel_wanted.emit("problems"))
        self.problems.setToolTip(say("Documents that could not be read"))
        self.model.clicked.connect(lambda: moves.panel_wanted.emit("models"))
        self.model.setToolTip(say("The model that answers"))
        self.offline.clicked.connect(self._explain_offline)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID + 4, 0, GRID // 2, 0)
        layout.setSpacing(GRID)
        indexing = QHBoxLayout()
        indexing.setSpacing(0)
        indexing.addWidget(self.hold)
        indexing.addWidget(self.stop)
        layout.addWidget(self.library)
        layout.addWidget(self.problems)
        layout.addLayout(indexing)
        layout.addWidget(self.work, 1)
        for widget in (self.model, self.offline):
            layout.addWidget(widget)
        self.hold.hide()
        self.stop.hide()
        self.problems.hide()
        self._show_hold()
        self._show_offline()

    def _lay_out_indexing(self) -> None:
        say, upkeep = self._context.wording.say, self._context.desk.upkeep
        for button in (self.hold, self.stop):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.hold.clicked.connect(lambda: upkeep.pause(paused=not upkeep.is_paused))
        self.stop.clicked.connect(upkeep.leave_all)
        self.stop.setToolTip(say("Stop indexing. What was done stays."))
        self.stop.setAccessibleName(say("Stop indexing"))
        self._context.theme.dress(self.stop, "stop")

    def take(self, event: Event) -> None:
        """Follow an event."""
        self._activity.take(event)
        match event:
            case LibraryLooked(status=status):
                self._show_library(status)
            case FolderRegistered(task=task, path=path):
                self._names[task] = os.path.basename(path) or path
            case Progress(stage="downloading") as progress:
                self._downloads.add(progress.task)
                self._show_offline()
            case Progress(stage=Stage.SCANNING | Stage.READING | Stage.EMBEDDING) | IndexingPlanned():
                self._say_work(held=self._context.desk.upkeep.is_paused)
            case IndexingHeld(held=held):
                self._show_hold()
                self._say_work(held=held)
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
        self._folders = tuple(folder.path for folder in status.folders)
        problems = sum(not failure.is_ignored for failure in status.failed)
        self.problems.setVisible(problems > 0)
        self.problems.setText(amounts.problems(problems, wording))
        self.problems.setIcon(self._context.theme.icon("warning", self._context.theme.tokens.warn))

    def _say_work(self, *, held: bool) -> None:
        say, progress = self._context.wording.say, self._activity.progress
        if progress is None:
            words = say("Indexing is paused") if held else ""
        elif held:
            words = say("Paused at {share} %", share=amounts.share(progress.done, progress.total))
        else:
            words = self._work_words(progress)
        self.hold.setVisible(held or progress is not None)
        self.stop.setVisible(progress is not None)
        self.work.show_words(words)
        self._explain_work(words)

    def _explain_work(self, words: str) -> None:
        progress, plan = self._activity.progress, self._activity.plan
        lines = [words, amounts.plan(plan, self._context.wording) if plan else "", progress.words if progress else ""]
        self.work.setToolTip(f"<p>{'<br>'.join(escape(line) for line in lines if line)}</p>" if words else "")

    def _work_words(self, progress: Progress) -> str:
        say = self._context.wording.say
        name = self._name_of(progress)
        if progress.stage == Stage.SCANNING:
            return say("{name}: looking, {files:,} files so far", name=name, files=progress.total)
        share, left, rate = (
            amounts.share(progress.done, progress.total),
            self._activity.seconds_left,
            self._activity.rate,
        )
        still = amounts.time_left(left, self._context.wording) if left is not None else ""
        fast = amounts.rate(rate) if rate is not None else ""
        if progress.stage == Stage.EMBEDDING:
            if not still or not fast:
                return say("Preparing search by meaning: {share} %", share=share)
            return say(
                "Preparing search by meaning: {share} %, {rate} passages/s, {left}", share=share, rate=fast, left=still
            )
        if still and fast:
            return say("{name}: reading, {share} %, {rate} files/s, {left}", name=name, share=share, rate=fast,
                       left=still)  # fmt: skip
        if still:
            return say("{name}: reading, {share} %, {left}", name=name, share=share, left=still)
        if fast:
            return say("{name}: reading, {share} %, {rate} files/s", name=name, share=share, rate=fast)
        return say("{name}: reading, {share} %", name=name, share=share)

    def _name_of(self, progress: Progress) -> str:
        """The folder in hand, or the one a task was started for."""
        home = innermost(self._folders, progress.words)
        if home:
            return os.path.basename(home) or home
        return self._names.get(progress.task, self._context.wording.say("Library"))

    def _end(self, task: TaskId) -> None:
        self._names.pop(task, None)
        if task in self._downloads:
            self._downloads.discard(task)
            self._show_offline()
        if self._activity.progress is None:
            self._say_work(held=self._context.desk.upkeep.is_paused)

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
