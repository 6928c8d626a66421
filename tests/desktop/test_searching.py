"""Searching as one types: results in two steps, cards that stay where they are, and the real window over the sample."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from rag_desktop.domain.answers import Citation
from rag_desktop.domain.events import AbsentStage, LibraryLooked, SearchFinished
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.gui.panel import Context
from rag_desktop.gui.search_view import SearchView
from rag_desktop.gui.twins import Twins
from rag_desktop.services.desk import Desk
from rag_desktop.services.tasks import Task
from tests.desktop.conftest import Opened
from tests.desktop.making import NotingDesk, make_passage
from tests.desktop.talking import Talk

PASSAGES = tuple(make_passage(number, f"The boiler number {number} hums. " * 12) for number in range(1, 9))


@pytest.fixture
def view(qtbot: QtBot, context: Context) -> SearchView:
    made = SearchView(context)
    made.resize(600, 400)
    qtbot.addWidget(made)
    made.show()
    return made


def type_in(view: SearchView, words: str) -> None:
    view.search(words, is_final=False)


def numbers(view: SearchView) -> list[int]:
    """Which passages the cards show, in order."""
    return [card.citation.passage.chunk.id for card in view.cards]


def test_words_are_shown_while_meaning_is_asked(
    qtbot: QtBot, view: SearchView, context: Context, desk: NotingDesk
) -> None:
    type_in(view, "boiler")
    task = desk.last("search")[0]
    context.bridge.happened.emit(SearchFinished(task, "boiler", PASSAGES[:3], 0.01, is_final=False))
    qtbot.waitUntil(lambda: numbers(view) == [1, 2, 3])
    context.bridge.happened.emit(SearchFinished(task, "boiler", PASSAGES[2:0:-1], 0.2))
    assert numbers(view) == [3, 2]
    assert [card.citation.number for card in view.cards] == [1, 2]


def test_where_meaning_is_quicker_the_cards_change_once(
    qtbot: QtBot, view: SearchView, context: Context, desk: NotingDesk
) -> None:
    type_in(view, "boiler")
    task = desk.last("search")[0]
    context.bridge.happened.emit(SearchFinished(task, "boiler", PASSAGES[:3], 0.01, is_final=False))
    context.bridge.happened.emit(SearchFinished(task, "boiler", PASSAGES[3:5], 0.02))
    assert numbers(view) == [4, 5]
    assert not view._holding.isActive()


def test_that_words_alone_find_nothing_is_not_told_before_meaning_was_asked(
    qtbot: QtBot, view: SearchView, context: Context, desk: NotingDesk
) -> None:
    type_in(view, "boiler")
    before = view.said.text()
    task = desk.last("search")[0]
    context.bridge.happened.emit(SearchFinished(task, "boiler", (), 0.01, is_final=False))
    qtbot.waitUntil(lambda: not view._holding.isActive())
    assert view.said.text() == before
    context.bridge.happened.emit(SearchFinished(task, "boiler", (), 0.01))
    assert view.said.text().startswith("Nothing fits these words.")


def test_quoted_words_that_stand_nowhere_are_told(view: SearchView, context: Context, desk: NotingDesk) -> None:
    view.search('"boiler in flames"', is_final=True)
    found = SearchFinished(desk.last("search")[0], '"boiler in flames"', PASSAGES[:2], 0.01, is_inexact=True)
    context.bridge.happened.emit(found)
    assert view.said.text().startswith("The words in quotation marks stand nowhere together")


def test_the_next_letter_stops_the_search_before(view: SearchView, context: Context, desk: NotingDesk) -> None:
    type_in(view, "boil")
    old = desk.last("search")[0]
    type_in(view, "boiler")
    assert desk.last("stop")[1] == (old,)
    context.bridge.happened.emit(SearchFinished(old, "boil", PASSAGES[:1], 0.01))
    assert numbers(view) == []


def test_the_second_step_keeps_cards_selection_focus_and_place(
    qtbot: QtBot, view: SearchView, context: Context, desk: NotingDesk
) -> None:
    type_in(view, "boiler")
    task = desk.last("search")[0]
    context.bridge.happened.emit(SearchFinished(task, "boiler", PASSAGES, 0.01, is_final=False))
    qtbot.waitUntil(lambda: len(view.cards) == 8)
    bar = view._column.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(60)
    chosen = view.cards[2]
    view.select(chosen.citation)
    chosen.setFocus()
    chosen.why.click()
    shuffled = (PASSAGES[2], PASSAGES[0], *PASSAGES[4:], make_passage(20, "New."))
    context.bridge.happened.emit(
        SearchFinished(task, "boiler", shuffled, 0.2, absent=(AbsentStage("rerank", "typing"),))
    )
    assert view.cards[0] is chosen
    assert (chosen.citation.number, chosen.is_selected) == (1, True)
    assert [card.is_selected for card in view.cards[1:]] == [False] * 6
    assert chosen.hasFocus()
    assert chosen.explanation.endswith("When you press Enter, the best passages are looked at more closely.")
    assert bar.value() == 60
    qtbot.waitUntil(lambda: [card.y() for card in view.cards] == sorted(card.y() for card in view.cards))
    assert numbers(view) == [3, 1, 5, 6, 7, 8, 20]
    assert _tab_order(view) == view.cards


def _tab_order(view: SearchView) -> list[object]:
    def chain() -> Iterator[object]:
        widget = view.cards[0]
        for _ in range(200):
            yield widget
            widget = widget.nextInFocusChain()  # type: ignore[assignment]

    return list(dict.fromkeys(widget for widget in chain() if widget in view.cards))


def test_other_words_begin_at_the_top(qtbot: QtBot, view: SearchView, context: Context, desk: NotingDesk) -> None:
    view.search("boiler", is_final=True)
    context.bridge.happened.emit(SearchFinished(desk.last("search")[0], "boiler", PASSAGES, 0.01))
    bar = view._column.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 100)
    bar.setValue(60)
    view.search("hums", is_final=True)
    context.bridge.happened.emit(SearchFinished(desk.last("search")[0], "hums", PASSAGES, 0.01))
    assert bar.value() == 0


def test_a_selected_passage_that_comes_back_is_selected(view: SearchView, context: Context, desk: NotingDesk) -> None:
    view.select(Citation(7, PASSAGES[4]))
    type_in(view, "boiler")
    context.bridge.happened.emit(SearchFinished(desk.last("search")[0], "boiler", PASSAGES[3:6], 0.01))
    assert [card.is_selected for card in view.cards] == [False, True, False]


def test_twins_come_and_go_with_the_results(view: SearchView, context: Context, desk: NotingDesk) -> None:
    type_in(view, "boiler")
    task = desk.last("search")[0]
    other = replace(PASSAGES[0].document, path="/files/b.pdf")
    for twins, is_shown in (((), False), ((other,), True), ((), False)):
        found = (replace(PASSAGES[0], twins=twins),)
        context.bridge.happened.emit(SearchFinished(task, "boiler", found, 0.01))
        label = view.cards[0].findChild(Twins)
        assert isinstance(label, Twins)
        assert label.isHidden() is not is_shown
        assert not is_shown or label.accessibleName() == "Also in: b.pdf"


# the real window


@pytest.fixture
def talk(filled: Opened) -> Talk:
    """A window over the embedded sample folder, searching only."""
    talking = Talk(filled)
    QTest.mouseClick(talking.conversation.composer.search_mode, Qt.MouseButton.LeftButton)
    return talking


def names(talk: Talk) -> set[str]:
    return {Path(passage.document.path).name for passage in talk.conversation.search.passages}


def test_typing_shows_results(talk: Talk) -> None:
    QTest.keyClicks(talk.conversation.composer.field, "notice peri")
    search, events = talk.conversation.search, talk.opened.happened
    talk.opened.until(lambda: any(event.query == "notice peri" and event.is_final for event in events(SearchFinished)))
    talk.opened.until(lambda: search.cards and "notice period" in search.cards[0].marked_words)
    assert {event.fitting for event in events(SearchFinished)} == {None}


def test_words_are_found_though_the_searching_lane_is_busy(talk: Talk) -> None:
    """What holds it up in earnest is a query's vector that waits for a batch, or for the model to load."""
    desk, events = talk.opened.desk, talk.opened.happened
    held = _Held(desk)
    task = desk.search("notice period", is_typing=True)
    talk.opened.until(lambda: any(event.task == task for event in events(SearchFinished)))
    assert [event.is_final for event in events(SearchFinished) if event.task == task] == [False]
    held.let_go()
    talk.opened.until(lambda: any(event.task == task and event.is_final for event in events(SearchFinished)))


class _Held:
    """A job that holds the searching lane up until it is let go."""

    def __init__(self, desk: Desk) -> None:
        began = threading.Event()

        def hold(task: Task) -> None:
            began.set()
            task.wait(30.0)

        self._task = desk._searching.submit(hold, first=True)
        self._desk = desk
        assert began.wait(30.0)  # else a search that is asked now would go before it

    def let_go(self) -> None:
        self._desk.stop(self._task)


def test_chips_narrow_what_is_found(talk: Talk) -> None:
    formats = talk.opened.happened(LibraryLooked)[-1].status.formats
    assert {each.format: each.documents for each in formats}["pdf"] == 1
    bar, field = talk.conversation.composer.filter_bar, talk.conversation.composer.field
    field.setPlainText("warranty")
    talk.opened.until(lambda: len(names(talk)) > 1)
    bar.choose(replace(bar.choice, formats=("pdf",)))
    talk.opened.until(lambda: names(talk) == {"printer-manual.pdf"})
    field.setPlainText("warranty type:html")
    talk.opened.until(lambda: names(talk) == {"coffee-machine.html"})
    bar.typed[0].cross.click()
    talk.opened.until(lambda: names(talk) == {"printer-manual.pdf"})


def test_a_filter_that_leaves_nothing_is_named(talk: Talk) -> None:
    talk.conversation.composer.field.setPlainText("warranty in:Nowhere")
    search = talk.conversation.search
    talk.opened.until(lambda: search.said.text() == "No document fits: in:Nowhere")
    assert search.cards == []
    talk.conversation.composer.answer_mode.setChecked(True)
    turn = talk.ask("How long is the warranty? in:Nowhere")
    assert turn.answer is not None
    assert turn.answer.refused
    assert turn.status.text() == "No document fits: in:Nowhere"


def test_why_this_names_the_stage_that_did_not_run(talk: Talk) -> None:
    talk.type("notice period")
    search = talk.conversation.search
    talk.opened.until(lambda: search.cards and search._task is None)
    QTest.mouseClick(search.cards[0].why, Qt.MouseButton.LeftButton)
    assert "Its words: " in search.cards[0].explanation
    assert "No reranking model is installed" in search.cards[0].explanation


def test_a_copy_is_named_on_the_card_and_opens(talk: Talk, sample: Path) -> None:
    shutil.copy(sample / "workshop-lease.md", sample / "the same lease.md")
    talk.opened.ended(talk.opened.desk.upkeep.rescan())
    talk.type("notice period of the lease")
    search = talk.conversation.search
    talk.opened.until(lambda: search.cards and search.cards[0].citation.passage.twins)
    label = search.cards[0].findChild(Twins)
    assert isinstance(label, Twins)
    twin = search.cards[0].citation.passage.twins[0]
    label.linkActivated.emit("twin:0")
    talk.wait_for_document()
    assert talk.document.view is not None
    assert talk.document.view.document.id == twin.id
    assert "notice period" in talk.document.reading.marked_text


def test_a_filtered_search_of_nothing_shows_the_newest(talk: Talk) -> None:
    bar = talk.conversation.composer.filter_bar
    bar.choose(replace(bar.choice, formats=("pdf",)))
    talk.opened.until(lambda: names(talk) == {"printer-manual.pdf"})
    assert talk.conversation.search.filters == Filters(formats=("pdf",))
    bar.choose(replace(bar.choice, formats=()))
    assert talk.conversation.search.cards == []
    assert talk.conversation.search.filters == EVERYTHING
