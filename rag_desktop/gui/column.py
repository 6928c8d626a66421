"""A scrolling column of widgets, centred and no wider than a comfortable line; keeps to its end while one is there."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from rag_desktop.gui.theme import GRID

_CHARACTERS = 78
_NEAR_END_PX = 24


def column_width(widget: QWidget) -> int:
    """Pixels of a line of 78 characters in the widget's font."""
    return _CHARACTERS * widget.fontMetrics().averageCharWidth() + 2 * GRID


class Column(QScrollArea):
    """Widgets one under the other. follows: it keeps to its end while it grows."""

    def __init__(self, *, follows: bool = True) -> None:
        super().__init__()
        self._follows = follows
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._column = QWidget()
        self._layout = QVBoxLayout(self._column)
        self._layout.setContentsMargins(0, GRID, 0, GRID)
        self._layout.setSpacing(GRID)
        self._layout.addStretch(1)
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        row.addStretch(1)
        row.addWidget(self._column, 1000)
        row.addStretch(1)
        self.setWidget(inner)
        self._is_following = follows
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._follow)

    def add(self, widget: QWidget) -> None:
        """Put a widget at the end."""
        self._layout.insertWidget(self._layout.count() - 1, widget)

    def arrange(self, widgets: Sequence[QWidget]) -> None:
        """Hold these widgets in this order: those that are here already stay as they are, all others go."""
        for place in reversed(range(self._layout.count() - 1)):
            item = self._layout.itemAt(place)
            widget = item.widget() if item else None
            if widget is not None and widget not in widgets:
                self._layout.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        for place, widget in enumerate(widgets):
            item = self._layout.itemAt(place)
            if item is None or item.widget() is not widget:
                self._layout.removeWidget(widget)
                self._layout.insertWidget(place, widget)

    def take_all(self) -> None:
        """Remove every widget."""
        while self._layout.count() > 1:
            item = self._layout.takeAt(0)
            widget = item.widget() if item else None
            if widget:
                widget.hide()
                widget.deleteLater()

    def go_to_end(self) -> None:
        """Show the end, and stay there while the column grows until the person scrolls away."""
        self._is_following = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    @property
    def is_at_end(self) -> bool:
        return self._is_following

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._column.setMaximumWidth(column_width(self))
        super().resizeEvent(event)

    def _scrolled(self, value: int) -> None:
        self._is_following = self._follows and value >= self.verticalScrollBar().maximum() - _NEAR_END_PX

    def _follow(self, _least: int, most: int) -> None:
        if self._is_following:
            self.verticalScrollBar().setValue(most)
