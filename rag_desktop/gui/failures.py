"""Documents that could not be read, as rows with the reason in plain words."""

import os

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from rag_desktop.domain.status import Failure
from rag_desktop.gui.theme import BASE_PX, GRID, RADIUS, SMALL_PX, Theme
from rag_desktop.services.wording import Wording

Index = QModelIndex | QPersistentModelIndex
FAILURE_ROLE = Qt.ItemDataRole.UserRole
REASON_ROLE = Qt.ItemDataRole.UserRole + 1
_NO_INDEX = QModelIndex()
_HEIGHT = 60


class FailureModel(QAbstractListModel):
    """The failures of the last look at the library."""

    def __init__(self, wording: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._failures: tuple[Failure, ...] = ()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._failures)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        failure = self._failures[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return os.path.basename(failure.path) or failure.path
            case Qt.ItemDataRole.ToolTipRole:
                return failure.path
            case Qt.ItemDataRole.AccessibleTextRole:
                name, reason = os.path.basename(failure.path), self._wording.error(failure.error)
                return self._wording.say("{name}: {detail}", name=name, detail=reason)
            case _ if role == FAILURE_ROLE:
                return failure
            case _ if role == REASON_ROLE:
                return self._wording.error(failure.error)
        return None

    def show(self, failures: tuple[Failure, ...]) -> None:
        """Show these; nothing happens where they are shown already, so that a selection stays."""
        if [(each.path, each.error.code) for each in failures] == [
            (each.path, each.error.code) for each in self._failures
        ]:
            return
        self.beginResetModel()
        self._failures = failures
        self.endResetModel()

    @property
    def paths(self) -> list[str]:
        """Paths of all."""
        return [failure.path for failure in self._failures]


class FailureRow(QStyledItemDelegate):
    """Draws a name, the reason, and the folder it lies in."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        failure: Failure = index.data(FAILURE_ROLE)
        tokens = self._theme.tokens
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_soft))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), RADIUS - 2, RADIUS - 2)
        inside = rect.adjusted(GRID, 6, -GRID, -6)
        lines = (
            (index.data(Qt.ItemDataRole.DisplayRole), BASE_PX, tokens.text, Qt.TextElideMode.ElideMiddle),
            (index.data(REASON_ROLE), BASE_PX, tokens.warn, Qt.TextElideMode.ElideRight),
            (os.path.dirname(failure.path), SMALL_PX, tokens.text_muted, Qt.TextElideMode.ElideMiddle),
        )
        height = inside.height() // len(lines)
        for place, (text, size, colour, elided) in enumerate(lines):
            font = painter.font()
            font.setPixelSize(size)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            line = QRect(inside.left(), inside.top() + place * height, inside.width(), height)
            shown = painter.fontMetrics().elidedText(text, elided, line.width())
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.restore()
