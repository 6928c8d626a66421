"""Notices what changes in the watched folders: the system tells most of it, looking now and then tells the rest."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import FolderId
from rag_desktop.files.rules import Rules
from rag_desktop.files.watching import Watch
from rag_desktop.services.indexing import is_inside
from rag_desktop.services.room import RESERVE, Room
from rag_desktop.settings.declarations import RESCAN_MINUTES, WATCHING
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.folders import FolderRow

_TICK_S = 5.0
"""How soon a drive that was plugged in or pulled is noticed."""
_QUIET_S, _MOST_S = 0.5, 5.0
"""Changes are told once it was quiet for so long, or after so long at the latest."""
_UNWATCHED_S = 120.0
"""A folder that the system does not watch for us is looked at this often."""


class Vigil:
    """Watches folders from `begin` to `close`, in threads of its own."""

    def __init__(
        self,
        settings: SettingsFile,
        noticed: Callable[[dict[FolderId, set[str]]], None],
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
        self._is_low = False

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
        self._folders = {row.path: row for row in folders}
        self._is_followed.clear()
        self._woken.set()
        if wait_s and self._thread:
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
        self._is_low = self._is_low or error.code in {"disk-low", "disk-full"}

    def close(self) -> None:
        """Notice nothing more."""
        with self._beginning:
            self._is_closing = True
        self._woken.set()
        if self._thread:
            self._thread.join()

    def _run(self, own_places: tuple[str, ...]) -> None:
        watch = (
            Watch(self._on_changed, excluded=own_places, quiet_s=0.5, most_s=5.0)
            if self._settings.get(WATCHING)
            else None
        )
        followed: dict[str, FolderRow] = {}
        mounted: dict[str, bool] = {}
        looked = unwatched = time.monotonic()
        while not self._is_closing:
            if followed is not self._folders:
                followed = self._folders
                if watch:
                    watch.follow({path: Rules(path, row.patterns) for path, row in followed.items()})
                if followed is self._folders:
                    self._is_followed.set()
            now = time.monotonic()
            every = self._settings.get(RESCAN_MINUTES) * 60
            if (every and now - looked >= every) or self._has_room_again():
                looked = unwatched = now
                self._look(list(self._folders))
            turned = [row.path for row in self._folders.values() if row.is_away is _is_there(row)]
            before, mounted = mounted, self._mounted()
            turned += [row.path for row in self._folders.values() if _has_turned(row.mounts, before, mounted)]
            if now - unwatched >= _UNWATCHED_S:
                unwatched = now
                turned += watch.failed if watch else self._folders
            if turned:
                self._look(turned)
            self._tidy()
            self._woken.wait(_TICK_S)
            self._woken.clear()
        self._is_followed.set()
        if watch:
            watch.close()

    def _mounted(self) -> dict[str, bool]:
        """For each drive that was met below a folder, whether it is there."""
        return {mount: os.path.ismount(mount) for row in self._folders.values() for mount in row.mounts}

    def _on_changed(self, paths: frozenset[str]) -> None:
        changed: dict[FolderId, set[str]] = {}
        for path in paths:
            row = self.folder_above(path)
            if row:
                changed.setdefault(row.id, set()).add(path)
        if changed:
            self._noticed(changed)

    def _has_room_again(self) -> bool:
        if not self._is_low or self._room is None:
            return False
        try:
            self._room.need(RESERVE // 2)  # not at the first byte: it would stop again at once
        except (UserFacingError, OSError):
            return False
        self._is_low = False
        return True


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
