"""Faults that are put into the program, one at a time, in its own process: the rounds must find each of them."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId, DocumentId, SpaceId
from rag_desktop.files import walking
from rag_desktop.services import library as libraries
from rag_desktop.services import neighbours, planning, reading, scanning
from rag_desktop.services.planning import Sight
from rag_desktop.services.scanning import Scanning
from rag_desktop.services.storing import reader_version
from rag_desktop.store.chunks import Chunks
from rag_desktop.store.documents import Documents
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import Changes, VectorRows
from rag_desktop.vectors.index import HnswIndex


@dataclass(frozen=True)
class Mutant:
    """A fault. told: what a difference says of it. favoured, modes: of `Stress`, so that it shows soon."""

    apply: Callable[[], None]
    told: str
    favoured: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("calm",)


MUTANTS: dict[str, Mutant] = {}


def _mutant(told: str, *favoured: str, modes: tuple[str, ...] = ("calm",)) -> Callable[[Callable[[], None]], None]:
    def enter(apply: Callable[[], None]) -> None:
        MUTANTS[apply.__name__] = Mutant(apply, told, favoured, modes)

    return enter


def _put(owner: Any, **attributes: Any) -> None:
    """Replace attributes of a class or a module."""
    for name, value in attributes.items():
        setattr(owner, name, value)


@_mutant("index in memory: members")
def no_trigger() -> None:
    real = libraries.purge

    def purge(library: Library) -> int:
        library.connection.execute("DROP TRIGGER vectors_added")
        return real(library)

    _put(libraries, purge=purge)


@_mutant("index in memory|ended by itself|broke", modes=("calm", "damaged"))
def no_hash_check() -> None:
    class Whatever:
        def __ne__(self, other: object) -> bool:
            return False

    _put(neighbours, sha256_of=lambda _: Whatever())


@_mutant("index in memory: members", "create", modes=("calm", "killed at snapshot"))
def no_replay() -> None:
    """A loaded snapshot is taken for the whole index; following later changes works."""
    real = VectorRows.changes

    def changes(rows: VectorRows, space: Any, after: int) -> Changes:
        row = rows.snapshot(space.id)
        if row and row.seq == after:
            return Changes((), np.zeros((0, space.dimension), np.float32), (), rows.seq())
        return real(rows, space, after)

    _put(VectorRows, changes=changes)


@_mutant("index in memory: members", "edit", "delete")
def dead_labels_stay() -> None:
    _put(HnswIndex, drop=lambda *_: None)


@_mutant("documents: .* differs in sha256", "edit_secretly")
def no_ctime() -> None:
    def same_state(known: FileState, file: FileState) -> bool:
        return known.size == file.size and known.mtime_ns == file.mtime_ns

    _put(planning, _same_state=same_state)


@_mutant(r"documents: .*\(away\) is missing", "unplug")
def away_is_deleted() -> None:
    real = Scanning._sight

    def sight(scanning_: Scanning, scan: Any, task: Any, below: Any) -> Sight | None:
        seen = real(scanning_, scan, task, below)
        known = list(scanning_._library.documents.of_folder(scan.folder.id))
        return seen or Sight(scan.folder.id, [], known, reader_version(scan.folder.chunker))

    _put(Scanning, _sight=sight)


@_mutant(r"documents: .*\(away\) is missing", "unplug")
def mount_point_is_emptied() -> None:
    """An empty mount point is taken for the drive, with nothing on it."""
    _put(scanning, _is_another=lambda *_: False)


@_mutant(r"documents: .*\(hidden\) is missing", "make_folders", "hide_folder", "show_folder")
def hidden_is_deleted() -> None:
    _put(scanning, Sight=lambda *arguments: Sight(*arguments[:4]))


@_mutant("is missing", "rename")
def part_is_taken_for_all() -> None:
    """A look at a part of a folder drops what it did not look at."""
    _put(Documents, below=lambda documents, folder, _: documents.of_folder(folder))


@_mutant("full text", "edit", "delete")
def words_left_behind() -> None:
    def drop_except(chunks: Chunks, document: DocumentId, keep: set[ChunkId]) -> None:
        rows = chunks._connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document,)).fetchall()
        gone = [row for row in rows if row[0] not in keep]
        chunks._connection.executemany("DELETE FROM vectors WHERE chunk_id = ?", gone)
        chunks._connection.executemany("DELETE FROM chunks WHERE id = ?", gone)

    _put(Chunks, _drop_except=drop_except)


@_mutant("is missing|UNIQUE|names of documents|broke", "swap", "rename_chain")
def no_lift() -> None:
    _put(Documents, lift=lambda *_: None)


@_mutant("differs in name", "rename", "move")
def old_name_stays() -> None:
    real = Documents.name_words

    def name_words(documents: Documents, document: DocumentId, name: str, title: str | None) -> None:
        if not documents._connection.execute("SELECT 1 FROM document_words WHERE rowid = ?", (document,)).get:
            real(documents, document, name, title)

    _put(Documents, name_words=name_words)


@_mutant("is not that of its words", "copy", "append")
def another_vector() -> None:
    """What has the words of a known passage gets the vector of another one."""
    real = VectorRows.with_digests

    def with_digests(rows: VectorRows, space: SpaceId, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        found = real(rows, space, digests)
        values = list(found.values())
        return dict(zip(found, values[1:] + values[:1], strict=True))

    _put(VectorRows, with_digests=with_digests)


@_mutant("work: .*(read again|embedded)", "rename", "move")
def moved_is_read() -> None:
    _put(planning._Candidates, take_origin=lambda *_: None)


@_mutant("work: .*did not change and was opened", "touch", "change_mode")
def touch_is_forgotten() -> None:
    _put(Documents, touch=lambda *_: None)


@_mutant("work: .*were embedded that had a vector", "append")
def vectors_are_not_kept() -> None:
    _put(Chunks, _by_digest=lambda *_: {})


@_mutant("documents|full text|vectors|broke", "edit", "create", modes=("calm", "killed"))
def no_transactions() -> None:
    _put(Library, transaction=lambda _: nullcontext())


@_mutant("differs in .*error", "create", "edit", modes=("calm", "child killed"))
def one_death_is_enough() -> None:
    """A document is given up when its reader is lost for the first time."""
    _put(reading, _ATTEMPTS=1)


@_mutant("belongs to|read again|is missing", "move_folder", "make_folders")
def nested_is_read_twice() -> None:
    """A folder's look goes into the watched folder inside it."""
    real = walking.walk

    def walk(rules: Any, format_of: Any, *, excluded: Any, **named: Any) -> Any:
        return real(rules, format_of, excluded=[], **named)

    _put(scanning, walk=walk)
