"""The one signal that crosses threads: wakes the window, which then takes what waits in the mailbox."""

from PySide6.QtCore import QObject, Qt, Signal

from rag_desktop.services.mailbox import Mailbox


class Bridge(QObject):
    """Re-emits published events in the window's thread, in order, as `happened(event)`."""

    happened = Signal(object)
    _woken = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.mailbox = Mailbox(self._woken.emit)
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def _deliver(self) -> None:
        for event in self.mailbox.take():
            self.happened.emit(event)
