"""Draws a folder's row: a symbol of its state, its name, and a line on how it stands."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from rag_desktop.gui.folders import FOLDER_ROLE, Folder, State, detail
from rag_desktop.gui.theme import BASE_PX, GRID, RADIUS, SMALL_PX, Theme, Tokens
from rag_desktop.services.wording import Wording

HEIGHT = 44
MORE_WIDTH = 28
_SYMBOL = 14


class FolderRow(QStyledItemDelegate):
    """Paints rows of a FolderModel. The last `MORE_WIDTH` pixels of a row in hand open its menu."""

    def __init__(self, theme: Theme, wording: Wording) -> None:
        super().__init__()
        self._theme = theme
        self._wording = wording

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        folder: Folder = index.data(FOLDER_ROLE)
        tokens, state = self._theme.tokens, option.state
        rect: QRect = option.rect
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        is_in_hand = is_chosen or bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_in_hand:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_soft if is_chosen else tokens.hover))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), RADIUS - 2, RADIUS - 2)
        _draw_symbol(painter, QRectF(rect.left() + GRID + 2, rect.top() + 7, _SYMBOL, _SYMBOL), folder, tokens)
        self._write(painter, rect.adjusted(GRID * 4, 5, -(MORE_WIDTH if is_in_hand else GRID), -5), folder)
        if is_in_hand:
            self._theme.icon("more").paint(painter, QRect(rect.right() - MORE_WIDTH + 4, rect.center().y() - 8, 16, 16))
        painter.restore()

    def _write(self, painter: QPainter, rect: QRect, folder: Folder) -> None:
        tokens, font = self._theme.tokens, painter.font()
        for text, size, colour, flag, elided in (
            (folder.name, BASE_PX, tokens.text, Qt.AlignmentFlag.AlignTop, Qt.TextElideMode.ElideMiddle),
            (detail(folder, self._wording), SMALL_PX, _tone(folder, tokens), Qt.AlignmentFlag.AlignBottom,
             Qt.TextElideMode.ElideRight),
        ):  # fmt: skip
            font.setPixelSize(size)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            shown = painter.fontMetrics().elidedText(text, elided, rect.width())
            painter.drawText(rect, int(flag | Qt.AlignmentFlag.AlignLeft), shown)


def _tone(folder: Folder, tokens: Tokens) -> str:
    return tokens.warn if folder.state in (State.PROBLEMS, State.AWAY) else tokens.text_muted


def _draw_symbol(painter: QPainter, box: QRectF, folder: Folder, tokens: Tokens) -> None:
    match folder.state:
        case State.READY:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.good))
            painter.drawEllipse(box.adjusted(3, 3, -3, -3))
        case State.INDEXING:
            _draw_share(painter, box, folder.done / folder.total if folder.total else 0.0, tokens)
        case State.PROBLEMS:
            _draw_warning(painter, box, QColor(tokens.warn))
        case State.PAUSED:
            painter.setPen(_pen(tokens.text_muted, 2.4))
            painter.drawLine(box.topLeft() + QPointF(4.5, 3), box.bottomLeft() + QPointF(4.5, -3))
            painter.drawLine(box.topRight() + QPointF(-4.5, 3), box.bottomRight() + QPointF(-4.5, -3))
        case State.STOPPED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.text_muted))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), 1.5, 1.5)
        case State.WAITING:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.text_muted))
            for x in (2.5, 7.0, 11.5):
                painter.drawEllipse(QPointF(box.left() + x, box.center().y()), 1.4, 1.4)
        case State.AWAY:
            pen = _pen(tokens.warn, 1.6)
            pen.setDashPattern([2.0, 2.0])
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(box.adjusted(2, 2, -2, -2))


def _draw_share(painter: QPainter, box: QRectF, share: float, tokens: Tokens) -> None:
    ring = box.adjusted(1.5, 1.5, -1.5, -1.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(tokens.hairline, 3))
    painter.drawEllipse(ring)
    painter.setPen(_pen(tokens.accent, 3))
    painter.drawArc(ring, 90 * 16, -round(max(share, 0.06) * 360 * 16))


def _draw_warning(painter: QPainter, box: QRectF, colour: QColor) -> None:
    corners = [
        QPointF(box.center().x(), box.top() + 1),
        box.bottomRight() - QPointF(0, 1),
        box.bottomLeft() - QPointF(0, 1),
    ]
    path = QPainterPath()
    path.addPolygon(QPolygonF([*corners, corners[0]]))
    painter.setPen(_pen(colour.name(), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    middle = box.center().x()
    painter.drawLine(QPointF(middle, box.top() + 5.5), QPointF(middle, box.top() + 9))
    painter.drawPoint(QPointF(middle, box.top() + 11))


def _pen(colour: str, width: float) -> QPen:
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
