"""What the lanes of the desk hold open: one library over three connections, and the conversations."""

import threading
from collections.abc import Callable
from pathlib import Path

from rag_desktop.domain.care import At, Recovered, unwatched
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services import opening
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.library import Library

_OPENING_S = 15.0
"""How long other lanes wait for the writing lane to open (and perhaps migrate) the library."""


class Holdings:
    """Opens each thing once, for the lane that first needs it."""

    def __init__(self, place: Path, recovered: Callable[[Recovered], None] = lambda _: None) -> None:
        """recovered: told what was brought back or lost, in the thread that opens."""
        self._place = place
        self._tell = recovered
        self._was_opened = threading.Event()
        self._is_opening = False
        self._writer: Library | None = None
        self._beside: Library | None = None
        self._beside_writes = False
        self._reader: Library | None = None
        self._glance: Library | None = None
        self._restoring = threading.Lock()
        self._conversations: dict[str, Conversations] = {}

    @property
    def is_writing(self) -> bool:
        """Whether this program is the library's writer."""
        return self._writer is not None

    def writer(self, at: At = unwatched) -> Library:
        """The writing lane's. Raises UserFacingError `library-in-use` while another program writes.

        at: told how far the check of a damaged library is; may raise Cancelled.
        """
        if self._writer is None:
            self._is_opening = True
            try:
                self._writer, recovered = opening.open_writer(self._place, at)
            finally:
                self._is_opening = False
                self._was_opened.set()
            for each in recovered:
                self._tell(each)
        return self._writer

    def met(self, error: UserFacingError) -> None:
        """Take note of an error: a library that proves to be damaged is mended at the next start."""
        if error.code == "library-damaged":
            opening.distrust(self._place)

    def beside(self) -> Library:
        """The searching lane's, for small writes; only for reading while another program is the writer."""
        self._wait()
        may_write = self.is_writing
        if self._beside is None or (may_write and not self._beside_writes):
            if self._beside:
                self._beside.close()
            self._beside = Library.beside(self._place) if may_write else Library.reader(self._place)
            self._beside_writes = may_write
        return self._beside

    def reader(self) -> Library:
        """The generating lane's."""
        self._wait()
        if self._reader is None:
            self._reader = Library.reader(self._place)
        return self._reader

    def glance(self) -> Library:
        """The typing lane's."""
        self._wait()
        if self._glance is None:
            self._glance = Library.reader(self._place)
        return self._glance

    def conversations(self, lane: str) -> Conversations:
        """A lane's own connection to the conversations."""
        with self._restoring:
            if lane not in self._conversations and not self._conversations:
                self._conversations[lane], recovered = opening.open_conversations(self._place)
                for each in recovered:
                    self._tell(each)
            elif lane not in self._conversations:
                self._conversations[lane] = Conversations(self._place)
        return self._conversations[lane]

    def _wait(self) -> None:
        """Wait for the writer. Raises UserFacingError `library-mending` while its file may be about to be replaced."""
        if not self._was_opened.wait(_OPENING_S) and self._is_opening:
            raise UserFacingError("library-mending")

    def close(self) -> None:
        """Close everything; no lane may be at work."""
        for opened in (self._writer, self._beside, self._reader, self._glance, *self._conversations.values()):
            if opened:
                opened.close()
