"""The state machine is only worth what it notices: each fault put in here must make it fail, for the right reason."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import ChunkId, DocumentId, SpaceId
from rag_desktop.services import neighbours
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.store.chunks import Chunks
from rag_desktop.store.documents import Documents
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import Changes, SnapshotRow, VectorRows
from rag_desktop.vectors.index import HnswIndex
from tests.store.machine import LibraryMachine

Patch = Callable[[pytest.MonkeyPatch], type[LibraryMachine]]

_SETTINGS = settings(
    derandomize=True,
    database=None,
    max_examples=400,
    stateful_step_count=30,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def no_trigger(_: pytest.MonkeyPatch) -> type[LibraryMachine]:
    class Mutant(LibraryMachine):
        def prepare(self, library: Library) -> None:
            with library.transaction():
                library._connection.execute("DROP TRIGGER vectors_dropped")

    return Mutant


def no_hash_check(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    class Whatever:
        def __ne__(self, other: object) -> bool:
            return False

    class Mutant(LibraryMachine):
        damages = ("swap",)  # a file damaged otherwise can end this very process, which is why hashes are checked

    patch.setattr(neighbours, "sha256_of", lambda _: Whatever())
    return Mutant


def no_follow(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    patch.setattr(Neighbours, "follow", lambda _: None)
    return LibraryMachine


def no_replay(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    """A loaded snapshot is taken for the whole index; following later changes works."""
    real = VectorRows.changes

    def changes(rows: VectorRows, space: Any, after: int) -> Changes:
        row = rows.snapshot(space.id)
        if row and row.seq == after:
            return Changes((), np.zeros((0, space.dimension), np.float32), (), rows.seq())
        return real(rows, space, after)

    patch.setattr(VectorRows, "changes", changes)
    return LibraryMachine


def sequence_too_high(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    real = VectorRows.record

    def record(rows: VectorRows, space: SpaceId, snapshot: SnapshotRow) -> None:
        real(rows, space, replace(snapshot, seq=snapshot.seq + 1))

    patch.setattr(VectorRows, "record", record)
    return LibraryMachine


def ids_used_again(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    def next_id(chunks: Chunks) -> ChunkId:
        return ChunkId(chunks._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM chunks").get)

    patch.setattr(Chunks, "_next_id", next_id)
    return LibraryMachine


def words_left_behind(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    def drop_except(chunks: Chunks, document: DocumentId, keep: set[ChunkId]) -> None:
        rows = chunks._connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document,)).fetchall()
        gone = [row for row in rows if row[0] not in keep]
        chunks._connection.executemany("DELETE FROM vectors WHERE chunk_id = ?", gone)
        chunks._connection.executemany("DELETE FROM chunks WHERE id = ?", gone)

    patch.setattr(Chunks, "_drop_except", drop_except)
    return LibraryMachine


def no_transactions(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    patch.setattr(Library, "transaction", lambda _: nullcontext())
    return LibraryMachine


def dead_labels_stay(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    patch.setattr(HnswIndex, "drop", lambda *_: None)
    return LibraryMachine


def error_sticks(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    """A document that can be read again still shows its old failure."""
    real = Documents.put

    def put(documents: Documents, *arguments: Any) -> DocumentId:
        known = documents.at(arguments[1].path)
        document = real(documents, *arguments)
        if known and known.error:
            documents.set_error(document, known.error.code, known.error.arguments)
        return document

    patch.setattr(Documents, "put", put)
    return LibraryMachine


def old_text_stays(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    patch.setattr(Documents, "clear_reading", lambda *_: None)
    return LibraryMachine


def old_name_stays(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    real = Documents.name_words

    def name_words(documents: Documents, document: DocumentId, name: str, title: str | None) -> None:
        known = documents._connection.execute("SELECT 1 FROM document_words WHERE rowid = ?", (document,)).get
        if not known:
            real(documents, document, name, title)

    patch.setattr(Documents, "name_words", name_words)
    return LibraryMachine


def damage_is_fatal(patch: pytest.MonkeyPatch) -> type[LibraryMachine]:
    """A missing snapshot stops the program instead of being made anew."""

    def sha256_of(path: Path) -> bytes:
        if not path.exists():
            raise UserFacingError("library-damaged", path=str(path))
        return b""

    patch.setattr(neighbours, "sha256_of", sha256_of)
    return LibraryMachine


MUTANTS: dict[Patch, str] = {
    no_trigger: "members of the index",
    no_hash_check: "members of the index",
    no_follow: "members of the index",
    no_replay: "members of the index",
    sequence_too_high: "members of the index",
    ids_used_again: "chunk id reused",
    words_left_behind: "full text|UNIQUE",
    no_transactions: "documents|texts|chunks|full text|vectors",
    dead_labels_stay: "members of the index",
    error_sticks: "documents",
    old_text_stays: "texts|FOREIGN KEY",
    old_name_stays: "names",
    damage_is_fatal: "library-damaged",
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_machine_notices(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = mutant(monkeypatch)
    with pytest.raises(Exception, match=MUTANTS[mutant]):
        run_state_machine_as_test(machine, settings=_SETTINGS)
