"""Makes the 8-bit form of a model beside the work, from texts that pass through, and checks it before it is used."""

import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from rag_desktop.engines.attempts import RefusedError, SlowError
from rag_desktop.engines.backends import Backend, cosines
from rag_desktop.engines.openvino_backend import OpenVinoBackend, errors, loaded, quantise
from rag_desktop.engines.preparing import Preparations
from rag_desktop.engines.tokenising import Tokens

_LOG = logging.getLogger(__name__)
KIND = "int8"
_EVERY = 8
"""One text in so many is taken: the texts of a request are of a length, and often of a document."""
_CALIBRATING = 256
_CHECKING = 64
_LEAST_COSINE = 0.99
_LEAST_GAIN = 1.15
"""How much faster the 8-bit form must be to be worth its rounding."""
_WATCHED_EVERY = 2
"""In one of so many requests, one text is embedded both ways; in each of the first ones, until it can be decided."""
_WATCHED = 8
"""So many of these, the last ones, decide whether the 8-bit form still fits."""
_BATCH = 16
_ROUNDS = 7
"""The best of them is what counts: other programs may compute meanwhile."""
_NICENESS = 10


class Quantiser:
    """Watches the texts that are indexed; once it has seen enough, prepares and checks the 8-bit form in a thread."""

    def __init__(self, preparations: Preparations, plain: OpenVinoBackend, threads: int) -> None:
        self._preparations, self._plain, self._threads = preparations, plain, threads
        self._attempts = preparations.attempts(KIND)
        self._looked = False
        self._wants = False
        self._taken: list[Tokens] = []
        self._watched = 0
        self._cosines: deque[float] = deque(maxlen=_WATCHED)
        self.thread: threading.Thread | None = None
        self.made: Backend | None = None
        """The 8-bit form, once it is there and good enough."""

    def see(self, texts: Sequence[Tokens]) -> None:
        """Texts that are about to be embedded as passages."""
        if not self._looked:
            self._look()
        if self.made and texts:
            self._watch(self.made, texts[len(texts) // 2])
        if not self._wants:
            return
        self._taken += texts[::_EVERY]
        if len(self._taken) >= _CALIBRATING + _CHECKING:
            self._wants = False
            self.thread = threading.Thread(target=self._run, name="quantising", daemon=True)
            self.thread.start()

    def _look(self) -> None:
        """Whether the 8-bit form is there from an earlier time, or is to be made."""
        self._looked = True
        if prepared := self._preparations.find(KIND):
            self.made = loaded(prepared, self._threads, KIND)
        self._wants = self.made is None and not self._attempts.are_used_up

    def _watch(self, made: Backend, text: Tokens) -> None:
        """The ranges fit the texts they were taken from; others, in another script for instance, may need others."""
        self._watched += 1
        if len(self._cosines) == _WATCHED and self._watched % _WATCHED_EVERY:
            return
        self._cosines.append(float(cosines(made.sentences([text]), self._plain.sentences([text]))[0]))
        if len(self._cosines) == _WATCHED and not sum(self._cosines) / _WATCHED >= _LEAST_COSINE:
            _LOG.info(
                "the 8-bit form does not fit the texts of now, and is to be made anew from those of a later start"
            )
            self.made = None
            self._preparations.drop(KIND)
            self._attempts.note_drop()

    def _run(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
            with suppress(OSError):
                thread = threading.get_native_id()
                now = os.getpriority(os.PRIO_PROCESS, thread)
                os.setpriority(os.PRIO_PROCESS, thread, max(now, _NICENESS))
        try:
            self.made = self._make()
        except (RefusedError, SlowError) as refused:
            _LOG.info("the 8-bit form is refused: %s", refused)
        except errors() as error:
            _LOG.warning("the 8-bit form could not be made", exc_info=error)

    def _make(self) -> Backend:
        plain = self._plain.prepared
        calibrating, checking = self._taken[:_CALIBRATING], self._taken[_CALIBRATING:]
        self._taken = []
        with self._preparations.making(KIND, plain.tokeniser, plain.prompt) as place:
            quantise(plain, calibrating, place.graph)
            made = OpenVinoBackend(place, self._threads, KIND)
            self._check(made, checking)
        return made

    def _check(self, made: Backend, texts: Sequence[Tokens]) -> None:
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        exact = OpenVinoBackend(self._plain.prepared, self._threads, "exact", exact=True)
        cosine = sum(float(cosines(made.sentences(each), exact.sentences(each)).mean()) for each in batches)
        if not cosine / len(batches) >= _LEAST_COSINE:
            raise RefusedError(f"mean cosine {cosine / len(batches):.4f}")
        # A backend of its own: the one in use is not for two threads.
        plain = OpenVinoBackend(self._plain.prepared, self._threads, "plain")
        seconds = [(_seconds(plain, batches), _seconds(made, batches)) for _ in range(_ROUNDS)]
        gain = min(of_plain for of_plain, _ in seconds) / min(of_made for _, of_made in seconds)
        if gain < _LEAST_GAIN:
            raise SlowError(f"{gain:.2f} times as fast")


def _seconds(backend: Backend, batches: Sequence[Sequence[Tokens]]) -> float:
    began = time.perf_counter()
    for batch in batches:
        backend.sentences(batch)
    return time.perf_counter() - began
