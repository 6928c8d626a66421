"""Cards: in the order of their numbers, the quoted words marked in their context, and the trace in words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from rag_desktop.domain.answers import Citation, Ended, StageScore
from rag_desktop.domain.documents import Document, Span
from rag_desktop.domain.events import AbsentStage, LibraryLooked
from rag_desktop.domain.ids import DocumentId, FolderId, TaskId
from rag_desktop.domain.status import FolderStatus, LibraryStatus
from rag_desktop.gui.cards import context_pieces, merged, page_name, place_words
from rag_desktop.gui.naming import file_name
from rag_desktop.gui.panel import Context
from rag_desktop.gui.panels.sources import Sources
from rag_desktop.gui.twins import Twins
from rag_desktop.gui.why import NO_GROUND, Ground, ground_of, lines, told
from tests.desktop.making import make_answer, make_citation, make_context, make_passage

ONE = make_passage(1, "Rent is due. The notice period is three months. Heating is extra.", page=7)
TWO = make_passage(2, "Pets are not allowed.")


@pytest.fixture
def context(qapp: QApplication) -> Context:
    return make_context(qapp)


@pytest.fixture
def panel(qtbot: QtBot, context: Context) -> Sources:
    made = Sources(context)
    made.resize(340, 500)
    qtbot.addWidget(made)
    made.show()
    return made


def test_cards_come_before_the_answer_with_the_words_that_fit_the_question(panel: Sources, context: Context) -> None:
    context.moves.citations_changed.emit((ONE, TWO), "How long is the notice period?")
    assert [card.citation.number for card in panel.cards] == [1, 2]
    assert panel.cards[0].marked_words == "The notice period is three months."


def test_the_answer_says_which_words_and_which_sources(panel: Sources, context: Context) -> None:
    answer = make_answer("Heating costs more [1].", make_citation(1, ONE, "Heating is extra.", 7))
    context.moves.citations_changed.emit((ONE, TWO), answer)
    assert panel.cards[0].marked_words == "Heating is extra."
    shown = [label.text() for card in panel.cards for label in card.findChildren(QLabel)]
    assert shown.count("not cited in the answer") == 1


def test_a_restored_answer_shows_the_sources_it_cites(panel: Sources, context: Context) -> None:
    answer = make_answer("No pets [2].", make_citation(2, TWO, "Pets are not allowed."))
    context.moves.citations_changed.emit((), answer)
    assert [card.citation.number for card in panel.cards] == [2]


def test_sources_of_a_folder_that_is_away_carry_a_badge(panel: Sources, context: Context) -> None:
    context.moves.citations_changed.emit((make_passage(3, "It rains.", is_away=True), TWO), None)
    assert [card.is_away for card in panel.cards] == [True, False]
    assert panel.cards[0].accessibleDescription() == "The folder cannot be reached right now. It rains."
    (badge,) = (label for label in panel.cards[0].findChildren(QLabel) if label.text() == "away")
    assert badge.toolTip() == "The folder cannot be reached right now"


def test_badges_follow_the_innermost_folder_at_each_look(panel: Sources, context: Context) -> None:
    inner = make_passage(4, "Deep.", path="/files/usb/deep.txt")
    context.moves.citations_changed.emit((ONE, inner), None)
    for is_away in (True, False):
        rows = (
            FolderStatus(FolderId(1), "/files", 1, 0, 1, is_away=False),
            FolderStatus(FolderId(2), "/files/usb", 1, 0, 1, is_away=is_away),
        )
        context.bridge.happened.emit(LibraryLooked(TaskId(1), LibraryStatus("/l", rows, (), 2, 0, ())))
        assert [card.is_away for card in panel.cards] == [False, is_away]
    context.moves.citations_changed.emit((make_passage(4, "Deep.", path="/files/usb/deep.txt", is_away=True),), None)
    assert [card.is_away for card in panel.cards] == [False]


def test_a_refusal_calls_them_the_nearest(panel: Sources, context: Context) -> None:
    context.moves.citations_changed.emit((ONE,), make_answer("Not there.", ended=Ended.REFUSED))
    assert "nearest" in panel._said.text()
    context.moves.citations_changed.emit((), None)
    assert panel.cards == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_card_opens_by_click_and_by_key(qtbot: QtBot, panel: Sources, context: Context, key: Qt.Key) -> None:
    context.moves.citations_changed.emit((ONE, TWO), "Pets?")
    chosen: list[Citation] = []
    context.moves.citation_shown.connect(chosen.append)
    QTest.mouseClick(panel.cards[0], Qt.MouseButton.LeftButton)
    QTest.keyClick(panel.cards[1], key)
    assert [each.number for each in chosen] == [1, 2]
    assert [card.is_selected for card in panel.cards] == [False, True]


def test_why_this_tells_each_stage_in_words(qtbot: QtBot, panel: Sources, context: Context) -> None:
    context.moves.citations_changed.emit((ONE,), "notice")
    card = panel.cards[0]
    qtbot.waitUntil(lambda: card.why.width() < card.width())
    assert not card._why.isVisible()
    QTest.mouseClick(card.why, Qt.MouseButton.LeftButton)
    assert card._why.isVisible()
    assert card.explanation.split("\n") == ["Its words: 7.10", "Its meaning: 0.82", "Both together: 0.90"]


def explained(context: Context, *trace: StageScore, ground: Ground = NO_GROUND) -> list[str]:
    return [told(line, context.wording) for line in lines(trace, ground, context.wording)]


def test_a_stage_that_found_nothing_says_so(context: Context) -> None:
    words = explained(context, StageScore("vector", 0.5), StageScore("rerank", 3.4), StageScore("newest idea", 1.0))
    assert words == [
        "Not among the best by its words.",
        "Its meaning: 0.50",
        "Read with the question: 3.40",
        "newest idea: 1.00",
    ]


def test_parts_that_were_merged_are_counted(context: Context) -> None:
    trace = (StageScore("keyword", 1.0), StageScore("vector", 0.5), StageScore("merged", 3.0))
    assert explained(context, *trace)[-1] == "3 passages of this section are shown as one."


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("question-unreadable", "The model that searches by meaning does not read this language."),
        ("embedder-missing", "No embedding model is installed, so search works by keyword only."),
        ("vectors-missing", "There are no vectors to search by meaning yet."),
        ("child-died", "A part of the search failed this time. The log tells more."),
    ],
)
def test_an_absent_stage_is_absent_visibly(context: Context, code: str, words: str) -> None:
    ground = Ground(absent=(AbsentStage("vector", code), AbsentStage("late", code)))
    trace = (StageScore("keyword", 2.0), StageScore("fused", 1.0))
    assert explained(context, *trace, ground=ground) == ["Its words: 2.00", words]


@pytest.mark.parametrize("code", ["off", "left-out", "not-asked"])
def test_what_is_absent_as_it_should_be_is_passed_over(context: Context, code: str) -> None:
    ground = Ground(absent=(AbsentStage("diversity", code),))
    assert explained(context, StageScore("keyword", 2.0), StageScore("vector", 1.0), ground=ground) == [
        "Its words: 2.00",
        "Its meaning: 1.00",
    ]


def test_bars_compare_with_the_best_of_the_list(context: Context) -> None:
    half = replace(TWO, trace=(StageScore("keyword", 3.55),))
    ground = ground_of((ONE, half))
    assert [line.share for line in lines(ONE.trace, ground, context.wording)] == [1.0, 1.0, 1.0]
    assert [line.share for line in lines(half.trace, ground, context.wording)] == [None, 0.5]


def test_the_search_behind_the_sources_explains_them(panel: Sources, context: Context) -> None:
    context.moves.search_explained.emit((AbsentStage("rerank", "reranker-missing"),))
    context.moves.citations_changed.emit((ONE,), "notice")
    QTest.mouseClick(panel.cards[0].why, Qt.MouseButton.LeftButton)
    assert panel.cards[0].explanation.endswith("No reranking model is installed; search does without one.")


def test_other_documents_with_the_same_words_are_named_and_open(qtbot: QtBot, panel: Sources, context: Context) -> None:
    twins = tuple(Document(DocumentId(number), f"/b/copy <{number}>.pdf", "pdf", None) for number in range(10, 15))
    context.moves.citations_changed.emit((replace(ONE, twins=twins), TWO), "notice")
    named, alone = (card.findChild(Twins) for card in panel.cards)
    assert isinstance(named, Twins)
    assert isinstance(alone, Twins)
    assert named.accessibleName() == "Also in: copy <10>.pdf, copy <11>.pdf, copy <12>.pdf and 2 more"
    assert "<10>" not in named.text()
    assert named.toolTip().count("<br>") == 4
    assert not alone.isVisibleTo(panel)
    chosen: list[Citation] = []
    context.moves.citation_shown.connect(chosen.append)
    named.linkActivated.emit("twin:1")
    assert chosen[0].passage.document is twins[1]
    assert chosen[0].quoted_text == "The notice period is three months."
    assert (chosen[0].page, chosen[0].passage.chunk.page_start) == (None, None)
    assert panel.cards[0].is_selected


def test_a_page_has_its_printed_name(context: Context) -> None:
    passage = make_passage(3, "x", page=2, page_labels=("i", "ii", ""))
    assert page_name(passage.document, 2) == "ii"
    assert page_name(passage.document, 3) == "3"
    assert page_name(passage.document, 9) == "9"
    assert place_words(Citation(1, passage, None, 1), context.wording) == "p. i"
    assert place_words(Citation(1, TWO), context.wording) == ""


def test_a_decomposed_file_name_is_shown_composed() -> None:
    passage = make_passage(1, "x", path="/files/\u1100\u1168\u110b\u1163\u11a8.txt")
    assert file_name(passage.document) == "계약.txt"


def test_markup_of_a_document_is_shown_as_text(panel: Sources, context: Context) -> None:
    evil = make_passage(1, "<img src='http://example.org/x.png'><b>bold</b> & more", path="/files/<b>x</b>.html")
    context.moves.citations_changed.emit((evil,), "bold")
    shown = [label for label in panel.cards[0].findChildren(QLabel) if label.textFormat() is Qt.TextFormat.RichText]
    assert shown
    assert all("<img" not in label.text() and "<b>" not in label.text() for label in shown)


_WORDS = st.text(st.sampled_from("ab \n계😀<&"), max_size=900)


@given(_WORDS, _WORDS.filter(bool), _WORDS)
def test_the_pieces_of_a_card_are_the_words_of_the_document(before: str, words: str, after: str) -> None:
    passage = make_passage(1, before + words + after)
    start = passage.chunk.span.start + len(before)
    pieces = context_pieces(Citation(1, passage, Span(start, start + len(words))))
    whole = " ".join(passage.text.split())
    for piece in pieces:
        kept = piece.strip().removeprefix("…").removesuffix("…").strip()
        assert kept in whole


@given(st.lists(st.integers(1, 4), max_size=4, unique=True))
def test_sources_stand_in_the_order_of_their_numbers(numbers: list[int]) -> None:
    cited = [Citation(number, TWO) for number in numbers]
    together = merged((ONE, TWO), cited, "Pets?")
    assert [each.number for each in together] == sorted({1, 2, *numbers})
