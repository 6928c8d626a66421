"""Chips: what is chosen, what of the text is recognised, how both narrow a search, and how all of it is said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from rag_desktop.domain.answers import Ended
from rag_desktop.domain.events import Answered, LibraryLooked, PassagesFound
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.domain.ids import FolderId, TaskId
from rag_desktop.domain.status import FolderStatus, FormatStatus, LibraryStatus
from rag_desktop.formats.registry import readers
from rag_desktop.gui.filter_bar import FilterBar
from rag_desktop.gui.filters import (
    FORMATS,
    Choice,
    Period,
    is_narrowed,
    nothing_words,
    period_words,
    piece_words,
    spelled,
    without,
)
from rag_desktop.gui.flow import Flow
from rag_desktop.gui.panel import Context
from rag_desktop.gui.panels.conversation import Conversation
from rag_desktop.text.queries import parsed
from tests.desktop.making import NotingDesk, make_answer, make_citation, make_passage

TODAY = date(2024, 3, 10)
FOLDERS = ("/files/My Contracts", "/files/Papers", "/old/Papers")


def looked(*paths: str) -> LibraryLooked:
    rows = tuple(FolderStatus(FolderId(at), path, 1, 0, 1, is_away=False) for at, path in enumerate(paths))
    formats = (FormatStatus("pdf", 1200), FormatStatus("docx", 3), FormatStatus("zzz", 1))
    return LibraryLooked(TaskId(0), LibraryStatus("/l", rows, (), 2, 0, (), formats=formats))


@pytest.fixture
def panel(qtbot: QtBot, context: Context) -> Conversation:
    made = Conversation(context)
    made.resize(700, 500)
    qtbot.addWidget(made)
    made.show()
    context.bridge.happened.emit(looked(*FOLDERS))
    return made


@pytest.fixture
def bar(panel: Conversation) -> FilterBar:
    return panel.composer.filter_bar


def opened(menu: QMenu) -> dict[str, bool]:
    """The entries of a menu as it would open, and whether they are ticked."""
    menu.aboutToShow.emit()
    return {action.text(): action.isChecked() for action in menu.actions() if not action.isSeparator()}


def tick(menu: QMenu, entry: str) -> None:
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == entry).trigger()


# chosen


def test_several_folders_can_be_chosen_and_taken_back(bar: FilterBar) -> None:
    assert opened(bar.folders.menu) == {
        "All folders": True, "My Contracts": False, "/files/Papers": False, "/old/Papers": False,
    }  # fmt: skip
    tick(bar.folders.menu, "My Contracts")
    assert bar.folders.words == "My Contracts"
    tick(bar.folders.menu, "/old/Papers")
    assert bar.filters.folders == ("/files/My Contracts", "/old/Papers")
    assert bar.folders.words == "My Contracts and 1 more"
    assert not opened(bar.folders.menu)["All folders"]
    tick(bar.folders.menu, "My Contracts")
    assert bar.folders.words == "Papers"
    tick(bar.folders.menu, "All folders")
    assert bar.filters == EVERYTHING


def test_types_that_are_there_are_offered_by_the_names_people_use(bar: FilterBar) -> None:
    assert list(opened(bar.formats.menu)) == ["Any type", "PDF (1,200)", "Word (3)", "ZZZ (1)"]
    tick(bar.formats.menu, "Word (3)")
    assert bar.filters == Filters(formats=("docx",))


def test_a_ticked_box_leaves_the_menu_open(qtbot: QtBot, bar: FilterBar) -> None:
    menu = bar.formats.menu
    menu.popup(bar.mapToGlobal(bar.rect().center()))
    qtbot.waitUntil(menu.isVisible)
    menu.setActiveAction(menu.actions()[2])
    QTest.keyClick(menu, Qt.Key.Key_Space)
    menu.setActiveAction(menu.actions()[3])
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert bar.filters.formats == ("pdf", "docx")
    assert menu.isVisible()
    assert not menu.actions()[0].isChecked()
    menu.close()


def test_a_time_is_counted_from_today(bar: FilterBar) -> None:
    tick(bar.period.menu, "Past month")
    assert bar.choice.filters(TODAY) == Filters(after=date(2024, 2, 9))
    assert bar.period.words == "Past month"
    tick(bar.period.menu, "Any time")
    assert bar.filters == EVERYTHING


def test_days_are_asked_for_and_put_in_order(bar: FilterBar) -> None:
    days = bar.ask_days()
    days.has_last.setChecked(True)
    days.first.setDate(days.first.date().fromString("2023-05-17", "yyyy-MM-dd"))
    days.last.setDate(days.last.date().fromString("2023-01-02", "yyyy-MM-dd"))
    days.accept()
    assert bar.filters == Filters(after=date(2023, 1, 2), before=date(2023, 5, 17))
    assert bar.period.words == "2023-01-02 to 2023-05-17"
    again = bar.ask_days()
    again.has_first.setChecked(False)
    again.has_last.setChecked(False)
    again.accept()
    assert bar.filters == EVERYTHING


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(period=Period.WEEK), "Past week"),
        (Choice(period=Period.YEAR), "Past year"),
        (Choice(period=Period.DAYS, after=TODAY), "Since 2024-03-10"),
        (Choice(period=Period.DAYS, before=TODAY), "Until 2024-03-10"),
        (Choice(), "Any time"),
    ],
)
def test_times_are_said_in_words(context: Context, choice: Choice, words: str) -> None:
    assert period_words(choice, context.wording) == words


def test_a_chip_says_what_it_is_and_is_cleared_by_its_cross(qtbot: QtBot, bar: FilterBar) -> None:
    chip = bar.formats
    assert chip.button.accessibleName() == "Types: Any type"
    assert not chip.cross.isVisible()
    tick(chip.menu, "PDF (1,200)")
    assert chip.button.accessibleName() == "Types: PDF"
    qtbot.waitUntil(chip.cross.isVisible)
    assert chip.cross.accessibleName() == "Search all types again"
    chip.cross.setFocus()
    QTest.keyClick(chip.cross, Qt.Key.Key_Space)
    assert bar.filters == EVERYTHING
    assert chip.button.hasFocus()


def test_chips_are_reached_by_the_tab_key(panel: Conversation, bar: FilterBar) -> None:
    chain: list[QWidget] = [panel.composer]
    while len(chain) < 60 and (widget := chain[-1].nextInFocusChain()):
        chain.append(widget)
    buttons = [bar.folders.button, bar.formats.button, bar.period.button]
    assert [widget for widget in chain if widget in buttons][:3] == buttons
    assert bar.folders.button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_folder_that_left_the_library_narrows_nothing(bar: FilterBar, context: Context) -> None:
    tick(bar.folders.menu, "My Contracts")
    context.bridge.happened.emit(looked("/files/Papers"))
    assert bar.filters == EVERYTHING


def test_chips_narrow_questions_and_searches(
    qtbot: QtBot, panel: Conversation, bar: FilterBar, desk: NotingDesk
) -> None:
    tick(bar.formats.menu, "PDF (1,200)")
    wanted = Filters(formats=("pdf",))
    panel.composer.field.setPlainText("How long?")
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return)
    assert desk.last("ask")[1] == ("How long?", None, wanted)
    assert "type:pdf" in [label.text() for label in panel.turns[0].findChildren(QLabel)]
    panel.composer.search_mode.setChecked(True)
    assert desk.last("search")[1] == ("", wanted, True), "filters alone give the newest documents"
    QTest.keyClicks(panel.composer.field, "boiler")
    qtbot.waitUntil(lambda: desk.last("search")[1] == ("boiler", wanted, True))
    bar.formats.cross.click()
    assert desk.last("search")[1] == ("boiler", EVERYTHING, True)
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return)
    assert desk.last("search")[1] == ("boiler", EVERYTHING, False)


def test_asking_again_asks_the_same(panel: Conversation, bar: FilterBar, context: Context, desk: NotingDesk) -> None:
    tick(bar.formats.menu, "PDF (1,200)")
    panel.ask("How long?", panel.composer.filters)
    context.bridge.happened.emit(Answered(desk.last("ask")[0], make_answer("Long.")))
    panel._leave()
    bar.choose(Choice())
    panel.turns[0].again_button.click()
    assert desk.last("ask")[1][2] == Filters(formats=("pdf",))


# typed


def test_typed_operators_show_as_chips_and_go_with_them(qtbot: QtBot, panel: Conversation, bar: FilterBar) -> None:
    field = panel.composer.field
    field.setPlainText('notice type:pdf in:"My Contracts" "three months" -boiler')
    crosses = [chip.cross.accessibleName() for chip in bar.typed]
    assert crosses == [
        "Remove type:pdf", 'Remove in:"My Contracts"', "Remove “three months” word for word",
        "Remove without “boiler”",
    ]  # fmt: skip
    qtbot.waitUntil(lambda: all(chip.isVisible() for chip in bar.typed))
    bar.typed[1].cross.click()
    assert field.toPlainText() == 'notice type:pdf "three months" -boiler'
    bar.typed[0].cross.click()
    assert field.toPlainText() == 'notice "three months" -boiler'
    assert field.hasFocus()
    field.undo()
    assert len(bar.typed) == 3
    field.clear()
    assert bar.typed == []


def test_what_is_typed_goes_before_what_was_chosen(panel: Conversation, bar: FilterBar) -> None:
    tick(bar.formats.menu, "PDF (1,200)")
    assert bar.formats.property("set")
    panel.composer.field.setPlainText("notice type:docx")
    assert bar.formats.property("overruled")
    assert not bar.formats.property("set")
    assert bar.formats.button.toolTip() == "What you typed goes before this."
    panel.composer.field.setPlainText("notice")
    assert bar.formats.property("set")


def test_examples_teach_the_syntax_and_can_be_taken(panel: Conversation) -> None:
    panel.composer.search_mode.setChecked(True)
    examples = panel.search.examples
    assert examples.isVisibleTo(panel)
    assert [button.text() for button in examples.buttons] == [
        "type:pdf", 'in:"My Contracts" after:2023', '"exact words" -draft',
    ]  # fmt: skip
    for button in examples.buttons:
        assert len(parsed(button.text()).pieces) == (1 if button is examples.buttons[0] else 2)
    panel.composer.field.setPlainText("rent")
    examples.buttons[1].click()
    assert panel.composer.field.toPlainText() == 'rent in:"My Contracts" after:2023'


@given(st.text(st.sampled_from('ab :"-,.\n\t가나typein'), max_size=60), st.data())
def test_removing_a_chip_leaves_all_other_words(typed: str, data: st.DataObject) -> None:
    pieces = parsed(typed).pieces
    if not pieces:
        return
    piece = data.draw(st.sampled_from(pieces))
    left = typed[: piece.span.start].split() + typed[piece.span.end :].split()
    assert without(typed, piece).split() == left


# said


def test_filters_are_spelled_in_the_query_syntax(context: Context) -> None:
    chosen = Filters(("/files/My Contracts", "/files/Papers"), ("pdf",), date(2023, 1, 1), date(2023, 12, 31))
    said = spelled("", chosen, context.wording)
    assert said == 'in:"My Contracts",Papers  type:pdf  after:2023-01-01  before:2024-01-01'
    again = parsed(said).filters
    assert again == Filters(("My Contracts", "Papers"), ("pdf",), date(2023, 1, 1), date(2023, 12, 31))
    assert spelled("x type:word -y", chosen, context.wording) == (
        'type:word  in:"My Contracts",Papers  after:2023-01-01  before:2024-01-01'
    )


@pytest.mark.parametrize(
    ("typed", "fitting", "words"),
    [
        ("notice", None, "Nothing fits these words. Try fewer, or other ones."),
        ("notice in:Nowhere", 0, "No document fits: in:Nowhere"),
        ("notice type:pdf", 3, "Nothing fits these words in type:pdf (3 documents)."),
    ],
)
def test_why_nothing_was_found_is_said(context: Context, typed: str, fitting: int | None, words: str) -> None:
    assert nothing_words(typed, EVERYTHING, fitting, context.wording) == words


@pytest.mark.parametrize(
    ("question", "fitting", "words"),
    [
        ("What is it? in:Nowhere", 0, "No document fits: in:Nowhere"),
        ("What is it? type:pdf", 3, "Only this was searched: type:pdf"),
        ("What is it?", None, "All your folders were searched."),
    ],
)
def test_a_refusal_names_what_was_searched(
    panel: Conversation, context: Context, desk: NotingDesk, question: str, fitting: int | None, words: str
) -> None:
    panel.ask(question)
    task = desk.last("ask")[0]
    context.bridge.happened.emit(PassagesFound(task, (), fitting=fitting))
    context.bridge.happened.emit(Answered(task, make_answer("Not there.", ended=Ended.REFUSED)))
    assert panel.turns[0].status.text() == words


def test_an_answer_from_other_words_than_the_quoted_says_so(
    panel: Conversation, context: Context, desk: NotingDesk
) -> None:
    panel.ask('What is "the boiler in flames"?')
    task, passage = desk.last("ask")[0], make_passage(1, "It hums.")
    context.bridge.happened.emit(PassagesFound(task, (passage,), is_inexact=True))
    answer = make_answer("It hums [1].", make_citation(1, passage, "It hums."))
    context.bridge.happened.emit(Answered(task, answer))
    assert panel.turns[0].status.text().startswith("The words in quotation marks stand nowhere together")


def test_only_what_narrows_counts(context: Context) -> None:
    assert not is_narrowed('"three months" -boiler', EVERYTHING)
    assert is_narrowed("x type:pdf", EVERYTHING)
    assert is_narrowed("x", Filters(folders=("/a",)))
    (piece,) = parsed("author:“Kim Lee”").pieces
    assert piece_words(piece, "author:“Kim Lee”", context.wording) == "author:“Kim Lee”"


def test_every_format_has_a_name() -> None:
    assert {reader.name for reader in readers()} <= FORMATS.keys()


# the layout


@pytest.mark.parametrize(("width", "lines"), [(400, 1), (210, 2), (90, 4)])
def test_chips_go_on_in_the_next_line(qtbot: QtBot, width: int, lines: int) -> None:
    outer, inner = QWidget(), QWidget()
    qtbot.addWidget(outer)
    QHBoxLayout(outer).addWidget(inner)
    flow = Flow(inner, gap=4)
    boxes = [QWidget() for _ in range(4)]
    for box in boxes:
        box.setFixedSize(80, 20)
        flow.addWidget(box)
    assert flow.heightForWidth(width) == lines * 20 + (lines - 1) * 4
    flow.setGeometry(inner.rect().adjusted(0, 0, width - inner.width(), 0))
    assert len({box.y() for box in boxes}) == lines
    assert flow.takeAt(9) is None
    assert flow.itemAt(-1) is None
