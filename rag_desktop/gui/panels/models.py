"""The models: which one answers, which are here, and how to get others."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from rag_desktop.domain.events import Event, ModelsListed, Progress, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.models import ModelKind
from rag_desktop.gui.buttons import push
from rag_desktop.gui.drop import split
from rag_desktop.gui.embedder_line import EmbedderLine
from rag_desktop.gui.model_card import Acts, ModelCard
from rag_desktop.gui.model_hint import choose_model
from rag_desktop.gui.panel import Context, Panel, Place
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import N_

KINDS = (
    (ModelKind.GENERATOR, N_("Writes answers")),
    (ModelKind.EMBEDDER, N_("Finds passages by meaning")),
    (ModelKind.RERANKER, N_("Puts passages in order")),
)


class ModelsPanel(QWidget):
    """Cards by kind; imports model files that are dropped anywhere in the window."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._acts = Acts(self._get, context.desk.use_model, self._cancel)
        self._tasks: dict[TaskId, str] = {}
        self.cards: dict[str, ModelCard] = {}
        self.embedder = EmbedderLine(context, self._acts)
        self.said = QLabel()
        self.importing = QLabel()
        self.area = QScrollArea()
        self._columns: dict[ModelKind, QVBoxLayout] = {}
        self._lay_out()
        context.moves.paths_dropped.connect(self._import)
        context.bridge.happened.connect(self._on_event)

    def _lay_out(self) -> None:
        say = self._context.wording.say
        self.said.setWordWrap(True)
        self.importing.setProperty("muted", True)
        self.importing.hide()
        head = QHBoxLayout()
        head.addWidget(self.said, 1)
        head.addWidget(push(say("Import a file…"), lambda: choose_model(self, self._context)))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, GRID, GRID)
        column.setSpacing(GRID // 2)
        for kind, label in KINDS:
            heading = QLabel(say(label))
            heading.setProperty("heading", True)
            column.addSpacing(GRID)
            column.addWidget(heading)
            if kind is ModelKind.EMBEDDER:
                column.addWidget(self.embedder)
            self._columns[kind] = QVBoxLayout()
            self._columns[kind].setSpacing(GRID // 2)
            column.addLayout(self._columns[kind])
        column.addStretch()
        area = self.area
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.importing)
        layout.addWidget(area, 1)

    def _on_event(self, event: Event) -> None:
        match event:
            case ModelsListed():
                self._show(event)
            case Progress(task=task, stage="copying", done=done, total=total, words=words):
                self._show_copying(task, done, total, words)
            case Progress(task=task, done=done, total=total) if task in self._tasks:
                self.cards[self._tasks[task]].progress(done, total)
            case TaskEnded(task=task) if task in self._tasks:
                name = self._tasks.pop(task)
                self.importing.hide()
                if name in self.cards:
                    self.cards[name].rest()
            case _:
                pass

    def _show(self, listed: ModelsListed) -> None:
        going_on = set(self._tasks.values())
        for each in listed.models:
            card = self.cards.get(each.model.name)
            if card is None:
                card = self.cards[each.model.name] = ModelCard(self._context, self._acts, each)
                self._columns[each.model.kind].addWidget(card)
            elif each.model.name not in going_on:
                card.show_model(each)
        self._drop_missing({each.model.name for each in listed.models})
        self.said.setText(self._who_answers(listed))

    def _drop_missing(self, names: set[str]) -> None:
        for name in self.cards.keys() - names:
            self.cards.pop(name).deleteLater()

    def _who_answers(self, listed: ModelsListed) -> str:
        say = self._context.wording.say
        if listed.answering is None:
            return say("No model that answers is installed yet. Search works without one.")
        if listed.missed:
            return say("{missed} is not installed; {model} answers instead.", missed=listed.missed,
                       model=listed.answering)  # fmt: skip
        return say("{model} answers.", model=listed.answering)

    def _show_copying(self, task: TaskId, done: int, total: int, words: str) -> None:
        self._tasks.setdefault(task, "")
        share = done * 100 // total if total else 0
        self.importing.setText(self._context.wording.say("Importing {name}: {share} %", name=words, share=share))
        self.importing.show()

    def _get(self, name: str) -> None:
        if name in self._tasks.values():
            return
        self._tasks[self._context.desk.fetch_model(name)] = name
        if name in self.cards:
            self.cards[name].wait()

    def _cancel(self, name: str) -> None:
        for task, wanted in self._tasks.items():
            if wanted == name:
                self._context.desk.stop(task)

    def _import(self, paths: list[str]) -> None:
        for path in split(paths)[1]:
            self._tasks[self._context.desk.import_model(Path(path))] = ""
            self._context.moves.panel_wanted.emit("models")
            self.importing.setText(self._context.wording.say("Importing {name}", name=Path(path).name))
            self.importing.show()


PANEL = Panel("models", N_("Models"), Place.OVERLAY, "Ctrl+Shift+M", ModelsPanel, order=10)
