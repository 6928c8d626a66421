"""The main window."""

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QMainWindow, QWidget

from rag_desktop.gui.discovery import find_panels
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.panel import Context


class Window(QMainWindow):
    """Frame."""

    started = Signal()

    def __init__(self, context: Context, memory: Memory) -> None:
        super().__init__()
        self.context = context
        self.desk = context.desk
        self.bridge = context.bridge
        self.panels: dict[str, QWidget] = {panel.name: panel.build(context) for panel in find_panels()}
        host = QWidget()
        for panel in self.panels.values():
            panel.setParent(host)
        self.setCentralWidget(host)
        self._is_started = False

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and not self._is_started:
            self._is_started = True
            QTimer.singleShot(0, self._start)
        return super().event(event)

    def _start(self) -> None:
        self.desk.start()
        self.desk.look()
        self.desk.models()
        self.started.emit()
