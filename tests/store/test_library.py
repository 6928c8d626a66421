"""One writer, readers beside it that see whole states, and a clear word where the files are not as they should be."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.library import status
from rag_desktop.store.connection import FILE_NAME
from rag_desktop.store.library import Library
from rag_desktop.text.words import query_terms
from tests.store import material


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(UserFacingError) as caught:
        act()
    return caught.value.code


def filled(folder: Path) -> Path:
    with Library.writer(folder) as library:
        watched = material.watched(library)
        with library.transaction():
            for n in range(30):
                material.put(library, watched.id, f"/docs/{n}", [f"Passage {n} of {place}." for place in range(20)])
        material.embed_pending(library, material.begun_space(library))
    return folder


def test_a_second_writer_is_told_that_the_library_is_in_use(library: Library) -> None:
    assert code_of(lambda: Library.writer(library.folder)) == "library-in-use"
    code = (
        "import sys; from pathlib import Path; from rag_desktop.store.library import Library\n"
        "try: Library.writer(Path(sys.argv[1]))\n"
        "except Exception as error: print(error.code)"
    )
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n" + code, str(library.folder)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "library-in-use"


def test_a_writer_may_follow_one_that_closed(tmp_path: Path) -> None:
    for _ in range(2):
        with Library.writer(tmp_path):
            pass


def test_a_writer_that_fails_to_open_lets_go_of_the_lock(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    for _ in range(2):
        assert code_of(lambda: Library.writer(tmp_path)) == "library-damaged"


def test_a_reader_of_nothing_is_told_so(tmp_path: Path) -> None:
    assert code_of(lambda: Library.reader(tmp_path)) == "library-missing"
    (tmp_path / FILE_NAME).touch()
    assert code_of(lambda: Library.reader(tmp_path)) == "library-missing"
    assert code_of(lambda: Library.reader(tmp_path / "nowhere")) == "library-missing"


def test_a_reader_cannot_write(library: Library) -> None:
    with Library.reader(library.folder) as reader:
        assert code_of(lambda: _add_folder(reader)) == "library-forbidden"
    assert library.folders.all() == []


def _add_folder(library: Library) -> None:
    with library.transaction():
        library.folders.add("/x", is_file=False, chunker="leaves")


def test_a_transaction_is_all_or_nothing(library: Library) -> None:
    watched = material.watched(library)
    with suppress(KeyError), library.transaction():
        material.put(library, watched.id, "/docs/a", ("Words.",))
        raise KeyError
    assert library.documents.at("/docs/a") is None
    assert library.fulltext.passages(query_terms("words"), [], 5) == []
    assert library.chunks.leaves() == 0


def test_a_reader_beside_a_writer_sees_whole_states(library: Library) -> None:
    watched = material.watched(library)
    with Library.reader(library.folder) as reader:
        with library.transaction():
            material.put(library, watched.id, "/docs/a", ("Words.",))
            assert reader.documents.at("/docs/a") is None
            assert reader.chunks.leaves() == 0
        assert reader.documents.at("/docs/a")
        with reader.reading():
            assert reader.chunks.leaves() == 1
            with library.transaction():
                material.put(library, watched.id, "/docs/b", ("Words.", "More words."))
            assert reader.chunks.leaves() == 1
            assert len(reader.fulltext.passages(query_terms("words"), [], 5)) == 1
        assert reader.chunks.leaves() == 3
        assert len(reader.fulltext.passages(query_terms("words"), [], 5)) == 3


def test_a_reader_outlives_the_writer(tmp_path: Path) -> None:
    filled(tmp_path)
    with Library.reader(tmp_path) as reader:
        with Library.writer(tmp_path) as writer:
            material.watched(writer, "/more")
        assert [folder.path for folder in reader.folders.all()] == ["/docs", "/more"]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"no database " * 1_000])
def test_a_file_that_is_no_library_is_named_damaged_or_begun(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    if content:
        assert code_of(lambda: Library.writer(tmp_path)) == "library-damaged"
        assert (tmp_path / FILE_NAME).read_bytes() == content
    else:
        Library.writer(tmp_path).close()


@pytest.mark.parametrize("open_library", [Library.writer, Library.reader])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_cut_file_is_named_damaged(tmp_path: Path, open_library: Callable[[Path], Library], keep: float) -> None:
    file = filled(tmp_path) / FILE_NAME
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * keep) // 4096 * 4096])
    assert code_of(lambda: _read_all(open_library, tmp_path)) == "library-damaged"


@pytest.mark.parametrize("page", range(1, 60, 4))
def test_an_overwritten_page_is_named_damaged_or_does_not_matter(tmp_path: Path, page: int) -> None:
    file = filled(tmp_path) / FILE_NAME
    whole = bytearray(file.read_bytes())
    whole[page * 4096 : page * 4096 + 4096] = os.urandom(4096)
    file.write_bytes(whole)
    found = None
    try:
        _read_all(Library.reader, tmp_path)
    except UserFacingError as error:
        found = error.code
    assert found in (None, "library-damaged")


def _read_all(open_library: Callable[[Path], Library], folder: Path) -> None:
    with open_library(folder) as library:
        status(library)
        with library.reading():
            for watched in library.folders.all():
                for row in library.documents.of_folder(watched.id):
                    library.documents.text(row.id)
                    library.chunks.of_document(row.id)
            for space in library.vectors.spaces():
                list(library.vectors.all(space))
            library.fulltext.passages(query_terms("passage of 7"), [], 1000)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    folder = filled(tmp_path / "library")
    folder.chmod(0o500)
    try:
        assert code_of(lambda: Library.writer(folder)) == "library-forbidden"
        assert code_of(lambda: Library.writer(folder / "inner")) == "library-forbidden"
    finally:
        folder.chmod(0o700)


def test_a_folder_where_a_file_stands_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert code_of(lambda: Library.writer(tmp_path / "file")) == "library-forbidden"


def test_a_library_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = filled(tmp_path / "내 문서 'x' %20 #1?")
    with Library.reader(folder) as reader:
        assert status(reader).passages == 600


def test_the_file_is_checked_by_sqlite_itself(tmp_path: Path) -> None:
    connection = apsw.Connection(str(filled(tmp_path) / FILE_NAME))
    assert connection.pragma("integrity_check") == "ok"
    assert connection.pragma("journal_mode") == "wal"
    connection.close()


def test_a_small_write_beside_a_long_transaction_waits_for_it(library: Library) -> None:
    """A transaction that reads first must not find, when it comes to write, that another got in between."""
    watched = material.watched(library)
    with library.transaction():
        document = material.put(library, watched.id, "/docs/a", ("Words.",))
    written = threading.Event()

    def write_beside() -> None:
        with Library.beside(library.folder) as beside, beside.transaction():
            beside.folders.mark_removed(watched.id)
        written.set()

    other = threading.Thread(target=write_beside)
    with library.transaction():
        assert library.chunks.of_document(document)
        other.start()
        assert not written.wait(0.3)
        library.chunks.forget(document)
    other.join()
    assert library.folders.all() == []
    assert library.chunks.leaves() == 0


def test_reading_does_not_keep_a_write_beside_it_waiting(library: Library) -> None:
    watched = material.watched(library)
    with library.reading():
        assert len(library.folders.all()) == 1
        with Library.beside(library.folder) as beside, beside.transaction():
            beside.folders.mark_removed(watched.id)
        assert len(library.folders.all()) == 1
    assert library.folders.all() == []
