"""Spares the battery: on battery, indexing rests as long as it works, or waits for the mains."""

import time
from collections.abc import Callable

import psutil

from rag_desktop.services.tasks import Task

FULL, GENTLE, WAIT = "full", "gentle", "wait"
_LOOK_S = 15.0
_LONGEST_REST_S = 2.0


def is_on_battery() -> bool:
    """Whether this machine has a battery and lives on it now."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError):  # not every system tells
        return False
    return battery is not None and battery.power_plugged is False


class Power:
    """What indexing may take of a battery. mode: full (no difference), gentle (half the time), or wait."""

    def __init__(self, mode: Callable[[], str], on_battery: Callable[[], bool] = is_on_battery) -> None:
        self._mode = mode
        self._on_battery = on_battery
        self._looked = -_LOOK_S
        self._is_sparing = False

    def rest(self, task: Task, worked_s: float) -> None:
        """Rest after `worked_s` seconds of work, as far as the battery wants it. Raises Cancelled after `stop`."""
        self._look()
        if self._is_sparing and self._mode() == GENTLE:
            task.wait(min(worked_s, _LONGEST_REST_S))

    @property
    def is_waiting(self) -> bool:
        """Whether work waits for the mains."""
        self._look()
        return self._is_sparing and self._mode() == WAIT

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            self._is_sparing = self._on_battery()
