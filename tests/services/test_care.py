"""What a check finds in a damaged library, and that mending leaves nothing of it; and that it raises no false alarm."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from rag_desktop.domain.care import Finding, Severity
from rag_desktop.domain.errors import Cancelled
from rag_desktop.services import care
from rag_desktop.services.neighbours import Neighbours, snapshot_path
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.backups import Backups
from rag_desktop.store.library import Library
from rag_desktop.text.words import query_terms
from tests.store import material
from tests.store.machine import LibraryMachine

PARAGRAPHS = ("Alpha stands here.", "Bravo stands there.", "계약서를 다시 본다.")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as one:
        folder = material.watched(one)
        with one.transaction():
            for name in ("uno", "duo", "tres"):
                material.put(one, folder.id, f"/docs/{name}.txt", PARAGRAPHS, ("Top", name), parent=True)
        space = material.begun_space(one)
        material.embed_pending(one, space)
        Neighbours(one, space).snapshot()
        Safekeeping(one.folder, None).folders(one)
        yield one


def codes(findings: list[Finding]) -> set[str]:
    return {each.code for each in findings}


def sql(statement: str) -> Callable[[Library], None]:
    def damage(library: Library) -> None:
        library.connection.pragma("foreign_keys", False)
        library.connection.execute(statement)
        library.connection.pragma("foreign_keys", True)

    return damage


def turned_vector(library: Library) -> None:
    """Of unit length, and yet another one; the triggers did not see it."""
    blob = library.connection.execute("SELECT vector FROM vectors WHERE chunk_id = 2").get
    turned = (-np.frombuffer(blob, "<f2")).tobytes()
    with library.connection:
        library.connection.execute("DROP TRIGGER vectors_changed")
        library.connection.execute("UPDATE vectors SET vector = ? WHERE chunk_id = 2", (turned,))
        library.connection.execute(
            "CREATE TRIGGER vectors_changed AFTER UPDATE OF vector ON vectors BEGIN\n"
            "    INSERT INTO ledger (op, space_id, chunk_id) VALUES ('add', new.space_id, new.chunk_id);\nEND"
        )


def other_average(library: Library) -> None:
    library.connection.execute("UPDATE passage_words_data SET block = x'0505050505' WHERE id = 1")


def lost_ledger(library: Library) -> None:
    """A vector that neither the snapshot nor the ledger knows."""
    folder = library.folders.all()[0]
    with library.transaction():
        material.put(library, folder.id, "/docs/new.txt", ("Something new.",))
    material.embed_pending(library, material.begun_space(library))
    library.connection.execute("DELETE FROM ledger")


def damaged_snapshot(library: Library) -> None:
    row = library.vectors.snapshot(material.begun_space(library).id)
    assert row
    path = snapshot_path(library, row)
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES: dict[str, tuple[Callable[[Library], None], str]] = {
    "text": (sql("UPDATE texts SET text = replace(text, 'Alpha', 'Alpho') WHERE document_id = 1"), "check-document"),
    "text bytes": (sql("UPDATE texts SET text = CAST(x'ff' || text AS TEXT) WHERE document_id = 1"), "check-document"),
    "text gone": (sql("DELETE FROM texts WHERE document_id = 1"), "check-document"),
    "span": (sql("UPDATE chunks SET span_end = 10000 WHERE id = 2"), "check-document"),
    "headings": (sql("UPDATE chunks SET headings = '[\"' WHERE id = 2"), "check-document"),
    "digest": (sql("UPDATE chunks SET digest = x'00' WHERE id = 2"), "check-document"),
    "parent": (sql("UPDATE chunks SET parent_id = 999 WHERE id = 2"), "check-document"),
    "ordinal": (sql("UPDATE chunks SET ordinal = 7 WHERE id = 2"), "check-document"),
    "runs": (sql("UPDATE source_runs SET runs = x'1234' WHERE document_id = 1"), "check-document"),
    "length": (sql("UPDATE documents SET length = 5 WHERE id = 1"), "check-document"),
    "labels": (sql("UPDATE documents SET page_labels = '{' WHERE id = 1"), "check-document"),
    "title": (sql("UPDATE documents SET title = 'Another' WHERE id = 1"), "check-names"),
    "words gone": (sql("DELETE FROM passage_words WHERE rowid = 2"), "check-words"),
    "words stale": (sql("INSERT INTO passage_words (rowid, words) VALUES (999, 'stale')"), "check-words"),
    "words other": (
        sql(
            "INSERT OR REPLACE INTO passage_words (rowid, words, headings) VALUES (2, 'Alpha stands hare.', 'Top uno')"
        ),
        "check-words",
    ),
    "average": (other_average, "check-words"),
    "orphan chunk": (sql("UPDATE chunks SET document_id = 999 WHERE id = 2"), "check-references"),
    "orphan document": (sql("UPDATE documents SET folder_id = 999 WHERE id = 1"), "check-references"),
    "vector length": (sql("UPDATE vectors SET vector = zeroblob(16) WHERE chunk_id = 2"), "check-vectors"),
    "vector size": (sql("UPDATE vectors SET vector = x'00' WHERE chunk_id = 2"), "check-vectors"),
    "vector turned": (turned_vector, "check-copies"),
    "vector of a parent": (sql("UPDATE vectors SET chunk_id = 1 WHERE chunk_id = 2"), "check-stray-vectors"),
    "dimension": (sql("UPDATE spaces SET dimension = 9"), "check-vectors"),
    "trigger": (sql("DROP TRIGGER vectors_dropped"), "check-trigger"),
    "ledger": (lost_ledger, "check-snapshot"),
    "snapshot": (damaged_snapshot, "check-snapshot"),
    "snapshot ahead": (sql("UPDATE snapshots SET seq = 100"), "check-sequence"),
    "sequence": (sql("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'chunks'"), "check-sequence"),
    "folder path": (sql("UPDATE folders SET path = x'2f646f6374'"), "check-folder"),
    "folder scheme": (sql("UPDATE folders SET chunker = 'leavez'"), "check-folder"),
}


def test_a_sound_library_has_no_findings(library: Library, tmp_path: Path) -> None:
    assert care.check(library, SettingsFile(tmp_path)) == []


def test_another_scheme_is_no_damage(library: Library) -> None:
    with library.transaction():
        library.folders.set_chunker(library.folders.all()[0].id, "tokens:256/20")
    assert care.check(library) == []
    library.connection.execute("UPDATE folders SET path = x'2f646f6374'")
    care.repair(library, care.check(library))
    assert [(each.path, each.chunker) for each in library.folders.all()] == [("/docs", "tokens:256/20")]


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_mended(library: Library, name: str) -> None:
    damage, code = DAMAGES[name]
    damage(library)
    found = care.check(library)
    assert code in codes(found)
    care.repair(library, found)
    assert care.check(library) == []
    folder = library.folders.all()[0]
    assert (folder.path, folder.chunker) == ("/docs", "leaves")
    for row in list(library.documents.of_folder(folder.id)):
        if row.reader == "":
            with library.transaction():
                paragraphs = ("Something new.",) if row.file.path.endswith("new.txt") else PARAGRAPHS
                headings = () if len(paragraphs) == 1 else ("Top", Path(row.file.path).stem)
                material.put(library, folder.id, row.file.path, paragraphs, headings, parent=len(paragraphs) > 1)
    material.embed_pending(library, space := material.begun_space(library))
    Neighbours(library, space).snapshot()
    assert care.check(library) == []
    hits = library.fulltext.passages(query_terms("alpha"), [], 10)
    assert len(hits) == len(list(library.documents.of_folder(folder.id))) - (name == "ledger")


def test_only_the_damaged_document_is_read_again(library: Library) -> None:
    DAMAGES["text"][0](library)
    care.repair(library, care.check(library))
    rows = {row.file.path: row.reader for row in library.documents.of_folder(library.folders.all()[0].id)}
    assert rows == {"/docs/uno.txt": "", "/docs/duo.txt": material.READER, "/docs/tres.txt": material.READER}


def test_a_vector_with_a_sound_copy_is_not_embedded_again(library: Library) -> None:
    before = list(library.connection.execute("SELECT * FROM vectors ORDER BY 1, 2"))
    for name in ("vector turned", "vector length"):
        DAMAGES[name][0](library)
        care.repair(library, care.check(library))
        assert list(library.connection.execute("SELECT * FROM vectors ORDER BY 1, 2")) == before


def test_leftovers_are_found_and_deleted(library: Library) -> None:
    (library.folder / "vectors" / "9-9.hnsw").write_bytes(b"old")
    (library.folder / "backups" / "conversations-12.part").write_bytes(b"half")
    found = care.check(library)
    assert codes(found) == {"check-stray-files"}
    assert {each.severity for each in found} == {Severity.UNTIDY}
    care.repair(library, found)
    assert care.check(library) == []


def test_a_damaged_backup_is_found(library: Library) -> None:
    (backup,) = Backups(library.folder).all()
    backup.path.write_bytes(b"{}")
    assert codes(care.check(library)) == {"check-backup"}


def test_a_check_reads_only_and_goes_on_beside_a_writer(library: Library) -> None:
    with Library.reader(library.folder) as reader, library.transaction():
        material.put(library, library.folders.all()[0].id, "/docs/more", ("More.",))
        assert care.check(reader) == []
        assert reader.connection.total_changes() == 0


def test_a_check_can_be_stopped(library: Library) -> None:
    def at(*_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        care.check(library, None, at)
    assert care.check(library) == []


def test_a_schema_that_is_not_whole_is_beyond_mending(library: Library) -> None:
    library.connection.execute("DROP INDEX chunks_digest")
    found = care.check(library)
    assert codes(found) == {"check-schema"}
    with pytest.raises(care.BeyondMendingError):
        care.repair(library, found)


def test_room_is_given_back_in_steps(library: Library) -> None:
    folder = library.folders.all()[0]
    with library.transaction():
        for number in range(200):
            material.put(library, folder.id, f"/docs/{number}", [f"word{number}x{part} " * 40 for part in range(10)])
    with library.transaction():
        library.purging.hold_merging(held=True)
        library.purging.forget([row.id for row in library.documents.of_folder(folder.id) if row.file.size > 100])
        library.purging.hold_merging(held=False)
    pages = library.connection.pragma("page_count")
    steps = iter(range(3))
    assert not care.compact(library, lambda: next(steps, None) is None)
    assert care.compact(library)
    assert library.connection.pragma("page_count") < pages / 2
    assert care.check(library) == []


def test_readers_go_on_while_room_is_given_back(library: Library) -> None:
    stop, trouble = threading.Event(), []

    def read() -> None:
        with Library.reader(library.folder) as reader:
            while not stop.is_set():
                try:
                    assert len(reader.fulltext.passages(query_terms("alpha"), [], 10)) == 3
                except (AssertionError, apsw.Error) as error:
                    trouble.append(error)
                    return

    thread = threading.Thread(target=read)
    thread.start()
    test_room_is_given_back_in_steps(library)
    stop.set()
    thread.join()
    assert trouble == []


class CheckedMachine(LibraryMachine):
    """Whatever happens to a library and to its program, a check raises no false alarm."""

    @invariant()
    def a_check_finds_no_damage(self) -> None:
        found = care.check_library(self.library)
        assert [str(each.error) for each in found if each.severity is Severity.DAMAGED] == []


TestCheckedMachine = CheckedMachine.TestCase
TestCheckedMachine.settings = settings(
    max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
