"""Notices what changes in the watched folders: the system tells most of it, looking now and then tells the rest."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import FolderId
from rag_desktop.files.rules import Rules
from rag_desktop.files.watching import Watch
from rag_desktop.services.indexing import is_inside
from rag_desktop.services.room import RESERVE, Room
from rag_desktop.settings.declarations import RESCAN_MINUTES, WATCHING
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.folders import FolderRow

_LOG = logging.getLogger(__name__)
_TICK_S = 5.0
"""How soon a drive that was plugged in or pulled is noticed."""
_QUIET_S, _MOST_S = 0.5, 5.0
"""Changes are told once it was quiet for so long, or after so long at the latest."""
_UNWATCHED_S = 120.0
"""A folder that the system does not watch for us is looked at this often."""
_LONGEST_S = 600.0
"""A folder that is not as the library thinks, whatever is looked, is looked at again after ever longer, up to this."""
_ENDING_S = 2.0
"""How long `close` waits: listing folders of a dead network share cannot be broken off."""


@dataclass(slots=True)
class _Turned:
    """A folder that is there though it counts as away, or the other way round: when it is looked at next."""

    due: float
    wait_s: float = _TICK_S


class Vigil:
    """Watches folders from `begin` to `close`, in threads of its own."""

    def __init__(
        self,
        settings: SettingsFile,
        noticed: Callable[[Mapping[FolderId, set[str]]], None],
        look: Callable[[Sequence[str]], None],
        tidy: Callable[[], None],
    ) -> None:
        """noticed: given paths that may have changed. look: asked to look at folders whole. tidy: called often."""
        self._settings = settings
        self._noticed = noticed
        self._look = look
        self._tidy = tidy
        self._room: Room | None = None
        self._folders: dict[str, FolderRow] = {}
        self._thread: threading.Thread | None = None
        self._beginning = threading.Lock()
        self._woken = threading.Event()
        self._is_followed = threading.Event()
        self._is_closing = False
        self._needed: int | None = None
        """Bytes that must be free before work goes on that the disk had no room for."""
        self._turned: dict[str, _Turned] = {}
        self._mounted: dict[str, bool] = {}

    def begin(self, room: Room, own_places: Iterable[str]) -> None:
        """Notice things from now on. own_places: folders in which this program itself writes."""
        with self._beginning:
            if self._thread is None and not self._is_closing:
                self._room = room
                self._thread = threading.Thread(target=self._run, args=(tuple(own_places),), name="vigil", daemon=True)
                self._thread.start()

    def follow(self, folders: Sequence[FolderRow], wait_s: float = 0.0) -> None:
        """Watch these folders and no others, soon.

        wait_s: how long to wait until it is so. A folder must be watched before it is looked at: what changes in
        between would be seen by nobody.
        """
        wanted = {row.path: row for row in folders}
        if wanted != self._folders:
            self._is_followed.clear()
            self._folders = wanted
            self._woken.set()
        if wait_s and self._thread and self._thread.is_alive():
            self._is_followed.wait(wait_s)

    @property
    def paths(self) -> list[str]:
        """Of the folders last followed."""
        return list(self._folders)

    def folder_at(self, path: str) -> FolderRow | None:
        """The folder with just this path, as last followed."""
        return self._folders.get(path)

    def folder_above(self, path: str) -> FolderRow | None:
        """The innermost folder that holds `path`, as last followed."""
        above = [row for root, row in self._folders.items() if is_inside(path, root)]
        return max(above, key=lambda row: len(row.path), default=None)

    def met(self, error: UserFacingError) -> None:
        """Hear what ended a task: one that the disk had no room for is taken up again when it has."""
        if error.code in {"disk-low", "disk-full"}:
            needed = error.arguments.get("needed", 0)
            self._needed = max(int(needed) * 1_000_000 - RESERVE, 0) if isinstance(needed, int) else 0

    def close(self) -> None:
        """Notice nothing more."""
        with self._beginning:
            self._is_closing = True
        self._woken.set()
        if self._thread:
            self._thread.join(_ENDING_S)

    def _run(self, own_places: tuple[str, ...]) -> None:
        watch: Watch | None = None
        try:
            if self._settings.get(WATCHING):
                watch = Watch(self._on_changed, excluded=own_places, quiet_s=_QUIET_S, most_s=_MOST_S)
            self._keep_watch(watch)
        finally:  # whatever ends this, nobody waits for it
            self._is_followed.set()
            if watch:
                watch.close()

    def _keep_watch(self, watch: Watch | None) -> None:
        followed: dict[str, FolderRow] | None = None
        looked = unwatched = tick = time.monotonic()
        while not self._is_closing:
            if followed is not self._folders:
                followed = self._folders
                if watch:
                    watch.follow(_rules(followed.values()))
                if followed is self._folders:
                    self._is_followed.set()
            now = time.monotonic()
            if now >= tick:
                tick = now + _TICK_S
                wanted = self._turned_folders(now)
                every = self._settings.get(RESCAN_MINUTES) * 60
                if (every and now - looked >= every) or self._has_room_again():
                    looked = now
                    wanted.update(self._folders)
                if now - unwatched >= _UNWATCHED_S:
                    unwatched = now
                    wanted.update(watch.failed if watch else self._folders)
                if wanted:
                    self._look(sorted(wanted))
                self._tidy()
            self._woken.wait(max(0.0, tick - time.monotonic()))
            self._woken.clear()

    def _turned_folders(self, now: float) -> set[str]:
        """Folders that came or went, or a drive in them did, and that are due to be looked at."""
        before, self._mounted = self._mounted, self._drives()
        found = {row.path for row in self._folders.values() if _has_turned(row.mounts, before, self._mounted)}
        for path, row in self._folders.items():
            if row.is_away is not _is_there(row):
                self._turned.pop(path, None)
                continue
            turned = self._turned.setdefault(path, _Turned(now))
            if now >= turned.due:
                turned.due, turned.wait_s = now + turned.wait_s, min(turned.wait_s * 2, _LONGEST_S)
                found.add(path)
        return found

    def _drives(self) -> dict[str, bool]:
        """For each drive that was met below a folder, whether it is there."""
        return {mount: os.path.ismount(mount) for row in self._folders.values() for mount in row.mounts}

    def _on_changed(self, changed: Mapping[str, frozenset[str]]) -> None:
        told = {row.id: set(paths) for root, paths in changed.items() if (row := self._folders.get(root))}
        if told:
            self._noticed(told)

    def _has_room_again(self) -> bool:
        if self._needed is None or self._room is None:
            return False
        try:
            self._room.need(self._needed + RESERVE // 2)  # not at the first byte: it would stop again at once
        except UserFacingError:
            return False
        self._needed = None
        return True


def _rules(folders: Iterable[FolderRow]) -> dict[str, Rules]:
    """What is watched of each folder; patterns that mean nothing here are left to the look to complain of."""
    found: dict[str, Rules] = {}
    for row in folders:
        try:
            found[row.path] = Rules(row.path, row.patterns)
        except UserFacingError as error:
            _LOG.warning("patterns of %s are not kept to: %s", row.path, error)
            found[row.path] = Rules(row.path)
    return found


def _has_turned(mounts: Iterable[str], before: dict[str, bool], now: dict[str, bool]) -> bool:
    return any(mount in before and before[mount] != now.get(mount) for mount in mounts)


def _is_there(row: FolderRow) -> bool:
    try:
        if row.is_file:
            return os.path.isfile(row.path)
        with os.scandir(row.path) as entries:
            # An empty mount point is no drive that came back.
            return not row.is_away or any(True for _ in entries)
    except OSError:
        return False
