"""The conversation's own rules, with events fed by hand: only the task of the last question is listened to."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QAbstractItemModel, Qt, QUrl
from PySide6.QtGui import QAccessible, QAccessibleEvent, QTextDocument
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from rag_desktop.domain.answers import Ended
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import (
    Answered,
    ConversationBegun,
    ConversationOpened,
    ConversationsListed,
    PassagesFound,
    SearchFinished,
    TaskEnded,
    Token,
)
from rag_desktop.domain.filters import EVERYTHING
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import ConversationRow
from rag_desktop.gui.answer_view import AnswerText
from rag_desktop.gui.panel import Context
from rag_desktop.gui.panels.conversation import Conversation
from rag_desktop.gui.panels.conversations import ID_ROLE, ConversationList, ConversationModel, when_words
from tests.desktop.making import NotingDesk, make_answer, make_citation, make_passage

PASSAGES = (make_passage(1, "Alpha is the first letter."), make_passage(2, "Beta comes second."))
WHOLE = make_answer("Alpha is first [1].", make_citation(1, PASSAGES[0], "Alpha is the first letter."))


@pytest.fixture
def panel(qtbot: QtBot, context: Context) -> Conversation:
    made = Conversation(context)
    made.resize(700, 500)
    qtbot.addWidget(made)
    made.show()
    return made


def ask(panel: Conversation, desk: NotingDesk, question: str = "What is it?") -> TaskId:
    """Type and send; the task of the question."""
    panel.composer.field.setPlainText(question)
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return)
    return desk.last("ask")[0]


def test_enter_asks_and_shift_enter_breaks_the_line(panel: Conversation, desk: NotingDesk) -> None:
    field = panel.composer.field
    QTest.keyClicks(field, "one")
    before = field.height()
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(field, "two")
    assert field.height() > before
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert desk.last("ask")[1] == ("one\ntwo", None, EVERYTHING)
    assert field.toPlainText() == ""
    assert panel.composer.stop.isVisibleTo(panel)
    assert not panel.composer.send.isVisibleTo(panel)


def test_nothing_is_asked_twice_at_a_time(panel: Conversation, desk: NotingDesk) -> None:
    ask(panel, desk)
    panel.composer.field.setPlainText("Another?")
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return)
    assert len(panel.turns) == 1
    assert panel.composer.field.toPlainText() == "Another?"


def test_an_answer_comes_word_by_word(qtbot: QtBot, panel: Conversation, context: Context, desk: NotingDesk) -> None:
    shown: list[tuple[object, object]] = []
    context.moves.citations_changed.connect(lambda passages, told: shown.append((passages, told)))
    task = ask(panel, desk)
    happened = context.bridge.happened.emit
    happened(PassagesFound(task, PASSAGES))
    assert panel.turns[0].status.text() == "Reading 2 sources…"
    assert shown.pop() == (PASSAGES, "What is it?")
    happened(Token(task, "Alpha is "))
    happened(Token(task, "**first** [1"))
    happened(Token(task, "]"))
    qtbot.waitUntil(lambda: panel.turns[0].words.toPlainText() == "Alpha is first [1]")
    happened(Answered(task, WHOLE))
    happened(ConversationBegun(task, 5))
    happened(TaskEnded(task))
    assert shown.pop() == (PASSAGES, WHOLE)
    assert panel.composer.send.isVisibleTo(panel)
    ask(panel, desk, "And then?")
    assert desk.last("ask")[1] == ("And then?", 5, EVERYTHING)


def test_late_words_of_another_task_are_dropped(panel: Conversation, context: Context, desk: NotingDesk) -> None:
    task = ask(panel, desk)
    for event in (Token(TaskId(99), "late"), Answered(TaskId(99), WHOLE), TaskEnded(TaskId(99))):
        context.bridge.happened.emit(event)
    assert panel.turns[0].text == ""
    panel.begin()
    assert desk.last("stop")[1] == (task,)
    for late in (Token(task, "late"), Answered(task, WHOLE), ConversationBegun(task, 7), TaskEnded(task)):
        context.bridge.happened.emit(late)
    assert panel.turns == []
    ask(panel, desk)
    assert desk.last("ask")[1] == ("What is it?", None, EVERYTHING)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("child-died", "The language model stopped unexpectedly. It starts again with your next question."),
        ("cancelled", "Stopped."),
        ("generator-missing", "No language model is installed, so questions cannot be answered yet."),
    ],
)
def test_what_ended_an_answer_is_said(
    panel: Conversation, context: Context, desk: NotingDesk, code: str, words: str
) -> None:
    task = ask(panel, desk)
    context.bridge.happened.emit(Token(task, "Half an ans"))
    context.bridge.happened.emit(TaskEnded(task, UserFacingError(code, name="generator")))
    turn = panel.turns[0]
    assert turn.status.text() == words
    assert turn.words.toPlainText() == "Half an ans"
    QTest.mouseClick(turn.again_button, Qt.MouseButton.LeftButton)
    assert len(panel.turns) == 2
    assert panel.turns[1].question == "What is it?"


def test_without_a_model_what_was_found_is_shown(panel: Conversation, context: Context, desk: NotingDesk) -> None:
    shown: list[tuple[object, object]] = []
    context.moves.citations_changed.connect(lambda passages, told: shown.append((passages, told)))
    task = ask(panel, desk)
    context.bridge.happened.emit(TaskEnded(task, UserFacingError("generator-missing")))
    context.bridge.happened.emit(SearchFinished(desk.last("search")[0], "What is it?", PASSAGES, 0.01))
    assert shown[-1] == (PASSAGES, "What is it?")
    panel.open_citation(2)


@pytest.mark.parametrize(
    ("ended", "words"), [(Ended.STOPPED, "Stopped."), (Ended.LENGTH, "greatest length"), (Ended.REFUSED, "searched")]
)
def test_how_an_answer_ended_is_said(
    panel: Conversation, context: Context, desk: NotingDesk, ended: Ended, words: str
) -> None:
    task = ask(panel, desk)
    context.bridge.happened.emit(Answered(task, replace(WHOLE, ended=ended)))
    assert words in panel.turns[0].status.text()


def test_a_sentence_without_support_is_marked_in_words(panel: Conversation, context: Context, desk: NotingDesk) -> None:
    task = ask(panel, desk)
    context.bridge.happened.emit(Answered(task, make_answer("It flies. It swims [1].", first=0.1)))
    assert "It flies. ⚠ not supported by your documents It swims" in panel.turns[0].words.toPlainText()


def test_an_answer_without_any_citation_says_so(panel: Conversation, context: Context, desk: NotingDesk) -> None:
    task = ask(panel, desk)
    context.bridge.happened.emit(Answered(task, make_answer("It flies.")))
    assert "cites none" in panel.turns[0].status.text()


def test_copy_takes_the_words_and_what_the_numbers_mean(
    panel: Conversation, context: Context, desk: NotingDesk
) -> None:
    task = ask(panel, desk)
    context.bridge.happened.emit(Answered(task, WHOLE))
    QTest.mouseClick(panel.turns[0].copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "Alpha is first [1].\n\n[1] report-1.pdf"


def test_hovering_over_a_chip_says_the_quoted_words(panel: Conversation, context: Context, desk: NotingDesk) -> None:
    task = ask(panel, desk)
    context.bridge.happened.emit(Answered(task, WHOLE))
    words = panel.turns[0].words
    cursor = words.document().find("[1]")
    cursor.setPosition(cursor.position() - 1)
    assert "“Alpha is the first letter.”" in words.tip_at(words.cursorRect(cursor).center())


def test_a_finished_answer_is_announced(
    monkeypatch: pytest.MonkeyPatch, panel: Conversation, context: Context, desk: NotingDesk
) -> None:
    said: list[QAccessibleEvent] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", said.append)
    task = ask(panel, desk)
    context.bridge.happened.emit(Answered(task, WHOLE))
    assert [event.type() for event in said][-1] == QAccessible.Event.Announcement


def test_the_last_conversation_comes_back(panel: Conversation, context: Context, desk: NotingDesk) -> None:
    happened = context.bridge.happened.emit
    happened(ConversationsListed(desk.last("conversations")[0], (ConversationRow(4, "Old", 0.0),)))
    assert desk.last("open_conversation")[1] == (4,)
    happened(ConversationOpened(desk.last("open_conversation")[0], 4, (WHOLE, WHOLE)))
    assert [turn.question for turn in panel.turns] == ["What is it?", "What is it?"]
    ask(panel, desk)
    assert desk.last("ask")[1] == ("What is it?", 4, EVERYTHING)


def test_a_restored_conversation_does_not_take_the_place_of_a_question(
    panel: Conversation, context: Context, desk: NotingDesk
) -> None:
    listing = desk.last("conversations")[0]
    ask(panel, desk)
    context.bridge.happened.emit(ConversationsListed(listing, (ConversationRow(4, "Old", 0.0),)))
    assert len(panel.turns) == 1
    assert all(name != "open_conversation" for name, _ in desk.asked)


def test_the_view_follows_the_end_only_from_the_end(
    qtbot: QtBot, panel: Conversation, context: Context, desk: NotingDesk
) -> None:
    task = ask(panel, desk)
    long = "\n\n".join(f"Paragraph {number}." for number in range(60))
    context.bridge.happened.emit(Token(task, long))
    bar = panel.column.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())
    bar.setValue(bar.maximum() // 2)
    there = bar.value()
    context.bridge.happened.emit(Token(task, "\n\n" + long))
    before = bar.maximum()
    qtbot.waitUntil(lambda: bar.maximum() > before)
    assert bar.value() == there


def test_search_shows_results_while_one_types(
    qtbot: QtBot, panel: Conversation, context: Context, desk: NotingDesk
) -> None:
    QTest.mouseClick(panel.composer.search_mode, Qt.MouseButton.LeftButton)
    QTest.keyClicks(panel.composer.field, "alpha")
    qtbot.waitUntil(lambda: any(name == "search" for name, _ in desk.asked))
    old = desk.last("search")[0]
    QTest.keyClick(panel.composer.field, Qt.Key.Key_Return)
    task = desk.last("search")[0]
    context.bridge.happened.emit(SearchFinished(old, "alph", PASSAGES[1:], 0.01))
    assert panel.search.cards == []
    context.bridge.happened.emit(SearchFinished(task, "alpha", PASSAGES, 0.02))
    assert panel.search.cards[0].marked_words == "Alpha is the first letter."
    assert panel.search.said.text() == "2 passages in 20 ms"
    with qtbot.waitSignal(context.moves.citation_shown):
        QTest.mouseClick(panel.search.cards[0], Qt.MouseButton.LeftButton)
    assert all(name != "ask" for name, _ in desk.asked)


def test_nothing_is_ever_fetched(qtbot: QtBot, context: Context) -> None:
    words = AnswerText(context.theme)
    qtbot.addWidget(words)
    words.setHtml('<img src="file:///etc/hostname"><img src="http://example.org/x.png">')
    kind = QTextDocument.ResourceType.ImageResource.value
    assert words.loadResource(kind, QUrl("file:///etc/hostname")) is None
    assert words.document().resource(kind, QUrl("http://example.org/x.png")) is None


# the list of conversations

ROWS = (ConversationRow(2, "Second\nquestion", 1_700_000_000.0), ConversationRow(1, "First", 1_690_000_000.0))


def test_the_model_of_conversations_keeps_qts_rules(context: Context) -> None:
    model = ConversationModel(context.wording)
    QAbstractItemModelTester(as_model(model), QAbstractItemModelTester.FailureReportingMode.Fatal)
    for rows in (ROWS, ROWS[:1], (), ROWS):
        model.show_rows(rows)
    assert model.index(0, 0).data() == "Second question"
    assert model.index(1, 0).data(ID_ROLE) == 1


def as_model(model: QAbstractItemModel) -> QAbstractItemModel:
    return model


def test_a_conversation_is_opened_by_a_click_and_deleted_after_a_question(
    qtbot: QtBot, context: Context, desk: NotingDesk
) -> None:
    panel = ConversationList(context)
    qtbot.addWidget(panel)
    panel.resize(220, 300)
    panel.show()
    context.bridge.happened.emit(ConversationsListed(TaskId(50), ROWS))
    place = panel.list.visualRect(panel.model.index(1, 0)).center()
    with qtbot.waitSignal(context.moves.conversation_chosen, check_params_cb=lambda chosen: chosen == 1):
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    box = panel.ask_to_delete()
    assert box is not None
    assert "“First”" in box.text()
    with qtbot.waitSignal(context.moves.conversation_begun):
        QTest.mouseClick(next(each for each in box.buttons() if each.text() == "Delete"), Qt.MouseButton.LeftButton)
    assert desk.last("forget_conversation")[1] == (1,)


def test_when_is_said_as_people_say_it(context: Context) -> None:
    from datetime import UTC, date, datetime

    row = ConversationRow(1, "x", datetime(2024, 3, 10, 12, 0, tzinfo=UTC).timestamp())
    said = [when_words(row, context.wording, date(2024, 3, day)) for day in (10, 11, 13)]
    assert said[0].startswith("Today")
    assert said[1].startswith("Yesterday")
    assert said[2] == "3 days ago"
    assert when_words(row, context.wording, date(2024, 4, 10)) == "2024-03-10"
