"""A library of every released schema opens; one of a later program is refused and left as it is."""

import shutil
from pathlib import Path

import apsw
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.neighbours import Neighbours, reading_index
from rag_desktop.store import migrations
from rag_desktop.store.connection import FILE_NAME
from rag_desktop.store.library import Library, writers_lock
from rag_desktop.store.migrations import MIGRATIONS, version
from rag_desktop.text.words import query_terms
from rag_desktop.vectors.index import HnswIndex
from tests.store.make_schema_fixture import CONTRACT, FIXTURES, NOTES
from tests.store.material import as_vector, digest_of, joined, vector_of


def applied(library: Library) -> list[tuple[int, str]]:
    return list(library._connection.execute("SELECT number, name FROM migrations ORDER BY number"))


def schema(library: Library) -> set[tuple[str, str]]:
    rows = library._connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {(name, " ".join(sql.split())) for name, sql in rows}


def code_of(open_library: object, folder: Path) -> str:
    assert callable(open_library)
    with pytest.raises(UserFacingError) as caught:
        open_library(folder)
    return caught.value.code


def test_a_fresh_file_has_every_migration_recorded(library: Library) -> None:
    assert version(library._connection) == len(MIGRATIONS)
    assert applied(library) == [(number, name) for number, (name, _) in enumerate(MIGRATIONS, start=1)]


def test_a_migration_is_applied_once(library: Library) -> None:
    before = schema(library)
    library.close()
    with Library.writer(library.folder) as again:
        assert schema(again) == before
        assert len(applied(again)) == len(MIGRATIONS)


def test_a_migration_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("broken", "CREATE TABLE halfway (id INTEGER) STRICT; CREATE TABLE halfway (id INTEGER) STRICT;")
    with Library.writer(tmp_path) as library:
        before = schema(library)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, broken))
    with pytest.raises(apsw.SQLError, match="halfway"):
        Library.writer(tmp_path)
    monkeypatch.undo()
    with Library.writer(tmp_path) as library:
        assert schema(library) == before
        assert version(library._connection) == len(MIGRATIONS)


def test_a_newer_library_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Library.writer(tmp_path) as library:
        library._connection.pragma("user_version", len(MIGRATIONS) + 1)
    before = (tmp_path / FILE_NAME).read_bytes()
    assert code_of(Library.writer, tmp_path) == "library-newer"
    assert code_of(Library.reader, tmp_path) == "library-newer"
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert code_of(Library.writer, tmp_path) == "library-newer"


def test_there_is_a_file_of_every_schema() -> None:
    assert [path.name for path in sorted(FIXTURES.iterdir())] == [f"{n + 1:04}" for n in range(len(MIGRATIONS))]


@pytest.mark.parametrize("released", sorted(path.name for path in FIXTURES.iterdir()))
def test_a_library_of_an_old_schema_opens_whole(tmp_path: Path, released: str) -> None:
    shutil.copytree(FIXTURES / released, tmp_path / "old")
    with Library.writer(tmp_path / "fresh") as fresh, Library.writer(tmp_path / "old") as old:
        assert schema(old) == schema(fresh)
        contract, notes = old.documents.at("/docs/contract.txt"), old.documents.at("/docs/notes.txt")
        assert contract
        assert notes
        assert old.documents.text(contract.id) == joined(CONTRACT)
        assert old.documents.text(notes.id) == joined(NOTES)
        assert [row.error.code for row in old.documents.failed() if row.error] == ["pdf-locked"]
        assert [folder.path for folder in old.folders.all()] == ["/docs"]
        leaf = old.chunks.of_document(contract.id)[2]
        assert [id_ for id_, _ in old.fulltext.passages(query_terms("계약"), [], 5)] == [leaf.id]
        [space] = old.vectors.spaces()
        assert Neighbours(old, space).index.labels == old.vectors.chunk_ids(space.id)
        index = reading_index(old, space, exact=False)
        assert isinstance(index, HnswIndex)
        assert index.search(as_vector(vector_of(digest_of(CONTRACT[1], ("Terms",)))), 1)[0][0] == leaf.id


@pytest.mark.parametrize("fixture", sorted(FIXTURES.iterdir()), ids=lambda path: path.name)
def test_a_reader_brings_an_older_library_up_to_date(fixture: Path, tmp_path: Path) -> None:
    shutil.copytree(fixture, tmp_path / "library")
    with Library.reader(tmp_path / "library") as library:
        assert version(library._connection) == len(MIGRATIONS)
        assert [row.path for row in library.folders.all()] == ["/docs"]


def test_beside_an_older_writer_a_reader_says_so(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "0001", tmp_path / "library")
    with writers_lock(tmp_path / "library"):
        assert code_of(Library.reader, tmp_path / "library") == "library-in-use"
