"""What could not be read, why, and what can be done about it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QVBoxLayout, QWidget

from rag_desktop.domain.events import Event, LibraryLooked
from rag_desktop.domain.status import Failure
from rag_desktop.gui.buttons import push
from rag_desktop.gui.failures import FAILURE_ROLE, FailureModel, FailureRow
from rag_desktop.gui.panel import Context, Panel, Place
from rag_desktop.gui.reveal import reveal
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import N_


class ProblemsPanel(QWidget):
    """Lists failures; tries them again when asked."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        say = context.wording.say
        self.model = FailureModel(context.wording, self)
        self._rows = FailureRow(context.theme)
        self.list = QListView()
        self.said = QLabel()
        self.again = push(say("Try again"), self._try_again)
        self.reveal = push(say("Show in folder"), self._reveal)
        self.all_again = push(say("Try all again"), lambda: self._retry(self.model.paths))
        self._lay_out()
        self._show(())
        context.bridge.happened.connect(self._on_event)
        context.theme.changed.connect(self.list.viewport().update)

    def _lay_out(self) -> None:
        self.said.setProperty("muted", True)
        self.said.setWordWrap(True)
        self.list.setProperty("plain", True)
        self.list.setAccessibleName(self._context.wording.say("Documents that could not be read"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setModel(self.model)
        self.list.setItemDelegate(self._rows)
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.model.modelReset.connect(self._enable)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (self.again, self.reveal):
            buttons.addWidget(button)
        buttons.addStretch()
        buttons.addWidget(self.all_again)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.said)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.setFocusProxy(self.list)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self._show(event.status.failed)

    def _show(self, failures: tuple[Failure, ...]) -> None:
        say = self._context.wording.say
        self.model.show(failures)
        self.said.setText(
            say("These documents could not be read. They are read again when they change. All others can be searched.")
            if failures
            else say("Every document could be read.")
        )
        self._enable()

    def _enable(self) -> None:
        chosen = self._chosen()
        self.again.setEnabled(chosen is not None)
        self.reveal.setEnabled(chosen is not None)
        self.all_again.setEnabled(self.model.rowCount() > 0)

    def _chosen(self) -> Failure | None:
        rows = self.list.selectionModel().selectedIndexes()
        failure = rows[0].data(FAILURE_ROLE) if rows else None
        return failure if isinstance(failure, Failure) else None

    def _try_again(self) -> None:
        chosen = self._chosen()
        if chosen:
            self._retry([chosen.path])

    def _retry(self, paths: list[str]) -> None:
        self._context.desk.upkeep.retry(paths)
        sentence = self._context.wording.count(
            "{n:,} document is being tried again.", "{n:,} documents are being tried again.", len(paths)
        )
        self._context.moves.notice.emit(sentence, "", None)

    def _reveal(self) -> None:
        chosen = self._chosen()
        if chosen:
            reveal(chosen.path)


PANEL = Panel("problems", N_("Problems"), Place.OVERLAY, "Ctrl+Shift+P", ProblemsPanel, order=20)
