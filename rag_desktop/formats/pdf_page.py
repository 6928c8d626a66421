"""One PDF page through PDFium: its text by PDFium's own character indices, and whether it is a picture of text."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from rag_desktop.formats.pdf_doubled import doubled_characters
from rag_desktop.formats.pdf_forms import Form
from rag_desktop.formats.pdf_hidden import boxes_of, hidden_characters

_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_GLYPH = "[\u2e80-\u2fff\u3040-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff10-\uff5a]"
_VERTICAL = re.compile(rf"(?m)^(?:[「『（]?{_GLYPH} ?[「『（、。」』）]*\r\n){{4,}}")
"""Four lines and more of one Chinese, Japanese or Korean character each, with its punctuation."""
_FEW_LETTERS = 16
"""A scan may have a page number or a stamp of real letters."""
_LEAST_HIDDEN = 40
"""Letters of a page that are worth a warning; less is a line of code that runs over the margin."""
_COVERING = 0.5
"""The part of a page that its largest picture covers where the page is a scan."""


@dataclass(frozen=True, slots=True)
class Page:
    """text: one code point for each of PDFium's characters; None where the page cannot be read.

    hides: whether enough of its words cannot be seen to be worth a warning; they are NUL in `text`. is_picture:
    something is drawn on it that may be words, and it has hardly any. fields: lines of its form.
    """

    text: str | None
    hides: bool = False
    is_picture: bool = False
    fields: tuple[str, ...] = ()


def read_page(document: Any, form: Form, number: int) -> Page:
    """The page `number`, from 0, of a pypdfium2 document with its form."""
    from pypdfium2 import PdfiumError

    try:
        with closing(document[number]) as page, closing(page.get_textpage()) as words:
            text = _characters(words)
            hidden = hidden_characters(page, words, text)
            text = _without(text, hidden)
            text = _without(text, doubled_characters(words, text))  # of what is seen: a white copy may lie below
            text = _VERTICAL.sub(_joined, text)
            fields = form.fields(page, words, text)
            hides = len(hidden) + fields.hidden >= _LEAST_HIDDEN
            return Page(text, hides, _is_picture(page, text), fields.lines)
    except PdfiumError:
        return Page(None)


def _without(text: str, indices: Iterable[int]) -> str:
    """`text` with NUL in these places, so that the others keep theirs."""
    shown: list[str] | None = None
    for index in indices:
        shown = shown or list(text)
        shown[index] = "\0"
    return "".join(shown) if shown else text


def _joined(lines: re.Match[str]) -> str:
    """Words that run down the page, to which PDFium gives a line for each character: the breaks become NUL."""
    *ends, last = lines[0].split("\r\n")[:-1]
    return "".join(f"{glyph}\0\0" for glyph in ends) + f"{last}\r\n"


def _characters(words: Any) -> str:
    """A page's text with one code point for each of PDFium's characters: NUL for those that have no text of their own.

    PDFium counts characters (fpdf_text.h: char index), also in selections, but gives the text without some of them;
    and one beyond U+FFFF counts as two, the halves of its surrogate pair.
    """
    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex as index_of

    text: str = words.get_text_range()
    if not text.isascii():
        text = _ASTRAL.sub("\\g<0>\0", text)
    last = len(text) - 1
    parts: list[str] = []
    at = shift = 0
    while index_of(words, last) - last > shift:
        cut = at + bisect_right(range(at, last + 1), shift, key=lambda place: index_of(words, place) - place)
        gap = index_of(words, cut) - cut - shift
        parts += text[at:cut], "\0" * gap
        at, shift = cut, shift + gap
    return "".join([*parts, text[at:]])


def _is_picture(page: Any, text: str) -> bool:
    if len(text) > 8 * _FEW_LETTERS and sum(map(str.isalnum, text[: 64 * _FEW_LETTERS])) >= _FEW_LETTERS:
        return False  # nearly all pages, told without counting all their letters
    letters = sum(map(str.isalnum, text))
    if letters >= _FEW_LETTERS:
        return False
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE, FPDFPage_CountObjects

    if not letters:
        return bool(FPDFPage_CountObjects(page))
    width, height = page.get_size()
    boxes = boxes_of(page, FPDF_PAGEOBJ_IMAGE)
    areas = (max(0.0, right - left) * max(0.0, top - bottom) for left, bottom, right, top in boxes)
    largest: float = max(areas, default=0.0)
    return largest > _COVERING * float(width * height)
