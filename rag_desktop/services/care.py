"""Looks after a library's files: finds what is damaged, mends what can be mended, gives back the room of what went."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import apsw
import numpy as np

from rag_desktop.domain.care import At, CareStage, Finding, Recovered, Severity, unwatched
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.neighbours import Neighbours, load_snapshot, snapshot_path, stray_files
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store import conversations, retelling
from rag_desktop.store.backups import Backups, Kind, known_in
from rag_desktop.store.codec import path_from_blob
from rag_desktop.store.connection import worded
from rag_desktop.store.integrity import Integrity, bad_vectors, is_structural
from rag_desktop.store.library import Library
from rag_desktop.store.mending import Mending
from rag_desktop.store.salvage import Known, folders_of, spaces_of
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.schemes import is_scheme
from rag_desktop.vectors.index import HnswIndex, sha256_of

_AT_A_TIME = 8192
_FREE_SHARE = 0.25
_MERGED_PAGES = 500
_FREED_PAGES = 2000
_STRAY_FILES = "check-stray-files"


class BeyondMendingError(Exception):
    """SQLite cannot work with the file any more; its rows must be salvaged into a new one."""


def check(library: Library, settings: SettingsFile | None = None, at: At = unwatched) -> list[Finding]:
    """All that is not as it should be in the files of a library. Nothing is written.

    library: a reader will do, also beside a writer. at: told how far this is; may raise Cancelled.
    """
    found = check_library(library, at)
    at(CareStage.FILES, 0, 1)
    return [*found, *_file_findings(library.folder, settings)]


def check_library(library: Library, at: At = unwatched) -> list[Finding]:
    """What is not as it should be inside the library's own file, and in the vector indexes made from it."""
    try:
        with library.reading():
            found = Integrity(library.connection, at).all()
            if not is_structural(found):
                for space in library.vectors.spaces():
                    found += _snapshot_findings(library, space)
                found += _folder_findings(library)
                found += _leftovers(stray_files(library))
            return found
    except UserFacingError as error:
        if error.code != "library-damaged":
            raise
        return [Finding(UserFacingError("check-structure", detail=str(error.__cause__)))]
    except (apsw.SQLError, apsw.MismatchError) as error:  # a damaged schema: a table or column that is not there
        return [Finding(UserFacingError("check-structure", detail=str(error)))]


def repair(library: Library, findings: list[Finding], at: At = unwatched) -> list[Recovered]:
    """Mend what `check` found inside the library's file and beside it, and say what was lost. Needs the writer.

    Conversations and settings are not touched (services.opening). Raises BeyondMendingError.
    """
    at(CareStage.REPAIRING, 0, 1)
    if is_structural(findings):
        raise BeyondMendingError
    codes = {each.code for each in findings}
    try:
        outdated = _mend_rows(library, findings)
        vectors = _mend_vectors(library) if codes & {"check-vectors", "check-stray-vectors", "check-copies"} else 0
        if codes & {"check-snapshot", "check-trigger", "check-vectors", "check-copies", "check-sequence"}:
            _renew_snapshots(library)
    except UserFacingError as error:
        if error.code != "library-damaged":
            raise
        raise BeyondMendingError from error
    except (apsw.SQLError, apsw.ConstraintError) as error:
        raise BeyondMendingError from error
    for path in stray_files(library):
        with suppress(OSError):
            path.unlink()
    Backups(library.folder).sweep()
    at(CareStage.REPAIRING, 1, 1)
    return _report(codes, outdated, vectors)


def compact(library: Library, give_way: Callable[[], bool] = lambda: False) -> bool:
    """Give back the room of deleted rows, in short steps until `give_way`; whether all was done. Needs the writer."""
    for table in ("passage_words", "document_words"):
        if not _merge(library, table, give_way):
            return False
    connection = library.connection
    free, pages = int(connection.pragma("freelist_count")), int(connection.pragma("page_count"))
    if free <= pages * _FREE_SHARE:
        return True
    if connection.pragma("auto_vacuum"):
        return _free_pages(connection, library, give_way)
    size = int(connection.pragma("page_size")) * pages
    if give_way() or shutil.disk_usage(library.folder).free < 2 * size:
        return False
    with worded(library.folder):
        connection.execute("VACUUM")
    return True


def known(library: Library) -> Known:
    """What is backed up of a library's rows."""
    return Known(folders_of(library.connection), spaces_of(library.connection))


def backed_up(place: Path) -> Known:
    """What was backed up last; nothing where there is no sound backup."""
    newest = Backups(place).newest(Kind.FOLDERS)
    if newest is not None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return known_in(newest.path.read_bytes())
    return Known()


# what is checked beside the rows


def _snapshot_findings(library: Library, space: SpaceRow) -> Iterator[Finding]:
    row = library.vectors.snapshot(space.id)
    if row is None:
        return
    if sha256_of(snapshot_path(library, row)) != row.sha256:
        yield Finding(UserFacingError("check-snapshot", model=space.model), Severity.UNTIDY)
        return
    loaded = load_snapshot(library, space)
    if loaded is None:
        yield Finding(UserFacingError("check-snapshot", model=space.model), Severity.UNTIDY)
        return
    index, seq = loaded
    changed = _changed(library, space, seq)
    if index.labels - changed != library.vectors.chunk_ids(space.id) - changed:
        yield Finding(UserFacingError("check-snapshot", model=space.model))
    differing = sum(len(block) for block in _differing(library, space, index, changed))
    if differing:
        yield Finding(UserFacingError("check-copies", model=space.model, count=differing))


def _changed(library: Library, space: SpaceRow, seq: int) -> set[int]:
    """Chunks whose vectors came or went after a ledger entry."""
    query = "SELECT DISTINCT chunk_id FROM ledger WHERE seq > ? AND space_id = ?"
    return {row[0] for row in library.connection.execute(query, (seq, space.id))}


def _differing(
    library: Library, space: SpaceRow, index: HnswIndex, changed: set[int]
) -> Iterator[list[tuple[int, bytes]]]:
    """Vectors that are not those of the snapshot, whose bytes are proven: chunk, and what the snapshot has."""
    comparable = index.labels - changed
    cursor = library.connection.execute(
        "SELECT chunk_id, vector FROM vectors WHERE space_id = ? ORDER BY chunk_id", (space.id,)
    )
    while block := [row for _, row in zip(range(_AT_A_TIME), cursor, strict=False)]:
        held = [(chunk, blob) for chunk, blob in block if chunk in comparable]
        copies = index.vectors([chunk for chunk, _ in held]).astype("<f2")
        yield [
            (chunk, copy.tobytes())
            for (chunk, blob), copy in zip(held, copies, strict=True)
            if not np.array_equal(np.frombuffer(blob, np.uint8), np.frombuffer(copy.tobytes(), np.uint8))
        ]


def _folder_findings(library: Library) -> Iterator[Finding]:
    """Folders against their backup: a path never changes, and a scheme only to another."""
    backed = {each["id"]: each for each in backed_up(library.folder).folders}
    for each in folders_of(library.connection):
        twin = backed.get(each["id"])
        if twin and (twin.get("path", each["path"]) != each["path"] or not is_scheme(each["chunker"])):
            yield Finding(UserFacingError("check-folder", path=path_from_blob(twin["path"])))


def _leftovers(paths: list[Path]) -> list[Finding]:
    return [Finding(UserFacingError(_STRAY_FILES, path=str(path)), Severity.UNTIDY) for path in paths]


def _file_findings(place: Path, settings: SettingsFile | None) -> Iterator[Finding]:
    backups = Backups(place)
    yield from _leftovers(backups.strays())
    for backup in backups.all():
        if not backup.is_sound:
            yield Finding(UserFacingError("check-backup", path=str(backup.path)), Severity.UNTIDY)
    if (place / conversations.FILE_NAME).exists():
        newest = backups.newest(Kind.CONVERSATIONS)
        if not retelling.is_sound(place, newest.path if newest else None):
            yield Finding(UserFacingError("check-conversations"))
    if settings and any(each.code == "settings-damaged" for each in settings.warnings()):
        yield Finding(UserFacingError("settings-damaged"), is_repairable=backups.newest(Kind.SETTINGS) is not None)


# what is mended


def _mend_rows(library: Library, findings: list[Finding]) -> int:
    """Everything inside the file, in one transaction; returns how many documents will be read again."""
    mending = Mending(library.connection)
    codes = {each.code for each in findings}
    documents = [int(each.error.arguments["document"]) for each in findings if each.code == "check-document"]
    with library.transaction():
        if "check-index" in codes:
            mending.indexes()
        if "check-trigger" in codes:
            mending.triggers()
        if "check-references" in codes:
            mending.references()
        if "check-folder" in codes:
            mending.folders(backed_up(library.folder).folders)
        if "check-names" in codes:
            documents += mending.untrusted_titles()
        for document in documents:
            mending.document(document)
        if documents or codes & {"check-words", "check-names", "check-full-text", "check-references"}:
            mending.words()
        if "check-stray-vectors" in codes:
            mending.stray_vectors()
        if "check-sequence" in codes:
            mending.sequences()
    return len(set(documents))


def _mend_vectors(library: Library) -> int:
    """Put back what a proven snapshot still has, drop the rest of what is damaged; returns how many were dropped."""
    mending, dropped = Mending(library.connection), 0
    for space in library.vectors.spaces():
        with library.transaction():
            dimension = mending.dimension(space.id)
        sound = SpaceRow(space.id, space.key, space.model, dimension)
        rows = library.connection.execute("SELECT chunk_id, vector FROM vectors WHERE space_id = ?", (space.id,))
        bad = set(bad_vectors(list(rows), dimension))
        replaced: dict[int, bytes] = {}
        loaded = load_snapshot(library, sound)
        if loaded:
            index, seq = loaded
            changed = _changed(library, sound, seq) - bad  # of a bad one, any copy is of the same words
            replaced = {chunk: blob for block in _differing(library, sound, index, changed) for chunk, blob in block}
        bad -= replaced.keys()
        with library.transaction():
            mending.vectors(space.id, replaced.items(), bad)
        dropped += len(bad)
    return dropped


def _renew_snapshots(library: Library) -> None:
    for space in library.vectors.spaces():
        with library.transaction():
            library.vectors.forget_snapshot(space.id)
        if library.vectors.has_any(space.id):
            Neighbours(library, space).snapshot()


def _report(codes: set[str], outdated: int, vectors: int) -> list[Recovered]:
    said = [Recovered(UserFacingError("library-repaired"))] if codes - {_STRAY_FILES, "check-backup"} else []
    if outdated:
        said.append(Recovered(UserFacingError("documents-outdated", count=outdated)))
    if vectors:
        said.append(Recovered(UserFacingError("vectors-lost", count=vectors)))
    return said


# room


def _merge(library: Library, table: str, give_way: Callable[[], bool]) -> bool:
    """Rewrite a full text index without its deleted rows, some pages at a time."""
    connection = library.connection
    pages = -_MERGED_PAGES
    while not give_way():
        before = connection.total_changes()
        with library.transaction():
            connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (pages,))  # noqa: S608
        if connection.total_changes() - before < 2:
            return True
        pages = _MERGED_PAGES
    return False


def _free_pages(connection: apsw.Connection, library: Library, give_way: Callable[[], bool]) -> bool:
    while not give_way():
        with worded(library.folder), closing(connection.execute(f"PRAGMA incremental_vacuum({_FREED_PAGES})")) as steps:
            for _ in steps:
                pass
        if not connection.pragma("freelist_count"):
            return True
    return False
