"""What is to be looked at: asked for by a person, or noticed. Filled by any thread, taken by the writing lane."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import FolderId
from rag_desktop.files.walking import outermost
from rag_desktop.services.indexing import Indexing
from rag_desktop.services.tasks import Task
from rag_desktop.store.folders import FolderRow

_MOST_PATHS = 1_000
"""Of one folder that are looked at one by one; beyond, the whole folder is."""


@dataclass(slots=True)
class Asked:
    """A look that somebody asked for, and what came of it."""

    folders: Callable[[], list[FolderRow]]
    looked: list[FolderRow] = field(default_factory=list)
    error: UserFacingError | None = None
    """For the task that asked to tell; the others go on."""

    def name(self) -> None:
        """Find out which folders are meant; new ones are registered by that."""
        try:
            self.looked = self.folders()
        except UserFacingError as error:
            self.error = error

    def look(self, indexing: Indexing, task: Task) -> None:
        """Look at them."""
        try:
            if self.looked:
                indexing.look(self.looked, task)
        except UserFacingError as error:
            self.error = error


class Looks:
    """Looks that wait. One that was not made in the end, for whatever reason, is not forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: list[Asked] = []
        self._changed: dict[FolderId, set[str]] = {}
        self._wanted: set[str] = set()

    def ask(self, folders: Callable[[], list[FolderRow]]) -> Asked:
        """Have folders looked at whole; `folders` is called then, on the writing lane."""
        asked = Asked(folders)
        with self._lock:
            self._asked.append(asked)
        return asked

    def forget(self, asked: Asked) -> None:
        """Nobody wants this look any more."""
        with self._lock:
            if asked in self._asked:
                self._asked.remove(asked)

    def notice(self, changed: Mapping[FolderId, set[str]]) -> None:
        """Paths of folders that may have changed."""
        with self._lock:
            for folder, paths in changed.items():
                self._changed.setdefault(folder, set()).update(paths)

    def again(self, paths: Sequence[str]) -> None:
        """Folders that are to be looked at whole, though nobody asked."""
        with self._lock:
            self._wanted.update(paths)

    @property
    def is_noticed(self) -> bool:
        """Whether something waits that no task of its own will take."""
        return bool(self._changed or self._wanted)

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits."""
        return self.is_noticed or bool(self._asked)

    def take(self, indexing: Indexing, watched: Callable[[], list[FolderRow]], task: Task) -> None:
        """Make all looks that wait until now. What a person asked for keeps its error.

        watched: returns all folders once each of them is watched: they must be before they are looked at.
        """
        with self._lock:
            asked, self._asked = self._asked, []
            changed, self._changed = self._changed, {}
            wanted, self._wanted = self._wanted, set()
        try:
            for each in asked:
                each.name()
            folders = watched()
            while asked:
                asked[0].look(indexing, task)
                del asked[0]
            rows = [row for row in folders if row.id in changed or row.path in wanted]
            if rows:
                indexing.look(rows, task, _below(rows, changed, wanted))
            changed, wanted = {}, set()
        finally:
            with self._lock:
                self._asked = asked + self._asked
            self.notice(changed)
            self.again(list(wanted))


def _below(
    rows: Sequence[FolderRow], changed: Mapping[FolderId, set[str]], wanted: set[str]
) -> dict[FolderId, frozenset[str]]:
    """What of each folder is looked at, where that is not all of it."""
    parts = {row.id: outermost(changed[row.id]) for row in rows if row.path not in wanted}
    return {
        row.id: frozenset(parts[row.id])
        for row in rows
        if row.id in parts and row.path not in parts[row.id] and len(parts[row.id]) <= _MOST_PATHS
    }
