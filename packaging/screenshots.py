"""Pictures of the window: states × themes × languages × sizes → a folder of PNG files. The scripted engine answers.

Run: QT_QPA_PLATFORM=offscreen python packaging/screenshots.py FOLDER [--states first,indexing] [--themes light,dark]
     [--languages en,ko] [--sizes 1280x820,900x600]
A state is a function that brings an open window into it; add one to STATES.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from rag_desktop.app import build
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Event, LibraryLooked, LibraryRecovered, ModelsListed, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import Recommendation, SpaceStatus
from rag_desktop.gui.bridge import Bridge
from rag_desktop.gui.filters import Choice, Period
from rag_desktop.gui.geometry import Memory
from rag_desktop.gui.panel import Context, Moves
from rag_desktop.gui.panels.conversation import Conversation
from rag_desktop.gui.panels.library import LibraryPanel
from rag_desktop.gui.panels.models import ModelsPanel
from rag_desktop.gui.panels.problems import ProblemsPanel
from rag_desktop.gui.theme import Theme
from rag_desktop.gui.window import Window
from rag_desktop.gui.workarounds import keep_true_alive
from rag_desktop.services.desk import Desk

_EMBEDDERS = ("all-MiniLM-L6-v2", "bge-small-en-v1.5", "multilingual-e5-small-q4")
SAMPLE = Path(__file__).parents[1] / "resources" / "sample"
WAIT_S = 20.0


class Stage:
    """A window over a library of its own, and what a state needs to set it up."""

    def __init__(self, application: QApplication, theme: str, folder: Path) -> None:
        self.folder = folder
        self.program, self.bridge, self.moves = build(folder / "library"), Bridge(), Moves()
        self.desk = Desk(self.program, self.bridge.mailbox.publish)
        self.theme = Theme(application, theme)
        self.theme.apply()
        self.looks: list[LibraryLooked] = []
        self.bridge.happened.connect(self._note)
        context = Context(self.desk, self.bridge, self.program.wording, self.theme, self.moves)
        self.window = Window(context, Memory(self.program.places.config))

    def run(self, seconds: float) -> None:
        """Let the window run for a while."""
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def until(self, true: Callable[[], bool]) -> None:
        """Let the window run until something holds."""
        end = time.monotonic() + WAIT_S
        while not true() and time.monotonic() < end:
            self.run(0.05)

    def fill(self) -> None:
        """Add the sample folder and wait until it can be searched by meaning."""
        folder = self.folder / "Workshop"
        shutil.copytree(SAMPLE, folder)
        self.moves.paths_dropped.emit([str(folder)])
        self.until(self._is_embedded)
        self.run(0.3)

    def _is_embedded(self) -> bool:
        spaces = self.looks[-1].status.spaces if self.looks else ()
        return bool(spaces) and all(space.vectors and not space.pending for space in spaces)

    def _note(self, event: Event) -> None:
        if isinstance(event, LibraryLooked):
            self.looks.append(event)


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


def _ask(stage: Stage, question: str) -> Conversation:
    """Type a question and send it; the panel it went to."""
    talk = stage.window.panels["conversation"]
    if not isinstance(talk, Conversation):
        raise TypeError("the conversation panel is another one now")
    talk.ask(question)
    return talk


def _answered(stage: Stage, question: str, *, is_opened: bool = True) -> Conversation:
    """Ask over the sample folder, and open the first source."""
    stage.fill()
    talk = _ask(stage, question)
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
    talk = _ask(stage, "When does the warranty of the printer end, counted slowly from the day of delivery?")
    stage.until(lambda: len(talk.turns[-1].text) > 20)


def _search(stage: Stage, words: str, choice: Choice | None = None) -> Conversation:
    """Type into the search; the panel it went to."""
    talk = stage.window.panels["conversation"]
    if not isinstance(talk, Conversation):
        raise TypeError("the conversation panel is another one now")
    talk.composer.search_mode.setChecked(True)
    talk.composer.filter_bar.choose(choice or Choice())
    talk.composer.field.setPlainText(words)
    stage.run(0.8)
    return talk


def search_empty(stage: Stage) -> None:
    """A search before anything is typed: examples of the syntax."""
    stage.fill()
    _search(stage, "")


def search_typing(stage: Stage) -> None:
    """Only a search, while one types."""
    stage.fill()
    talk = _search(stage, "warranty of the prin")
    talk.search.cards[1].setFocus()
    stage.run(0.2)


def filters(stage: Stage) -> None:
    """Chips are set."""
    stage.fill()
    paths = tuple(folder.path for folder in stage.looks[-1].status.folders)
    _search(stage, "lease", Choice(paths, ("markdown", "html", "text"), Period.YEAR))


def filters_menu(stage: Stage) -> None:
    """The menu of types is open, with two of them ticked."""
    stage.fill()
    talk = _search(stage, "lease", Choice((), ("markdown", "pdf")))
    bar = talk.composer.filter_bar
    bar.formats.menu.popup(bar.formats.mapToGlobal(bar.formats.rect().bottomLeft()))
    stage.run(0.3)


def filters_days(stage: Stage) -> None:
    """Days are asked for."""
    stage.fill()
    _search(stage, "lease").composer.filter_bar.ask_days()
    stage.run(0.3)


def typed_operators(stage: Stage) -> None:
    """Operators of the query syntax, recognised while they are typed; one goes before a chip."""
    stage.fill()
    _search(stage, 'type:md,txt in:Workshop after:2020 "notice period" -boiler how long', Choice((), ("pdf",)))


def typed_nowhere(stage: Stage) -> None:
    """A filter that leaves no document."""
    stage.fill()
    _search(stage, "notice period in:Nowhere")


def refused_narrowed(stage: Stage) -> None:
    """A question that nothing answers within its filters."""
    stage.fill()
    talk = _ask(stage, "Who won the football world cup in 1954? type:pdf")
    stage.until(lambda: talk.turns[-1].answer is not None)
    stage.run(0.3)


def why_this(stage: Stage) -> None:
    """Why two passages were found, and which steps did not run."""
    stage.fill()
    talk = _search(stage, "notice period of the lease")
    talk.composer.submit()
    stage.run(0.8)
    for card in talk.search.cards[:2]:
        card.why.click()
    stage.run(0.2)


def twins(stage: Stage) -> None:
    """A passage that stands in other documents too."""
    copies = stage.folder / "Archive"
    copies.mkdir()
    for name in ("workshop-lease (copy).md", "lease 2021 signed.md", "임대차 계약서.md", "old lease.md"):
        shutil.copy(SAMPLE / "workshop-lease.md", copies / name)
    stage.moves.paths_dropped.emit([str(copies)])
    stage.fill()
    _search(stage, "notice period of the lease")


def embedder_switching(stage: Stage) -> None:
    """One embedding model stands in for another, and a third is recommended."""
    stage.fill()
    stage.moves.panel_wanted.emit("models")
    stage.run(0.3)
    listed = stage.program.models.list()
    chosen, other, better = (each for each in listed if each.model.name in _EMBEDDERS)
    models = [
        replace(each, is_installed=True, in_use=each is other) if each in (chosen, other) else each for each in listed
    ]
    status = stage.looks[-1].status
    spaces = (SpaceStatus(chosen.model.name, 384, 80, 0, None, True), SpaceStatus(other.model.name, 384, 38, 62, None))
    recommended = Recommendation(better.model, False, other.model, ("Hangul",), 0.31)
    stage.run(2.5)  # until the window has looked for the last time by itself
    stage.bridge.happened.emit(ModelsListed(TaskId(0), tuple(models), "scripted", None))
    stage.bridge.happened.emit(LibraryLooked(TaskId(0), replace(status, spaces=spaces, recommended=recommended)))
    panel = stage.window.panels["models"]
    if isinstance(panel, ModelsPanel):
        panel.area.verticalScrollBar().setValue(panel.embedder.y() - 80)
    stage.run(0.3)


_LIBRARY_STATES = (
    first, no_model, filled, indexing, folder_menu, patterns, problems, away, away_document, disk_low, recovered,
    models, drop, notice, shortcuts,
)  # fmt: skip
_TALK_STATES = (answered, pdf, text, korean, refused, streaming)
_SEARCH_STATES = (
    search_empty, search_typing, filters, filters_menu, filters_days, typed_operators, typed_nowhere, refused_narrowed,
    why_this, twins, embedder_switching,
)  # fmt: skip
STATES: dict[str, Callable[[Stage], None]] = {
    state.__name__.replace("_", "-"): state for state in (*_LIBRARY_STATES, *_TALK_STATES, *_SEARCH_STATES)
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
