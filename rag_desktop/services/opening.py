"""Opens what a library holds though its files may be damaged: mends, salvages, restores, and names what was lost."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import apsw
from filelock import FileLock

from rag_desktop.domain.care import At, Recovered, unwatched
from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.services import care
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store import retelling
from rag_desktop.store.attempts import Attempts
from rag_desktop.store.backups import Backup, Backups, Kind
from rag_desktop.store.connection import FILE_NAME, worded
from rag_desktop.store.conversations import FILE_NAME as CONVERSATIONS
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.doubts import is_doubtful, is_there, set_version_right
from rag_desktop.store.exchange import finish
from rag_desktop.store.library import Library, writers_lock
from rag_desktop.store.salvage import salvage
from rag_desktop.store.wal import lost_commits

_LOG = logging.getLogger(__name__)
_CAREFUL, _REFUSED = 2, 4
"""Openings in a row without an end: from how many on the whole library is checked, and none is tried any more."""


def open_writer(place: Path, at: At = unwatched) -> tuple[Library, list[Recovered]]:
    """The one writer of a library, which was mended, salvaged or begun anew where it had to be.

    at: told how far checking and mending are; may raise Cancelled. Raises UserFacingError as `Library.writer`, and
    `library-unopenable` after the program ended in the middle of it several times in a row.
    """
    lock = writers_lock(place)
    attempts = Attempts(place / FILE_NAME)
    before = attempts.begin()
    try:
        if before >= _REFUSED:
            raise UserFacingError("library-unopenable", path=str(place))
        library, recovered = _opened(place, lock, at, is_careful=before >= _CAREFUL)
        attempts.end()
    except BaseException as error:
        if isinstance(error, UserFacingError | Cancelled):
            attempts.note(before)  # the program goes on: as many openings had no end as before
        lock.release()
        raise
    return library, recovered


def distrust(place: Path) -> None:
    """Have the whole library checked and mended when it is opened the next time: its file proved to be damaged."""
    Attempts(place / FILE_NAME).note(_CAREFUL)


def repair(place: Path, settings: SettingsFile | None = None, at: At = unwatched) -> list[Recovered]:
    """Check and mend all files of a library. Raises UserFacingError `library-in-use` beside another writer."""
    distrust(place)
    library, recovered = open_writer(place, at)
    library.close()
    Backups(place).sweep()
    talks, told = open_conversations(place)
    talks.close()
    return [*recovered, *told, *(restore_settings(settings, place) if settings else [])]


def open_conversations(place: Path) -> tuple[Conversations, list[Recovered]]:
    """The conversations, restored from their last backup where their file is damaged. Nobody else has it open."""
    with worded(place / CONVERSATIONS):
        place.mkdir(parents=True, exist_ok=True)
        path = place / CONVERSATIONS
        finish(path)
        backup = Backups(place).newest(Kind.CONVERSATIONS)
        if not is_there(path):
            return (Conversations(place), []) if backup is None else _restored(place, backup)
        try:
            talks = Conversations(place)
        except UserFacingError as error:
            if error.code == "library-newer" and not retelling.is_of_this_version(place):
                raise
            if error.code not in ("library-newer", "library-damaged"):
                raise
            return _restored(place, backup)
        except apsw.Error:  # as for the library
            return _restored(place, backup)
        if not retelling.is_sound(place, backup.path if backup else None):
            talks.close()
            return _restored(place, backup)
        return talks, _cut(path, talks)


def restore_settings(settings: SettingsFile, place: Path) -> list[Recovered]:
    """Put the last backup in the place of a settings file that cannot be read."""
    if not settings.is_damaged:
        return []
    backup = Backups(place).newest(Kind.SETTINGS)
    if backup is None:
        return [Recovered(UserFacingError("settings-damaged"))]
    settings.restore(backup.path.read_bytes())
    return [Recovered(UserFacingError("settings-restored", when=_when(backup)))]


def _opened(place: Path, lock: FileLock, at: At, *, is_careful: bool) -> tuple[Library, list[Recovered]]:
    finish(place / FILE_NAME)
    if not is_there(place / FILE_NAME):
        return _begun(place, lock)
    set_version_right(place / FILE_NAME)
    try:
        library = Library.locked(place, lock)
    except UserFacingError as error:
        if error.code != "library-damaged":
            raise
        return _salvaged(place, lock)
    except apsw.Error:  # tables that are there twice or not at all: what SQLite says of a damaged schema
        return _salvaged(place, lock)
    try:
        if not is_careful and not is_doubtful(library.connection, place / FILE_NAME):
            return library, []
        _LOG.warning("the library is checked as a whole")
        return _mended(library, lock, at)
    except BaseException:
        library.connection.close()
        raise


def _begun(place: Path, lock: FileLock) -> tuple[Library, list[Recovered]]:
    known = care.backed_up(place)
    if not known.folders:
        return Library.locked(place, lock), []
    with worded(place / FILE_NAME):
        found, _ = salvage(place, known)
    error = UserFacingError("library-missing-remade", folders=len(found.folders))
    return Library.locked(place, lock), [Recovered(error)]


def _mended(library: Library, lock: FileLock, at: At) -> tuple[Library, list[Recovered]]:
    """Check and mend until nothing is damaged any more; what mending does not end is salvaged."""
    recovered: list[Recovered] = []
    try:
        for _ in range(2):
            found = care.check_library(library, at)
            if not found:
                library.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)  # a damaged end is doubted once
                return library, recovered
            recovered += care.repair(library, found, at)
        if not care.check_library(library, at):
            return library, recovered
    except care.BeyondMendingError:
        pass
    library.connection.close()
    return _salvaged(library.folder, lock)


def _salvaged(place: Path, lock: FileLock) -> tuple[Library, list[Recovered]]:
    with worded(place / FILE_NAME):
        found, kept = salvage(place, care.backed_up(place))
    error = UserFacingError("library-salvaged", folders=len(found.folders), vectors=len(found.vectors), path=str(kept))
    _LOG.warning("the library was damaged and made anew: %s", error)
    return Library.locked(place, lock), [Recovered(error)]


def _cut(path: Path, talks: Conversations) -> list[Recovered]:
    """Whether the end of the log was damaged, told once."""
    if not lost_commits(path, talks.connection):
        return []
    talks.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    return [Recovered(UserFacingError("conversations-cut"))]


def _restored(place: Path, backup: Backup | None) -> tuple[Conversations, list[Recovered]]:
    told = retelling.restore(place, backup.path if backup else None)
    lost = "" if told.lost is None else str(told.lost)
    if backup is None:
        error = UserFacingError("conversations-salvaged", turns=told.turns, lost=lost or "?", path=str(told.kept))
    else:
        error = UserFacingError(
            "conversations-restored",
            when=_when(backup),
            turns=told.turns,
            newer=told.newer,
            lost=lost or "?",
            path=str(told.kept),
        )
    return Conversations(place), [Recovered(error)]


def _when(backup: Backup) -> str:
    return datetime.fromtimestamp(backup.made_at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
