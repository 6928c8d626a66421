"""What can be asked of a library, and what can be taken out of it."""

import os
import stat
from collections.abc import Callable, Iterable, Sequence

from rag_desktop.domain.answers import Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.status import Failure, FolderStatus, FormatStatus, LibraryStatus, ListedModel, SpaceStatus
from rag_desktop.files.rules import Rules
from rag_desktop.files.sameness import spelled
from rag_desktop.files.walking import is_link
from rag_desktop.services.indexing import check_chunker, is_inside, size_of, take_over
from rag_desktop.services.spaces import EmbedderChoice, Serving, recommended
from rag_desktop.store.codec import path_to_blob
from rag_desktop.store.folders import FolderRow
from rag_desktop.store.holder import HOLDER, is_awaited
from rag_desktop.store.library import Library
from rag_desktop.text.queries import parsed

_PURGED_AT_A_TIME = 1000
"""Documents that change hands in one transaction."""


def status(
    library: Library, embedders: Sequence[EmbedderChoice] = (), models: Sequence[ListedModel] = ()
) -> LibraryStatus:
    """Folders, documents, passages, vectors and problems, all of one moment.

    embedders: the one in use, then others that are installed. models: among which one may be recommended.
    """
    with library.reading():
        serving = Serving(library, embedders).choice()
        folders = tuple(_folder_status(library, folder) for folder in library.folders.all())
        failed = problems(library)
        spaces = tuple(
            SpaceStatus(
                space.model,
                space.dimension,
                library.vectors.count(space.id),
                library.vectors.pending_count(space.id),
                snapshot.count if (snapshot := library.vectors.snapshot(space.id)) else None,
                serving is not None and serving.embedder.key == space.key,
            )
            for space in library.vectors.spaces()
        )
        better = recommended(library, models)
        formats = tuple(FormatStatus(*row) for row in library.documents.formats())
        passages, size = library.chunks.count(), size_of(library.folder)
        return LibraryStatus(str(library.folder), folders, spaces, passages, size, failed, better, formats)


def _folder_status(library: Library, folder: FolderRow) -> FolderStatus:
    counts = library.folders.counts(folder.id)
    return FolderStatus(
        folder.id, folder.path, counts.documents, counts.failed, counts.passages, folder.is_away, folder.is_paused,
        folder.patterns,
    )  # fmt: skip


def fitting(library: Library, question: Question) -> int | None:
    """How many documents the filters of a question leave, those chosen and those typed; None where it has none."""
    selection = library.selections.of(question.filters.narrowed(parsed(question.text).filters))
    return None if selection is None else len(selection.documents)


def problems(library: Library) -> tuple[Failure, ...]:
    """Every document that could not be read, by path, ignored ones too."""
    rows = library.documents.failed(with_ignored=True)
    return tuple(
        Failure(row.file.path, row.error, row.tried_at, row.is_ignored) for row in rows if row.error is not None
    )


def partly_read(library: Library) -> tuple[Failure, ...]:
    """What was left out of documents that were read, by path; a document may have several."""
    return tuple(Failure(path, UserFacingError(code)) for path, codes in library.documents.warned() for code in codes)


def text_of(library: Library, path: str) -> str:
    """The normalised text of a document, just as offsets count it.

    Raises UserFacingError `document-unknown`, or the reason for which the document could not be read.
    """
    row = library.documents.at(os.path.abspath(path))
    if row is None:
        raise UserFacingError("document-unknown", path=path)
    if row.error is not None and row.sha256 is None:
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
    """The folder (or single file) that was added by this path, or by another one that leads to the same place.

    Raises UserFacingError `folder-unknown`, or `folder-inside` where only a folder above it was added.
    """
    absolute = os.path.abspath(path)
    row = library.folders.at(absolute)
    if row is None or row.removed_at is not None:
        absolute = spelled(absolute, [each.path for each in library.folders.all()])
        row = library.folders.at(absolute)
    if row is None or row.removed_at is not None:
        above = next((each for each in library.folders.all() if is_inside(absolute, each.path)), None)
        if above:
            raise UserFacingError("folder-inside", path=path, folder=above.path)
        raise UserFacingError("folder-unknown", path=path)
    return row


def pause(library: Library, path: str, *, paused: bool) -> FolderRow:
    """Read no more of a folder, whatever is found in it, until this is taken back. Raises as `folder_at`."""
    row = folder_at(library, path)
    with library.transaction():
        library.folders.set_paused(row.id, paused=paused)
    return row


def set_patterns(library: Library, path: str, patterns: str) -> FolderRow:
    """Leave out of a folder what these lines of .gitignore syntax match, from the next look on.

    Raises UserFacingError `pattern-refused`, and as `folder_at`.
    """
    Rules(path, patterns)
    row = folder_at(library, path)
    with library.transaction():
        library.folders.set_patterns(row.id, patterns)
    return row


def set_chunker(library: Library, path: str, chunker: str) -> FolderRow:
    """Cut a folder's documents by another scheme; the next look reads them again.

    Raises UserFacingError `chunker-unknown`, and as `folder_at`.
    """
    check_chunker(chunker)
    row = folder_at(library, path)
    with library.transaction():
        library.folders.set_chunker(row.id, chunker)
    return row


def whereabouts(
    library: Library, path: str, format_of: Callable[[str], str | None], own_places: Sequence[str] = ()
) -> UserFacingError | None:
    """Why a file or folder is not in the library, or None where it is and can be searched.

    own_places: folders of this program, which hold no documents.
    """
    path = os.path.abspath(path)
    row = library.documents.at(path)
    home = max(
        (each for each in library.folders.all() if is_inside(path, each.path)),
        key=lambda each: len(each.path),
        default=None,
    )
    if home is None:
        return UserFacingError("path-outside", path=path)
    if row is not None:
        return row.error
    if home.path == path:
        return UserFacingError("folder-away", path=path) if home.is_away else None
    if any(is_inside(path, place) for place in own_places):
        return UserFacingError("path-own", path=path)
    return _unread(home, path, format_of)


def _unread(home: FolderRow, path: str, format_of: Callable[[str], str | None]) -> UserFacingError | None:
    """Why what lies in a folder was not read, or None for a folder in it that is."""
    try:
        status = os.lstat(path)
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_folder:
            os.scandir(path).close()
    except PermissionError:
        return UserFacingError("folder-forbidden", path=path)
    except OSError:
        return UserFacingError("path-missing", path=path)
    pattern = Rules(home.path, home.patterns).reason(path, is_folder)
    if pattern is not None:
        return UserFacingError("path-excluded", folder=home.path, pattern=pattern)
    if is_link(status):
        return UserFacingError("path-link", path=path)
    if is_folder:
        return None
    if not stat.S_ISREG(status.st_mode):
        return UserFacingError("path-not-regular", path=path)
    if format_of(path) is None:
        return UserFacingError("format-unknown", suffix=os.path.splitext(path)[1].lower())
    return UserFacingError("folder-paused" if home.is_paused else "path-unread", folder=home.path)


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


def ignore_failures(library: Library, paths: Iterable[str], *, ignored: bool) -> int:
    """Say no more of these failures until their files change, or speak of them again. Returns how many there were."""
    rows = [row for path in paths if (row := library.documents.at(path)) and row.error is not None]
    with library.transaction():
        for row in rows:
            library.documents.ignore(row.id, ignored=ignored)
    return len(rows)


def restore(library: Library, folder: FolderRow) -> None:
    """Take `mark_removed` back, and from a folder above what it took over meanwhile."""
    with library.transaction():
        library.folders.mark_removed(folder.id, removed=False)
        take_over(library, folder)


def purge(library: Library, folders: Sequence[FolderRow] | None = None) -> int:
    """Delete the rows of folders that are marked as removed, of these or of all. Returns how many documents went.

    What a watched folder above also holds goes to that one instead. Salvaged vectors stay while they may be of use.
    """
    gone = 0
    for folder in library.folders.all(with_removed=True) if folders is None else folders:
        if folder.removed_at is not None and not _is_holding(library, folder):
            _hand_over(library, folder)
            gone += _purge_folder(library, folder)
    return gone


def _hand_over(library: Library, folder: FolderRow) -> None:
    """Give documents to the innermost watched folder that holds them too."""
    others = [
        each for each in library.folders.all() if is_inside(folder.path, each.path) or is_inside(each.path, folder.path)
    ]
    rows = list(library.documents.of_folder(folder.id)) if others else []
    for start in range(0, len(rows), _PURGED_AT_A_TIME):
        with library.transaction():
            for row in rows[start : start + _PURGED_AT_A_TIME]:
                above = [each for each in others if is_inside(row.file.path, each.path)]
                if above:
                    library.documents.own(row.id, max(above, key=lambda each: len(each.path)).id)


def _purge_folder(library: Library, folder: FolderRow) -> int:
    purging = library.purging
    documents = purging.of_folder(folder.id)
    with library.transaction():
        purging.hold_merging(held=True)
    for part in purging.steps(documents):
        is_long = len(part) == 1
        while is_long:
            with library.transaction():
                is_long = purging.shorten(part[0])
        with library.transaction():
            purging.forget(part)
    with library.transaction():
        purging.hold_merging(held=False)
        library.folders.forget(folder.id)
    return len(documents)


def _is_holding(library: Library, folder: FolderRow) -> bool:
    """Whether a folder holds salvaged vectors that documents still to be read or embedded may take over."""
    if path_to_blob(folder.path) != HOLDER:
        return False
    if is_awaited(library.connection):
        return True
    return all(library.vectors.pending_count(space.id) for space in library.vectors.spaces())
