"""Opens the window and runs it to its end."""

import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QMessageLogContext, QtMsgType, QTranslator, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from rag_desktop.domain.events import WindowWanted
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui import crash
from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.display import no_window
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.panel import Context, Moves
from rag_desktop.gui.theme import Theme
from rag_desktop.gui.window import Window
from rag_desktop.gui.workarounds import keep_true_alive
from rag_desktop.services.desk import Desk
from rag_desktop.services.instance import Instance
from rag_desktop.services.program import Program
from rag_desktop.services.wording import Wording

NO_WINDOW = 2
_LOG = logging.getLogger("qt")
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """What must live as long as the window."""

    application: QApplication
    window: Window
    bridge: Bridge
    desk: Desk
    translator: QTranslator


def open_window(program: Program, instance: Instance | None) -> int:
    """Open the window and run it until it is closed; returns the exit status.

    instance: None where the library's folder cannot be written; then no other window and no command line is heard.
    """
    opened = build_window(program)
    crash.install(program.wording)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Qt's loop would never let Python's own handler run
    if instance:
        instance.serve(opened.desk, lambda: opened.bridge.mailbox.publish(WindowWanted(TaskId(0))))
    opened.window.show()
    try:
        return opened.application.exec()
    finally:
        if instance:
            instance.stop_listening()
        opened.desk.close()  # before another window may take the library: until here it is being written
        if instance:
            instance.close()


def build_window(program: Program) -> Opened:
    """The window with all it needs, not shown yet. Ends the process with a sentence where Qt finds no display."""
    keep_true_alive()
    _watch_qt(program.wording)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("rag-desktop")
    application.setApplicationDisplayName("RAG Desktop")
    application.setStyle("Fusion")  # the one style that takes our colours whole on every system
    translator = _translated(application, program.wording.language)
    memory, bridge = Memory(program.places.config), Bridge()
    theme = Theme(application, memory.text("appearance", "system"), program.places.resources / "icons")
    theme.apply()
    desk = Desk(program, bridge.mailbox.publish)
    window = Window(Context(desk, bridge, program.wording, theme, Moves()), memory)
    return Opened(application, window, bridge, desk, translator)


def _translated(application: QApplication, language: str) -> QTranslator:
    """Qt's own dialogs speak the person's language by Qt's own catalogue."""
    translator = QTranslator(application)
    QLocale.setDefault(QLocale(language))
    if translator.load(QLocale(language), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)
    return translator


def _watch_qt(wording: Wording) -> None:
    """Qt's messages go to the log. A fatal one comes when no display can be used: Qt is about to abort the process."""

    def heard(kind: QtMsgType, _where: QMessageLogContext, message: str) -> None:
        _LOG.log(_LEVELS.get(kind, logging.WARNING), message)
        if kind is QtMsgType.QtFatalMsg:
            plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
            sys.stderr.write(no_window(wording, plugins, os.environ) + "\n")
            sys.stderr.flush()
            os._exit(NO_WINDOW)

    _LOG.addHandler(logging.NullHandler())  # without a log nothing is printed: it would drown our one sentence
    qInstallMessageHandler(heard)
