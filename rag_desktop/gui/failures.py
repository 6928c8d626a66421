"""Documents that could not be read, as rows: the reason in plain words, what to do about it, and when it was tried."""

import os
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from rag_desktop.domain.status import Failure
from rag_desktop.gui import amounts
from rag_desktop.gui.theme import BASE_PX, GRID, RADIUS, SMALL_PX, Theme
from rag_desktop.services.wording import Wording

Index = QModelIndex | QPersistentModelIndex
FAILURE_ROLE = Qt.ItemDataRole.UserRole
REASON_ROLE = Qt.ItemDataRole.UserRole + 1
HINT_ROLE = Qt.ItemDataRole.UserRole + 2
TRIED_ROLE = Qt.ItemDataRole.UserRole + 3
_NO_INDEX = QModelIndex()
_MOST_HIGH = 10_000
_WRAPPED = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
_ONE_LINE = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
_GAP = 2
_PAD = 7


class FailureModel(QAbstractListModel):
    """The failures of the last look at the library; ignored ones, last, only where they are wanted."""

    def __init__(self, wording: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._all: tuple[Failure, ...] = ()
        self._failures: tuple[Failure, ...] = ()
        self._with_ignored = False

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._failures)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        failure, wording = self._failures[index.row()], self._wording
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return os.path.basename(failure.path) or failure.path
            case Qt.ItemDataRole.ToolTipRole:
                return f"<p>{escape(failure.path)}</p>"
            case Qt.ItemDataRole.AccessibleTextRole:
                name, reason = os.path.basename(failure.path), wording.error(failure.error)
                return wording.say("{name}: {detail}", name=name, detail=reason)
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                told = (wording.hint(failure.error), tried_words(failure, wording), os.path.dirname(failure.path))
                return " ".join(words for words in told if words)
            case _ if role == FAILURE_ROLE:
                return failure
            case _ if role == REASON_ROLE:
                return wording.error(failure.error)
            case _ if role == HINT_ROLE:
                return wording.hint(failure.error)
            case _ if role == TRIED_ROLE:
                return tried_words(failure, wording)
        return None

    def show(self, failures: tuple[Failure, ...], *, with_ignored: bool = False) -> None:
        """Show these; nothing happens where they are shown already, so that a selection stays."""
        heeded = [each for each in failures if not each.is_ignored]
        ignored = [each for each in failures if each.is_ignored] if with_ignored else []
        shown = (*heeded, *ignored)
        if list(map(_identity, shown)) == list(map(_identity, self._failures)):
            return
        self.beginResetModel()
        self._failures = shown
        self.endResetModel()

    @property
    def paths(self) -> list[str]:
        """Paths of all that are shown and not ignored."""
        return [failure.path for failure in self._failures if not failure.is_ignored]

    def row_of(self, path: str) -> int:
        """The row of a path, or -1."""
        return next((row for row, each in enumerate(self._failures) if each.path == path), -1)


def _identity(failure: Failure) -> tuple[object, ...]:
    return failure.path, failure.error.code, failure.error.arguments, failure.tried_at, failure.is_ignored


def tried_words(failure: Failure, wording: Wording) -> str:
    """When a file was tried last, and whether nobody wants to hear of it."""
    if failure.tried_at is None:
        return wording.say("ignored") if failure.is_ignored else ""
    when = amounts.moment(failure.tried_at)
    return (
        wording.say("ignored · tried {when}", when=when)
        if failure.is_ignored
        else wording.say("tried {when}", when=when)
    )


class _Line(NamedTuple):
    """Words, where they go, and how they look."""

    rect: QRect
    words: str
    font: QFont
    colour: str
    is_wrapped: bool


class FailureRow(QStyledItemDelegate):
    """Draws a name and when it was tried, the reason, what to do, and the folder; as high as its words need."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        lines = list(self._lines(QRect(0, 0, width, _MOST_HIGH), option.font, index))
        return QSize(width, lines[-1].rect.bottom() + 1 + _PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = self._theme.tokens
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_soft if is_chosen else tokens.hover))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), RADIUS - 2, RADIUS - 2)
        for line in self._lines(rect, option.font, index):
            painter.setFont(line.font)
            painter.setPen(QColor(line.colour))
            painter.drawText(line.rect, _WRAPPED if line.is_wrapped else _ONE_LINE, line.words)
        painter.restore()

    def _lines(self, rect: QRect, usual: QFont, index: Index) -> Iterator[_Line]:
        """What stands in a row, from top to bottom."""
        failure: Failure = index.data(FAILURE_ROLE)
        tokens = self._theme.tokens
        inside = rect.adjusted(GRID, _PAD, -GRID, 0)
        base, small, bold = _sized(usual, BASE_PX), _sized(usual, SMALL_PX), _sized(usual, BASE_PX)
        bold.setBold(True)
        tried, top = index.data(TRIED_ROLE), inside.top()
        room = QFontMetrics(small).horizontalAdvance(tried) + 2 if tried else 0
        name = QRect(inside.left(), top, inside.width() - room - GRID, QFontMetrics(bold).height())
        if tried:
            beside = QRect(inside.right() - room, top + 1, room, name.height())
            yield _Line(beside, tried, small, tokens.text_muted, is_wrapped=False)
        shown = QFontMetrics(bold).elidedText(index.data(), Qt.TextElideMode.ElideMiddle, name.width())
        yield _Line(name, shown, bold, tokens.text_muted if failure.is_ignored else tokens.text, is_wrapped=False)
        top = name.bottom() + 1 + _GAP
        quiet = tokens.text_muted if failure.is_ignored else ""
        for words, colour in ((index.data(REASON_ROLE), tokens.warn), (index.data(HINT_ROLE), tokens.text)):
            if words:
                room_below = QRect(inside.left(), top, inside.width(), _MOST_HIGH)
                needed = QFontMetrics(base).boundingRect(room_below, _WRAPPED, words).height()
                below = QRect(inside.left(), top, inside.width(), needed)
                yield _Line(below, words, base, quiet or colour, is_wrapped=True)
                top += needed + _GAP
        place = QRect(inside.left(), top, inside.width(), QFontMetrics(small).height())
        folder = QFontMetrics(small).elidedText(
            os.path.dirname(failure.path), Qt.TextElideMode.ElideMiddle, inside.width()
        )
        yield _Line(place, folder, small, tokens.text_muted, is_wrapped=False)


def _sized(font: QFont, pixels: int) -> QFont:
    sized = QFont(font)
    sized.setPixelSize(pixels)
    return sized
