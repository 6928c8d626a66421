"""The third wall: what no one caught becomes one dialog with a report to copy, and a line in the log."""

import logging
import platform
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from rag_desktop import __version__
from rag_desktop.gui.buttons import push
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import Wording

_LOG = logging.getLogger(__name__)
_open: list[QDialog] = []
"""A bug that comes ten times a second must not open ten windows a second."""


def install(wording: Wording) -> None:
    """Show exceptions of the window's thread from now on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        _LOG.error("the window met a bug\n%s", report)
        try:
            show(report, wording)
        except Exception:  # noqa: BLE001 - the wall round the window: a report that cannot be shown is in the log
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = hook


def show(report: str, wording: Wording, parent: QWidget | None = None) -> QDialog | None:
    """Show a report, unless one is shown already."""
    if _open:
        return None
    dialog = CrashDialog(report, wording, parent)
    _open.append(dialog)
    dialog.finished.connect(lambda _: _open.clear())
    dialog.open()
    return dialog


def report_of(trace: str) -> str:
    """What a person may pass on: versions and the trace, without the name of their home folder."""
    lines = (
        f"RAG Desktop {__version__}",
        f"Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}",
        "",
        trace.strip(),
    )
    return "\n".join(lines).replace(str(Path.home()), "~")


class CrashDialog(QDialog):
    """Says that something went wrong, in plain words, and offers the report."""

    def __init__(self, trace: str, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = report_of(trace)
        self.setWindowTitle(wording.say("Something went wrong"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 380)
        said = QLabel(
            wording.say("An error in this program ended what it was doing. Your files and your library are safe.")
        )
        said.setWordWrap(True)
        shown = QPlainTextEdit(self._report)
        shown.setReadOnly(True)
        shown.setAccessibleName(wording.say("Report"))
        buttons = QHBoxLayout()
        buttons.addWidget(push(wording.say("Copy report"), self.copy))
        buttons.addStretch()
        buttons.addWidget(push(wording.say("Close"), self.accept, primary=True))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 2, GRID * 2, GRID * 2, GRID * 2)
        layout.setSpacing(GRID + 4)
        layout.addWidget(said)
        layout.addWidget(shown, 1)
        layout.addLayout(buttons)

    def copy(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self._report)
