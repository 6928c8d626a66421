"""What becomes part of a library, and by which path."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.bounds import Bounds, Caps
from rag_desktop.services.indexing import Indexing, Means
from rag_desktop.services.library import folder_at, mark_removed, set_chunker
from rag_desktop.services.power import Power
from rag_desktop.services.room import Room
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def indexing(library: Library) -> Indexing:
    bounds = Bounds(Caps(), Room(library.folder), Power(lambda: "full"))
    return Indexing(library, Means((), None, lambda path: "text" if path.endswith(".txt") else None, bounds))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "a.txt").write_text("Words.")
    return tmp_path / "root"


def added(indexing: Indexing, *paths: Path) -> list[str]:
    return [row.path for row in indexing.register(map(str, paths))]


def watched(library: Library) -> list[str]:
    return [row.path for row in library.folders.all()]


def test_a_link_to_a_watched_folder_is_that_folder(
    indexing: Indexing, library: Library, root: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    assert added(indexing, root) == added(indexing, link) == added(indexing, root, link) == [str(root)]
    assert watched(library) == [str(root)]
    assert folder_at(library, str(link)).path == str(root)
    (scan,) = indexing.look(library.folders.all(), Task(lambda _: None))
    assert [file.path for file in scan.plan.read] == [str(root / "sub" / "a.txt")]


def test_a_watched_link_stays_what_it_is(indexing: Indexing, library: Library, root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    assert added(indexing, link) == added(indexing, root) == [str(link)]
    assert folder_at(library, str(root)).path == str(link)


def test_a_link_into_a_watched_folder_is_the_place_it_leads_to(
    indexing: Indexing, library: Library, root: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(root / "sub")
    added(indexing, root)
    with pytest.raises(UserFacingError) as caught:
        folder_at(library, str(link))
    assert (caught.value.code, caught.value.arguments["folder"]) == ("folder-inside", str(root))
    assert added(indexing, link) == [str(root / "sub")]
    assert folder_at(library, str(link)).path == str(root / "sub")


def test_a_folder_that_holds_a_watched_link_is_walked_around_it(
    indexing: Indexing, library: Library, root: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(root / "sub")
    (root / "b.txt").write_text("Words.")
    added(indexing, link)
    added(indexing, root)
    scans = indexing.look(library.folders.all(), Task(lambda _: None))
    assert [[file.path for file in scan.plan.read] for scan in scans] == [[str(link / "a.txt")], [str(root / "b.txt")]]


def test_a_removed_folder_is_no_watched_one(indexing: Indexing, library: Library, root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    added(indexing, link)
    mark_removed(library, str(link))
    assert added(indexing, root) == [str(root)]
    assert added(indexing, link) == [str(root)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_is_neither_a_file_nor_a_folder_is_refused(
    indexing: Indexing, library: Library, root: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    for path, code in (
        (tmp_path / "pipe.txt", "path-not-regular"),
        (Path(os.devnull), "path-not-regular"),
        (tmp_path / "nowhere", "path-missing"),
        (tmp_path / "broken", "path-missing"),
    ):
        with pytest.raises(UserFacingError) as caught:
            indexing.register([str(root), str(path)])
        assert (caught.value.code, caught.value.arguments["path"]) == (code, str(path))
        assert watched(library) == [], "all or none"


def test_a_folder_that_is_away_may_be_added_again(indexing: Indexing, library: Library, root: Path) -> None:
    added(indexing, root)
    root.rename(root.with_name("unplugged"))
    assert added(indexing, root) == [str(root)]
    assert not folder_at(library, str(root)).is_file


def test_a_folder_is_cut_as_was_said_last(indexing: Indexing, library: Library, root: Path) -> None:
    (row,) = indexing.register([str(root)])
    assert row.chunker == library.folders.all()[0].chunker == "leaves"
    (row,) = indexing.register([str(root)], "tokens:256/20")
    assert row.chunker == library.folders.all()[0].chunker == "tokens:256/20"
    (row,) = indexing.register([str(root)])
    assert row.chunker == "tokens:256/20"
    (row,) = indexing.register([str(root / "sub")], "characters:500/50")
    assert (row.chunker, library.folders.all()[0].chunker) == ("characters:500/50", "tokens:256/20")


def test_a_scheme_that_does_not_exist_adds_nothing(indexing: Indexing, library: Library, root: Path) -> None:
    with pytest.raises(UserFacingError) as failure:
        indexing.register([str(root)], "sideways")
    assert failure.value.code == "chunker-unknown"
    assert failure.value.arguments["name"] == "sideways"
    assert watched(library) == []
    indexing.register([str(root)])
    with pytest.raises(UserFacingError):
        set_chunker(library, str(root), "tokens:256/200")
    assert library.folders.all()[0].chunker == "leaves"
    assert set_chunker(library, str(root), "tokens:256/20").path == str(root)
    assert library.folders.all()[0].chunker == "tokens:256/20"
