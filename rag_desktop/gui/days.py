"""A small dialog that asks between which days a document was changed."""

from datetime import date, datetime

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDateEdit, QDialog, QDialogButtonBox, QGridLayout, QVBoxLayout, QWidget

from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID


class Days(QDialog):
    """Two days, each of which may be left open."""

    chosen = Signal(object, object)
    """(first day or None, last day or None), both included."""

    def __init__(self, parent: QWidget, context: Context, after: date | None, before: date | None) -> None:
        super().__init__(parent)
        say = context.wording.say
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(say("Changed between"))
        today = datetime.now().astimezone().date()
        self.has_first = QCheckBox(say("First day"))
        self.has_last = QCheckBox(say("Last day"))
        self.first = _day(after or today.replace(month=1, day=1))
        self.last = _day(before or today)
        self.has_first.setChecked(after is not None or before is None)
        self.has_last.setChecked(before is not None)
        buttons = QDialogButtonBox()
        use = buttons.addButton(say("Use"), QDialogButtonBox.ButtonRole.AcceptRole)
        use.setProperty("primary", True)
        buttons.addButton(say("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        grid = QGridLayout()
        grid.setSpacing(GRID)
        for row, (box, edit) in enumerate(((self.has_first, self.first), (self.has_last, self.last))):
            edit.setAccessibleName(box.text())
            edit.setEnabled(box.isChecked())
            box.toggled.connect(edit.setEnabled)
            grid.addWidget(box, row, 0)
            grid.addWidget(edit, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 2, GRID * 2, GRID * 2, GRID * 2)
        layout.setSpacing(GRID * 2)
        layout.addLayout(grid)
        layout.addWidget(buttons)

    def accept(self) -> None:
        first = _date(self.first) if self.has_first.isChecked() else None
        last = _date(self.last) if self.has_last.isChecked() else None
        if first and last and first > last:
            first, last = last, first
        self.chosen.emit(first, last)
        super().accept()


def _day(day: date) -> QDateEdit:
    edit = QDateEdit(QDate(day.year, day.month, day.day))
    edit.setCalendarPopup(True)
    edit.setDisplayFormat("yyyy-MM-dd")
    return edit


def _date(edit: QDateEdit) -> date:
    day = edit.date()
    return date(day.year(), day.month(), day.day())
