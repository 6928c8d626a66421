"""The document pane: what is marked is what was quoted, or nothing is marked and that is said."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from rag_desktop.domain.answers import Citation
from rag_desktop.domain.documents import Document, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import DocumentOpened, TaskEnded
from rag_desktop.domain.ids import DocumentId, TaskId
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.domain.status import DocumentView, Mark
from rag_desktop.formats.reading import read
from rag_desktop.gui.panel import Context
from rag_desktop.gui.panels.document import DocumentPane
from rag_desktop.gui.pdf_words import find_words, squashed
from rag_desktop.gui.reading_view import ReadingView, utf16_length
from rag_desktop.services.viewing import marks_of
from rag_desktop.text.sentences import sentences
from tests.desktop.making import NotingDesk, make_context, make_passage

PDF = Path(__file__).parents[2] / "resources" / "sample" / "printer-manual.pdf"


@pytest.fixture
def panel(qtbot: QtBot, context: Context) -> DocumentPane:
    made = DocumentPane(context)
    made.resize(420, 600)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture(scope="module")
def pdf(qapp: QApplication) -> QPdfDocument:
    document = QPdfDocument(qapp)
    document.load(str(PDF))
    return document


def show(panel: DocumentPane, context: Context, desk: NotingDesk, view: DocumentView, page: int | None = None) -> None:
    """Choose a citation and let its document come."""
    passage = make_passage(1, view.quoted or "x", page=page, path=view.document.path)
    context.moves.citation_shown.emit(Citation(1, passage, view.span, page))
    task = desk.last("open_document")[0]
    context.bridge.happened.emit(DocumentOpened(task, view))
    context.bridge.happened.emit(TaskEnded(task))


def pdf_view(quoted: str, *marks: Mark, path: Path = PDF, **about: Any) -> DocumentView:
    document = Document(DocumentId(1), str(path), "pdf", None, **about)
    return DocumentView(document, "", Span(0, len(quoted)), quoted, marks)


def text_view(text: str, start: int, end: int, path: str = __file__, **about: Any) -> DocumentView:
    span = Span(start, end)
    return DocumentView(Document(DocumentId(2), path, "text", None, **about), text, span, span.of(text), ())


# words on PDF pages


def test_every_sentence_of_a_pdf_is_selected_exactly(pdf: QPdfDocument) -> None:
    reading = read(ReadRequest(str(PDF), "leaves")).reading
    spans = sentences(reading.text)
    assert len(spans) > 10
    for span in spans:
        quoted = span.of(reading.text)
        found = find_words(pdf, tuple(marks_of(reading.runs, span)), quoted)
        assert "".join(squashed(words.text) for words in found) == squashed(quoted)
        assert all(words.areas for words in found)


@pytest.mark.parametrize("shift", [-60, -3, 1, 40])
def test_words_that_moved_are_found_again(pdf: QPdfDocument, shift: int) -> None:
    quoted = "Leave 60 centi-\nmetres of free space on the side of the paper tray."
    (found,) = find_words(pdf, [Mark(1, 131 + shift, 66)], quoted)
    assert squashed(found.text) == squashed(quoted)
    (exact,) = find_words(pdf, [Mark(1, 131, 66)], found.text)
    assert found == exact


def test_words_over_two_pages_are_found_on_both(pdf: QPdfDocument) -> None:
    quoted = pdf.getAllText(0).text()[-40:] + pdf.getAllText(1).text()[:30]
    first, second = find_words(pdf, [Mark(1, 0, 5), Mark(2, 0, 5)], quoted)
    assert (first.page, second.page) == (0, 1)
    assert squashed(first.text + second.text) == squashed(quoted)


@pytest.mark.parametrize("quoted", ["", "  \n", "These words stand nowhere."])
def test_what_is_not_there_is_not_marked(pdf: QPdfDocument, quoted: str) -> None:
    assert find_words(pdf, [Mark(1, 131, 66)], quoted) == ()
    assert find_words(pdf, [Mark(99, 0, 5)], "words") == ()


def test_a_pdf_that_changed_names_the_page_and_marks_nothing(
    panel: DocumentPane, context: Context, desk: NotingDesk
) -> None:
    show(panel, context, desk, pdf_view("Words of an older edition.", Mark(2, 0, 10)), 2)
    assert panel.pdf.words == ()
    assert panel.pdf.page == 1
    assert "page 2" in panel.notice.text()
    assert "older edition" in panel.notice.text()


def test_printed_page_names_are_shown(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    show(panel, context, desk, pdf_view("Inks and paper", Mark(2, 0, 14), page_labels=("i", "ii", "iii")), 2)
    assert panel.pdf.marked_text == "Inks and paper"
    assert panel.place.text() == "p. ii of 3"
    assert panel.name._whole == PDF.name


def test_zoom_keeps_the_place(qtbot: QtBot, panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    show(panel, context, desk, pdf_view("Inks and paper", Mark(2, 0, 14)), 2)
    qtbot.waitUntil(lambda: panel.pdf.is_drawn)
    page, width = panel.pdf.page, panel.pdf.marked_areas()[0].width()
    QTest.mouseClick(panel.larger, Qt.MouseButton.LeftButton)
    assert panel.pdf.marked_areas()[0].width() > width
    assert panel.pdf.page == page
    QTest.mouseClick(panel.fit, Qt.MouseButton.LeftButton)
    assert panel.pdf.marked_areas()[0].width() == pytest.approx(width)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no longer there"), (b"", "cannot be shown"), (b"%PDF-1.7\nnonsense", "cannot be shown")],
)
def test_a_pdf_that_cannot_be_shown_says_so(
    panel: DocumentPane, context: Context, desk: NotingDesk, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "gone.pdf"
    if content is not None:
        path.write_bytes(content)
    show(panel, context, desk, pdf_view("Once it said this.", Mark(1, 0, 5), path=path))
    assert panel.pages.currentWidget() is panel.message
    assert words in panel.message.text()
    assert "Once it said this." in panel.message.text()
    assert panel.open_button.isEnabled() == (content is not None)


# text


def test_text_is_marked_by_code_points(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    text = "😀😀 first line\n두 번째 줄 🎉 party\nlast"
    start = text.index("🎉")
    show(panel, context, desk, text_view(text, start, start + 7))
    assert panel.reading.marked_text == "🎉 party"


@given(st.text(st.sampled_from("a😀\n계 \u2028e\u0301"), max_size=80), st.data())
def test_any_span_is_marked_exactly(qapp: QApplication, text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    view = ReadingView(make_context(qapp))
    view.show_text(text, Span(start, end))
    assert view.marked_text.replace("\u2028", "\n") == text[start:end].replace("\u2028", "\n")
    view.deleteLater()


def test_markup_is_text(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    text = '<b>bold</b><img src="http://example.org/x.png">'
    show(panel, context, desk, text_view(text, 0, 11))
    assert panel.reading.field.toPlainText() == text
    assert panel.reading.marked_text == "<b>bold</b>"


def test_lines_broken_by_hand_flow_on(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    text = (
        "A sentence that is long enough to have been broken by hand where the\nline ended.\n\n# Title\nshort\n- item\n"
    )
    show(panel, context, desk, text_view(text, 60, 75))
    assert panel.reading.field.toPlainText().startswith(text.replace("the\nline", "the line"))
    assert panel.reading.marked_text == text[60:75].replace("\n", " ")


def test_a_document_of_a_folder_that_is_away_says_that(
    panel: DocumentPane, context: Context, desk: NotingDesk, tmp_path: Path
) -> None:
    show(panel, context, desk, pdf_view("It rained.", Mark(1, 0, 5), path=tmp_path / "it.pdf", is_away=True))
    assert panel.message.text() == (
        "The folder cannot be reached right now. When the file was read, it said: “It rained.”"
    )
    show(panel, context, desk, text_view("It was so.", 3, 6, path="/nowhere/it.txt", is_away=True))
    assert "The folder cannot be reached right now" in panel.notice.text()
    assert panel.reading.marked_text == "was"


def test_a_missing_text_file_is_shown_as_it_was_read(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    show(panel, context, desk, text_view("It was so.", 3, 6, path="/nowhere/it.txt"))
    assert "no longer there" in panel.notice.text()
    assert panel.reading.marked_text == "was"
    assert not panel.open_button.isEnabled()


@pytest.mark.parametrize("line", [80, 5_000_000])
def test_a_long_text_opens_at_once_and_shows_more_on_request(
    panel: DocumentPane, context: Context, desk: NotingDesk, line: int
) -> None:
    text = ("word " * (line // 5 - 1) + "end.\n") * (5_000_000 // line)
    middle = len(text) // 2
    show(panel, context, desk, text_view("warm up", 0, 4))
    began = time.perf_counter()
    show(panel, context, desk, text_view(text, middle, middle + 20))
    panel.grab()
    assert time.perf_counter() - began < 0.5, "five megabytes may not stop the window"
    assert panel.reading.marked_text == text[middle : middle + 20]
    shown = len(panel.reading.field.toPlainText())
    QTest.mouseClick(panel.reading.earlier, Qt.MouseButton.LeftButton)
    QTest.mouseClick(panel.reading.later, Qt.MouseButton.LeftButton)
    assert len(panel.reading.field.toPlainText()) > shown
    assert panel.reading.marked_text == text[middle : middle + 20]


@given(st.text())
def test_length_in_qts_characters(text: str) -> None:
    clean = text.encode("utf-16-le", "surrogatepass")
    assert utf16_length(text) == len(clean) // 2


# which document


def test_only_the_last_document_that_was_asked_for_is_shown(
    panel: DocumentPane, context: Context, desk: NotingDesk
) -> None:
    first, second = (make_passage(number, "x", path=f"/files/{number}.txt") for number in (1, 2))
    context.moves.citation_shown.emit(Citation(1, first))
    late = desk.last("open_document")[0]
    context.moves.citation_shown.emit(Citation(2, second))
    context.bridge.happened.emit(DocumentOpened(late, text_view("late", 0, 2)))
    assert panel.view is None
    context.bridge.happened.emit(DocumentOpened(desk.last("open_document")[0], text_view("right", 0, 2)))
    assert panel.reading.marked_text == "ri"


def test_a_document_that_left_the_library_says_so(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    context.moves.citation_shown.emit(Citation(1, make_passage(1, "x")))
    context.bridge.happened.emit(TaskEnded(TaskId(len(desk.asked)), UserFacingError("document-gone")))
    assert panel.message.text() == "The document is no longer in the library."


def test_the_next_source_is_one_click_away(qtbot: QtBot, panel: DocumentPane, context: Context) -> None:
    passages = tuple(make_passage(number, f"Words {number}.") for number in (1, 2))
    context.moves.citations_changed.emit(passages, "words")
    context.moves.citation_shown.emit(panel._citations[0])
    assert not panel.previous.isEnabled()
    with qtbot.waitSignal(context.moves.citation_shown, check_params_cb=lambda citation: citation.number == 2):
        QTest.mouseClick(panel.next, Qt.MouseButton.LeftButton)
    assert not panel.next.isEnabled()
    assert panel.which.text() == "Source 2"


# finding


def test_words_are_found_in_a_text(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    show(panel, context, desk, text_view("One cat. 😀 Two Cats.", 0, 3))
    panel._open_find()
    QTest.keyClicks(panel.find_bar.field, "cat")
    assert panel.find_bar.told.text() == "1 of 2"
    QTest.keyClick(panel.find_bar.field, Qt.Key.Key_Return)
    assert panel.find_bar.told.text() == "2 of 2"
    assert panel.reading.field.textCursor().selectedText() == "Cat"
    QTest.keyClicks(panel.find_bar.field, "x")
    assert panel.find_bar.told.text() == "Not found"
    QTest.keyClick(panel.find_bar.field, Qt.Key.Key_Escape)
    assert not panel.find_bar.isVisible()


def test_words_far_away_in_a_long_text_are_found(panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    text = "line of words\n" * 50_000 + "needle here"
    show(panel, context, desk, text_view(text, 0, 4))
    panel._open_find()
    QTest.keyClicks(panel.find_bar.field, "needle")
    assert panel.reading.field.textCursor().selectedText() == "needle"


def test_words_are_found_in_a_pdf(qtbot: QtBot, panel: DocumentPane, context: Context, desk: NotingDesk) -> None:
    show(panel, context, desk, pdf_view("Inks and paper", Mark(2, 0, 14)), 2)
    panel._open_find()
    QTest.keyClicks(panel.find_bar.field, "lithium")
    qtbot.waitUntil(lambda: panel.find_bar.told.text() == "1 of 1")
    assert panel.pdf._found[0].page == 2
    assert panel.pdf.marked_text == "Inks and paper"
