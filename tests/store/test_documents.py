"""Rows of documents: one row a file, its text in slices, its state, its names."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag_desktop.domain.documents import Metadata, Reading, Run, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.store import documents as documents_module
from rag_desktop.store.library import Library
from rag_desktop.text.words import query_terms
from tests.store import material

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
reusing = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_file_has_one_row_however_often_it_is_put(library: Library) -> None:
    folder = material.watched(library)
    first = library.documents.put(folder.id, FileState("/docs/a", 1, 2), b"x", "1")
    second = library.documents.put(folder.id, FileState("/docs/a", 3, 4), b"y", "2")
    row = library.documents.at("/docs/a")
    assert row
    assert first == second == row.id
    assert (row.file, row.sha256, row.reader) == (FileState("/docs/a", 3, 4), b"y", "2")
    assert library.documents.at("/docs/A") is None


@pytest.mark.parametrize("name", ["new\nline", 'it\'s "so"', "caf\udce9", "e\u0301", "\u00e9", "한글", " ", "%s;--"])
def test_any_file_name_is_kept(library: Library, name: str) -> None:
    folder = material.watched(library)
    path = f"/docs/{name}.txt"
    with library.transaction():
        document = material.put(library, folder.id, "/docs/x", ("Words.",))
        library.documents.move(document, folder.id, FileState(path, 6, 9))
    row = library.documents.at(path)
    shown = library.documents.get(document)
    assert row
    assert shown
    assert (row.id, row.file.path, shown.path) == (document, path, path)


def test_documents_below_paths_are_those_of_the_folder_in_order(library: Library) -> None:
    folder, other = material.watched(library), material.watched(library, "/other")
    names = ("a/z", "a", "a/b", "a b", "a.txt", "a0", "b", "a/b/c")
    ids = {name: material.put(library, folder.id, f"/docs/{name}", ("Words.",)) for name in names}
    material.put(library, other.id, "/docs/a/other's", ("Words.",))
    found = [row.id for row in library.documents.below(folder.id, ["/docs/a", "/docs/b"])]
    assert found == [ids[name] for name in ("a/z", "a", "a/b", "a/b/c", "b")]
    assert {row.id for row in library.documents.below(folder.id, ["/"])} == set(ids.values())


def test_documents_below_a_path_are_found_by_their_paths(library: Library) -> None:
    folder = material.watched(library)
    asked: list[tuple[str, Any]] = []

    def trace(_: object, statement: str, bindings: Any) -> bool:
        asked.append((statement, bindings))
        return True

    library.connection.exec_trace = trace
    assert not list(library.documents.below(folder.id, ["/docs/a"]))
    library.connection.exec_trace = None
    assert asked
    for statement, bindings in asked:
        plan = [row[-1] for row in library.connection.execute(f"EXPLAIN QUERY PLAN {statement}", bindings)]
        assert len(plan) == 1
        assert "sqlite_autoindex_documents_1 (path" in plan[0]


def test_names_that_only_look_the_same_are_two(library: Library) -> None:
    folder = material.watched(library)
    ids = {material.put(library, folder.id, f"/docs/{name}", ("Words.",)) for name in ("e\u0301", "\u00e9")}
    assert len(ids) == 2


def test_a_failure_is_kept_whole_until_the_next_put(library: Library) -> None:
    folder = material.watched(library)
    error = UserFacingError("reader-bug", path="/docs/caf\udce9", report="한글 'x'", count=3, share=0.5)
    document = material.fail(library, folder.id, "/docs/caf\udce9", error)
    [row] = library.documents.failed()
    assert row.error
    assert (row.error.code, row.error.arguments) == (error.code, error.arguments)
    assert library.documents.get(document) is None
    material.put(library, folder.id, "/docs/caf\udce9", ("Fine now.",))
    assert not library.documents.failed()
    assert library.documents.get(document)


def test_a_failure_leaves_nothing_of_an_earlier_reading(library: Library) -> None:
    folder = material.watched(library)
    document = material.put(library, folder.id, "/docs/report.txt", ("Words.",))
    material.fail(library, folder.id, "/docs/report.txt", UserFacingError("file-empty"))
    assert library.documents.text(document) == ""
    assert library.documents.runs(document) == ()
    assert library.chunks.of_document(document) == []
    assert library.fulltext.documents(query_terms("report"), 5) == []


def test_what_a_file_says_of_itself_is_kept(library: Library) -> None:
    folder = material.watched(library)
    document = library.documents.put(folder.id, FileState("/docs/a.pdf", 1, 1), b"x", "1")
    runs = (Run(0, 0, 1), Run(3, None, None), Run(4, 100, 2))
    told = Metadata("A title", "An author", 2, ("i", "1"))
    library.documents.set_reading(document, Reading("pdf", "texts", (), runs, (), told, ("pages-without-text",)))
    shown = library.documents.get(document)
    assert shown
    assert (shown.format, shown.title, shown.page_labels) == ("pdf", "A title", ("i", "1"))
    assert library.documents.runs(document) == runs


@reusing
@given(text=st.text(LETTERS, max_size=60), data=st.data(), size=st.integers(1, 9))
def test_a_slice_is_pythons_slice_over_any_border(library: Library, text: str, data: st.DataObject, size: int) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    folder = material.watched(library)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents_module, "_SEGMENT", size)
        with library.transaction():
            document = library.documents.put(folder.id, FileState("/docs/a", 1, 1), b"x", "1")
            library.documents.set_reading(document, material.reading(text))
        assert library.documents.text(document) == text
        assert library.documents.text(document, Span(start, end)) == text[start:end]


def test_a_slice_of_a_long_text_with_signs_beyond_the_basic_plane(library: Library) -> None:
    text = "".join(f"{n}𝔘한 " for n in range(20_000))
    folder = material.watched(library)
    document = library.documents.put(folder.id, FileState("/docs/a", 1, 1), b"x", "1")
    library.documents.set_reading(document, material.reading(text))
    for start in (0, 16_380, 16_383, 16_384, 16_385, 32_767, len(text) - 3):
        for length in (0, 1, 2, 5, 40_000):
            assert library.documents.text(document, Span(start, start + length)) == text[start : start + length]
    assert library.documents.text(document) == text


def test_a_new_text_replaces_a_longer_one(library: Library) -> None:
    folder = material.watched(library)
    for text in ("long " * 20_000, "short"):
        document = library.documents.put(folder.id, FileState("/docs/a", 1, 1), b"x", "1")
        library.documents.set_reading(document, material.reading(text))
    assert library.documents.text(document) == "short"


def test_a_document_is_found_by_its_name_and_title(library: Library) -> None:
    folder = material.watched(library)
    document = material.put(library, folder.id, "/docs/quarterly_report-2031.txt", ("Nothing of it.",))
    for question in ("quarterly", "report", "2031"):
        assert [id_ for id_, _ in library.fulltext.documents(query_terms(question), 5)] == [document]
    library.documents.name_words(document, "계약서.txt", "Bees")
    assert [id_ for id_, _ in library.fulltext.documents(query_terms("계약"), 5)] == [document]
    assert [id_ for id_, _ in library.fulltext.documents(query_terms("bees"), 5)] == [document]
    assert library.fulltext.documents(query_terms("quarterly"), 5) == []


def test_a_folder_that_is_removed_takes_its_documents_out_of_sight(library: Library) -> None:
    folder, other = material.watched(library, "/docs"), material.watched(library, "/other")
    document = material.put(library, folder.id, "/docs/a", ("Words.",))
    kept = material.put(library, other.id, "/other/a", ("Words.", "More."))
    material.fail(library, folder.id, "/docs/b", UserFacingError("file-empty"))
    library.folders.mark_removed(folder.id)
    assert library.documents.get(document) is None
    assert library.documents.get(kept)
    assert library.documents.failed() == []
    assert library.chunks.count() == 2
    assert [row.path for row in library.folders.all()] == ["/other"]
    assert library.vectors.pending_count(None) == 2
    library.folders.mark_removed(folder.id, removed=False)
    assert library.documents.get(document)
    assert library.chunks.count() == 3


def test_adding_a_removed_folder_again_takes_the_mark_away(library: Library) -> None:
    folder = material.watched(library)
    library.folders.mark_removed(folder.id)
    again = material.watched(library)
    assert (again.id, again.removed_at) == (folder.id, None)


def test_counts_of_a_folder(library: Library) -> None:
    folder = material.watched(library)
    material.put(library, folder.id, "/docs/a", ("One.", "Two."), parent=True)
    material.fail(library, folder.id, "/docs/b", UserFacingError("file-empty"))
    counts = library.folders.counts(folder.id)
    assert (counts.documents, counts.failed, counts.passages) == (1, 1, 2)
    assert library.folders.of_documents([row.id for row in library.documents.of_folder(folder.id)]) == {
        1: folder.id,
        2: folder.id,
    }
