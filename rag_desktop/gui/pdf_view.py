"""Shows the pages of a PDF, with words marked exactly where they stand."""

import os
from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtPdf import QPdfDocument, QPdfDocumentRenderOptions, QPdfPageRenderer, QPdfSearchModel
from PySide6.QtWidgets import QAbstractScrollArea, QFrame

from rag_desktop.domain.status import Mark
from rag_desktop.gui.panel import Context
from rag_desktop.gui.pdf_pages import GAP, MARGIN, Strip
from rag_desktop.gui.pdf_words import Words, find_words
from rag_desktop.gui.theme import LIGHT

_MOST_BYTES = 512 << 20
_MOST_PAGES = 20_000
_MOST_PIXELS = 16_000_000
_KEPT_IMAGES = 8
_LEAST_ZOOM, _MOST_ZOOM = 0.2, 6.0
_STEP = 1.2
_CONTEXT = 0.3
"""Marked words are brought to this part of the view's height."""


class PdfView(QAbstractScrollArea):
    """One PDF as a strip of pages. Pages are drawn in a thread of Qt's own."""

    page_changed = Signal(int)
    """The 0-based page at the middle of the view."""

    found_changed = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._document = QPdfDocument(self)
        self._strip = Strip(self._document)
        self._renderer = QPdfPageRenderer(self)
        self._renderer.setDocument(self._document)
        self._renderer.setRenderMode(QPdfPageRenderer.RenderMode.MultiThreaded)
        self._renderer.pageRendered.connect(self._rendered)
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._requested: dict[int, tuple[int, QSize]] = {}
        self._path = ""
        self._zoom: float | None = None
        self._page = -1
        self.words: tuple[Words, ...] = ()
        self._found: tuple[Words, ...] = ()
        self._search = QPdfSearchModel(self)
        self._search.setDocument(self._document)
        self._search.countChanged.connect(lambda: self.found_changed.emit(self._search.count()))
        self._learning = QTimer(self)
        self._learning.setInterval(0)
        self._learning.timeout.connect(self._learn)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setBackgroundRole(self.backgroundRole())
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.horizontalScrollBar().valueChanged.connect(self.viewport().update)

    # what is shown

    def open(self, path: str, page: int) -> str:
        """Show a file, the 0-based `page` first; returns an error code of the message catalogue, or nothing."""
        if path == self._path and self._document.status() is QPdfDocument.Status.Ready:
            return ""
        self.close_document()
        try:
            size = os.path.getsize(path)
        except OSError:
            return "file-missing"
        if size > _MOST_BYTES:
            return "file-too-large"
        error = self._document.load(path)
        if error is not QPdfDocument.Error.None_:
            return "pdf-encrypted" if error is QPdfDocument.Error.IncorrectPassword else "pdf-damaged"
        if not 0 < self._document.pageCount() <= _MOST_PAGES:
            self._document.close()
            return "pdf-damaged"
        self._path = path
        self._strip.reset(page)
        self._lay_out()
        self._learning.start()
        return ""

    def close_document(self) -> None:
        """Show nothing, and let the file go."""
        self._learning.stop()
        self._path, self.words = "", ()
        self.look_for("")
        self._images.clear()
        self._requested.clear()
        self._document.close()
        self._strip.reset(0)
        self.viewport().update()

    def mark(self, marks: Sequence[Mark], quoted: str) -> bool:
        """Mark the quoted words and bring them into view; False where they were not found: nothing is marked."""
        self.words = find_words(self._document, marks, quoted)
        if self.words:
            self._strip.learn_page(self.words[0].page)
            self._lay_out()
            self._bring(self.words[0])
        self.viewport().update()
        return bool(self.words)

    def go_to(self, page: int) -> None:
        """Bring the top of a 0-based page into view."""
        if 0 <= page < self._strip.page_count:
            self._strip.learn_page(page)
            self._lay_out()
            self.verticalScrollBar().setValue(int(self._strip.top(page)) - MARGIN)

    @property
    def page_count(self) -> int:
        return self._strip.page_count

    @property
    def page(self) -> int:
        """The 0-based page at the middle of the view."""
        middle = self.verticalScrollBar().value() + self.viewport().height() / 2
        return self._strip.page_at(middle)

    @property
    def marked_text(self) -> str:
        """The words that are marked."""
        return "".join(each.text for each in self.words)

    def marked_areas(self) -> list[QRectF]:
        """Where words are marked, in pixels of the viewport."""
        return [self._on_screen(area, words.page) for words in self.words for area in words.areas]

    def look_for(self, words: str) -> None:
        """Look for words on all pages, a page at a time; `found_changed` tells how many were found so far."""
        self._search.setSearchString(words)
        self._found = ()
        self.viewport().update()

    def show_found(self, number: int) -> None:
        """Bring the 0-based find into view."""
        link = self._search.resultAtIndex(number)
        self._found = (Words(link.page(), "", tuple(link.rectangles())),)
        self._strip.learn_page(link.page())
        self._lay_out()
        self._bring(self._found[0])
        self.viewport().update()

    # zoom

    def zoom_in(self) -> None:
        self._set_zoom(self._scale() * _STEP)

    def zoom_out(self) -> None:
        self._set_zoom(self._scale() / _STEP)

    def fit_width(self) -> None:
        """Let a page be as wide as the view."""
        self._set_zoom(None)

    def _set_zoom(self, zoom: float | None) -> None:
        self._zoom = zoom if zoom is None else min(max(zoom, _LEAST_ZOOM), _MOST_ZOOM)
        self._lay_out()

    def _scale(self) -> float:
        if self._zoom is not None:
            return self._zoom
        room = self.viewport().width() - 2 * MARGIN
        return min(max(room / self._strip.usual_width, _LEAST_ZOOM), _MOST_ZOOM)

    # layout

    def _lay_out(self) -> None:
        """Place the pages, and keep what stands at the top of the view there."""
        bar, sideways = self.verticalScrollBar(), self.horizontalScrollBar()
        anchor = self._anchor()
        self._strip.zoom(self._scale())
        size = self.viewport().size()
        bar.setRange(0, max(0, int(self._strip.height) - size.height()))
        bar.setPageStep(size.height())
        bar.setSingleStep(max(20, size.height() // 12))
        sideways.setRange(0, max(0, int(self._strip.width) - size.width()))
        sideways.setPageStep(size.width())
        if anchor is not None:
            page, part = anchor
            bar.setValue(round(self._strip.top(page) + part * self._strip.size(page).height() * self._strip.scale))
        self.viewport().update()

    def _anchor(self) -> tuple[int, float] | None:
        """The page at the top of the view, and how much of it is above, as a part of its height."""
        if not self._strip.page_count:
            return None
        top = self.verticalScrollBar().value()
        page = self._strip.page_at(top)
        return page, (top - self._strip.top(page)) / max(1.0, self._strip.size(page).height() * self._strip.scale)

    def _learn(self) -> None:
        anchor = self._anchor()
        if self._strip.learn() and anchor is not None:
            page, part = anchor
            value = self._strip.top(page) + part * self._strip.size(page).height() * self._strip.scale
            self.verticalScrollBar().setMaximum(max(0, int(self._strip.height) - self.viewport().height()))
            self.verticalScrollBar().setValue(round(value))
        if self._strip.is_known:
            self._learning.stop()
            self._lay_out()

    def _bring(self, words: Words) -> None:
        place = self._strip.place(words.page, self.viewport().width())
        area = words.areas[0] if words.areas else QRectF()
        scale = self._strip.scale
        self.verticalScrollBar().setValue(
            int(place.top() + area.top() * scale - _CONTEXT * self.viewport().height())
        )  # fmt: skip
        if self.horizontalScrollBar().maximum():
            self.horizontalScrollBar().setValue(int(place.left() + area.left() * scale - 4 * MARGIN))

    def _offset(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _on_screen(self, area: QRectF, page: int) -> QRectF:
        place = self._strip.place(page, self.viewport().width()).translated(-self._offset())
        scale = self._strip.scale
        return QRectF(
            place.left() + area.left() * scale, place.top() + area.top() * scale, area.width() * scale,
            area.height() * scale,
        )  # fmt: skip

    # drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        tokens = self._context.theme.tokens
        painter.fillRect(self.viewport().rect(), QColor(tokens.surface))
        if not self._strip.page_count:
            return
        top = self.verticalScrollBar().value()
        for page in self._strip.visible(top - GAP, top + self.viewport().height()):
            place = self._strip.place(page, self.viewport().width()).translated(-self._offset())
            painter.fillRect(place, Qt.GlobalColor.white)
            image = self._image(page, place.size().toSize())
            if image is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(place, image)
            painter.setPen(QColor(tokens.hairline))
            painter.drawRect(place)
        self._paint_marks(painter)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def _paint_marks(self, painter: QPainter) -> None:
        """Paper is white in the dark theme too, so the marks on it are those of the light one."""
        for area in (self._on_screen(area, words.page) for words in self._found for area in words.areas):
            painter.setPen(QPen(QColor(LIGHT.accent), 2))
            painter.drawRect(area.adjusted(-2, -2, 2, 2))
        for area in self.marked_areas():
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
            painter.fillRect(area.adjusted(-1, -1, 1, 1), QColor(LIGHT.mark))
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            painter.fillRect(QRectF(area.left() - 1, area.bottom() + 0.5, area.width() + 2, 1.5), QColor(LIGHT.warn))

    def _image(self, page: int, size: QSize) -> QImage | None:
        """The page as it was drawn last; asks for a new drawing where the size is another one now."""
        wanted = self._pixels(size)
        image = self._images.get(page)
        if image is None or image.size() != wanted:
            requested = self._requested.get(page)
            if requested is None or requested[1] != wanted:
                number = self._renderer.requestPage(page, wanted, QPdfDocumentRenderOptions())
                self._requested[page] = (number, wanted)
        elif page in self._images:
            self._images.move_to_end(page)
        return image

    def _pixels(self, size: QSize) -> QSize:
        ratio = self.devicePixelRatioF()
        pixels = QSize(max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio)))
        area = pixels.width() * pixels.height()
        return pixels if area <= _MOST_PIXELS else pixels * (_MOST_PIXELS / area) ** 0.5

    def _rendered(
        self, page: int, _size: QSize, image: QImage, _options: QPdfDocumentRenderOptions, request: int
    ) -> None:  # fmt: skip
        """A drawing came; one that nobody waits for any more (another file, another size) is let go."""
        if self._requested.get(page, (None,))[0] != request:
            return
        del self._requested[page]
        self._images[page] = image
        self._images.move_to_end(page)
        while len(self._images) > _KEPT_IMAGES:
            self._images.popitem(last=False)
        self.viewport().update()

    @property
    def is_drawn(self) -> bool:
        """Whether all that is in view was drawn."""
        return not self._requested

    # what a person does

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            (self.zoom_in if event.angleDelta().y() > 0 else self.zoom_out)()
            event.accept()
        else:
            super().wheelEvent(event)

    def _scrolled(self) -> None:
        self.viewport().update()
        if self._strip.page_count and self.page != self._page:
            self._page = self.page
            self.page_changed.emit(self._page)
