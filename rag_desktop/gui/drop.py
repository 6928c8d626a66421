"""Dropping files anywhere in the window: one overlay that says what will be added, and the drop itself."""

import os
from collections.abc import Iterable

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID, RADIUS
from rag_desktop.services.wording import Wording

MODEL_SUFFIX = ".gguf"
_NAMED = 3
_DRAGS = (QEvent.Type.DragEnter, QEvent.Type.DragMove)


def split(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Paths of documents and folders, and paths of model files, which are known by their suffix."""
    documents: list[str] = []
    models: list[str] = []
    for path in paths:
        (models if path.lower().endswith(MODEL_SUFFIX) else documents).append(path)
    return documents, models


def promise(paths: Iterable[str], wording: Wording) -> tuple[str, str]:
    """What a drop of these paths will do: a headline, and what it is about."""
    documents, models = split(paths)
    if models and not documents:
        return wording.say("Drop to import this model"), named(models, wording)
    if models:
        return wording.say("Drop to add documents and import models"), named([*documents, *models], wording)
    return wording.say("Drop to add to your library"), named(documents, wording)


def named(paths: list[str], wording: Wording) -> str:
    """The first names, and how many more there are."""
    names = ", ".join(os.path.basename(path.rstrip(os.sep)) or path for path in paths[:_NAMED])
    more = len(paths) - _NAMED
    if more <= 0:
        return names
    return wording.count("{names} and {n} more", "{names} and {n} more", more, names=names)


def local_paths(mime: QMimeData) -> list[str]:
    """Paths of the files that are dragged; what is not on this machine is left out."""
    return [path for url in mime.urls() if url.isLocalFile() and (path := os.path.normpath(url.toLocalFile()))]


class DropOverlay(QWidget):
    """Covers the window while files hover over it."""

    def __init__(self, parent: QWidget, context: Context) -> None:
        super().__init__(parent)
        self._context = context
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._headline = self._label("title")
        self._names = self._label("large")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 8, GRID * 8, GRID * 8, GRID * 8)
        layout.setSpacing(GRID)
        layout.addStretch()
        layout.addWidget(self._headline)
        layout.addWidget(self._names)
        layout.addStretch()
        self.hide()

    def cover(self, paths: list[str]) -> None:
        """Show what would be added, over everything."""
        headline, names = promise(paths, self._context.wording)
        self._headline.setText(headline)
        self._names.setText(names)
        parent = self.parentWidget()
        if parent:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, painter = self._context.theme.tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(tokens.surface)
        veil.setAlphaF(0.94)
        painter.fillRect(self.rect(), veil)
        pen = QPen(QColor(tokens.accent), 2)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.setBrush(QColor(tokens.accent_soft))
        inset = GRID * 3
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), RADIUS * 2, RADIUS * 2)

    def _label(self, size: str) -> QLabel:
        label = QLabel()
        label.setProperty(size, True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label


class DropWatch(QObject):
    """Takes drags of files from the whole window, before any widget sees them."""

    def __init__(self, overlay: DropOverlay, context: Context) -> None:
        super().__init__(overlay)
        self._overlay = overlay
        self._moves = context.moves

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Filters the events of the window's QWindow."""
        if event.type() in _DRAGS and isinstance(event, QDragMoveEvent):
            return self._hover(event, is_new=event.type() is QEvent.Type.DragEnter)
        if event.type() is QEvent.Type.DragLeave and self._overlay.isVisible():
            self._overlay.hide()
            return True
        if event.type() is QEvent.Type.Drop and isinstance(event, QDropEvent):
            return self._drop(event)
        return super().eventFilter(watched, event)

    def _hover(self, event: QDragMoveEvent, *, is_new: bool) -> bool:
        if is_new:
            paths = local_paths(event.mimeData())
            if not paths:
                return False
            self._overlay.cover(paths)
        if self._overlay.isVisible():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
        return self._overlay.isVisible()

    def _drop(self, event: QDropEvent) -> bool:
        self._overlay.hide()
        paths = local_paths(event.mimeData())
        if not paths:
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._moves.paths_dropped.emit(paths)
        return True
