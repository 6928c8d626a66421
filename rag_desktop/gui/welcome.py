"""What stands in the centre while no folder was added: one big place to drop one."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rag_desktop.gui.buttons import push
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID, RADIUS

_WIDEST = 520
_PICTURE = 44


class Welcome(QWidget):
    """The first thing a person sees."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._picture = QLabel()
        self._target = _Target(context)
        self._lay_out()
        self._draw()
        context.theme.changed.connect(self._draw)

    def _lay_out(self) -> None:
        say, moves = self._context.wording.say, self._context.moves
        self.choose = push(say("Choose a folder…"), moves.files_wanted.emit, primary=True)
        inside = QVBoxLayout(self._target)
        inside.setContentsMargins(GRID * 4, GRID * 5, GRID * 4, GRID * 5)
        inside.setSpacing(GRID)
        for widget in (
            self._picture,
            _line(say("Drop a folder here"), "title"),
            _line(say("Then ask. Answers show the very words they come from."), "large"),
        ):
            inside.addWidget(widget)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.choose)
        row.addStretch()
        inside.addSpacing(GRID)
        inside.addLayout(row)
        promise = _line(say("Your files stay on this machine. Nothing is sent anywhere."), "muted")
        self._centre(promise)

    def _centre(self, promise: QLabel) -> None:
        column = QVBoxLayout()
        column.setSpacing(GRID * 2)
        column.addStretch(2)
        column.addWidget(self._target)
        column.addWidget(promise)
        column.addStretch(3)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID * 3, GRID * 2, GRID * 3, GRID * 2)
        layout.addStretch(1)
        layout.addLayout(column, 100)
        layout.addStretch(1)

    def _draw(self) -> None:
        icon = self._context.theme.icon("folder", self._context.theme.tokens.accent)
        self._picture.setPixmap(icon.pixmap(QSize(_PICTURE, _PICTURE), self.devicePixelRatioF()))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._target.update()


class _Target(QWidget):
    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.setMaximumWidth(_WIDEST)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, painter = self._context.theme.tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(tokens.line), 1.5)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.setBrush(QColor(tokens.surface_raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS * 2, RADIUS * 2)


def _line(text: str, kind: str) -> QLabel:
    label = QLabel(text)
    label.setProperty(kind, True)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
