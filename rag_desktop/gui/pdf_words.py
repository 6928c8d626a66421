"""Finds quoted words on PDF pages as Qt selects them, and checks that what is selected is what was quoted."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtPdf import QPdfDocument

from rag_desktop.domain.status import Mark

_ROUNDED = 0.5
_WIDEST_BLANK = 2.5
"""In heights of the line; more is the gap between two columns."""
_HYPHENS = frozenset("-\u00ad\u2010\u2011\ufffe\ufffd")


@dataclass(frozen=True, slots=True)
class Words:
    """Selected words of one page (0-based), and where they stand on it, in points from its top left corner."""

    page: int
    text: str
    areas: tuple[QRectF, ...]


def squashed(text: str) -> str:
    """`text` without what differs between a page and the words read from it: white space, hyphens, control codes."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(each for each in composed if each not in _HYPHENS and each.isprintable() and not each.isspace())


def find_words(document: QPdfDocument, marks: Sequence[Mark], quoted: str) -> tuple[Words, ...]:
    """The quoted words, a piece for each page they stand on, in order.

    Where the characters at `marks` are not exactly the quoted words, these are looked for on the same pages. Empty
    where they are not found: then nothing may be marked.
    """
    wanted = squashed(quoted)
    if not wanted or not marks or any(mark.page > document.pageCount() for mark in marks):
        return ()
    pieces = tuple(_selected(document, mark.page - 1, mark.start, mark.count) for mark in marks)
    if "".join(squashed(piece.text) for piece in pieces) == wanted:
        return pieces
    found = tuple(_searched(document, marks, wanted))
    return found if "".join(squashed(piece.text) for piece in found) == wanted else ()


def _selected(document: QPdfDocument, page: int, start: int, count: int) -> Words:
    selection = document.getSelectionAtIndex(page, start, count)
    return Words(page, selection.text(), tuple(_lines(polygon.boundingRect() for polygon in selection.bounds())))


def _lines(glyphs: Iterable[QRectF]) -> Iterator[QRectF]:
    """One area for each line of what may be as small as single glyphs; these are rounded to whole points."""
    line = QRectF()
    for glyph in glyphs:
        if line.isNull():
            line = glyph
        elif _continues(line, glyph):
            line = line.united(glyph)
        else:
            yield line.adjusted(-_ROUNDED, -_ROUNDED, _ROUNDED, _ROUNDED)
            line = glyph
    if not line.isNull():
        yield line.adjusted(-_ROUNDED, -_ROUNDED, _ROUNDED, _ROUNDED)


def _continues(line: QRectF, glyph: QRectF) -> bool:
    """Whether a glyph stands beside the last of its line, no more than a wide blank away."""
    overlap = min(line.bottom(), glyph.bottom()) - max(line.top(), glyph.top())
    gap = max(glyph.left() - line.right(), line.left() - glyph.right())
    return overlap >= 0 and gap <= _WIDEST_BLANK * max(line.height(), glyph.height())


def _searched(document: QPdfDocument, marks: Sequence[Mark], wanted: str) -> Iterator[Words]:
    """The occurrence of `wanted` on the pages of `marks` that is nearest to the first mark."""
    pages = range(marks[0].page - 1, marks[-1].page)
    texts = {page: squashed(document.getAllText(page).text()) for page in pages}
    whole = "".join(texts.values())
    expected = _squashed_before(document, pages[0], marks[0].start)
    places = list(_occurrences(whole, wanted))
    if not places:
        return
    at = min(places, key=lambda place: abs(place - expected))
    base = 0
    for page, text in texts.items():
        first, last = max(at, base) - base, min(at + len(wanted), base + len(text)) - base
        if first < last:
            yield _between(document, page, first, last)
        base += len(text)


def _occurrences(whole: str, wanted: str) -> Iterator[int]:
    at = whole.find(wanted)
    while at >= 0:
        yield at
        at = whole.find(wanted, at + 1)


def _between(document: QPdfDocument, page: int, first: int, last: int) -> Words:
    """The characters of a page whose squashed text is `first` to `last` of the page's.

    PDFium's indices count characters that its text leaves out, so they are found by halving.
    """
    most = 2 * len(document.getAllText(page).text()) + 16
    counts = range(most + 1)

    def before(count: int) -> int:
        return _squashed_before(document, page, count)

    start = bisect_right(counts, first, key=before) - 1
    end = bisect_left(counts, last, lo=start, key=before)
    return _selected(document, page, start, end - start)


def _squashed_before(document: QPdfDocument, page: int, count: int) -> int:
    """Length of the squashed text of a page's first `count` characters."""
    return len(squashed(document.getSelectionAtIndex(page, 0, count).text())) if count else 0
