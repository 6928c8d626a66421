"""Between the lanes that publish and the window that shows: events wait here until the window's thread takes them."""

import threading
from collections import deque
from collections.abc import Callable

from rag_desktop.domain.events import Event, Progress, Token


class Mailbox:
    """A locked queue of events. Neighbouring words and progress of one task are merged; `wake` is called once a batch.

    `wake` runs in the publisher's thread and must only notify: it is not called again before `take` was.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()

    def publish(self, event: Event) -> None:
        """Leave an event; from any thread."""
        with self._lock:
            was_empty = not self._events
            merged = self._events and _merged(self._events[-1], event)
            if merged:
                self._events[-1] = merged
            else:
                self._events.append(event)
        if was_empty:
            self._wake()

    def take(self) -> list[Event]:
        """All events that wait, in order; the box is empty afterwards."""
        with self._lock:
            taken, self._events = list(self._events), deque()
        return taken


def _merged(last: Event, event: Event) -> Event | None:
    """The two as one event, or None where both must be seen."""
    match last, event:
        case Token(task=one, text=before), Token(task=other, text=after) if one == other:
            return Token(one, before + after)
        case Progress(task=one, stage=before), Progress(task=other, stage=after) if one == other and before == after:
            return event
        case _:
            return None
