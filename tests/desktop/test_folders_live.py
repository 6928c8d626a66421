"""Folders that change while the window is open: paused, stopped, unplugged, edited behind its back, partly left out."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from rag_desktop.domain.events import Progress, SearchFinished, Stage, TaskEnded
from rag_desktop.gui.folders import Folder, State
from rag_desktop.gui.leave_out import LeaveOut
from rag_desktop.gui.panels.library import LibraryPanel
from rag_desktop.gui.panels.problems import ProblemsPanel
from tests.desktop.conftest import Opened
from tests.desktop.talking import Talk

MANY = 600


def library(opened: Opened) -> LibraryPanel:
    panel = opened.panels["library"]
    assert isinstance(panel, LibraryPanel)
    return panel


def row_of(opened: Opened, path: Path) -> Folder:
    """The row of a folder."""
    return next(folder for folder in library(opened).model.folders if folder.path == str(path))


def choose(opened: Opened, path: Path, entry: str) -> None:
    """Choose an entry of a folder's menu."""
    panel = library(opened)
    row = [folder.path for folder in panel.model.folders].index(str(path))
    menu: QMenu = panel.menu(panel.model.index(row))
    next(action for action in menu.actions() if action.text() == entry).trigger()
    menu.deleteLater()


def found(opened: Opened, words: str) -> dict[str, str]:
    """What a search finds now: texts by the names of their files, best first. By meaning it finds nearly everything."""
    search = Talk(opened).conversation.search
    before = len(opened.happened(SearchFinished))
    search.search(words, is_final=True)
    opened.until(lambda: len(opened.happened(SearchFinished)) > before)
    return {Path(passage.document.path).name: passage.text for passage in search.passages}


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder that takes seconds to read."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number}.txt").write_text(f"Report {number}. " + "Words of a report. " * 200, encoding="utf-8")
    return folder


@pytest.fixture
def papers(window: Opened, tmp_path: Path) -> Path:
    """A folder of three files that the window has read."""
    folder = tmp_path / "papers"
    (folder / "drafts").mkdir(parents=True)
    (folder / "boiler.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    (folder / "roof.txt").write_text("The gutter of the roof leaks.", encoding="utf-8")
    (folder / "drafts" / "cellar.txt").write_text("The cellar is damp.", encoding="utf-8")
    window.moves.paths_dropped.emit([str(folder)])
    window.until(lambda: row_of(window, folder).state is State.READY)
    return folder


def is_being_read(opened: Opened) -> bool:
    return any(event.stage == Stage.READING and event.done > 5 for event in opened.happened(Progress))


def test_a_folder_is_paused_while_it_is_read_and_goes_on_when_resumed(window: Opened, many: Path) -> None:
    window.moves.paths_dropped.emit([str(many)])
    window.until(lambda: is_being_read(window))
    choose(window, many, "Pause this folder")
    window.until(lambda: row_of(window, many).state is State.PAUSED)
    window.until(lambda: row_of(window, many).task is None)
    window.ended(window.desk.upkeep.look())
    status = row_of(window, many).status
    assert status
    assert 0 < status.documents < MANY
    window.ended(window.desk.upkeep.rescan())
    window.ended(window.desk.upkeep.look())
    assert row_of(window, many).status == status
    choose(window, many, "Resume this folder")
    window.until(lambda: (now := row_of(window, many).status) and now.documents == MANY)
    window.until(lambda: row_of(window, many).state is State.READY)


def test_a_folder_that_is_stopped_says_so_and_goes_on_when_looked_at_again(window: Opened, many: Path) -> None:
    window.moves.paths_dropped.emit([str(many)])
    window.until(lambda: is_being_read(window))
    choose(window, many, "Stop indexing now")
    window.until(lambda: row_of(window, many).state is State.STOPPED)
    choose(window, many, "Look again")
    window.until(lambda: (now := row_of(window, many).status) and now.documents == MANY)
    window.until(lambda: row_of(window, many).state is State.READY)


def test_all_indexing_is_stopped_from_the_foot(window: Opened, many: Path) -> None:
    window.moves.paths_dropped.emit([str(many)])
    window.until(lambda: is_being_read(window))
    QTest.mouseClick(window.widget.status.stop, Qt.MouseButton.LeftButton)
    window.until(lambda: row_of(window, many).state is State.STOPPED)
    ended = [event.error for event in window.happened(TaskEnded) if event.error is not None]
    assert {error.code for error in ended} == {"cancelled"}
    assert not window.widget.notices.isVisible()
    choose(window, many, "Look again")
    window.until(lambda: (now := row_of(window, many).status) and now.documents == MANY)


def test_a_folder_taken_out_while_it_is_read_is_whole_after_undo(window: Opened, many: Path) -> None:
    window.moves.paths_dropped.emit([str(many)])
    window.until(lambda: is_being_read(window))
    choose(window, many, "Take out of the library")
    window.until(window.widget.notices.isVisible)
    window.until(lambda: not library(window).model.folders)
    QTest.mouseClick(window.widget.notices.action, Qt.MouseButton.LeftButton)
    window.until(lambda: library(window).model.folders)
    window.until(lambda: (now := row_of(window, many).status) and now.documents == MANY)


def test_what_is_edited_deleted_or_renamed_is_noticed(window: Opened, papers: Path) -> None:
    (papers / "boiler.txt").write_text("The chimney was swept in June.", encoding="utf-8")
    window.until(lambda: "chimney" in found(window, "chimney").get("boiler.txt", ""))
    assert not any("serviced" in text for text in found(window, "serviced").values())
    (papers / "roof.txt").unlink()
    window.until(lambda: "roof.txt" not in found(window, "gutter"))
    search = Talk(window).conversation.search
    assert next(iter(found(window, "chimney"))) == "boiler.txt"
    card = search.cards[0]
    (papers / "boiler.txt").rename(papers / "chimney-sweep.txt")
    window.until(lambda: next(iter(found(window, "chimney"))) == "chimney-sweep.txt")
    assert search.cards[0].citation.passage.chunk.id == card.citation.passage.chunk.id
    talk = Talk(window)
    window.moves.citation_shown.emit(card.citation)
    talk.wait_for_document()
    assert talk.document.name.words == "chimney-sweep.txt"
    assert "chimney" in talk.document.reading.marked_text


def test_an_unplugged_folder_is_away_and_comes_back(window: Opened, papers: Path) -> None:
    found(window, "boiler")
    card = Talk(window).conversation.search.cards[0]
    told = [card.is_away]
    elsewhere = papers.with_name("unplugged")
    papers.rename(elsewhere)
    window.until(lambda: row_of(window, papers).state is State.AWAY)
    told.append(card.is_away)
    assert "cannot be reached" in card.accessibleDescription()
    talk = Talk(window)
    window.moves.citation_shown.emit(card.citation)
    talk.wait_for_document()
    assert "The folder cannot be reached right now" in talk.document.notice.text()
    assert "boiler" in talk.document.reading.marked_text
    elsewhere.rename(papers)
    window.until(lambda: row_of(window, papers).state is State.READY)
    told.append(card.is_away)
    assert told == [False, True, False]
    assert next(iter(found(window, "boiler"))) == "boiler.txt"


def test_a_problem_is_ignored_and_heeded_again(window: Opened, papers: Path) -> None:
    broken = papers / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing of use")
    panel = window.panels["problems"]
    assert isinstance(panel, ProblemsPanel)
    window.until(lambda: row_of(window, papers).state is State.PROBLEMS)
    choose(window, papers, "Show problems")
    panel.list.setCurrentIndex(panel.model.index(0))
    panel.ignore.setFocus()
    QTest.keyClick(panel.ignore, Qt.Key.Key_Space)
    window.until(lambda: row_of(window, papers).state is State.READY)
    assert not window.widget.status.problems.isVisible()
    assert not panel.list.isVisible()
    assert panel.said.text() == "Every document could be read but 1 that is ignored."
    QTest.keyClick(panel.with_ignored, Qt.Key.Key_Space)
    assert panel.model.paths == []
    panel.list.setCurrentIndex(panel.model.index(0))
    assert panel.ignore.text() == "Heed again"
    QTest.mouseClick(panel.ignore, Qt.MouseButton.LeftButton)
    window.until(lambda: panel.model.paths == [str(broken)])
    assert row_of(window, papers).state is State.PROBLEMS


def test_lines_typed_in_the_dialog_leave_out_at_once_what_they_match(window: Opened, papers: Path) -> None:
    assert "cellar.txt" in found(window, "cellar damp")
    dialog = library(window).leave_out(row_of(window, papers))
    window.until(dialog.isActiveWindow)
    QTest.keyClicks(dialog.lines, "drafts/")
    QTest.keyClick(dialog.lines, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    window.until(lambda: "cellar.txt" not in found(window, "cellar damp"))
    window.until(lambda: (now := row_of(window, papers).status) and now.patterns == "drafts/")
    again = library(window).leave_out(row_of(window, papers))
    assert again.lines.toPlainText() == "drafts/"
    again.lines.clear()
    QTest.mouseClick(again.save, Qt.MouseButton.LeftButton)
    window.until(lambda: "cellar.txt" in found(window, "cellar damp"))


def test_a_line_that_means_nothing_cannot_be_saved(window: Opened, papers: Path) -> None:
    dialog = library(window).leave_out(row_of(window, papers))
    assert isinstance(dialog, LeaveOut)
    window.until(dialog.isActiveWindow)
    QTest.keyClicks(dialog.lines, "*.log")
    QTest.keyClick(dialog.lines, Qt.Key.Key_Return)
    QTest.keyClicks(dialog.lines, "[a--b]")
    assert not dialog.save.isEnabled()
    assert dialog.said.text() == "This line cannot match anything: [a--b]"
    assert len(dialog.lines.extraSelections()) == 1
    dialog.accept()
    assert dialog.isVisible()
    QTest.keyClick(dialog.lines, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.cancel
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    window.ended(window.desk.upkeep.look())
    status = row_of(window, papers).status
    assert status
    assert status.patterns == ""


def test_a_drop_that_brings_nothing_is_told(window: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "pictures only"
    folder.mkdir()
    (folder / "program.exe").write_bytes(b"MZ")
    window.moves.paths_dropped.emit([str(folder)])
    window.until(window.widget.notices.isVisible)
    assert "Nothing in pictures only was added" in window.widget.notices.sentence.text()
