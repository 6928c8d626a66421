"""The window's frame: panes, notices, drops, the line at the foot, errors, and what it remembers."""

import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from rag_desktop.domain.answers import Answer, Ended, Timing, TokenCount
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    Answered,
    BugMet,
    FolderRemoved,
    IndexingHeld,
    IndexingPlanned,
    LibraryLooked,
    ModelsListed,
    Progress,
    Stage,
    TaskEnded,
    WindowWanted,
)
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui import crash
from rag_desktop.gui.discovery import find_panels
from rag_desktop.gui.drop import promise, split
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.model_hint import ModelHint
from rag_desktop.gui.panel import Place
from tests.desktop.conftest import MakeWindow, Opened


def send(opened: Opened, event: object) -> None:
    """An event as it comes from the services."""
    opened.bridge.happened.emit(event)


def mime(*paths: Path) -> QMimeData:
    dragged = QMimeData()
    dragged.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return dragged


def drag_over(opened: Opened, dragged: QMimeData) -> bool:
    """Files come over the window; whether it takes them."""
    event = QDragEnterEvent(
        QPointF(400, 300), Qt.DropAction.CopyAction, dragged, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(opened.widget.windowHandle(), event)
    return event.isAccepted()


def let_go(opened: Opened, dragged: QMimeData) -> None:
    """The dragged files are dropped."""
    event = QDropEvent(
        QPointF(400, 300), Qt.DropAction.CopyAction, dragged, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(opened.widget.windowHandle(), event)


# panels and panes


def test_every_panel_is_found_and_stands_in_its_place(window: Opened) -> None:
    declared = {panel.name: panel.place for panel in find_panels()}
    assert set(declared) == set(window.panels)
    assert {"library", "models", "problems"} <= set(declared)
    columns = window.widget.columns
    where = {Place.LEFT: columns.left, Place.RIGHT: columns.right}
    for name, place in declared.items():
        assert where.get(place, columns.centre).isAncestorOf(window.panels[name]), name


def test_shortcuts_of_panels_are_not_taken_twice(window: Opened) -> None:
    keys = [key.toString() for action in window.widget._menus.actions for key in action.shortcuts()]
    assert len(keys) == len(set(keys))


def test_an_overlay_panel_opens_over_the_centre_and_closes_with_escape(filled: Opened) -> None:
    columns = filled.widget.columns
    filled.moves.panel_wanted.emit("models")
    assert filled.panels["models"].isVisible()
    QTest.keyClick(filled.panels["models"], Qt.Key.Key_Escape)
    assert columns.centre.currentWidget() is columns.conversation


def test_a_panel_that_is_not_there_is_not_missed(window: Opened) -> None:
    window.moves.panel_wanted.emit("no such panel")


def test_f6_goes_round_the_visible_panes(filled: Opened) -> None:
    filled.widget.activateWindow()
    seen = []
    for _ in range(len(filled.widget.columns.panes()) + 1):
        filled.widget._next_pane(1)
        seen.append(QApplication.focusWidget())
    assert seen[0] is seen[-1]
    assert len(set(map(id, seen))) == len(filled.widget.columns.panes())


def test_side_panes_hide_and_come_back(window: Opened) -> None:
    columns = window.widget.columns
    columns.toggle_pane(columns.left)
    assert not columns.left.isVisible()
    columns.toggle_pane(columns.left)
    assert columns.left.isVisible()


def test_showing_a_panel_opens_a_pane_that_was_dragged_shut(window: Opened) -> None:
    columns = window.widget.columns
    columns.setSizes([0, 1000, 280])
    window.widget.show_panel("library")
    assert columns.sizes()[0] > 0


def test_it_fits_into_900_by_600(window: Opened) -> None:
    window.widget.resize(900, 600)
    assert (window.widget.width(), window.widget.height()) == (900, 600)
    assert window.widget.minimumSizeHint().width() <= 900


# what it remembers


def test_size_and_panes_are_remembered(make_window: MakeWindow) -> None:
    first = make_window()
    first.widget.resize(900, 640)  # the offscreen screen is no larger than 800 × 800
    first.widget.columns.toggle_pane(first.widget.columns.right)
    first.widget.close()
    first.desk.close()
    second = make_window()
    assert (second.widget.width(), second.widget.height()) == (900, 640)
    assert not second.widget.columns.right.isVisible()


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"columns": [1], "geometry": "?", "left-pane": 3}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, kept: str) -> None:
    (tmp_path / "window.json").write_text(kept, encoding="utf-8")
    memory = Memory(tmp_path)
    assert memory.numbers("columns", (1, 2, 3)) == [1, 2, 3]
    assert memory.text("left-pane", "shown") == "shown"
    memory.keep("columns", [4, 5, 6])
    memory.save()
    assert Memory(tmp_path).numbers("columns", (1, 2, 3)) == [4, 5, 6]


def test_a_place_that_cannot_be_written_bothers_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    Memory(tmp_path / "file" / "below").save()


# dropping


def test_a_drag_raises_the_overlay_and_names_what_will_be_added(window: Opened, sample: Path) -> None:
    assert drag_over(window, mime(sample))
    overlay = window.widget.overlay
    assert overlay.isVisible()
    assert sample.name in " ".join(label.text() for label in overlay.findChildren(QLabel))
    QApplication.sendEvent(window.widget.windowHandle(), QDragLeaveEvent())
    assert not overlay.isVisible()


def test_dragged_words_are_left_to_the_widgets(window: Opened) -> None:
    dragged = QMimeData()
    dragged.setText("just words")
    drag_over(window, dragged)
    assert not window.widget.overlay.isVisible()


def test_a_drop_shows_within_100_ms_and_ends_in_the_library(window: Opened, sample: Path) -> None:
    dragged = mime(sample)
    drag_over(window, dragged)
    began = time.monotonic()
    let_go(window, dragged)
    took = time.monotonic() - began
    model = window.panels["library"].model  # type: ignore[attr-defined]
    assert [folder.path for folder in model.folders] == [str(sample)]
    assert took < 0.1
    assert not window.widget.overlay.isVisible()
    window.until(lambda: model.folders[0].status and model.folders[0].status.documents)


def test_a_gguf_file_is_a_model() -> None:
    assert split(["/a/b.GGUF", "/a/c.txt"]) == (["/a/c.txt"], ["/a/b.GGUF"])


def test_the_overlay_says_how_many_more(window: Opened) -> None:
    wording = window.program.wording
    headline, names = promise([f"/a/{name}" for name in "vwxyz"], wording)
    assert headline == "Drop to add to your library"
    assert names == "v, w, x and 2 more"
    assert "model" in promise(["/m.gguf"], wording)[0]


# empty states


def test_an_empty_library_welcomes_and_a_filled_one_asks(window: Opened, sample: Path) -> None:
    columns = window.widget.columns
    window.until(lambda: columns.centre.currentWidget() is columns.welcome)
    window.desk.upkeep.add(str(sample))
    window.until(lambda: columns.centre.currentWidget() is columns.conversation)


def test_the_hint_names_the_missing_model_and_ways_to_get_it(window: Opened) -> None:
    hint = window.widget.columns.findChild(ModelHint)
    assert isinstance(hint, ModelHint)
    assert not hint.isVisible()
    listed = tuple(window.program.models.list())
    send(window, ModelsListed(TaskId(0), listed, None, None))
    assert hint.isVisible()
    assert "Mistral 7B" in hint.usual.text()
    send(window, ModelsListed(TaskId(0), listed, "scripted", None))
    assert not hint.isVisible()


# notices and errors


def test_removing_can_be_undone_from_the_notice(filled: Opened, sample: Path) -> None:
    filled.desk.upkeep.remove(str(sample))
    filled.until(lambda: filled.happened(FolderRemoved))
    notices = filled.widget.notices
    assert notices.isVisible()
    QTest.mouseClick(notices.action, Qt.MouseButton.LeftButton)
    filled.until(lambda: filled.happened(LibraryLooked)[-1].status.folders)
    assert not notices.isVisible()


def test_notices_wait_for_each_other_and_go_away(window: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_desktop.gui.notices._SHOWN_MS", 50)
    for sentence in ("One.", "Two.", "Two."):
        window.moves.notice.emit(sentence, "", None)
    notices = window.widget.notices
    assert notices.sentence.text() == "One."
    window.until(lambda: notices.sentence.text() == "Two.")
    window.until(lambda: not notices.isVisible())


def test_an_error_is_said_in_words_and_a_stop_is_not(window: Opened) -> None:
    send(window, TaskEnded(TaskId(-1), UserFacingError("cancelled")))
    assert not window.widget.notices.isVisible()
    send(window, TaskEnded(TaskId(-1), UserFacingError("path-missing", path="/a")))
    assert window.widget.notices.sentence.text() == "There is no file or folder /a."


def test_a_trouble_that_lasts_is_told_once(window: Opened) -> None:
    notices = window.widget.notices
    for is_first in (True, False, False):
        send(window, TaskEnded(TaskId(-1), UserFacingError("child-broken", name="embed")))
        assert notices.isVisible() is is_first
        notices._next()
    for _ in range(2):
        send(window, TaskEnded(TaskId(-1), UserFacingError("path-missing", path="/a")))
        assert notices.isVisible()
        notices._next()


def test_a_bug_opens_one_report_that_can_be_copied(window: Opened) -> None:
    for _ in range(2):
        send(window, BugMet(TaskId(-1), f"Traceback\nin {Path.home()}/secret\nValueError: no"))
    shown = [dialog for dialog in QApplication.topLevelWidgets() if isinstance(dialog, crash.CrashDialog)]
    (dialog,) = (each for each in shown if each.isVisible())
    dialog.copy()
    report = QGuiApplication.clipboard().text()
    assert "ValueError: no" in report
    assert "Qt 6" in report
    assert str(Path.home()) not in report
    dialog.accept()


def test_the_third_wall_shows_what_nobody_caught(window: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(crash, "show", lambda report, _wording: shown.append(report))
    crash.install(window.program.wording)
    sys.excepthook(ValueError, ValueError("unexpected"), None)
    assert "unexpected" in shown[0]


# the line at the foot


def test_the_foot_says_what_goes_on(window: Opened) -> None:
    status = window.widget.status
    send(window, Progress(TaskId(-1), Stage.READING, 3, 12, "/a/b.txt"))
    assert status.work.words == "Library: reading, 25 %"
    assert status.hold.isVisible()
    assert status.stop.isVisible()
    send(window, Progress(TaskId(-1), Stage.READING, 3, 12, "/a/b.txt", 125.0))
    assert status.work.words == "Library: reading, 25 %, 2 min left"
    send(window, Progress(TaskId(-1), Stage.EMBEDDING, 3, 12))
    assert status.work.words == "Preparing search by meaning: 25 %"
    send(window, TaskEnded(TaskId(-1)))
    assert status.work.words == ""
    assert not status.hold.isVisible()
    assert not status.stop.isVisible()


def test_the_foot_names_the_folder_in_hand_and_the_size_to_come(filled: Opened, sample: Path) -> None:
    status = filled.widget.status
    send(filled, IndexingPlanned(TaskId(-1), (), 1204, 1_200_000_000, 300_000_000))
    send(filled, Progress(TaskId(-1), Stage.READING, 3, 12, str(sample / "a.txt")))
    assert status.work.words == f"{sample.name}: reading, 25 %"
    assert "grow by about 300 MB" in status.work.toolTip()


def test_pausing_from_the_foot_holds_all_indexing(window: Opened) -> None:
    status = window.widget.status
    send(window, Progress(TaskId(-1), Stage.READING, 3, 12))
    QTest.mouseClick(status.hold, Qt.MouseButton.LeftButton)
    window.until(lambda: window.happened(IndexingHeld))
    assert window.desk.upkeep.is_paused
    assert "Paused" in status.work.words
    assert "Go on" in status.hold.accessibleName()


def test_offline_is_said_always_and_a_download_honestly(window: Opened) -> None:
    offline = window.widget.status.offline
    assert offline.isVisible()
    assert offline.text() == "offline"
    send(window, Progress(TaskId(-2), "downloading", 1, 2))
    assert "downloading" in offline.text()
    send(window, TaskEnded(TaskId(-2)))
    assert offline.text() == "offline"


def test_the_foot_names_model_device_and_speed(window: Opened) -> None:
    answer = Answer("?", "!", (), (), Ended.COMPLETE, "Qwen", "CPU", Timing(0.1, 1.0, 3.0), TokenCount(5, 0, 40))
    send(window, Answered(TaskId(-1), answer))
    assert window.widget.status.model.text() == "Qwen · CPU · 20 tokens/s"


# appearance and words


def test_dark_and_light_change_everything_at_once(window: Opened) -> None:
    theme = window.widget.context.theme
    theme.choose("dark")
    assert window.widget.palette().window().color().lightness() < 60
    theme.choose("light")
    assert window.widget.palette().window().color().lightness() > 200


def test_what_can_be_pressed_has_a_name(filled: Opened) -> None:
    filled.moves.panel_wanted.emit("models")
    own = [filled.widget.status, filled.widget.notices, *map(filled.panels.get, ("library", "models", "problems"))]
    for part in own:
        assert part is not None
        for button in part.findChildren(QWidget):
            if button.focusPolicy() != Qt.FocusPolicy.NoFocus and button.inherits("QAbstractButton"):
                assert button.accessibleName() or button.property("text") or button.isHidden(), button


def test_a_second_start_brings_the_window_forward(window: Opened) -> None:
    window.widget.showMinimized()
    window.bridge.mailbox.publish(WindowWanted(TaskId(0)))
    window.until(lambda: not window.widget.isMinimized())


def test_shortcuts_are_listed(window: Opened, qtbot: QtBot) -> None:
    shown = window.widget.show_shortcuts()
    qtbot.waitExposed(shown)
    words = [label.text() for label in shown.findChildren(QLabel)]
    assert {"Ctrl+L", "Ctrl+N", "Ctrl+O", "F6"} <= set(words)
    shown.close()
