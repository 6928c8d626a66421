"""The line above everything: why indexing stopped, until it goes on."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import LibraryLooked, LibraryRecovered, Progress, Stage, TaskEnded
from rag_desktop.domain.ids import TaskId
from tests.desktop.conftest import MakeWindow, Opened

LOW = UserFacingError("disk-low", path="/l", free=800, needed=1400)


def test_a_full_disk_is_said_until_indexing_goes_on(window: Opened) -> None:
    banner = window.widget.banner
    assert not banner.isVisible()
    window.bridge.happened.emit(TaskEnded(TaskId(-1), LOW))
    assert banner.isVisible()
    assert "800 MB are free" in banner.sentence.text()
    assert "goes on by itself" in banner.hint.text()
    assert not window.widget.notices.isVisible()
    window.bridge.happened.emit(Progress(TaskId(-2), Stage.SCANNING, 0, 5))
    window.bridge.happened.emit(Progress(TaskId(-2), Stage.EMBEDDING, 0, 5))
    window.bridge.happened.emit(TaskEnded(TaskId(-2), LOW))
    assert banner.isVisible()
    window.bridge.happened.emit(Progress(TaskId(-3), Stage.READING, 1, 5))
    assert not banner.isVisible()


def test_closed_by_hand_it_stays_closed_until_indexing_has_gone_on(window: Opened) -> None:
    banner = window.widget.banner
    window.bridge.happened.emit(TaskEnded(TaskId(-1), LOW))
    QTest.mouseClick(banner.close_button, Qt.MouseButton.LeftButton)
    window.bridge.happened.emit(TaskEnded(TaskId(-2), LOW))
    assert not banner.isVisible()
    window.bridge.happened.emit(Progress(TaskId(-3), Stage.READING, 1, 5))
    window.bridge.happened.emit(TaskEnded(TaskId(-3), LOW))
    assert banner.isVisible()


def test_a_download_too_large_for_the_disk_is_a_notice(window: Opened) -> None:
    window.bridge.happened.emit(TaskEnded(TaskId(-1), UserFacingError("disk-full", needed=5)))
    assert not window.widget.banner.isVisible()
    assert window.widget.notices.sentence.text() == "The disk is full."


def test_what_was_brought_back_is_said_until_it_was_read(window: Opened) -> None:
    recovery = window.widget.recovery
    assert not recovery.isVisible()
    window.bridge.happened.emit(LibraryRecovered(TaskId(0), UserFacingError("library-repaired")))
    window.bridge.happened.emit(LibraryRecovered(TaskId(0), UserFacingError("documents-outdated", count=3)))
    window.bridge.happened.emit(Progress(TaskId(-3), Stage.READING, 1, 5))
    assert recovery.isVisible()
    assert len(recovery.sentence.text().splitlines()) == 2
    QTest.mouseClick(recovery.close_button, Qt.MouseButton.LeftButton)
    assert not recovery.isVisible()
    window.bridge.happened.emit(LibraryRecovered(TaskId(0), UserFacingError("library-repaired")))
    assert len(recovery.sentence.text().splitlines()) == 1


def test_a_damaged_library_opens_and_says_what_happened(make_window: MakeWindow, sample: Path) -> None:
    first = make_window()
    first.ended(first.desk.upkeep.add(str(sample)))
    first.until(lambda: first.happened(LibraryLooked)[-1].status.folders)
    documents = first.happened(LibraryLooked)[-1].status.folders[0].documents
    first.widget.close()
    first.desk.close()
    path = first.program.places.library / "library.sqlite"
    path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096))
    again = make_window()
    again.until(lambda: again.happened(LibraryRecovered))
    assert again.widget.recovery.isVisible()
    again.until(lambda: (looks := again.happened(LibraryLooked)) and looks[-1].status.folders[0].documents == documents)
