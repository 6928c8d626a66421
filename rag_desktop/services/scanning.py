"""Looks at watched folders, and applies what needs no reading: files that moved, were touched, or are gone."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Stage
from rag_desktop.domain.ids import FolderId
from rag_desktop.domain.status import Failure
from rag_desktop.files.rules import Rules
from rag_desktop.files.walking import Found, is_within, single_file, walk
from rag_desktop.services.planning import Plan, Sight, plan
from rag_desktop.services.storing import file_name, reader_version, unrecognised_version
from rag_desktop.services.tasks import Task
from rag_desktop.store.documents import DocumentRow
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library

FormatOf = Callable[[str], str | None]
Below = Mapping[FolderId, frozenset[str]]
"""Paths in a folder that are to be looked at, none inside another; other folders are looked at whole."""


@dataclass(slots=True)
class Scan:
    """What one look at a folder found, and what is to be done."""

    folder: FolderRow
    plan: Plan = field(default_factory=Plan)
    failures: list[Failure] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    device: int | None = None
    mounts: tuple[str, ...] = ()
    """File systems below the root: those that are there, and those that were and may come back."""
    is_there: bool = True
    """Whether the folder could be reached."""
    is_whole: bool = True
    """Whether the look went through all of it."""


class Scanning:
    """Looks at folders of one library, on the writing lane."""

    def __init__(self, library: Library, format_of: FormatOf, left_out: tuple[str, ...] = ()) -> None:
        """left_out: files and folders that are never walked."""
        self._library = library
        self._left_out = left_out
        self._format_of = format_of

    def look(self, folders: Sequence[FolderRow], task: Task, below: Below) -> list[Scan]:
        """Compare the folders with what is known of them; those that cannot be reached are marked as away."""
        scans: list[Scan] = []
        sights: list[tuple[Scan, Sight]] = []
        for folder in folders:
            scan = Scan(folder, is_whole=folder.id not in below)
            scans.append(scan)
            sight = self._sight(scan, task, below.get(folder.id))
            if sight:
                sights.append((scan, sight))
        plans = plan([sight for _, sight in sights], task.check)
        for (scan, _), made in zip(sights, plans, strict=True):
            scan.plan = made
        return scans

    def _sight(self, scan: Scan, task: Task, below: frozenset[str] | None) -> Sight | None:
        """What lies in a folder and what is known of it; None where the folder cannot be reached."""
        folder, documents = scan.folder, self._library.documents

        def at(count: int, where: str) -> None:
            task.at(Stage.SCANNING, 0, count, where)

        try:
            found = self._found(folder, at, below)
        except UserFacingError as error:
            self._is_away(scan, error)
            return None
        known = list(documents.of_folder(folder.id) if below is None else documents.below(folder.id, below))
        if found.device != folder.device and _is_another(folder, found, list(documents.of_folder(folder.id))):
            self._is_away(scan, UserFacingError("folder-away", path=folder.path))
            return None
        away = _lost_mounts(folder, found, known)
        scan.failures += [Failure(path, UserFacingError("folder-forbidden", path=path)) for path in found.unreadable]
        scan.failures += [Failure(path, UserFacingError("folder-away", path=path)) for path in away]
        scan.skipped, scan.device, scan.mounts = found.skipped, found.device, (*found.mounts, *away)
        version, hidden = reader_version(folder.chunker), (*found.unreadable, *away)
        return Sight(folder.id, found.files, known, version, hidden, unrecognised_version(folder.chunker))

    def _is_away(self, scan: Scan, error: UserFacingError) -> None:
        scan.is_there = scan.is_whole = False
        scan.failures.append(Failure(scan.folder.path, error))
        if error.code == "folder-away":
            self._library.folders.away(scan.folder.id)

    def _found(self, folder: FolderRow, at: Callable[[int, str], None], below: frozenset[str] | None) -> Found:
        if folder.is_file:
            return Found([single_file(folder.path)])
        others = [other.path for other in self._library.folders.all() if other.id != folder.id]
        rules = Rules(folder.path, folder.patterns)
        own = str(self._library.folder)
        return walk(rules, self._format_of, excluded=[*others, own, *self._left_out], at=at, below=below)

    def apply(self, scans: Sequence[Scan]) -> None:
        """What needs no reading: files that moved, were touched, or are gone."""
        documents = self._library.documents
        moves = [(scan.folder.id, document, file) for scan in scans for document, file in scan.plan.moved]
        with self._library.transaction():
            for _, document, _ in moves:
                documents.lift(document)  # two files may have changed places
            for folder, document, file in moves:
                self._forget_at(file.path)
                documents.move(document, folder, file)
                known = documents.get(document)
                documents.name_words(document, file_name(file.path), known.title if known else None)
            for scan in scans:
                if scan.is_there and scan.folder.is_away:
                    self._library.folders.back(scan.folder.id)
                for document, file in scan.plan.touched:
                    documents.touch(document, file)
        for scan in scans:
            for some in self._library.purging.steps(scan.plan.gone):
                with self._library.transaction():
                    self._library.purging.forget(some)

    def _forget_at(self, path: str) -> None:
        """Drop what stood at a path that is taken by another document now."""
        stale = self._library.documents.at(path)
        if stale:
            self._library.chunks.forget(stale.id)
            self._library.documents.forget(stale.id)


def _lost_mounts(folder: FolderRow, found: Found, known: Sequence[DocumentRow]) -> list[str]:
    """Drives that were mounted below the root and are not now: what was read of them is away, not deleted."""
    return [
        mount
        for mount in folder.mounts
        if mount not in found.mounts
        and is_within(mount, found.complete)
        and any(is_within(row.file.path, [mount]) for row in known)
        and not any(is_within(file.path, [mount]) for file in found.files)
    ]


def _is_another(folder: FolderRow, found: Found, known: Sequence[DocumentRow]) -> bool:
    """Whether what lies on this other file system is not the folder that was read: none of its files is there.

    As an empty mount point is, also when a look goes to a part of it only, at what was put there meanwhile. A folder
    that was emptied lies where it lay.
    """
    if not known:
        return False
    return found.is_bare if folder.device is None else not any(os.path.lexists(row.file.path) for row in known)
