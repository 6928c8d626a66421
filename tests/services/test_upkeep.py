"""The library follows its folders by itself, and does what the person wants first. Real files, readers and watching."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rag_desktop.app import build
from rag_desktop.domain.events import DocumentStored, Event, IndexingPlanned, LibraryLooked, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import FolderStatus, LibraryStatus
from rag_desktop.services import room
from rag_desktop.services.desk import Desk
from rag_desktop.services.storing import READING_VERSION
from rag_desktop.store.library import Library

WAIT_S = 30.0


@dataclass
class Opened:
    """A desk without a window, and all that it said."""

    library: Path
    desk: Desk = field(init=False)
    events: list[Event] = field(default_factory=list)
    said: threading.Condition = field(default_factory=threading.Condition)

    def publish(self, event: Event) -> None:
        with self.said:
            self.events.append(event)
            self.said.notify_all()

    def until(self, true: Callable[[], bool]) -> None:
        with self.said:
            assert self.said.wait_for(true, WAIT_S), self.events[-20:]

    def ended(self, task: TaskId) -> TaskEnded:
        def ends() -> list[TaskEnded]:
            return [event for event in self.events if isinstance(event, TaskEnded) and event.task == task]

        self.until(lambda: bool(ends()))
        return ends()[0]

    @property
    def status(self) -> LibraryStatus | None:
        looks = [event.status for event in self.events if isinstance(event, LibraryLooked)]
        return looks[-1] if looks else None

    def folder(self, path: Path) -> FolderStatus | None:
        return next((each for each in self.status.folders if each.path == str(path)), None) if self.status else None

    def documents(self) -> set[str]:
        with Library.reader(self.library) as library:
            return {
                Path(row.file.path).name
                for folder in library.folders.all()
                for row in library.documents.of_folder(folder.id)
                if row.error is None
            }

    def readers(self) -> set[str]:
        """How the documents were read."""
        with Library.reader(self.library) as library:
            return {row.reader for folder in library.folders.all() for row in library.documents.of_folder(folder.id)}

    def leaves(self) -> dict[str, list[int]]:
        """Ids of the leaves of each document."""
        with Library.reader(self.library) as library:
            rows = [row for folder in library.folders.all() for row in library.documents.of_folder(folder.id)]
            found = {Path(row.file.path).name: library.chunks.of_document(row.id) for row in rows}
        return {
            name: [each.id for each in chunks if each.id not in {other.parent_id for other in chunks}]
            for name, chunks in found.items()
        }

    def finds(self, word: str) -> list[str]:
        with Library.reader(self.library) as library:
            program = build(self.library)
            from rag_desktop.domain.answers import Question
            from rag_desktop.services.retrieval import Mode

            found = program.retrieval(library).search(Question(word, 5), Mode.KEYWORD)
            return [Path(passage.document.path).name for passage in found.passages]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    monkeypatch.setenv("RAG_DESKTOP_ENGINE", "scripted")
    monkeypatch.setenv("RAG_DESKTOP_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RAG_DESKTOP_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("RAG_DESKTOP_MODELS", str(tmp_path / "models"))
    made = Opened(tmp_path / "library")
    made.desk = Desk(build(), made.publish)
    made.ended(made.desk.upkeep.start())
    yield made
    made.desk.close()


@pytest.fixture
def papers(opened: Opened, tmp_path: Path) -> Path:
    """A folder of three documents that is in the library."""
    folder = tmp_path / "papers"
    for name in ("owls", "bees", "elks"):
        write(folder / f"{name}.txt", f"All there is to say about {name}.")
    opened.ended(opened.desk.upkeep.add(str(folder)))
    opened.until(lambda: (at := opened.folder(folder)) is not None and at.documents == 3)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_changes_on_disk_is_found_without_asking(opened: Opened, papers: Path) -> None:
    write(papers / "cats.txt", "Cats were not there before.")
    opened.until(lambda: "cats.txt" in opened.documents())
    assert opened.finds("before") == ["cats.txt"]
    write(papers / "cats.txt", "Cats are sleeping now.")
    opened.until(lambda: opened.finds("sleeping") == ["cats.txt"])
    assert opened.finds("before") == []
    (papers / "cats.txt").rename(papers / "lions.txt")
    opened.until(lambda: opened.finds("sleeping") == ["lions.txt"])
    (papers / "lions.txt").unlink()
    opened.until(lambda: opened.documents() == {"owls.txt", "bees.txt", "elks.txt"})


def test_a_new_folder_tree_is_found(opened: Opened, papers: Path, tmp_path: Path) -> None:
    write(tmp_path / "made" / "a" / "b" / "deep.txt", "Deep words.")
    shutil.move(tmp_path / "made", papers / "made")
    opened.until(lambda: "deep.txt" in opened.documents())
    shutil.rmtree(papers / "made")
    opened.until(lambda: "deep.txt" not in opened.documents())


def test_a_folder_that_goes_is_away_and_one_that_comes_is_back(opened: Opened, papers: Path) -> None:
    papers.rename(papers.with_name("unplugged"))
    opened.until(lambda: (at := opened.folder(papers)) is not None and at.is_away)
    assert opened.documents() == {"owls.txt", "bees.txt", "elks.txt"}
    stored = sum(isinstance(event, DocumentStored) for event in opened.events)
    papers.with_name("unplugged").rename(papers)
    opened.until(lambda: (at := opened.folder(papers)) is not None and not at.is_away)
    assert sum(isinstance(event, DocumentStored) for event in opened.events) == stored


def test_a_paused_folder_is_not_read_but_forgets_what_is_gone(opened: Opened, papers: Path) -> None:
    opened.ended(opened.desk.upkeep.pause_folder(str(papers), paused=True))
    opened.until(lambda: (at := opened.folder(papers)) is not None and at.is_paused)
    write(papers / "cats.txt", "Cats.")
    (papers / "owls.txt").unlink()
    opened.until(lambda: "owls.txt" not in opened.documents())
    assert opened.documents() == {"bees.txt", "elks.txt"}
    opened.ended(opened.desk.upkeep.pause_folder(str(papers), paused=False))
    opened.until(lambda: opened.documents() == {"bees.txt", "elks.txt", "cats.txt"})


def test_a_folder_that_is_left_is_taken_up_when_asked(opened: Opened, papers: Path) -> None:
    opened.desk.upkeep.leave(str(papers))
    write(papers / "cats.txt", "Cats.")
    (papers / "owls.txt").unlink()
    opened.until(lambda: "owls.txt" not in opened.documents())
    assert "cats.txt" not in opened.documents()
    opened.ended(opened.desk.upkeep.rescan([str(papers)]))
    assert "cats.txt" in opened.documents()


def test_patterns_leave_out_what_they_match_and_bring_it_back(opened: Opened, papers: Path) -> None:
    opened.ended(opened.desk.upkeep.set_patterns(str(papers), "o*.txt\nelks.*"))
    opened.until(lambda: opened.documents() == {"bees.txt"})
    write(papers / "oxen.txt", "Oxen.")
    write(papers / "cats.txt", "Cats.")
    opened.until(lambda: opened.documents() == {"bees.txt", "cats.txt"})
    opened.ended(opened.desk.upkeep.set_patterns(str(papers), ""))
    opened.until(lambda: len(opened.documents()) == 5)


def test_a_pattern_that_is_none_changes_nothing(opened: Opened, papers: Path) -> None:
    error = opened.ended(opened.desk.upkeep.set_patterns(str(papers), "a\n***/[")).error
    assert error is not None
    assert error.code == "pattern-refused"
    assert len(opened.documents()) == 3


def test_another_scheme_reads_all_again_and_keeps_the_vectors_of_leaves_that_stay(opened: Opened, papers: Path) -> None:
    write(papers / "long.txt", "The tenant pays the rent on the first day of each month. " * 40)
    opened.until(lambda: "long.txt" in opened.documents())
    before = opened.leaves()
    opened.ended(opened.desk.upkeep.set_chunker(str(papers), "tokens:64/8"))
    opened.until(lambda: opened.readers() == {f"{READING_VERSION}/tokens:64/8"})
    after = opened.leaves()
    assert len(after["long.txt"]) > 2 * len(before["long.txt"])
    for name in ("owls.txt", "bees.txt", "elks.txt"):
        assert after[name] == before[name]
    opened.until(lambda: opened.status is not None and all(space.pending == 0 for space in opened.status.spaces))


def test_a_scheme_that_is_none_changes_nothing(opened: Opened, papers: Path) -> None:
    error = opened.ended(opened.desk.upkeep.set_chunker(str(papers), "tokens:64/80")).error
    assert error is not None
    assert error.code == "chunker-unknown"
    assert opened.readers() == {f"{READING_VERSION}/leaves"}


def test_a_failure_is_ignored_until_its_file_changes(opened: Opened, papers: Path) -> None:
    (papers / "broken.pdf").write_bytes(b"%PDF-1.4 no more")

    def failures() -> list[tuple[str, bool]]:
        status = opened.status
        return [(Path(each.path).name, each.is_ignored) for each in status.failed] if status else []

    opened.until(lambda: failures() == [("broken.pdf", False)])
    opened.ended(opened.desk.upkeep.ignore([str(papers / "broken.pdf")]))
    opened.until(lambda: failures() == [("broken.pdf", True)])
    at = opened.folder(papers)
    assert at is not None
    assert at.failed == 0
    opened.ended(opened.desk.upkeep.retry([str(papers / "broken.pdf")]))
    opened.until(lambda: failures() == [("broken.pdf", True)])
    (papers / "broken.pdf").write_bytes(b"%PDF-1.4 no more, still")
    opened.until(lambda: failures() == [("broken.pdf", False)])
    (papers / "broken.pdf").unlink()
    opened.until(lambda: failures() == [])


def test_the_size_to_come_is_said_before_anything_is_read(opened: Opened, papers: Path) -> None:
    first = next(event for event in opened.events if isinstance(event, IndexingPlanned))
    assert (first.files, first.bytes) == (3, sum(path.stat().st_size for path in papers.iterdir()))
    assert first.predicted > first.bytes
    stored = next(place for place, event in enumerate(opened.events) if isinstance(event, DocumentStored))
    assert opened.events.index(first) < stored


def test_a_disk_without_room_stops_the_work_and_one_with_room_starts_it(
    opened: Opened, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "RESERVE", 1 << 60)
    write(papers / "cats.txt", "Cats.")
    opened.until(
        lambda: any(
            isinstance(each, TaskEnded) and each.error and each.error.code == "disk-low" for each in opened.events
        )
    )
    assert "cats.txt" not in opened.documents()
    monkeypatch.setattr(room, "RESERVE", 1)
    opened.until(lambda: "cats.txt" in opened.documents())


def test_a_file_added_by_itself_is_watched_too(opened: Opened, tmp_path: Path) -> None:
    write(tmp_path / "alone.txt", "One thing.")
    opened.ended(opened.desk.upkeep.add(str(tmp_path / "alone.txt")))
    write(tmp_path / "alone.txt", "Another matter.")
    write(tmp_path / "beside.txt", "Not added.")
    opened.until(lambda: opened.finds("matter") == ["alone.txt"])
    assert opened.documents() == {"alone.txt"}


def test_reading_a_folder_is_no_change_in_it(opened: Opened, papers: Path) -> None:
    before = len(opened.events)
    for path in papers.iterdir():
        path.read_bytes()
    os.listdir(papers)
    write(papers / "cats.txt", "A real change.")
    opened.until(lambda: "cats.txt" in opened.documents())
    planned = [event for event in opened.events[before:] if isinstance(event, IndexingPlanned)]
    assert [event.files for event in planned] == [1]


def test_stopping_all_stops_what_waits_too_and_breaks_nothing(opened: Opened, tmp_path: Path) -> None:
    gate = threading.Event()
    opened.desk.upkeep.lane.submit(lambda _: assert_set(gate))
    write(tmp_path / "later" / "a.txt", "Words that come later.")
    waiting = opened.desk.upkeep.add(str(tmp_path / "later"))
    opened.desk.upkeep.leave_all()
    gate.set()
    error = opened.ended(waiting).error
    assert error is not None
    assert error.code == "cancelled"
    opened.ended(opened.desk.upkeep.add(str(tmp_path / "later")))

    def is_embedded() -> bool:
        status = opened.status
        return bool(status and status.spaces and status.spaces[0].vectors == 1 and not status.spaces[0].pending)

    opened.until(is_embedded)
    write(tmp_path / "later" / "b.txt", "And more.")
    opened.until(lambda: "b.txt" in opened.documents())


def assert_set(gate: threading.Event) -> None:
    assert gate.wait(WAIT_S)


def many(folder: Path, count: int, size: int = 60_000) -> None:
    for number in range(count):
        write(folder / f"{number}.txt", f"Sentence number {number} of many. " * (size // 30))


def test_a_look_does_not_wait_for_a_long_reading(opened: Opened, papers: Path, tmp_path: Path) -> None:
    many(tmp_path / "large", 120)
    long = opened.desk.upkeep.add(str(tmp_path / "large"))
    opened.until(lambda: any(name[0].isdecimal() for name in opened.documents()))
    (papers / "owls.txt").unlink()
    write(tmp_path / "small" / "now.txt", "Wanted at once.")
    opened.desk.upkeep.add(str(tmp_path / "small"))
    opened.until(lambda: "now.txt" in opened.documents() and "owls.txt" not in opened.documents())
    assert not any(isinstance(event, TaskEnded) and event.task == long for event in opened.events)
    assert opened.ended(long).error is None
    assert len(opened.documents()) == 123


def test_while_paused_nothing_is_read_but_what_is_gone_goes(opened: Opened, papers: Path) -> None:
    opened.desk.upkeep.pause(paused=True)
    write(papers / "cats.txt", "Cats.")
    (papers / "owls.txt").unlink()
    opened.until(lambda: "owls.txt" not in opened.documents())
    assert "cats.txt" not in opened.documents()
    opened.desk.upkeep.pause(paused=False)
    opened.until(lambda: "cats.txt" in opened.documents())


def test_a_stopped_task_blames_no_file(opened: Opened, tmp_path: Path) -> None:
    many(tmp_path / "large", 8, 6_000_000)
    many(tmp_path / "small", 8, 60)
    first = opened.desk.upkeep.add(str(tmp_path / "large"))
    opened.until(lambda: any(isinstance(event, IndexingPlanned) for event in opened.events))
    second = opened.desk.upkeep.add(str(tmp_path / "small"))
    opened.desk.stop(first)
    opened.ended(first)
    assert opened.ended(second).error is None
    opened.ended(opened.desk.upkeep.look())
    assert opened.status is not None
    assert opened.status.failed == ()
    assert len(opened.documents()) >= 8


def test_a_folder_taken_back_is_looked_at(opened: Opened, papers: Path) -> None:
    opened.ended(opened.desk.upkeep.remove(str(papers)))
    (papers / "owls.txt").unlink()
    write(papers / "cats.txt", "Cats.")
    opened.ended(opened.desk.upkeep.undo_remove(str(papers)))
    opened.until(lambda: opened.documents() == {"bees.txt", "elks.txt", "cats.txt"})


def test_after_stop_indexing_only_what_waited_is_left(opened: Opened, papers: Path) -> None:
    opened.desk.upkeep.leave_all()
    write(papers / "cats.txt", "Cats.")
    opened.until(lambda: "cats.txt" in opened.documents())


def test_a_library_that_was_in_use_at_first_is_watched_once_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_DESKTOP_ENGINE", "scripted")
    monkeypatch.setenv("RAG_DESKTOP_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RAG_DESKTOP_CONFIG", str(tmp_path / "config"))
    made = Opened(tmp_path / "library")
    write(tmp_path / "papers" / "a.txt", "A.")
    with Library.writer(tmp_path / "library"):
        made.desk = Desk(build(), made.publish)
        error = made.ended(made.desk.upkeep.start()).error
    assert error is not None
    assert error.code == "library-in-use"
    made.ended(made.desk.upkeep.add(str(tmp_path / "papers")))
    write(tmp_path / "papers" / "b.txt", "B.")
    made.until(lambda: made.documents() == {"a.txt", "b.txt"})
    made.desk.close()


def test_a_pattern_that_no_version_understands_stops_nobody(opened: Opened, papers: Path, tmp_path: Path) -> None:
    opened.ended(opened.desk.upkeep.pause_folder(str(papers), paused=True))
    with Library.beside(tmp_path / "library") as library, library.transaction():
        library.folders.set_patterns(library.folders.all()[0].id, "***/[")
    write(tmp_path / "other" / "a.txt", "A.")
    opened.ended(opened.desk.upkeep.add(str(tmp_path / "other")))
    write(tmp_path / "other" / "b.txt", "B.")
    opened.until(lambda: {"a.txt", "b.txt"} <= opened.documents())


def test_one_edit_does_not_write_the_whole_index(opened: Opened, papers: Path) -> None:
    snapshots = opened.library / "vectors"
    opened.until(lambda: len(list(snapshots.glob("*.hnsw"))) == 1)
    (before,) = snapshots.glob("*.hnsw")
    write(papers / "owls.txt", "Owls are quiet now.")
    opened.until(lambda: opened.finds("quiet") == ["owls.txt"])

    def is_embedded() -> bool:
        return bool(opened.status and not opened.status.spaces[0].pending)

    opened.ended(opened.desk.upkeep.rescan())
    opened.until(is_embedded)
    assert list(snapshots.glob("*.hnsw")) == [before]


def test_a_folder_that_stays_away_is_not_looked_at_without_end(opened: Opened, papers: Path, tmp_path: Path) -> None:
    with Library.beside(tmp_path / "library") as library, library.transaction():
        library._connection.execute("UPDATE folders SET device = 1")
    for path in papers.iterdir():
        path.unlink()
    write(papers / "other.txt", "Another drive at the same place.")
    opened.ended(opened.desk.upkeep.rescan())
    opened.until(lambda: (at := opened.folder(papers)) is not None and at.is_away)
    before = len(opened.events)
    threading.Event().wait(3.0)
    assert len(opened.events) - before < 60


def test_what_a_folder_above_took_over_comes_back_with_an_undo(opened: Opened, papers: Path) -> None:
    write(papers / "inner" / "deep.txt", "Deep words.")
    opened.ended(opened.desk.upkeep.add(str(papers / "inner")))
    opened.ended(opened.desk.upkeep.remove(str(papers / "inner")))
    opened.ended(opened.desk.upkeep.rescan([str(papers)]))
    stored = sum(isinstance(event, DocumentStored) for event in opened.events)
    opened.ended(opened.desk.upkeep.undo_remove(str(papers / "inner")))
    opened.ended(opened.desk.upkeep.rescan([str(papers)]))
    opened.until(lambda: (at := opened.folder(papers / "inner")) is not None and at.documents == 1)
    assert "deep.txt" in opened.documents()
    assert sum(isinstance(event, DocumentStored) for event in opened.events) == stored
