"""How long the window's thread is away from its events while a folder is indexed and an answer generated."""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from rag_desktop.app import build
from rag_desktop.domain.events import Event, LibraryLooked, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.panel import Context, Moves
from rag_desktop.gui.theme import Theme
from rag_desktop.gui.window import Window
from rag_desktop.gui.workarounds import keep_true_alive
from rag_desktop.services.desk import Desk

BEAT_MS = 2
QUESTIONS = ("How do I create a cell array?", "What does match.arg do?", "How are lists sorted in Python?")


class Beats(QObject):
    """A timer every two milliseconds; what is longer between two beats is a stall."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._clock = QElapsedTimer()
        self._clock.start()
        self._last = self._clock.nsecsElapsed()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = self._clock.nsecsElapsed()
        self.gaps.append(max(0.0, (now - self._last) / 1e6 - BEAT_MS))
        self._last = now


class Asking(QObject):
    """Asks one question after the other, and says how many were answered."""

    def __init__(self, desk: Desk, bridge: Bridge) -> None:
        super().__init__()
        self.answered = 0
        self.failures: list[str] = []
        self._desk = desk
        self._task: TaskId | None = None
        bridge.happened.connect(self._on)

    def _on(self, event: Event) -> None:
        if isinstance(event, TaskEnded) and event.task == self._task:
            self.answered += event.error is None
            if event.error:
                self.failures.append(event.error.code)
            self.ask()
        elif isinstance(event, LibraryLooked) and self._task is None and event.status.passages:
            self.ask()

    def ask(self) -> None:
        """Ask the next question."""
        self._task = self._desk.ask(QUESTIONS[self.answered % len(QUESTIONS)], None)


def main() -> None:
    """Print the stalls, as one JSON object."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--seconds", type=float, default=600.0)
    options = arguments.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    keep_true_alive()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        program, bridge, moves = build(Path(folder) / "library"), Bridge(), Moves()
        desk = Desk(program, bridge.mailbox.publish)
        theme = Theme(application, "light")
        theme.apply()
        window = Window(Context(desk, bridge, program.wording, theme, moves), Memory(Path(folder)))
        began = time.perf_counter()
        window.show()
        asking = Asking(desk, bridge)
        window.started.connect(lambda: desk.upkeep.add(str(options.data)))
        beats = Beats()
        QTimer.singleShot(int(options.seconds * 1000), application.quit)
        application.exec()
        passages = program.places.library.exists()
        window.close()
        desk.close()
    gaps = sorted(beats.gaps)
    result = {
        "seconds": round(time.perf_counter() - began, 1),
        "beats": len(gaps),
        "answered": asking.answered,
        "failures": asking.failures[:5],
        "library": passages,
        "p50_ms": round(gaps[len(gaps) // 2], 2),
        "p99_ms": round(gaps[int(len(gaps) * 0.99)], 2),
        "p999_ms": round(gaps[int(len(gaps) * 0.999)], 2),
        "longest_ms": [round(gap, 1) for gap in gaps[-5:]],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
