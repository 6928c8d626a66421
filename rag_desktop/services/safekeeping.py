"""Makes the backups: of conversations, settings and the list of folders, after changes and not too often."""

import time
from pathlib import Path

import apsw

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services import care
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.backups import Backups, Kind, known_out
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.library import Library
from rag_desktop.store.retelling import copy_to

EVERY_S = 600.0


class Safekeeping:
    """Backs one library up. For the lane that writes conversations or folders, whichever is at hand."""

    def __init__(self, place: Path, settings: SettingsFile | None, every_s: float = EVERY_S) -> None:
        self._backups = Backups(place)
        self._settings = settings
        self._every_s = every_s
        self._made_at: dict[Kind, float] = {}

    def conversations(self, talks: Conversations, *, now: bool = False, alone: bool = False) -> bool:
        """Back conversations up if that is due. Returns whether a new copy was made.

        now: though it is not due. alone: keep no older copy, after something was deleted for good.
        Raises UserFacingError; older copies are then still there.
        """
        if not self._is_due(Kind.CONVERSATIONS, now=now or alone):
            return False
        try:
            return self._backups.put(Kind.CONVERSATIONS, copy_to(talks.connection), alone=alone)
        except apsw.ReadOnlyError as error:
            raise UserFacingError("library-forbidden", path="") from error

    def folders(self, library: Library, *, now: bool = False) -> bool:
        """Back the list of folders up; a few hundred bytes, and so after each change of it."""
        if not self._is_due(Kind.FOLDERS, now=now):
            return False
        content = known_out(care.known(library))
        return self._backups.put(Kind.FOLDERS, lambda path: _written(path, content))

    def settings(self, *, now: bool = False) -> bool:
        """Back the settings up."""
        content = self._settings.content() if self._settings else None
        if content is None or not self._is_due(Kind.SETTINGS, now=now):
            return False
        return self._backups.put(Kind.SETTINGS, lambda path: _written(path, content))

    def _is_due(self, kind: Kind, *, now: bool) -> bool:
        made_at = self._made_at.get(kind)
        if not now and made_at is not None and time.monotonic() - made_at < self._every_s:
            return False
        self._made_at[kind] = time.monotonic()
        return True


def _written(path: Path, content: bytes) -> None:
    path.write_bytes(content)
