"""States of searching: what is typed, what narrows it, why something was found, which model searches."""

import shutil
from dataclasses import replace

from screenshot_stage import SAMPLE, Stage, ask, search

from rag_desktop.domain.events import LibraryLooked, ModelsListed
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import Recommendation, SpaceStatus
from rag_desktop.gui.filters import Choice, Period
from rag_desktop.gui.panels.models import ModelsPanel

_EMBEDDERS = ("all-MiniLM-L6-v2", "bge-small-en-v1.5", "multilingual-e5-small-q4")


def search_empty(stage: Stage) -> None:
    """A search before anything is typed: examples of the syntax."""
    stage.fill()
    search(stage, "")


def search_typing(stage: Stage) -> None:
    """Only a search, while one types."""
    stage.fill()
    talk = search(stage, "warranty of the prin")
    talk.search.cards[1].setFocus()
    stage.run(0.2)


def filters(stage: Stage) -> None:
    """Chips are set."""
    stage.fill()
    paths = tuple(folder.path for folder in stage.looks[-1].status.folders)
    search(stage, "lease", Choice(paths, ("markdown", "html", "text"), Period.YEAR))


def filters_menu(stage: Stage) -> None:
    """The menu of types is open, with two of them ticked."""
    stage.fill()
    talk = search(stage, "lease", Choice((), ("markdown", "pdf")))
    bar = talk.composer.filter_bar
    bar.formats.menu.popup(bar.formats.mapToGlobal(bar.formats.rect().bottomLeft()))
    stage.run(0.3)


def filters_days(stage: Stage) -> None:
    """Days are asked for."""
    stage.fill()
    search(stage, "lease").composer.filter_bar.ask_days()
    stage.run(0.3)


def typed_operators(stage: Stage) -> None:
    """Operators of the query syntax, recognised while they are typed; one goes before a chip."""
    stage.fill()
    search(stage, 'type:md,txt in:Workshop after:2020 "notice period" -boiler how long', Choice((), ("pdf",)))


def typed_nowhere(stage: Stage) -> None:
    """A filter that leaves no document."""
    stage.fill()
    search(stage, "notice period in:Nowhere")


def refused_narrowed(stage: Stage) -> None:
    """A question that nothing answers within its filters."""
    stage.fill()
    talk = ask(stage, "Who won the football world cup in 1954? type:pdf")
    stage.until(lambda: talk.turns[-1].answer is not None)
    stage.run(0.3)


def why_this(stage: Stage) -> None:
    """Why two passages were found, and which steps did not run."""
    stage.fill()
    talk = search(stage, "notice period of the lease")
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
    search(stage, "notice period of the lease")


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


SEARCH_STATES = (
    search_empty, search_typing, filters, filters_menu, filters_days, typed_operators, typed_nowhere, refused_narrowed,
    why_this, twins, embedder_switching,
)  # fmt: skip
