"""The folders' rows: their states as events come, their menu, and the arithmetic of time left."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    FolderRegistered,
    FolderRemoved,
    IndexingHeld,
    IndexingPlanned,
    LibraryLooked,
    Progress,
    Stage,
    TaskBegan,
    TaskEnded,
)
from rag_desktop.domain.ids import FolderId, TaskId
from rag_desktop.domain.status import Failure, FolderStatus, LibraryStatus
from rag_desktop.gui.failures import FAILURE_ROLE, HINT_ROLE, REASON_ROLE, TRIED_ROLE, FailureModel
from rag_desktop.gui.folders import Folder, FolderModel, State, detail, explanation
from rag_desktop.gui.pace import Pace
from rag_desktop.gui.panels.library import LibraryPanel
from rag_desktop.gui.panels.problems import ProblemsPanel
from rag_desktop.services.wording import Wording
from tests.desktop.conftest import SAMPLE, Opened

ONE, TWO = TaskId(1), TaskId(2)
WORDING = Wording("en", SAMPLE.parent)


def looked(*folders: tuple[str, int, int, bool]) -> LibraryLooked:
    """A look at a library with folders of (path, documents, failed, is away)."""
    rows = tuple(
        FolderStatus(FolderId(number), path, documents, failed, documents, away)
        for number, (path, documents, failed, away) in enumerate(folders)
    )
    return LibraryLooked(TaskId(0), LibraryStatus("/l", rows, (), 0, 0, ()))


class Clock:
    """Seconds a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def model(qtbot: QtBot, clock: Clock) -> FolderModel:
    """A model under Qt's own tester, which fails on any wrong signal or answer."""
    made = FolderModel(WORDING, clock=clock)
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


def states(model: FolderModel) -> dict[str, State]:
    return {folder.path: folder.state for folder in model.folders}


def only(model: FolderModel) -> Folder:
    (folder,) = model.folders
    return folder


def test_a_folder_waits_is_read_and_is_ready(model: FolderModel) -> None:
    model.expect("/a", ONE)
    assert states(model) == {"/a": State.WAITING}
    model.take(FolderRegistered(ONE, FolderId(1), "/a"))
    model.take(TaskBegan(ONE))
    assert states(model) == {"/a": State.INDEXING}
    model.take(Progress(ONE, Stage.SCANNING, 0, 7, "/a"))
    assert detail(only(model), WORDING) == "Looking: 7 files"
    model.take(Progress(ONE, Stage.READING, 3, 7, "/a/x.txt"))
    assert detail(only(model), WORDING) == "3 of 7"
    model.take(looked(("/a", 7, 0, False)))
    model.take(TaskEnded(ONE))
    assert states(model) == {"/a": State.READY}
    assert detail(only(model), WORDING) == "7 documents"


def test_time_left_is_the_tasks_own_estimate(model: FolderModel, clock: Clock) -> None:
    model.expect("/a", ONE)
    for second in range(5):
        clock.now = float(second)
        model.take(Progress(ONE, Stage.READING, second * 10, 640, "/a/x"))
    assert detail(only(model), WORDING) == "40 of 640"
    model.take(Progress(ONE, Stage.READING, 40, 640, "/a/x", 3600.0))
    assert detail(only(model), WORDING) == "6 % · 1.0 h left"
    assert "Reading: 40 of 640 files, 10 a second" in explanation(only(model), WORDING)


def test_after_a_pause_the_rate_is_measured_anew(model: FolderModel, clock: Clock) -> None:
    model.expect("/a", ONE)
    for second in (0.0, 5.0):
        clock.now = second
        model.take(Progress(ONE, Stage.READING, round(second * 10), 640, "/a/x", 60.0))
    model.take(IndexingHeld(TaskId(0), True))
    clock.now = 500.0
    model.take(IndexingHeld(TaskId(0), False))
    assert only(model).rate is None
    assert only(model).left == 60.0
    for second in (500.0, 503.0):
        clock.now = second
        model.take(Progress(ONE, Stage.READING, 50 + round(second - 500) * 4, 640, "/a/x", 60.0))
    assert only(model).rate == pytest.approx(4)


def test_folders_of_one_plan_wait_for_their_turn(model: FolderModel) -> None:
    model.take(looked(("/a", 1, 0, False), ("/b", 1, 0, False), ("/c", 1, 0, False)))
    model.take(IndexingPlanned(ONE, (FolderId(0), FolderId(1)), 1204, 1_200_000_000, 300_000_000))
    assert list(states(model).values()) == [State.WAITING, State.WAITING, State.READY]
    model.take(Progress(ONE, Stage.READING, 3, 1204, "/b/x"))
    assert list(states(model).values()) == [State.WAITING, State.INDEXING, State.READY]
    told = explanation(model.folders[1], WORDING)
    assert "Read together with 1 other folder" in told
    assert "1,204 files, 1.2 GB; the library will grow by about 300 MB" in told
    assert model.index(1).data(Qt.ItemDataRole.AccessibleDescriptionRole) == " ".join(told)
    model.take(Progress(ONE, Stage.READING, 900, 1204, "/a/x"))
    assert list(states(model).values()) == [State.INDEXING, State.READY, State.READY]
    model.take(TaskEnded(ONE))
    assert set(states(model).values()) == {State.READY}


def test_a_paused_folder_says_so_whatever_is_looked_at(model: FolderModel) -> None:
    row = FolderStatus(FolderId(1), "/a", 7, 0, 7, is_away=False, is_paused=True)
    model.take(LibraryLooked(TaskId(0), LibraryStatus("/l", (row,), (), 0, 0, ())))
    model.take(Progress(ONE, Stage.SCANNING, 0, 7, "/a/x"))
    assert states(model) == {"/a": State.PAUSED}
    assert detail(only(model), WORDING) == "Paused · 7 documents"


def test_what_was_stopped_says_so_until_it_is_taken_up(model: FolderModel) -> None:
    model.take(looked(("/a", 7, 0, False)))
    model.take(Progress(ONE, Stage.READING, 3, 9, "/a/x"))
    model.take(TaskEnded(ONE, UserFacingError("cancelled")))
    assert detail(only(model), WORDING) == "Stopped · 7 documents"
    model.take(Progress(TWO, Stage.SCANNING, 0, 9, "/a/x"))
    model.take(TaskEnded(TWO))
    assert states(model) == {"/a": State.STOPPED}
    model.expect("/a", TaskId(3))
    model.take(TaskEnded(TaskId(3)))
    assert states(model) == {"/a": State.READY}


def test_problems_and_absence_are_said(model: FolderModel) -> None:
    model.take(looked(("/a", 7, 2, False), ("/b", 3, 0, True)))
    assert states(model) == {"/a": State.PROBLEMS, "/b": State.AWAY}
    assert detail(model.folders[0], WORDING) == "7 documents · 2 problems"
    assert "3 documents" in detail(model.folders[1], WORDING)


def test_a_look_at_all_folders_moves_from_one_to_the_next(model: FolderModel) -> None:
    model.take(looked(("/a", 1, 0, False), ("/b", 1, 0, False), ("/b/c", 1, 0, False)))
    model.take(Progress(ONE, Stage.SCANNING, 0, 7, "/a/deep"))
    assert states(model)["/a"] == State.INDEXING
    model.take(Progress(ONE, Stage.SCANNING, 0, 9, "/b/c/d"))
    assert [folder.path for folder in model.folders if folder.task] == ["/b/c"]
    model.take(TaskEnded(ONE))
    assert set(states(model).values()) == {State.READY}


def test_pausing_shows_on_every_folder_in_work(model: FolderModel) -> None:
    model.take(looked(("/b", 1, 0, False)))
    model.expect("/a", ONE)
    model.take(Progress(ONE, Stage.READING, 2, 8, "/a/x"))
    model.take(IndexingHeld(TaskId(0), True))
    assert states(model) == {"/b": State.READY, "/a": State.PAUSED}
    assert detail(model.folders[1], WORDING) == "Paused at 2 of 8"
    model.take(IndexingHeld(TaskId(0), False))
    assert states(model)["/a"] == State.INDEXING


def test_a_folder_that_could_not_be_added_goes_away_again(model: FolderModel) -> None:
    model.expect("/nowhere", ONE)
    model.take(TaskEnded(ONE, UserFacingError("path-missing", path="/nowhere")))
    assert model.rowCount() == 0


def test_a_late_word_of_an_ended_task_is_dropped(model: FolderModel) -> None:
    model.take(looked(("/a", 1, 0, False)))
    model.take(TaskEnded(ONE))
    model.take(FolderRegistered(ONE, FolderId(0), "/a"))
    model.take(Progress(ONE, Stage.READING, 1, 2, "/a/x"))
    assert states(model) == {"/a": State.READY}


def test_removed_folders_leave_and_others_come(model: FolderModel) -> None:
    model.take(looked(("/a", 1, 0, False), ("/b", 1, 0, False)))
    model.take(FolderRemoved(ONE, FolderId(0), "/a"))
    model.take(looked(("/b", 1, 0, False), ("/c", 1, 0, False)))
    assert list(states(model)) == ["/b", "/c"]
    model.take(looked())
    assert model.rowCount() == 0


def test_rows_say_their_state_to_screen_readers(model: FolderModel) -> None:
    model.take(looked(("/deep/down/a", 7, 0, False)))
    index = model.index(0)
    assert index.data() == "a"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "<p>/deep/down/a</p>"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "a: 7 documents"
    assert model.data(model.index(5)) is None


# the panel in the window


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_the_menu_offers_what_makes_sense_now(filled: Opened) -> None:
    panel = filled.panels["library"]
    assert isinstance(panel, LibraryPanel)
    index = panel.model.index(0)
    assert texts(panel.menu(index)) == [
        "Look again", "Pause this folder", "Leave out…", "Show in the file manager", "Take out of the library",
    ]  # fmt: skip
    panel.model.expect(only(panel.model).path, TWO)
    assert "Stop indexing now" in texts(panel.menu(index))
    panel.model.take(TaskEnded(TWO))


def test_delete_takes_a_folder_out(filled: Opened) -> None:
    panel = filled.panels["library"]
    assert isinstance(panel, LibraryPanel)
    panel.list.setCurrentIndex(panel.model.index(0))
    panel.list.setFocus()
    panel._remove_current()
    filled.until(lambda: not panel.model.rowCount())
    filled.until(filled.widget.notices.isVisible)
    assert panel.nothing.isVisible()


def test_thousands_of_dropped_files_come_as_their_folders(window: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    window.moves.paths_dropped.emit([str(folder / f"{number}.txt") for number in range(150)])
    panel = window.panels["library"]
    assert isinstance(panel, LibraryPanel)
    assert [each.path for each in panel.model.folders] == [str(folder)]


# documents that could not be read


def test_failures_show_their_reason_in_words(qtbot: QtBot) -> None:
    model = FailureModel(WORDING)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    failure = Failure("/a/scan.pdf", UserFacingError("no-text"))
    model.show((failure,))
    index = model.index(0)
    assert index.data() == "scan.pdf"
    assert index.data(FAILURE_ROLE) == failure
    assert "pictures of text" in index.data(REASON_ROLE)
    assert model.paths == ["/a/scan.pdf"]
    assert "text recognition" in index.data(HINT_ROLE)
    model.show(())
    assert model.rowCount() == 0


def test_ignored_failures_come_last_and_only_when_wanted(qtbot: QtBot) -> None:
    model = FailureModel(WORDING)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    tried = datetime(2024, 5, 3, 12, 32, tzinfo=UTC).timestamp()
    failures = (
        Failure("/a/one.txt", UserFacingError("file-empty"), tried, is_ignored=True),
        Failure("/a/two.pdf", UserFacingError("pdf-damaged"), tried),
        Failure("/a/three.txt", UserFacingError("file-empty")),
    )
    model.show(failures)
    assert [model.index(row).data() for row in range(model.rowCount())] == ["two.pdf", "three.txt"]
    model.show(failures, with_ignored=True)
    assert [model.index(row).data() for row in range(model.rowCount())] == ["two.pdf", "three.txt", "one.txt"]
    assert [model.index(row).data(TRIED_ROLE) for row in range(3)] == [
        "tried 2024-05-03", "", "ignored · tried 2024-05-03",
    ]  # fmt: skip
    assert model.paths == ["/a/two.pdf", "/a/three.txt"]
    assert model.index(0).data(Qt.ItemDataRole.AccessibleDescriptionRole) == (
        "Open it in another program and save it again; it is read by itself. tried 2024-05-03 /a"
    )


def test_a_row_is_as_high_as_its_words_need(window: Opened) -> None:
    panel = window.panels["problems"]
    assert isinstance(panel, ProblemsPanel)
    window.moves.panel_wanted.emit("problems")
    long = UserFacingError("reader-bug", path="/a/long.pdf", report="words of a report " * 30)
    send = window.bridge.happened.emit
    failures = (Failure("/a/long.pdf", long), Failure("/a/short.txt", UserFacingError("file-empty")))
    send(LibraryLooked(TaskId(0), LibraryStatus("/l", (), (), 0, 0, failures)))
    high, low = (panel.list.visualRect(panel.model.index(row)).height() for row in range(2))
    assert high > 2 * low
    assert panel.list.visualRect(panel.model.index(0)).width() <= panel.list.viewport().width()


def test_a_failed_document_is_tried_again_when_asked(window: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    broken = folder / "later.txt"
    broken.write_text("", encoding="utf-8")
    (folder / "good.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    window.desk.upkeep.add(str(folder))
    panel = window.panels["problems"]
    assert isinstance(panel, ProblemsPanel)
    window.until(lambda: panel.model.paths == [str(broken)])
    assert window.widget.status.problems.isVisible()
    window.moves.panel_wanted.emit("problems")
    assert not panel.again.isEnabled()
    panel.list.setCurrentIndex(panel.model.index(0))
    before = panel.model.index(0).data(FAILURE_ROLE).tried_at
    QTest.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    window.until(lambda: panel.model.index(0).data(FAILURE_ROLE).tried_at > before)
    assert panel.again.isEnabled()
    broken.write_text("Now there are words.", encoding="utf-8")
    window.until(lambda: panel.model.paths == [])
    assert panel.said.text() == "Every document could be read."


# time left


def test_a_steady_pace_is_found() -> None:
    pace = Pace()
    for second in range(11):
        pace.at(float(second), second * 5, 100)
    assert pace.rate == pytest.approx(5)
    assert pace.seconds_left == pytest.approx(10)


def test_too_little_was_seen_to_say() -> None:
    pace = Pace()
    assert pace.rate is None
    pace.at(0.0, 0, 10)
    pace.at(0.5, 5, 10)
    assert pace.seconds_left is None


def test_a_pause_does_not_count_as_slowness() -> None:
    pace = Pace()
    pace.at(0.0, 0, 100)
    pace.at(5.0, 50, 100)
    pace.hold()
    pace.at(500.0, 50, 100)
    pace.at(503.0, 80, 100)
    assert pace.rate == pytest.approx(10)


def test_what_was_long_ago_is_forgotten() -> None:
    pace = Pace()
    for second in range(100):
        pace.at(float(second), second, 10_000)
    for second in range(100, 200):
        pace.at(float(second), 100 + (second - 100) * 10, 10_000)
    assert pace.rate == pytest.approx(10)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 10**6)), max_size=30), st.integers(0, 10**6))
def test_time_left_is_never_negative(marks: list[tuple[float, int]], total: int) -> None:
    pace = Pace()
    for now, done in sorted(marks):
        pace.at(now, done, total)
        left = pace.seconds_left
        assert left is None or left >= 0
