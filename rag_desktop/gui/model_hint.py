"""Says that no model answers yet: what is missing, its size, and the ways to get it."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from rag_desktop.domain.events import Event, ModelsListed, Progress, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.models import Model, ModelKind
from rag_desktop.gui import amounts
from rag_desktop.gui.buttons import push
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID


class ModelHint(QFrame):
    """Visible only while no model can answer."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._usual: Model | None = None
        self._task: TaskId | None = None
        say = context.wording.say
        self.sentence = QLabel(say("No model that answers is installed yet. Search works without one."))
        self.usual = QLabel()
        self.get: QPushButton = push(say("Download"), self._get, primary=True)
        self._lay_out()
        context.bridge.happened.connect(self.take)
        self.hide()

    def _lay_out(self) -> None:
        say = self._context.wording.say
        self.setProperty("card", True)
        for label in (self.sentence, self.usual):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.usual.setProperty("muted", True)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.get)
        buttons.addWidget(push(say("Import…"), lambda: choose_model(self, self._context)))
        buttons.addWidget(push(say("Others…"), lambda: self._context.moves.panel_wanted.emit("models")))
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 2, GRID + 4, GRID * 2, GRID + 4)
        layout.setSpacing(GRID)
        layout.addWidget(self.sentence)
        layout.addWidget(self.usual)
        layout.addLayout(buttons)

    def take(self, event: Event) -> None:
        """Follow an event."""
        match event:
            case ModelsListed(models=models, answering=answering):
                usual = (each.model for each in models if each.model.default and not each.is_installed)
                self._usual = next((model for model in usual if model.kind is ModelKind.GENERATOR), None)
                self.setVisible(answering is None)
                self._name_usual()
            case Progress(task=task, done=done, total=total) if task == self._task:
                say = self._context.wording.say
                self.get.setText(say("Downloading: {share} %", share=amounts.share(done, total)))
            case TaskEnded(task=task) if task == self._task:
                self._task = None
                self._name_usual()
            case _:
                pass

    def _name_usual(self) -> None:
        self.get.setVisible(self._usual is not None)
        self.usual.setVisible(self._usual is not None)
        self.get.setEnabled(self._task is None)
        if self._usual and self._task is None:
            say, wording = self._context.wording.say, self._context.wording
            size = amounts.size(self._usual.size, wording)
            self.usual.setText(say("The usual one is {title}: {size}, once.", title=self._usual.title, size=size))
            self.get.setText(say("Download"))

    def _get(self) -> None:
        if self._usual:
            self._task = self._context.desk.fetch_model(self._usual.name)
            self.get.setEnabled(False)
            self.get.setText(self._context.wording.say("Waiting"))


def choose_model(parent: QWidget, context: Context) -> None:
    """Let the person choose a model file, and import it."""
    say = context.wording.say
    dialog = QFileDialog(parent, say("Import a model file"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilter(say("Model files (*.gguf)"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda path: context.moves.paths_dropped.emit([str(Path(path))]))
    dialog.open()
