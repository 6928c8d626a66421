"""What can be asked of a library, and what can be taken out of it."""

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.status import Failure, FolderStatus, LibraryStatus, SpaceStatus
from rag_desktop.services.indexing import is_inside
from rag_desktop.store.documents import DocumentRow
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.library import Library

_PURGED_AT_A_TIME = 50
"""Documents whose rows go in one transaction, so that a reader never waits long."""


def status(library: Library) -> LibraryStatus:
    """Folders, documents, passages, vectors and problems, all of one moment."""
    with library.reading():
        folders = tuple(_folder_status(library, folder) for folder in library.folders.all())
        failed = tuple(Failure(row.file.path, row.error) for row in library.documents.failed() if row.error)
        spaces = tuple(
            SpaceStatus(
                space.model,
                space.dimension,
                library.vectors.count(space.id),
                library.vectors.pending_count(space.id),
                snapshot.count if (snapshot := library.vectors.snapshot(space.id)) else None,
            )
            for space in library.vectors.spaces()
        )
        return LibraryStatus(
            str(library.folder), folders, spaces, library.chunks.count(), _size(str(library.folder)), failed
        )


def _folder_status(library: Library, folder: FolderRow) -> FolderStatus:
    counts = library.folders.counts(folder.id)
    return FolderStatus(folder.id, folder.path, counts.documents, counts.failed, counts.passages, folder.is_away)


def _size(folder: str) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # a write-ahead log or an old snapshot may go meanwhile
                total += os.lstat(os.path.join(where, name)).st_size
    return total


def text_of(library: Library, path: str) -> str:
    """The normalised text of a document, just as offsets count it.

    Raises UserFacingError `document-unknown`, or the reason for which the document could not be read.
    """
    row = library.documents.at(os.path.abspath(path))
    if row is None:
        raise UserFacingError("document-unknown", path=path)
    if row.error is not None:
        raise row.error
    return library.documents.text(row.id)


def mark_removed(library: Library, path: str) -> FolderRow:
    """Take a folder (or single file) out of all results at once; `purge` deletes its rows later.

    Raises as `folder_at`.
    """
    row = folder_at(library, path)
    with library.transaction():
        library.folders.mark_removed(row.id)
    return row


def folder_at(library: Library, path: str) -> FolderRow:
    """The folder (or single file) that was added by this path.

    Raises UserFacingError `folder-unknown`, or `folder-inside` where only a folder above it was added.
    """
    absolute = os.path.abspath(path)
    row = library.folders.at(absolute)
    if row is None or row.removed_at is not None:
        above = next((each for each in library.folders.all() if is_inside(absolute, each.path)), None)
        if above:
            raise UserFacingError("folder-inside", path=path, folder=above.path)
        raise UserFacingError("folder-unknown", path=path)
    return row


def documents_of(library: Library, folder: FolderRow) -> int:
    """How many documents `purge` would delete with a folder: what a watched folder above also holds stays."""
    above = [each for each in library.folders.all() if each.id != folder.id]
    rows = library.documents.of_folder(folder.id)
    return sum(not any(is_inside(row.file.path, each.path) for each in above) for row in rows)


def forget_failures(library: Library, paths: Iterable[str]) -> list[FolderRow]:
    """Let the next look read documents that could not be read. Returns the folders to look at.

    Until then the documents and their reasons stay as they are.
    """
    rows = [row for path in paths if (row := library.documents.at(path)) and row.error is not None]
    with library.transaction():
        for row in rows:
            library.documents.outdate(row.id)
    return [each for each in library.folders.all() if any(is_inside(row.file.path, each.path) for row in rows)]


def restore(library: Library, folder: FolderRow) -> None:
    """Take `mark_removed` back."""
    with library.transaction():
        library.folders.mark_removed(folder.id, removed=False)


def purge(library: Library) -> int:
    """Delete the rows of folders that are marked as removed. Returns how many documents went.

    What a watched folder above also holds goes to that one instead.
    """
    gone = 0
    for folder in library.folders.all(with_removed=True):
        if folder.removed_at is None:
            continue
        while batch := list(islice(library.documents.of_folder(folder.id), _PURGED_AT_A_TIME)):
            with library.transaction():
                gone += sum(_purge_document(library, row) for row in batch)
        with library.transaction():
            library.folders.forget(folder.id)
    return gone


def _purge_document(library: Library, row: DocumentRow) -> bool:
    above = [each for each in library.folders.all() if is_inside(row.file.path, each.path)]
    if above:
        library.documents.own(row.id, max(above, key=lambda each: len(each.path)).id)
        return False
    library.chunks.forget(row.id)
    library.documents.forget(row.id)
    return True
