"""What could not be read, why, and what can be done about it."""

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, Qt
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
    """Lists failures; tries them again or ignores them when asked."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._failures: tuple[Failure, ...] = ()
        self._with_ignored = False
        say = context.wording.say
        self.model = FailureModel(context.wording, self)
        self.list = QListView()
        self._rows = FailureRow(context.theme, self.list)
        self.said = QLabel()
        self.with_ignored = push("", self._toggle_ignored)
        self.again = push(say("Try again"), lambda: self._retry([each.path for each in self._chosen()]))
        self.ignore = push(say("Ignore"), self._ignore)
        self.reveal = push(say("Show in folder"), self._reveal)
        self.all_again = push(say("Try all again"), lambda: self._retry(self.model.paths))
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        say = self._context.wording.say
        self.said.setProperty("muted", True)
        self.said.setWordWrap(True)
        self.ignore.setToolTip(say("Say no more of it until the file changes"))
        self.list.setProperty("plain", True)
        self.list.setAccessibleName(say("Documents that could not be read"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setMouseTracking(True)
        self.list.setModel(self.model)
        self.list.setItemDelegate(self._rows)
        above, below = QHBoxLayout(), QHBoxLayout()
        for row in (above, below):
            row.setSpacing(GRID)
        above.addWidget(self.all_again)
        above.addStretch()
        above.addWidget(self.with_ignored)
        for button in (self.again, self.ignore, self.reveal):
            below.addWidget(button)
        below.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.said)
        layout.addLayout(above)
        layout.addWidget(self.list, 1)
        layout.addLayout(below)
        layout.addStretch()
        self.setFocusProxy(self.list)

    def _connect(self) -> None:
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self._context.bridge.happened.connect(self._on_event)
        self._context.theme.changed.connect(self.list.viewport().update)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self._failures = event.status.failed
            self._show()

    def _show(self) -> None:
        ignored = sum(each.is_ignored for each in self._failures)
        kept, row = [each.path for each in self._chosen()], self.list.currentIndex().row()
        self.model.show(self._failures, with_ignored=self._with_ignored)
        self._choose(kept, row)
        self.said.setText(self._words(len(self._failures) - ignored, ignored))
        count = self._context.wording.count
        self.with_ignored.setText(
            count("Hide {n:,} ignored problem", "Hide {n:,} ignored problems", ignored)
            if self._with_ignored
            else count("Show {n:,} ignored problem", "Show {n:,} ignored problems", ignored)
        )
        self.with_ignored.setVisible(ignored > 0)
        self.all_again.setVisible(bool(self.model.paths))
        has_rows = self.model.rowCount() > 0
        for widget in (self.list, self.again, self.ignore, self.reveal):
            widget.setVisible(has_rows)
        self._enable()

    def _toggle_ignored(self) -> None:
        self._with_ignored = not self._with_ignored
        self._show()

    def _words(self, heeded: int, ignored: int) -> str:
        wording = self._context.wording
        if heeded:
            return wording.say(
                "These documents could not be read. They are read again when they change. All others can be searched."
            )
        if ignored:
            return wording.count(
                "Every document could be read but {n:,} that is ignored.",
                "Every document could be read but {n:,} that are ignored.",
                ignored,
            )
        return wording.say("Every document could be read.")

    def _choose(self, paths: Sequence[str], row: int) -> None:
        """Choose rows anew after the list changed; where they are gone, what stands in their place."""
        chosen = self.list.selectionModel()
        if chosen.hasSelection() or not paths:
            return
        rows = [found for path in paths if (found := self.model.row_of(path)) >= 0]
        rows = rows or [min(row, self.model.rowCount() - 1)]
        for each in rows:
            chosen.setCurrentIndex(self.model.index(each), QItemSelectionModel.SelectionFlag.Select)

    def _enable(self) -> None:
        say, chosen = self._context.wording.say, self._chosen()
        for button in (self.again, self.ignore):
            button.setEnabled(bool(chosen))
        self.reveal.setEnabled(len(chosen) == 1)
        are_ignored = bool(chosen) and all(each.is_ignored for each in chosen)
        self.ignore.setText(say("Heed again") if are_ignored else say("Ignore"))

    def _chosen(self) -> list[Failure]:
        return [index.data(FAILURE_ROLE) for index in self.list.selectionModel().selectedIndexes()]

    def _retry(self, paths: Sequence[str]) -> None:
        if paths:
            self._context.desk.upkeep.retry(paths)
            sentence = self._context.wording.count(
                "{n:,} document is being tried again.", "{n:,} documents are being tried again.", len(paths)
            )
            self._context.moves.notice.emit(sentence, "", None)

    def _ignore(self) -> None:
        chosen = self._chosen()
        if chosen:
            ignored = not all(each.is_ignored for each in chosen)
            self._context.desk.upkeep.ignore([each.path for each in chosen], ignored=ignored)

    def _reveal(self) -> None:
        chosen = self._chosen()
        if chosen:
            reveal(chosen[0].path)


PANEL = Panel("problems", N_("Problems"), Place.OVERLAY, "Ctrl+Shift+P", ProblemsPanel, order=20)
