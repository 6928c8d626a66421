"""What filters leave of a library, held against its documents one by one."""

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Metadata, Reading
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.domain.ids import ChunkId, DocumentId, FolderId
from rag_desktop.store import selection as selection_module
from rag_desktop.store.library import Library
from rag_desktop.store.selection import Selection, Selections
from rag_desktop.text.words import query_terms
from tests.store import material

DECOMPOSED = "\u1100\u1168\u110b\u1163\u11a8"  # 계약 as macOS writes it
DAY_NS = 86_400 * 10**9


def day_ns(day: date) -> int:
    """Noon of a day by the local clock."""
    return round(time.mktime((day.year, day.month, day.day, 12, 0, 0, 0, 0, -1))) * 10**9


def put(
    library: Library, folder: FolderId, path: str, *, format_: str, author: str | None, mtime_ns: int, leaves: int = 2
) -> DocumentId:
    """A document of so many leaves under one parent, each with the word `lease` and one of its own."""
    paragraphs = [f"A lease of leaf{number} stands here." for number in range(leaves)]
    text = material.joined(paragraphs)
    chunks = material.drafts(paragraphs, parent=True) if leaves else ()
    document = library.documents.put(folder, FileState(path, len(text), mtime_ns), b"sha" + path.encode(), "1")
    library.documents.set_reading(document, Reading(format_, text, (), (), chunks, Metadata(author=author)))
    library.chunks.replace(document, text, chunks)
    return document


DOCUMENTS = (  # path, format, author, day of the last change
    ("/home/u/Contracts/rent 2022.pdf", "pdf", "Kim Jae", date(2022, 5, 17)),
    ("/home/u/Contracts/2023/rent.docx", "docx", "Åsa Öberg", date(2023, 1, 1)),
    ("/home/u/Contracts/2023/notes.md", "markdown", None, date(2023, 12, 31)),
    (f"/home/u/Contracts/{DECOMPOSED}/갑.txt", "text", "김재", date(2024, 2, 29)),
    ("/home/u/Mail/2023/letter.eml", "email", "kim@example.org", date(2023, 7, 1)),
    ("/home/u/Mail/app.log.1", "log", None, date(2021, 1, 1)),
    ("/media/scan.pdf", "pdf", None, date(2020, 1, 1)),
    ("/home/u/Removed/2023/gone.pdf", "pdf", "Kim Jae", date(2023, 5, 5)),
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.writer(tmp_path_factory.mktemp("selection") / "library") as library:
        folders = {path: material.watched(library, path).id for path in ("/home/u/Contracts", "/home/u/Mail")}
        folders["/home/u/Removed"] = material.watched(library, "/home/u/Removed").id
        with library.transaction():
            folders["/media"] = library.folders.add("/media/scan.pdf", is_file=True, chunker="leaves").id
            for path, format_, author, day in DOCUMENTS:
                folder = next(id_ for root, id_ in folders.items() if path.startswith(root))
                put(library, folder, path, format_=format_, author=author, mtime_ns=day_ns(day))
            library.folders.mark_removed(folders["/home/u/Removed"])
        yield library


def paths(library: Library, filters: Filters) -> set[str]:
    """Names of the documents that are left."""
    chosen = Selections(library.connection).of(filters)
    assert chosen is not None
    found = [library.documents.get(document) for document in chosen.documents]
    labels = chosen.labels()
    assert chosen.leaves == len(labels) == 2 * len(found)
    assert all(np.diff(labels) > 0)
    chunks = library.chunks.get([ChunkId(label) for label in labels.tolist()])
    assert {chunk.document_id for chunk in chunks.values()} == set(chosen.documents)
    assert all(chunk.parent_id is not None for chunk in chunks.values())
    return {os.path.basename(document.path) for document in found if document}


CONTRACTS = {"rent 2022.pdf", "rent.docx", "notes.md", "갑.txt"}


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(folders=("Contracts",)), CONTRACTS),
        (Filters(folders=("CONTRACTS",)), CONTRACTS),
        (Filters(folders=("/home/u/Contracts",)), CONTRACTS),
        (Filters(folders=("/home/u/contracts/",)), CONTRACTS),
        (Filters(folders=("2023",)), {"rent.docx", "notes.md", "letter.eml"}),
        (Filters(folders=("Contracts/2023",)), {"rent.docx", "notes.md"}),
        (Filters(folders=("contracts/2023/",)), {"rent.docx", "notes.md"}),
        (Filters(folders=("계약",)), {"갑.txt"}),
        (Filters(folders=("Mail", "계약")), {"letter.eml", "app.log.1", "갑.txt"}),
        (Filters(folders=("media",)), {"scan.pdf"}),
        (Filters(folders=("/",)), {*CONTRACTS, "letter.eml", "app.log.1", "scan.pdf"}),
        (Filters(folders=("u",)), set()),
        (Filters(folders=("Contract",)), set()),
        (Filters(folders=("Nowhere",)), set()),
        (Filters(folders=("",)), set()),
        (Filters(folders=("Removed",)), set()),
        (Filters(formats=("pdf",)), {"rent 2022.pdf", "scan.pdf"}),
        (Filters(formats=("markdown",)), {"notes.md"}),
        (Filters(formats=(".MD", "txt")), {"notes.md", "갑.txt"}),
        (Filters(formats=("log",)), {"app.log.1"}),
        (Filters(formats=("\ud800",)), set()),
        (Filters(authors=("kim",)), {"rent 2022.pdf", "letter.eml"}),
        (Filters(authors=("a\u030asa o\u0308",)), {"rent.docx"}),
        (Filters(authors=("김",)), {"갑.txt"}),
        (Filters(after=date(2023, 1, 1), before=date(2023, 12, 31)), {"rent.docx", "notes.md", "letter.eml"}),
        (Filters(after=date(2024, 2, 29)), {"갑.txt"}),
        (Filters(before=date(2021, 1, 1)), {"app.log.1", "scan.pdf"}),
        (Filters(before=date(2020, 12, 31)), {"scan.pdf"}),
        (Filters(after=date.min, before=date.max, formats=("pdf",)), {"rent 2022.pdf", "scan.pdf"}),
        (Filters(globs=("*.pdf",)), {"rent 2022.pdf", "scan.pdf"}),
        (Filters(globs=("RENT",)), {"rent 2022.pdf", "rent.docx"}),
        (Filters(globs=("rent.????",)), {"rent.docx"}),
        (Filters(globs=("[rn]*",)), {"rent 2022.pdf", "rent.docx", "notes.md"}),
        (Filters(globs=("Contracts/*",)), {"rent 2022.pdf"}),
        (Filters(globs=("contracts/**",)), CONTRACTS),
        (Filters(globs=("Contracts/",)), CONTRACTS),
        (Filters(globs=("u/**/2023/*",)), {"rent.docx", "notes.md", "letter.eml"}),
        (Filters(globs=("Contracts/**/rent*",)), {"rent 2022.pdf", "rent.docx"}),
        (Filters(globs=("/home/**/*.md",)), {"notes.md"}),
        (Filters(globs=("/u/**",)), set()),
        (Filters(globs=("계약/*", "*.eml")), {"갑.txt", "letter.eml"}),
        (Filters(globs=("**",), formats=("email",)), {"letter.eml"}),
        (Filters(folders=("2023",), formats=("docx", "email"), authors=("kim",)), {"letter.eml"}),
    ],
)
def test_what_is_left(stored: Library, filters: Filters, names: set[str]) -> None:
    assert paths(stored, filters) == names


def test_a_folder_may_be_named_from_home(stored: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    monkeypatch.setenv("USERPROFILE", "/home/u")
    assert paths(stored, Filters(folders=("~/Contracts",))) == CONTRACTS
    assert paths(stored, Filters(globs=("~/Mail/*",))) == {"app.log.1"}
    assert paths(stored, Filters(folders=("~nobody\0",))) == set()


def test_nothing_is_narrowed_without_filters(stored: Library) -> None:
    assert Selections(stored.connection).of(EVERYTHING) is None


@given(
    st.builds(
        Filters,
        folders=st.lists(st.text(), max_size=2).map(tuple),
        formats=st.lists(st.text(), max_size=2).map(tuple),
        after=st.none() | st.dates(),
        before=st.none() | st.dates(),
        authors=st.lists(st.text(), max_size=2).map(tuple),
        globs=st.lists(st.text("ab*?[]-!/~\\.") | st.text(), max_size=2).map(tuple),
    )
)
def test_no_filters_break_the_search(stored: Library, filters: Filters) -> None:
    if filters:
        paths(stored, filters)


def test_a_pattern_of_many_stars_takes_no_time(stored: Library) -> None:
    path = "/home/u/Contracts/" + "a" * 200
    with stored.transaction():
        folder = next(folder.id for folder in stored.folders.all())
        document = put(stored, folder, path, format_="text", author=None, mtime_ns=0)
    assert paths(stored, Filters(globs=("a*" * 60 + "b", "**/" * 60 + "b"))) == set()
    with stored.transaction():
        stored.chunks.forget(document)
        stored.documents.forget(document)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the clock's zone cannot be set here")
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2023, 3, 26)),  # 23 hours
        ("Europe/Berlin", date(2023, 10, 29)),  # 25 hours
        ("America/Sao_Paulo", date(2018, 11, 4)),  # begins at one o'clock
        ("Asia/Seoul", date(2023, 5, 17)),
    ],
)
def test_a_day_is_one_of_the_local_clock(
    library: Library, monkeypatch: pytest.MonkeyPatch, zone: str, day: date
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        folder = material.watched(library)
        middle = day_ns(day)
        with library.transaction():
            for hour in range(-40, 41):
                put(
                    library,
                    folder.id,
                    f"/docs/{hour}",
                    format_="text",
                    author=None,
                    mtime_ns=middle + hour * DAY_NS // 24,
                )
        chosen = Selections(library.connection).of(Filters(after=day, before=day))
        assert chosen is not None
        within = {
            hour
            for hour in range(-40, 41)
            if time.localtime(middle // 10**9 + hour * 3600)[:3] == (day.year, day.month, day.day)
        }
        assert {document - 1 - 40 for document in chosen.documents} == within
    finally:
        monkeypatch.undo()
        time.tzset()


def chosen_from(library: Library, filters: Filters) -> Selection:
    chosen = Selections(library.connection).of(filters)
    assert chosen is not None
    return chosen


def test_newest_documents_by_their_first_leaf(stored: Library) -> None:
    selections = Selections(stored.connection)
    chosen = selections.of(Filters(folders=("Contracts",)))
    assert chosen is not None
    leaves = selections.newest(chosen, 3)
    chunks = stored.chunks.get(leaves)
    documents = [stored.documents.get(chunks[leaf].document_id) for leaf in leaves]
    assert [os.path.basename(document.path) for document in documents if document] == [
        "갑.txt",
        "notes.md",
        "rent.docx",
    ]
    assert all(chunks[leaf].ordinal == 1 for leaf in leaves), "the first below the parent"


def test_documents_without_text_are_passed_over(library: Library) -> None:
    folder = material.watched(library)
    with library.transaction():
        put(library, folder.id, "/docs/empty.txt", format_="text", author=None, mtime_ns=9, leaves=0)
        full = put(library, folder.id, "/docs/full.txt", format_="text", author=None, mtime_ns=5)
        material.fail(library, folder.id, "/docs/broken.txt", UserFacingError("pdf-damaged"))
    selections = Selections(library.connection)
    chosen = selections.of(Filters(folders=("docs",)))
    assert chosen is not None
    assert chosen.leaves == 2
    [leaf] = selections.newest(chosen, 5)
    assert library.chunks.get([leaf])[leaf].document_id == full


@pytest.mark.parametrize("is_beside", [False, True])
def test_selections_follow_the_library(tmp_path: Path, *, is_beside: bool) -> None:
    with Library.writer(tmp_path) as writer, Library.reader(tmp_path) as reader:
        selections = Selections((reader if is_beside else writer).connection)
        folder = material.watched(writer)

        def labels() -> list[int]:
            chosen = selections.of(Filters(folders=("docs",)))
            assert chosen is not None
            return [int(label) for label in chosen.labels()]

        with writer.transaction():
            material.put(writer, folder.id, "/docs/old.txt", ("Old.",))
        old = labels()
        with writer.transaction():
            material.put(writer, folder.id, "/docs/new.txt", ("One.", "Two.", "Three."))
        grown = labels()
        with writer.transaction():
            material.put(writer, folder.id, "/docs/new.txt", ("One.", "Changed."))
        changed = labels()
        assert (len(old), len(grown), len(changed)) == (1, 4, 3)
        assert changed[:-1] == grown[:2]
        assert changed[-1] > grown[-1]
        with writer.transaction():
            writer.folders.mark_removed(folder.id)
        assert labels() == []
        with writer.transaction():
            writer.folders.mark_removed(folder.id, removed=False)
        assert labels() == changed


def test_a_selection_is_kept_while_nothing_changes(stored: Library) -> None:
    selections = Selections(stored.connection)
    assert selections.of(Filters(formats=("pdf",))) is selections.of(Filters(formats=("pdf",)))


@pytest.mark.parametrize("few", [0, 100])
def test_words_are_searched_in_the_selection_only(stored: Library, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(selection_module, "_FEW_LEAVES", few)
    for filters in (Filters(folders=("2023",)), Filters(formats=("pdf",)), Filters(folders=("Nowhere",))):
        chosen = chosen_from(stored, filters)
        hits = stored.fulltext.passages(query_terms("lease"), [], 100, among=chosen)
        assert sorted(id_ for id_, _ in hits) == chosen.labels().tolist()
    chosen = chosen_from(stored, Filters(formats=("pdf",)))
    without = stored.fulltext.passages(query_terms("lease"), [("here",)], 100, among=chosen, without=[("leaf0",)])
    assert len(without) == chosen.leaves // 2


def test_excluded_words_are_in_no_passage(stored: Library) -> None:
    everything = {id_ for id_, _ in stored.fulltext.passages(query_terms("lease"), [], 100)}
    left = {id_ for id_, _ in stored.fulltext.passages(query_terms("lease"), [], 100, without=[("leaf0",)])}
    both = stored.fulltext.passages(query_terms("lease"), [], 100, without=[("leaf0",), ("leaf1", "stands")])
    assert len(left) == len(everything) // 2
    assert both == []
    assert stored.fulltext.passages(query_terms("lease"), [], 100, without=[("leaf0", "lease")]) != []
    ids = sorted(everything)
    assert stored.fulltext.holding(ids, [("leaf0",)]) == everything - left
    assert stored.fulltext.holding(ids, [("leaf0",), ("of", "leaf1")]) == everything
    assert stored.fulltext.holding(ids[:1], [("leases",)]) == set(ids[:1])
    assert stored.fulltext.holding(ids, []) == stored.fulltext.holding([], [("lease",)]) == set()


@given(st.lists(st.lists(st.text(), min_size=1, max_size=2).map(tuple), min_size=1, max_size=3))
def test_no_exclusion_breaks_the_search(stored: Library, without: list[tuple[str, ...]]) -> None:
    printable = [
        tuple(word.encode("utf-8", "ignore").decode().replace("\0", "") for word in words) for words in without
    ]
    stored.fulltext.passages(query_terms("lease"), [], 5, without=printable)
    stored.fulltext.holding([ChunkId(1)], printable)


def test_only_some_selections_are_kept(stored: Library) -> None:
    selections = Selections(stored.connection)
    first = selections.of(Filters(formats=("pdf",)))
    for number in range(selection_module._KEPT):
        selections.of(Filters(formats=(f"f{number}",)))
    again = selections.of(Filters(formats=("pdf",)))
    assert first is not None
    assert again is not None
    assert again is not first
    assert again.documents == first.documents
