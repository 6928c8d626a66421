"""Characters of a PDF that are drawn twice are read once, and all others stay at their index."""

from pathlib import Path

import pypdfium2
import pytest

from rag_desktop.formats.pdf import READER
from rag_desktop.formats.reader import OpenedFile
from tests.formats.make_pdf import document, words

LINES = ("The hammer is long.", "Its handle is of wood.", "It will fall on all fours.")


def text_of(page: str) -> str:
    blocks = READER.contents(OpenedFile(Path("a.pdf"), document([page]))).blocks
    return "".join(block.text for block in blocks).replace("\0", "")


def printed(*lines: str, x: float = 72, y: float = 700, before: str = "") -> str:
    return "".join(words(line, x=x, y=y - 20 * number, before=before) for number, line in enumerate(lines))


def letter_by_letter(text: str, off: float) -> str:
    """Each letter, then its copy, as objects of their own with others drawn between them."""
    one = "".join(words(letter, x=72 + 9 * at, y=500, size=14) for at, letter in enumerate(text))
    other = "".join(words(letter, x=72 + 9 * at + off, y=500 - off, size=14) for at, letter in enumerate(text))
    return one + other


@pytest.mark.parametrize("off", [0, 0.4, 0.9])
def test_a_copy_of_whole_lines_is_left_out(off: float) -> None:
    assert text_of(printed(*LINES) + printed(*LINES, x=72 + off, y=700 - off)).split() == " ".join(LINES).split()


def test_a_copy_of_single_letters_is_left_out() -> None:
    page = words("A heading above.") + letter_by_letter("wunderbar", 0.9)
    assert "".join(text_of(page).split()) == "Aheadingabove.wunderbar"


def test_a_line_within_one_line() -> None:
    """The copy comes right after the words, on the same line."""
    others = "".join(words(f"{n}", y=400 - 20 * n) for n in range(8))
    assert text_of(others + words(LINES[0]) + others + words(LINES[0], x=72.4)).count(LINES[0]) == 1


@pytest.mark.parametrize(("dx", "dy"), [(0, -14), (150, 0), (7, 0)], ids=["next line", "next column", "a letter on"])
def test_what_stands_elsewhere_is_no_copy(dx: float, dy: float) -> None:
    page = printed(*LINES[:1]) + printed(*LINES[1:], y=400) + printed(LINES[0], x=72 + dx, y=700 + dy)
    letters = sum(map(str.isalpha, text_of(page)))
    assert letters == sum(map(str.isalpha, "".join(LINES) + LINES[0]))


def test_a_doubled_letter_of_a_word_stays_where_the_page_is_drawn_twice() -> None:
    assert LINES[2] in text_of(printed(*LINES) + printed(*LINES, x=72.4))


def test_figures_and_words_of_doubled_letters_stay() -> None:
    assert (
        text_of(words("1100 2233 AABBCC the bookkeeper, 110033.")).strip() == "1100 2233 AABBCC the bookkeeper, 110033."
    )


def test_a_white_copy_below_does_not_take_the_seen_one_with_it() -> None:
    page = printed(*LINES, x=72.4, before="1 g") + printed(*LINES) + printed("The end.", y=300)
    assert text_of(page).split() == " ".join((*LINES, "The end.")).split()


def test_the_words_after_a_copy_keep_their_place() -> None:
    content = document([printed(*LINES) + printed(*LINES, x=72.4) + words("Last words.", y=300)])
    block = READER.contents(OpenedFile(Path("a.pdf"), content)).blocks[-1]
    assert block.source_start is not None
    place = block.source_start + block.text.index("Last")
    with pypdfium2.PdfDocument(content) as opened:
        assert opened[0].get_textpage().get_text_range(place, 11) == "Last words."


def test_a_page_of_copies_without_end_is_read() -> None:
    page = "".join(words("abcdefgh" * 10, y=700 - n % 3 * 0.1, x=72 + n % 2 * 0.1, size=5) for n in range(3000))
    found = text_of(words("Above.", y=780) + page)
    assert 80 <= sum(map(str.isalpha, found)) < 1000
