"""Finds the words of a PDF page that nobody sees: white on white, too small, beside the page, or not drawn at all.

Such words are written for machines, and would steer answers. Asking PDFium for the colour and place of each character
would double the time a page takes, so a few are asked for, and all only where one of these may be hidden. What is
white is seen on a dark ground: the page is drawn with and without it, and what makes no difference is hidden.
"""

import ctypes
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from rag_desktop.formats.pdf_render import Box, draw, pixels

_STRIDE = 64
_ENDS = 3
"""Of a page's characters each 64th is asked for and the first and last three, where words are put in most easily."""
WHITISH = 224
"""Of 255, the least of a colour's three parts: hardly seen on white."""
_GLASSY = 32
"""Of 255: fainter ink is hardly seen on anything."""
LEAST_POINTS = 1.0
"""Of a character's longer side: what is smaller cannot be read."""
_MOST_SIDE = 2000
_LEAST_SCALE = 0.3
"""Pixels a point; on a page that is too large for it words cannot be told from their ground."""
_CONTRAST = 16
"""Of 255: a difference that is seen."""
_MOST_OFF = 2.0
"""Points between words and their rim of light."""
_SAME = 0.1
"""Points in which the extents of the same words differ at most."""
_MOST_IN_CELL = 16
_INVISIBLE = 3
"""Text rendering mode of ISO 32000-1, 9.3.6. It is how recognised words lie over the picture of their page."""


class _Look:
    """One page under examination: what was found of each character that was asked for, by its index.

    What is asked most is kept in attributes, and PDFium's answers are written into the same few places: this runs for
    sixty characters of each page.
    """

    def __init__(self, page: Any, words: Any) -> None:
        import pypdfium2.raw as pdfium

        self.page, self.words = page, words
        self.hidden: set[int] = set()
        self.invisible: dict[int, Box] = {}
        self.faint: dict[int, Any] = {}
        """With the text objects that they are drawn by."""
        self.is_seen = False
        """Whether some character is drawn in ink that shows."""
        self._bounds: Box = page.get_bbox()
        self._ink_of = pdfium.FPDFText_GetTextObject
        self._box_of = pdfium.FPDFText_GetLooseCharBox
        self._mode_of = pdfium.FPDFTextObj_GetTextRenderMode
        self._colour_of = pdfium.FPDFPageObj_GetFillColor
        self._box = pdfium.FS_RECTF()
        self._box_there = ctypes.byref(self._box)
        self._colour = [ctypes.c_uint() for _ in range(4)]
        self._colour_there = [ctypes.byref(part) for part in self._colour]

    def ask(self, index: int) -> bool:
        """Whether the character may be hidden."""
        ink = self._ink_of(self.words, index)
        if not ink:  # PDFium's own blanks and line ends
            return False
        box = self._box
        self._box_of(self.words, index, self._box_there)
        x0, y0, x1, y1 = box.left, box.bottom, box.right, box.top
        left, bottom, right, top = self._bounds
        if x1 < left or x0 > right or y1 < bottom or y0 > top or 0 < max(x1 - x0, y1 - y0) < LEAST_POINTS:
            self.hidden.add(index)
        elif self._mode_of(ink) == _INVISIBLE:
            self.invisible[index] = x0, y0, x1, y1
        elif self.is_faint(ink):
            self.faint[index] = ink
        else:
            self.is_seen = True
            return False
        return True

    def is_faint(self, ink: Any) -> bool:
        """Whether the text object is hardly seen on white."""
        if not self._colour_of(ink, *self._colour_there):
            return False
        red, green, blue, alpha = self._colour
        if red.value < WHITISH and alpha.value >= _GLASSY:  # nearly all ink
            return False
        return is_faint(red.value, green.value, blue.value, alpha.value)


def is_faint(red: int, green: int, blue: int, alpha: int = 255) -> bool:
    """Whether ink of this colour, each part of 255, is hardly seen on white."""
    return alpha < _GLASSY or min(red, green, blue) >= WHITISH


def hidden_characters(page: Any, words: Any, text: str) -> Sequence[int]:
    """Indices of hidden characters, by PDFium's count. `text` has one code point for each; `words` is its text page."""
    look = _Look(page, words)
    ends = *range(min(_ENDS, len(text))), *range(max(0, len(text) - _ENDS), len(text))
    if not any(map(look.ask, chain(ends, range(_STRIDE, len(text), _STRIDE)))):
        return ()
    for index, character in enumerate(text):
        if not character.isspace():
            look.ask(index)
    return sorted(look.hidden | _unpictured(look) | _unseen(look))


def _unpictured(look: _Look) -> set[int]:
    """Invisible characters that lie over no picture, beside others that are seen.

    Where a page has no other words these may stand for what is drawn, such as letters turned into lines.
    """
    import pypdfium2.raw as pdfium

    if not look.invisible or not look.is_seen:
        return set()
    pictures = boxes_of(look.page, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
    return {index for index, box in look.invisible.items() if not any(_is_over(box, each) for each in pictures)}


def boxes_of(page: Any, *kinds: int) -> list[Box]:
    """Where the page's own objects of these kinds (FPDF_PAGEOBJ_…) stand; forms are not looked into."""
    from pypdfium2 import PdfiumError

    try:
        return [each.get_bounds() for each in page.get_objects(filter=kinds, max_depth=1)]
    except PdfiumError:
        return []


def _is_over(box: Box, picture: Box) -> bool:
    across, up = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return picture[0] <= across <= picture[2] and picture[1] <= up <= picture[3]


def _unseen(look: _Look) -> set[int]:
    """Faint characters that leave no trace on the drawn page."""
    import pypdfium2.raw as pdfium

    if not look.faint:
        return set()
    whole = draw(look.page, 1, _MOST_SIDE)
    for ink in look.faint.values():
        pdfium.FPDFPageObj_SetIsActive(ink, False)
    without = draw(look.page, 1, _MOST_SIDE)
    if whole is None or without is None or whole.shape[1] < _LEAST_SCALE * look.page.get_width():
        return set()
    import numpy as np

    traces = np.abs(whole.astype(np.int16) - without) >= _CONTRAST
    unseen = {index for index in look.faint if not traces[_pixels(look, index, traces.shape)].any()}
    return unseen - _lining(look, unseen) if unseen else unseen


def _lining(look: _Look, unseen: set[int]) -> set[int]:
    """Of these characters those that lie below the same words in ink that shows, as a rim of light around them.

    PDFium takes the later words for a copy and says the first ones only, so that these stand for both. That they are
    the same is told by their extent, for PDFium does not say what a copy reads.
    """
    import pypdfium2.raw as pdfium
    from pypdfium2 import PdfiumError

    try:
        texts = [each.raw for each in look.page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_TEXT,))]
    except PdfiumError:
        return set()
    seen: dict[tuple[int, int], list[Box]] = {}
    for ink in texts:
        if not look.is_faint(ink):
            box = _bounds(ink)
            near = seen.setdefault(_cell(box), [])
            if len(near) < _MOST_IN_CELL:
                near.append(box)
    return {index for index in unseen if _has_copy(_bounds(look.faint[index]), seen)}


def _has_copy(box: Box, seen: Mapping[tuple[int, int], Sequence[Box]]) -> bool:
    column, row = _cell(box)
    cells = ((x, y) for x in (column, column - 1, column + 1) for y in (row, row - 1, row + 1))
    others = chain.from_iterable(seen.get(cell, ()) for cell in cells)
    return any(_is_alike(box, other) for other in others)


def _is_alike(box: Box, other: Box) -> bool:
    left, bottom, right, top = (abs(one - two) for one, two in zip(box, other, strict=True))
    return max(left, bottom) < _MOST_OFF and abs(right - left) < _SAME and abs(top - bottom) < _SAME


def _cell(box: Box) -> tuple[int, int]:
    return int(box[0] // _MOST_OFF), int(box[1] // _MOST_OFF)


def _bounds(ink: Any) -> Box:
    """Where a text object stands, in the space of the form that it is in."""
    import pypdfium2.raw as pdfium

    edges = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(ink, *map(ctypes.byref, edges))
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _pixels(look: _Look, index: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the drawn page that a character covers, and one more on each side."""
    import pypdfium2.raw as pdfium

    box = [ctypes.c_double() for _ in range(4)]
    pdfium.FPDFText_GetCharBox(look.words, index, *map(ctypes.byref, box))
    left, right, bottom, top = (edge.value for edge in box)
    return pixels(look.page, (left, bottom, right, top), shape)
