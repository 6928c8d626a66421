"""Purging removed folders: all of them goes, what others hold stays, in short transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag_desktop.domain.ids import DocumentId
from rag_desktop.services import care
from rag_desktop.services.library import mark_removed, purge
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.store import purging
from rag_desktop.store.library import Library
from rag_desktop.text.words import query_terms
from tests.store import material


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as one:
        for folder in ("/docs", "/other"):
            watched = material.watched(one, folder)
            with one.transaction():
                for number in range(40):
                    paragraphs = [f"Number {number} of {folder}, part {part}." for part in range(20)]
                    material.put(one, watched.id, f"{folder}/{number}", paragraphs, parent=True)
                material.put(one, watched.id, f"{folder}/long", [f"Long {part} in {folder}." for part in range(300)])
        material.embed_pending(one, material.begun_space(one), 10_000)
        yield one


def test_a_removed_folder_goes_with_all_it_had(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "_CHUNKS", 50)
    mark_removed(library, "/docs")
    assert purge(library) == 41
    assert [folder.path for folder in library.folders.all(with_removed=True)] == ["/other"]
    for table in ("documents", "chunks", "texts", "source_runs", "vectors"):
        column = "id" if table == "documents" else "chunk_id" if table == "vectors" else "document_id"
        assert library.connection.execute(f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL").get > 0
    assert library.chunks.leaves() == 40 * 20 + 300
    assert len(library.fulltext.passages(query_terms("docs"), [], 2000)) == 0
    assert len(library.fulltext.passages(query_terms("other"), [], 2000)) == 1100
    Neighbours(library, material.begun_space(library)).snapshot()
    assert care.check(library) == []
    care.compact(library)
    assert care.check(library) == []


def test_what_a_folder_above_holds_stays(library: Library) -> None:
    above = material.watched(library, "/")
    mark_removed(library, "/docs")
    assert purge(library) == 0
    assert len(list(library.documents.of_folder(above.id))) == 41
    assert [folder.path for folder in library.folders.all(with_removed=True)] == ["/other", "/"]


def test_no_transaction_deletes_more_than_its_share(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "_CHUNKS", 50)
    real, shares = Library.transaction, []

    @contextmanager
    def counting(self: Library) -> Iterator[None]:
        before = self.connection.execute("SELECT count(*) FROM chunks").get
        with real(self):
            yield
        shares.append(before - self.connection.execute("SELECT count(*) FROM chunks").get)

    mark_removed(library, "/docs")
    monkeypatch.setattr(Library, "transaction", counting)
    purge(library)
    assert max(shares) <= 51
    assert sum(shares) == 40 * 21 + 300


def test_a_purge_that_was_cut_off_goes_on(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(BaseException):
        pass

    monkeypatch.setattr(purging, "_CHUNKS", 50)
    mark_removed(library, "/docs")
    steps = iter(range(7))
    real = purging.Purging.forget

    def forget(self: purging.Purging, documents: list[DocumentId]) -> None:
        if next(steps, None) is None:
            raise KilledError
        real(self, documents)

    with monkeypatch.context() as patch:
        patch.setattr(purging.Purging, "forget", forget)
        with pytest.raises(KilledError):
            purge(library)
    assert len(library.fulltext.passages(query_terms("docs"), [], 2000)) == 0, "hidden until then"
    assert purge(library) > 0
    assert library.chunks.leaves() == 1100
    assert care.check(library) == []
