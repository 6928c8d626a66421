"""PDF: character indices are PDFium's own, pypdf stands in, and headings are found where they are printed."""

from pathlib import Path
from typing import NoReturn

import pypdfium2
import pytest

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats import pdf_page
from rag_desktop.formats.pdf_sections import Section, page_blocks
from rag_desktop.formats.reading import read
from rag_desktop.text.normalise import source_of

BOOK = Path(__file__).parent / "samples" / "book.pdf"
REQUEST = ReadRequest(str(BOOK), "leaves")


def test_each_character_is_at_its_index_in_pdfium() -> None:
    """Also after a character without text and after one beyond U+FFFF, both of which the sample has."""
    reading = read(REQUEST).reading
    document = pypdfium2.PdfDocument(BOOK)
    pages = [page.get_textpage() for page in document]
    checked = 0
    for offset, character in enumerate(reading.text):
        index, page = source_of(reading.runs, offset)
        assert index is not None
        assert page is not None
        width = 2 if character > "\uffff" else 1
        if index < pages[page - 1].count_chars():
            assert pages[page - 1].get_text_range(index, width) == character
            checked += 1
    assert checked == len(reading.text) - len(pages)  # all but the line end that closes each page
    document.close()


def test_a_run_selects_the_very_words() -> None:
    reading = read(REQUEST).reading
    with pypdfium2.PdfDocument(BOOK) as document:
        for words in ("계약서는 두 부", "end.", "within 30 days"):
            index, page = source_of(reading.runs, reading.text.index(words))
            assert page is not None
            assert index is not None
            assert document[page - 1].get_textpage().get_text_range(index, len(words)) == words


def test_pypdf_reads_what_pdfium_cannot_open(monkeypatch: pytest.MonkeyPatch) -> None:
    by_pdfium = read(REQUEST).reading

    def refuse(*_: object) -> NoReturn:
        raise pypdfium2.PdfiumError("Failed to load document", err_code=3)

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)
    by_pypdf = read(REQUEST).reading
    assert by_pypdf.metadata == by_pdfium.metadata
    assert [b.headings for b in by_pypdf.blocks if b.kind is BlockKind.HEADING] == [
        ("1 Introduction",),
        ("1 Introduction", "1.1 기간"),
        ("Payment",),
    ]
    assert "계약서는 두 부 작성한다." in by_pypdf.text
    assert {run.source_start for run in by_pypdf.runs} == {None}
    assert [run.page for run in by_pypdf.runs] == [1, 2]


@pytest.mark.parametrize("name", ["locked.pdf", "damaged.pdf"])
def test_pypdf_knows_what_stops_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise pypdfium2.PdfiumError("Failed to load document", err_code=3)

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)
    with pytest.raises(UnreadableError) as failure:
        read(ReadRequest(str(BOOK.with_name(name)), "leaves"))
    assert failure.value.code == {"locked.pdf": "pdf-encrypted", "damaged.pdf": "pdf-damaged"}[name]


PAGE = "Chapter 2: Tools 17\r\n2.1 The long  ham\ufffemer\r\nand its handle\r\nText of it.\r\n"
PAGE += "제3장 못\r\nMore text of the nail.\r\n"


@pytest.mark.parametrize(
    ("titles", "begun"),
    [
        (("The Long Hammer and its Handle",), [("2.1 The", "The Long Hammer and its Handle")]),
        (("3 못",), [("제3장 못", "3 못")]),
        (("못",), [("제3장 못", "못")]),
        (("2 Tools",), [("Chapter", "2 Tools")]),
        (("Not printed",), [("Chapter", "Not printed")]),
        (
            ("2.1 The long hammer and its handle", "못"),
            [("2.1 The", "2.1 The long hammer and its handle"), ("제3장", "못")],
        ),
    ],
)
def test_a_section_begins_where_its_title_is_printed(titles: tuple[str, ...], begun: list[tuple[str, str]]) -> None:
    blocks = list(page_blocks(PAGE, 5, [Section(4, (title,)) for title in titles], ("before",)))
    assert "".join(block.text for block in blocks) == PAGE
    for start, title in begun:
        first = next(block for block in blocks if block.headings == (title,))
        assert first.text.startswith(start)
        assert first.source_start == PAGE.index(first.text)
    assert (blocks[0].headings == ("before",)) == (begun[0][0] != "Chapter")


def test_paragraphs_end_at_blank_lines_and_short_last_lines() -> None:
    page = (
        "A line that is as long as lines are\r\nhere. Short end.\r\nAnother line as long as lines are\r\n \r\nLast.\r\n"
    )
    assert [block.text for block in page_blocks(page, 1, (), ())] == [
        "A line that is as long as lines are\r\nhere. Short end.\r\n",
        "Another line as long as lines are\r\n \r\n",
        "Last.\r\n",
    ]


def test_words_that_run_down_the_page_are_whole_words() -> None:
    column = "".join(f"{glyph}\r\n" for glyph in ("「青", "色", "の", "灯", "火", "は、"))
    joined = pdf_page._VERTICAL.sub(pdf_page._joined, f"Above\r\n{column}Below\r\n")
    assert joined.replace("\0", "") == "Above\r\n「青色の灯火は、\r\nBelow\r\n"
    assert len(joined) == len(f"Above\r\n{column}Below\r\n"), "PDFium's indices still hold"
    short = "青\r\n色\r\nの\r\n"
    assert pdf_page._VERTICAL.sub(pdf_page._joined, short) == short
