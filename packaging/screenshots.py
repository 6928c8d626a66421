"""Pictures of the window: states × themes × languages × sizes → a folder of PNG files. The scripted engine answers.

Run: QT_QPA_PLATFORM=offscreen python packaging/screenshots.py FOLDER [--states first,indexing] [--themes light,dark]
     [--languages en,ko] [--sizes 1280x820,900x600]
A state is a function that brings an open window into it; add one to STATES.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

from PySide6.QtWidgets import QApplication
from screenshot_search import SEARCH_STATES
from screenshot_stage import Stage, ask

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import LibraryRecovered, ModelsListed, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.gui.panels.conversation import Conversation
from rag_desktop.gui.panels.library import LibraryPanel
from rag_desktop.gui.panels.problems import ProblemsPanel
from rag_desktop.gui.workarounds import keep_true_alive


def first(stage: Stage) -> None:
    """Nothing was added yet."""
    stage.until(lambda: bool(stage.looks))
    stage.run(0.2)


def no_model(stage: Stage) -> None:
    """Documents are there, and no model that answers."""
    stage.fill()
    stage.bridge.happened.emit(ModelsListed(TaskId(0), stage.program.models.list(), None, None))
    stage.run(0.2)


def filled(stage: Stage) -> None:
    """The sample folder is in the library."""
    stage.fill()


def indexing(stage: Stage) -> None:
    """Documents are being read, and others wait."""
    stage.fill()
    folder = stage.folder / "Papers"
    folder.mkdir()
    for number in range(4000):
        (folder / f"paper-{number}.txt").write_text(f"Paper {number}. " + "Words of a paper. " * 400, encoding="utf-8")
    later = stage.folder / "Contracts 2019–2024, signed and countersigned"
    later.mkdir()
    (later / "one.txt").write_text("A contract.", encoding="utf-8")
    stage.moves.paths_dropped.emit([str(folder), str(later)])
    stage.run(4.5)


def problems(stage: Stage) -> None:
    """Some documents could not be read."""
    stage.fill()
    folder = stage.folder / "Scans"
    folder.mkdir()
    (folder / "good.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of use")
    (folder / "invoice-2023-11.pdf").write_bytes(b"%PDF-1.4 cut off")
    (folder / "empty.txt").write_text("", encoding="utf-8")
    (folder / "picture.txt").write_bytes(bytes(range(256)) * 20)
    stage.moves.paths_dropped.emit([str(folder)])
    stage.until(lambda: bool(stage.looks and len(stage.looks[-1].status.failed) == 4))
    stage.desk.upkeep.ignore([str(folder / "empty.txt")])
    stage.until(lambda: any(each.is_ignored for each in stage.looks[-1].status.failed))
    panel = stage.window.panels["problems"]
    if isinstance(panel, ProblemsPanel):
        panel.with_ignored.click()
        panel.list.setCurrentIndex(panel.model.index(1))
    stage.moves.panel_wanted.emit("problems")
    stage.run(0.3)


def _library(stage: Stage) -> LibraryPanel:
    panel = stage.window.panels["library"]
    if not isinstance(panel, LibraryPanel):
        raise TypeError("the library panel is another one now")
    return panel


def folder_menu(stage: Stage) -> None:
    """One folder is paused, one is being read, and the menu of that one is open."""
    indexing(stage)
    workshop = str(stage.folder / "Workshop")
    stage.desk.upkeep.pause_folder(workshop, paused=True)
    stage.until(lambda: any(each.is_paused for each in stage.looks[-1].status.folders))
    panel = _library(stage)
    row = panel.model.index(1)
    panel.list.setCurrentIndex(row)
    panel.menu(row).popup(panel.list.viewport().mapToGlobal(panel.list.visualRect(row).center()))
    stage.run(0.3)


def patterns(stage: Stage) -> None:
    """What is left out of a folder, with a line that means nothing."""
    stage.fill()
    panel = _library(stage)
    dialog = panel.leave_out(panel.model.folders[0])
    dialog.lines.setPlainText("drafts/\n*.log\n# the next line is none\n[a--b]x\n!important.log")
    stage.run(0.3)


def away(stage: Stage) -> None:
    """The folder of the sources was unplugged."""
    _answered(stage, "How many months to the end of a quarter is the notice period?", is_opened=False)
    (stage.folder / "Workshop").rename(stage.folder / "Unplugged")
    stage.until(lambda: any(each.is_away for each in stage.looks[-1].status.folders))
    talk = stage.window.panels["conversation"]
    if isinstance(talk, Conversation):
        talk.open_citation(1)
        stage.run(0.5)
        stage.moves.panel_wanted.emit("sources")
    stage.run(0.3)


def away_document(stage: Stage) -> None:
    """A document that cannot be reached is open."""
    away(stage)
    stage.moves.panel_wanted.emit("document")
    stage.run(0.2)


def disk_low(stage: Stage) -> None:
    """Indexing stopped because the disk is nearly full."""
    stage.fill()
    error = UserFacingError("disk-low", path=str(stage.folder), free=812, needed=1400)
    stage.bridge.happened.emit(TaskEnded(TaskId(-1), error))
    stage.run(0.2)


def recovered(stage: Stage) -> None:
    """A damaged library was mended when it was opened."""
    stage.fill()
    for code, arguments in (("library-repaired", {}), ("documents-outdated", {"count": 12})):
        stage.bridge.happened.emit(LibraryRecovered(TaskId(0), UserFacingError(code, **arguments)))
    stage.run(0.2)


def models(stage: Stage) -> None:
    """The catalogue of models."""
    stage.fill()
    stage.moves.panel_wanted.emit("models")
    stage.run(0.5)


def drop(stage: Stage) -> None:
    """Files hover over the window."""
    stage.fill()
    stage.window.overlay.cover(["/home/me/Contracts", "/home/me/lease-2024.pdf", "/a/b.txt", "/a/c.txt", "/a/d.txt"])
    stage.run(0.2)


def notice(stage: Stage) -> None:
    """A folder was taken out, which can be undone."""
    stage.fill()
    stage.desk.upkeep.remove(str(stage.folder / "Workshop"))
    stage.run(0.5)


def shortcuts(stage: Stage) -> None:
    """The list of shortcuts."""
    stage.window.show_shortcuts()
    stage.run(0.3)


def _answered(stage: Stage, question: str, *, is_opened: bool = True) -> Conversation:
    """Ask over the sample folder, and open the first source."""
    stage.fill()
    talk = ask(stage, question)
    stage.until(lambda: talk.turns[-1].answer is not None)
    if is_opened:
        talk.open_citation(1)
        stage.run(0.8)
    return talk


def answered(stage: Stage) -> None:
    """An answer with its sources."""
    _answered(stage, "How many months to the end of a quarter is the notice period?", is_opened=False)
    stage.run(0.3)


def pdf(stage: Stage) -> None:
    """The words of a citation marked on a PDF page."""
    _answered(stage, "How much free space is left on the side of the paper tray of the printer?")


def text(stage: Stage) -> None:
    """The words of a citation marked in a text file."""
    _answered(stage, "How many months to the end of a quarter is the notice period?")


def korean(stage: Stage) -> None:
    """A Korean question."""
    _answered(stage, "계약서를 위반하고 14일 안에 바로잡지 않으면 상대방은 무엇을 할 수 있나요?")


def refused(stage: Stage) -> None:
    """Nothing in the library answers the question."""
    _answered(stage, "Who won the football world cup in 1954?", is_opened=False)
    stage.run(0.3)


def streaming(stage: Stage) -> None:
    """An answer that comes word by word."""
    stage.fill()
    talk = ask(stage, "When does the warranty of the printer end, counted slowly from the day of delivery?")
    stage.until(lambda: len(talk.turns[-1].text) > 20)


_LIBRARY_STATES = (
    first, no_model, filled, indexing, folder_menu, patterns, problems, away, away_document, disk_low, recovered,
    models, drop, notice, shortcuts,
)  # fmt: skip
_TALK_STATES = (answered, pdf, text, korean, refused, streaming)
STATES: dict[str, Callable[[Stage], None]] = {
    state.__name__.replace("_", "-"): state for state in (*_LIBRARY_STATES, *_TALK_STATES, *SEARCH_STATES)
}


def take(application: QApplication, shot: tuple[str, str, str, str], target: Path) -> None:
    """One picture of a state, in a theme, a language and a size."""
    state, theme, language, size = shot
    with tempfile.TemporaryDirectory() as place:
        os.environ.update(
            RAG_DESKTOP_ENGINE="scripted",
            RAG_DESKTOP_CONFIG=f"{place}/config",
            RAG_DESKTOP_MODELS=f"{place}/models",
            LC_ALL="ko_KR.UTF-8" if language == "ko" else "C.UTF-8",
        )
        stage = Stage(application, theme, Path(place))
        width, height = map(int, size.split("x"))
        stage.window.resize(width, height)
        stage.window.show()
        stage.run(0.3)
        STATES[state](stage)
        stage.window.grab().save(str(target / f"{state}-{theme}-{language}-{size}.png"))
        for dialog in application.topLevelWidgets():
            if dialog.isVisible() and dialog is not stage.window and dialog.isWindow():
                dialog.grab().save(str(target / f"{state}-dialog-{theme}-{language}.png"))
                dialog.close()
        stage.window.close()
        stage.desk.close()
        stage.window.deleteLater()
        stage.run(0.1)


def main() -> None:
    """Take what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--states", default=",".join(STATES))
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--languages", default="en")
    parser.add_argument("--sizes", default="1280x820")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    keep_true_alive()
    application = QApplication([])
    application.setStyle("Fusion")
    chosen = (options.states, options.themes, options.languages, options.sizes)
    for state, theme, language, size in product(*(each.split(",") for each in chosen)):
        take(application, (state, theme, language, size), options.folder)
        print(state, theme, language, size)


if __name__ == "__main__":
    main()
