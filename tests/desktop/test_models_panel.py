"""The models: who answers, what is here, downloads and imports."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import LibraryLooked, ModelsListed, Progress, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.models import ModelKind
from rag_desktop.domain.status import LibraryStatus, ListedModel, Recommendation, SpaceStatus
from rag_desktop.gui import amounts
from rag_desktop.gui.model_card import Acts
from rag_desktop.gui.panels.models import ModelsPanel
from tests.desktop.conftest import Opened

TASK = TaskId(-7)


@pytest.fixture
def panel(window: Opened) -> ModelsPanel:
    """The panel, shown and filled from the catalogue."""
    shown = window.panels["models"]
    assert isinstance(shown, ModelsPanel)
    window.moves.panel_wanted.emit("models")
    window.until(lambda: window.happened(ModelsListed))
    return shown


def relist(window: Opened, models: tuple[ListedModel, ...], answering: str | None, missed: str | None = None) -> None:
    window.bridge.happened.emit(ModelsListed(TaskId(0), models, answering, missed))


def test_every_model_of_the_catalogue_has_a_card(window: Opened, panel: ModelsPanel) -> None:
    listed = window.program.models.list()
    assert set(panel.cards) == {each.model.name for each in listed}
    card = panel.cards["SmolLM2-135M-Instruct-Q4_1"]
    assert "Apache-2.0" in card.about.text()
    assert "98 MB" in card.about.text()
    assert card.get.isVisible()
    assert not card.use.isVisible()


def test_who_answers_is_said_honestly(window: Opened, panel: ModelsPanel) -> None:
    listed = window.program.models.list()
    relist(window, listed, None)
    assert "No model that answers" in panel.said.text()
    relist(window, listed, "Qwen", "Mistral 7B")
    assert panel.said.text() == "Mistral 7B is not installed; Qwen answers instead."
    relist(window, listed, "Mistral 7B")
    assert panel.said.text() == "Mistral 7B answers."


def test_an_installed_model_can_be_used_and_the_one_in_use_says_so(window: Opened, panel: ModelsPanel) -> None:
    first, second, *others = (each for each in window.program.models.list() if each.model.kind is ModelKind.GENERATOR)
    here = replace(first, is_installed=True)
    used = replace(second, is_installed=True, in_use=True)
    relist(window, (here, used, *others), used.model.title)
    assert panel.cards[here.model.name].use.isVisible()
    assert panel.cards[used.model.name].state.text() == "In use"
    assert not panel.cards[used.model.name].use.isVisible()


def test_a_download_shows_how_far_it_is_and_can_be_cancelled(
    window: Opened, panel: ModelsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[TaskId] = []
    monkeypatch.setattr(window.desk, "fetch_model", lambda _name: TASK)
    monkeypatch.setattr(window.desk, "stop", stopped.append)
    card = panel.cards["SmolLM2-135M-Instruct-Q4_1"]
    QTest.mouseClick(card.get, Qt.MouseButton.LeftButton)
    assert card.state.text() == "Waiting"
    window.bridge.happened.emit(Progress(TASK, "downloading", 49_000_000, 98_000_000))
    assert card.state.text() == "49 MB of 98 MB"
    assert card.bar.value() == 50
    QTest.mouseClick(card.cancel, Qt.MouseButton.LeftButton)
    assert stopped == [TASK]
    window.bridge.happened.emit(TaskEnded(TASK, UserFacingError("cancelled")))
    assert card.get.isVisible()
    assert not card.bar.isVisible()


def test_a_dropped_gguf_that_is_none_is_refused_in_words(window: Opened, panel: ModelsPanel, tmp_path: Path) -> None:
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"no model at all")
    window.moves.paths_dropped.emit([str(fake)])
    assert "fake.gguf" in panel.importing.text()
    window.until(window.widget.notices.isVisible)
    assert "not a GGUF model file" in window.widget.notices.sentence.text()
    assert not panel.importing.isVisible()


def look(panel: ModelsPanel, *spaces: SpaceStatus, recommended: Recommendation | None = None) -> None:
    status = LibraryStatus("/l", (), spaces, 0, 0, (), recommended)
    panel.embedder._take(LibraryLooked(TaskId(0), status))


def list_embedders(panel: ModelsPanel, *models: ListedModel) -> None:
    panel.embedder._take(ModelsListed(TaskId(0), models, None, None))


@pytest.fixture
def quiet(window: Opened, panel: ModelsPanel) -> Iterator[list[str]]:
    """Only the test tells the embedder's line what there is; notes how often that asks for a look at the library."""
    looks: list[str] = []
    window.bridge.happened.disconnect(panel.embedder._take)
    panel.embedder._look.timeout.disconnect()
    panel.embedder._look.timeout.connect(partial(looks.append, "look"))
    panel.embedder._look.setInterval(10)
    yield looks
    panel.embedder._look.stop()


def embedders(window: Opened) -> tuple[ListedModel, ...]:
    """MiniLM and the small e5, both installed; the latter was chosen."""
    wanted = {"all-MiniLM-L6-v2": False, "multilingual-e5-small-q4": True}
    listed = {each.model.name: each for each in window.program.models.list()}
    return tuple(replace(listed[name], is_installed=True, in_use=in_use) for name, in_use in wanted.items())


def test_while_a_new_model_embeds_the_library_another_stands_in_for_it(
    window: Opened, panel: ModelsPanel, quiet: list[str]
) -> None:
    old, new = embedders(window)
    list_embedders(panel, old, new)
    line = panel.embedder
    look(panel, SpaceStatus(old.model.name, 384, 100, 0, None, is_serving=True))
    words = "Searching with all-MiniLM-L6-v2 until Multilingual E5 small (4-bit) is ready"
    assert line.switching.text() == f"{words} (0 %)."
    filling = SpaceStatus(new.model.name, 384, 38, 62, None)
    look(panel, SpaceStatus(old.model.name, 384, 100, 0, None, is_serving=True), filling)
    assert line.switching.text() == f"{words} (38 %)."
    window.until(lambda: line.switching.isVisible() and quiet)
    look(panel, replace(filling, vectors=100, pending=0, is_serving=True))
    assert line.isHidden()
    assert not line._look.isActive()


def test_a_model_that_reads_more_of_the_library_is_offered_quietly(
    window: Opened, panel: ModelsPanel, quiet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    used: list[str] = []

    def fetch(name: str) -> TaskId:
        fetched.append(name)
        return TASK

    monkeypatch.setattr(window.desk, "fetch_model", fetch)
    panel.embedder._acts = Acts(panel._get, used.append, panel._cancel)
    line, (old, new) = panel.embedder, embedders(window)
    list_embedders(panel, replace(old, in_use=True), replace(new, is_installed=False, in_use=False))
    look(panel, recommended=Recommendation(new.model, False, old.model, ("Hangul",), 0.31))
    assert line.advice.text() == (
        "Multilingual E5 small (4-bit) reads the 31 % of your passages that all-MiniLM-L6-v2 cannot read."
    )
    assert line.get.text() == "Get it (72 MB)"
    line.get.click()
    line.get.click()
    assert fetched == [new.model.name]
    assert panel.cards[new.model.name].state.text() == "Waiting"
    look(panel, recommended=Recommendation(new.model, True, old.model, ("Hangul",), 0.31))
    assert line.get.text() == "Use it"
    line.get.click()
    assert used == [new.model.name]
    list_embedders(panel, replace(old, in_use=False), replace(new, in_use=True))
    assert line.isHidden()


def test_reranking_models_have_a_group_of_their_own(window: Opened, panel: ModelsPanel) -> None:
    column = panel._columns[ModelKind.RERANKER]
    cards = [item.widget() for at in range(column.count()) if (item := column.itemAt(at))]
    rerankers = [each.model.name for each in window.program.models.list() if each.model.kind is ModelKind.RERANKER]
    assert cards == [panel.cards[name] for name in rerankers] != []


def test_a_model_that_is_no_longer_there_loses_its_card(window: Opened, panel: ModelsPanel) -> None:
    listed = window.program.models.list()
    relist(window, listed[1:], None)
    assert listed[0].model.name not in panel.cards


@pytest.mark.parametrize(
    ("count", "words"), [(None, "size unknown"), (612, "1 KB"), (98_362_432, "98 MB"), (2_722_877_664, "2.7 GB")]
)
def test_sizes_read_like_sizes(window: Opened, count: int | None, words: str) -> None:
    assert amounts.size(count, window.program.wording) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "a few seconds left"), (42, "40 s left"), (125, "2 min left"), (5400, "1.5 h left")],
)
def test_times_read_like_times(window: Opened, seconds: float, words: str) -> None:
    assert amounts.time_left(seconds, window.program.wording) == words


@pytest.mark.parametrize(
    ("rate", "words"), [(0.04, "0.04"), (0.96, "1"), (4.13, "4.1"), (42.4, "42"), (1204.4, "1,204")]
)
def test_rates_have_no_more_digits_than_mean_something(rate: float, words: str) -> None:
    assert amounts.rate(rate) == words


def test_a_moment_of_today_is_a_time_and_any_other_a_day() -> None:
    then = datetime(2024, 5, 3, 14, 32).astimezone()
    assert amounts.moment(then.timestamp(), then.date()) == "14:32"
    assert amounts.moment(then.timestamp(), then.date() + timedelta(days=1)) == "2024-05-03"
