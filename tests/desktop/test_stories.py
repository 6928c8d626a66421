"""What a person does with the window, from the first folder to the checked answer, through the real window."""

import os
import signal
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from rag_desktop.domain.answers import Ended
from rag_desktop.domain.events import Answered, DocumentStored, LibraryLooked, PassagesFound, Token
from rag_desktop.gui.pdf_words import squashed
from rag_desktop.gui.theme import LIGHT
from rag_desktop.settings.places import find_places
from tests.desktop.conftest import MakeWindow, Opened
from tests.desktop.talking import Talk

PRINTER = "How much free space is left on the side of the paper tray of the printer?"
NOTICE = "How many months to the end of a quarter is the notice period?"


@pytest.fixture
def talk(filled: Opened) -> Talk:
    """A window over the embedded sample folder."""
    return Talk(filled)


def text_under(path: str, page: int, areas: Sequence[QRectF]) -> str:
    """The characters of a 0-based page whose middle is inside an area (points from the top left), as PDFium says
    without Qt."""
    with (
        closing(pypdfium2.PdfDocument(path)) as document,
        closing(document[page]) as sheet,
        closing(sheet.get_textpage()) as words,
    ):
        height, text = sheet.get_height(), words.get_text_range()
        boxes = [words.get_charbox(index) for index in range(words.count_chars())]
    middles = [QPointF((left + right) / 2, height - (top + bottom) / 2) for left, bottom, right, top in boxes]
    return "".join(
        each for each, middle in zip(text, middles, strict=True) if any(area.contains(middle) for area in areas)
    )


def test_a_dropped_folder_can_be_searched_and_asked(window: Opened, sample: Path) -> None:
    talk = Talk(window)
    window.ended(window.desk.upkeep.add(str(sample)))
    assert window.happened(DocumentStored)
    turn = talk.ask(NOTICE)
    assert "three months" in turn.text
    assert turn.answer is not None
    assert turn.answer.citations


def test_sources_are_there_before_the_first_word(talk: Talk) -> None:
    talk.type(NOTICE + " slowly")
    talk.opened.until(lambda: talk.sources.cards)
    assert talk.last.text == ""
    assert "Reading" in talk.last.status.text()
    talk.opened.until(lambda: talk.last.answer)
    kinds = [type(event) for event in talk.opened.events]
    assert kinds.index(PassagesFound) < kinds.index(Token)
    assert [card.citation.number for card in talk.sources.cards] == list(range(1, len(talk.sources.cards) + 1))


def test_a_chip_opens_the_pdf_at_the_very_words(talk: Talk) -> None:
    turn = talk.ask(PRINTER)
    assert turn.answer is not None
    citation = turn.answer.citations[0]
    assert citation.passage.document.format == "pdf"
    talk.click_chip(turn, citation.number)
    talk.wait_for_document()
    pdf, quoted = talk.document.pdf, citation.quoted_text
    assert quoted
    assert squashed(pdf.marked_text) == squashed(quoted)
    assert talk.document.pages.currentWidget() is pdf
    under = "".join(text_under(citation.passage.document.path, words.page, words.areas) for words in pdf.words)
    assert squashed(quoted) == squashed(under)
    assert any(pdf.viewport().rect().contains(area.center().toPoint()) for area in pdf.marked_areas())
    assert [card.citation.number for card in talk.sources.cards if card.is_selected] == [citation.number]


def test_the_mark_is_painted_on_the_page(talk: Talk) -> None:
    turn = talk.ask(PRINTER)
    talk.click_chip(turn, turn.numbers[0])
    talk.wait_for_document()
    pdf = talk.document.pdf
    talk.opened.until(lambda: pdf.is_drawn and pdf.viewport().width() > 50)
    image = pdf.viewport().grab().toImage()
    area = pdf.marked_areas()[0].toRect()
    colours = Counter(image.pixelColor(x, area.center().y()).name() for x in range(area.left(), area.right()))
    assert colours.most_common(1)[0][0] == LIGHT.mark


def test_a_chip_opens_a_text_file_at_the_very_words(talk: Talk) -> None:
    turn = talk.ask(NOTICE)
    assert turn.answer is not None
    citation = turn.answer.citations[0]
    talk.click_chip(turn, citation.number)
    talk.wait_for_document()
    assert talk.document.pages.currentWidget() is talk.document.reading
    assert talk.document.reading.marked_text.split() == (citation.quoted_text or "").split() != []
    assert "three months" in talk.document.reading.marked_text


def test_a_korean_question_is_answered_in_its_file(talk: Talk) -> None:
    turn = talk.ask("계약서를 위반하고 14일 안에 바로잡지 않으면 상대방은 무엇을 할 수 있나요?")
    assert turn.answer is not None
    citation = turn.answer.citations[0]
    assert "한국어" in unicodedata.normalize("NFC", citation.passage.document.path)
    talk.click_chip(turn, citation.number)
    talk.wait_for_document()
    assert talk.document.reading.marked_text.split() == (citation.quoted_text or "").split() != []


def test_alt_and_a_number_opens_that_source(talk: Talk) -> None:
    talk.ask(NOTICE)
    talk.opened.widget.activateWindow()
    talk.opened.until(talk.opened.widget.isActiveWindow)
    QTest.keyClick(talk.opened.widget, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    talk.wait_for_document()
    assert talk.document.citation is not None
    assert talk.document.citation.number == 2
    QTest.mouseClick(talk.document.previous, Qt.MouseButton.LeftButton)
    assert talk.document.citation.number == 1


def test_nothing_that_comes_takes_the_focus_from_the_composer(talk: Talk) -> None:
    field, window = talk.conversation.composer.field, talk.opened.widget
    field.setFocus()
    talk.ask(NOTICE)
    assert window.focusWidget() is field
    talk.conversation.open_citation(1)
    talk.wait_for_document()
    assert talk.document.pages.currentWidget() is talk.document.reading
    talk.ask(PRINTER)
    talk.conversation.open_citation(1)
    talk.wait_for_document()
    assert window.focusWidget() is field
    talk.opened.moves.panel_wanted.emit("sources")
    assert window.focusWidget() is talk.sources.cards[0]
    talk.opened.moves.panel_wanted.emit("document")
    assert window.focusWidget() is talk.document.pdf


def test_escape_stops_an_answer_and_keeps_its_words(talk: Talk) -> None:
    talk.type(NOTICE + " slowly")
    talk.opened.until(lambda: talk.last.text)
    QTest.keyClick(talk.conversation.composer.field, Qt.Key.Key_Escape)
    talk.opened.until(lambda: talk.last.answer)
    answer = talk.last.answer
    assert answer is not None
    assert answer.ended is Ended.STOPPED
    assert answer.text
    assert talk.last.status.text() == "Stopped."
    talk.opened.until(lambda: talk.conversation.composer.send.isVisibleTo(talk.conversation))


def test_words_of_a_conversation_that_was_left_are_dropped(talk: Talk) -> None:
    talk.type(NOTICE + " slowly")
    talk.opened.until(lambda: talk.last.text)
    left = talk.last
    talk.opened.moves.conversation_begun.emit()
    assert talk.conversation.turns == []
    talk.opened.until(lambda: talk.opened.happened(Answered))
    assert left.answer is None
    assert talk.conversation.turns == []
    assert talk.sources.cards == []
    assert talk.ask(PRINTER).answer is not None


def test_a_question_about_nothing_there_is_refused(talk: Talk) -> None:
    turn = talk.ask("Who won the football world cup in 1954?")
    assert turn.answer is not None
    assert turn.answer.refused
    assert "searched" in turn.status.text()
    if turn.passages:
        assert talk.sources.cards


def test_a_restart_brings_folders_and_conversation_back(make_window: MakeWindow, sample: Path) -> None:
    first = make_window()
    first.ended(first.desk.upkeep.add(str(sample)))
    text = Talk(first).ask(NOTICE).text
    first.widget.close()
    first.desk.close()
    second = Talk(make_window())
    second.opened.until(lambda: second.conversation.turns)
    assert second.last.question == NOTICE
    assert second.last.text == text
    assert second.conversations.model.rowCount() == 1
    second.click_chip(second.last, second.last.numbers[0])
    second.wait_for_document()
    assert second.document.reading.marked_text
    assert second.ask(PRINTER).answer is not None
    second.opened.until(lambda: len(second.conversation.turns) == 2)
    assert second.conversations.model.rowCount() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_a_killed_generator_is_told_and_the_next_question_answered(talk: Talk) -> None:
    talk.type(NOTICE + " slowly")
    talk.opened.until(lambda: talk.last.text)
    generator = talk.opened.program.generator
    assert generator is not None
    pid = generator.generator.child.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    talk.opened.until(lambda: talk.last.again_button.isVisibleTo(talk.last))
    assert "stopped unexpectedly" in talk.last.status.text()
    assert talk.last.text
    assert "three months" in talk.ask(NOTICE).text


@pytest.fixture
def real_models() -> Path:
    """Where real weights are; looked up before the window's environment hides it."""
    return find_places().models


@pytest.mark.weights
def test_real_models_answer_and_their_words_are_marked(
    real_models: Path, make_window: MakeWindow, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAG_DESKTOP_ENGINE")
    monkeypatch.setenv("RAG_DESKTOP_MODELS", str(real_models))
    opened = make_window()
    opened.ended(opened.desk.use_model("SmolLM2-135M-Instruct-Q4_1"))
    task = opened.desk.upkeep.add(str(sample))
    opened.ended(task)
    opened.until(lambda: any(_is_embedded(look) for look in opened.happened(LibraryLooked)))
    talk = Talk(opened)
    turn = talk.ask("How long is the notice period for the workshop lease?")
    assert turn.answer is not None
    assert turn.answer.model
    assert turn.answer.text
    # a model this small may refuse what it was given; the source with the words is there all the same
    first = turn.citation(turn.answer.citations[0].number if turn.answer.citations else 1)
    assert first is not None
    talk.conversation.open_citation(first.number)
    talk.wait_for_document()
    assert squashed(talk.document.reading.marked_text) == squashed(first.quoted_text or "")
    assert "notice period is three months" in " ".join(talk.document.reading.marked_text.split())


def _is_embedded(look: LibraryLooked) -> bool:
    spaces = look.status.spaces
    return bool(spaces) and all(space.vectors and not space.pending for space in spaces)
