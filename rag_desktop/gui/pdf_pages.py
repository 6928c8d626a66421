"""Where the pages of a PDF stand in one long strip; page sizes are learned bit by bit, for asking takes time."""

import time
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtPdf import QPdfDocument

MARGIN, GAP = 10, 10
_LEAST_PT, _MOST_PT = 36.0, 14_400.0
"""PDF's own bounds of a page (ISO 32000-1, annex C); a damaged file may name any size."""
_USUAL = QSizeF(595.0, 842.0)
_SLICE_S = 0.008


class Strip:
    """Page sizes in points, and page places in pixels at a zoom of `scale` pixels a point."""

    def __init__(self, document: QPdfDocument) -> None:
        self._document = document
        self._sizes: list[QSizeF | None] = []
        self._usual = _USUAL
        self._tops: list[float] = []
        self._unknown = 0
        self.scale = 1.0

    def reset(self, page: int) -> None:
        """A new document is open; `page` is looked at first, and stands for all others until their turn comes."""
        self._sizes = [None] * self._document.pageCount()
        self._unknown = 0
        self._usual = _USUAL
        if self._sizes:
            self._usual = self._learn(min(page, len(self._sizes) - 1))
        self._place()

    @property
    def page_count(self) -> int:
        return len(self._sizes)

    @property
    def is_known(self) -> bool:
        """Whether every page's size was learned."""
        return self._unknown >= len(self._sizes)

    def learn(self) -> bool:
        """Ask for more sizes, for some milliseconds; whether any page moved."""
        began, moved = time.monotonic(), False
        while not self.is_known and time.monotonic() - began < _SLICE_S:
            if self._sizes[self._unknown] is None:
                moved = self._learn(self._unknown) != self._usual or moved
            self._unknown += 1
        if moved:
            self._place()
        return moved

    def learn_page(self, page: int) -> None:
        """Know the size of a page that will be shown now."""
        if self._sizes[page] is None and self._learn(page) != self._usual:
            self._place()

    def zoom(self, scale: float) -> None:
        """Place all pages anew."""
        self.scale = scale
        self._place()

    def size(self, page: int) -> QSizeF:
        """A page's size in points; the usual one where it is not known yet."""
        return self._sizes[page] or self._usual

    @property
    def usual_width(self) -> float:
        return self._usual.width()

    @property
    def height(self) -> float:
        return (self._tops[-1] if self._tops else 0.0) + MARGIN - GAP

    @property
    def width(self) -> float:
        widest = max((size.width() for size in self._sizes if size), default=self._usual.width())
        return widest * self.scale + 2 * MARGIN

    def top(self, page: int) -> float:
        return self._tops[page]

    def page_at(self, y: float) -> int:
        """The page at or above a height."""
        return max(0, min(bisect_right(self._tops, y) - 1, self.page_count - 1))

    def visible(self, top: float, bottom: float) -> Iterator[int]:
        """Pages of which something stands between two heights."""
        page = self.page_at(top)
        while page < self.page_count and self._tops[page] <= bottom:
            yield page
            page += 1

    def place(self, page: int, viewport_width: float) -> QRectF:
        """Where a page stands in the strip, centred in a viewport at least as wide."""
        size = self.size(page) * self.scale
        left = max(MARGIN, (max(viewport_width, self.width) - size.width()) / 2)
        return QRectF(left, self._tops[page], size.width(), size.height())

    def _learn(self, page: int) -> QSizeF:
        said = self._document.pagePointSize(page)
        size = QSizeF(_bounded(said.width(), _USUAL.width()), _bounded(said.height(), _USUAL.height()))
        self._sizes[page] = size
        return size

    def _place(self) -> None:
        heights = (self.size(page).height() * self.scale + GAP for page in range(self.page_count))
        self._tops = list(accumulate(heights, initial=float(MARGIN)))


def _bounded(length: float, usual: float) -> float:
    return min(max(length, _LEAST_PT), _MOST_PT) if length > 0 else usual
