"""Draws PDF pages within bounds of size and time: a page is hostile until it is drawn."""

import ctypes
import time
from typing import Any

from rag_desktop.formats.ocr import MOST_SIDE, Picture

_DOTS_AN_INCH = 200
_POINTS_AN_INCH = 72
_SECONDS = 20.0
"""A page that takes longer to draw is given up. Maps and posters take some seconds, scans a tenth of one."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""


def picture_of(page: Any) -> Picture | None:
    """A page as a recogniser wants it, upright and at 200 dots an inch or less; None where it cannot be drawn."""
    pixels = draw(page, _DOTS_AN_INCH / _POINTS_AN_INCH, MOST_SIDE)
    return None if pixels is None else Picture(pixels.shape[1], pixels.shape[0], pixels.tobytes())


def draw(page: Any, scale: float, most_side: int) -> Any | None:
    """Grey pixels of a page on white, as a numpy array of rows. `scale` is pixels a point where the page is not too
    large for that. None where the page has no size, or is not drawn in time."""
    import pypdfium2.raw as pdfium
    from pypdfium2 import PdfBitmap

    width, height = page.get_size()
    if not (width > 0 and height > 0):
        return None
    scale = min(scale, most_side / max(width, height))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    bitmap = PdfBitmap.new_native(columns, rows, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, columns, rows)
    end = time.monotonic() + _SECONDS
    pause = pdfium.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: time.monotonic() > end)
    flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
    status = pdfium.FPDF_RenderPageBitmap_Start(
        bitmap, page, 0, 0, columns, rows, 0, flags, ctypes.byref(pause)
    )  # fmt: skip
    pdfium.FPDF_RenderPage_Close(page)
    drawn = bitmap.to_numpy().reshape(rows, columns).copy() if status == pdfium.FPDF_RENDER_DONE else None
    bitmap.close()
    return drawn


def pixels(page: Any, box: Box, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a drawn page of this shape that a box covers, and one more on each side."""
    import pypdfium2.raw as pdfium

    rows, columns = shape
    left, bottom, right, top = box
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for across, up in ((left, top), (right, bottom)):
        pdfium.FPDF_PageToDevice(
            page, 0, 0, columns, rows, 0, across, up, ctypes.byref(x), ctypes.byref(y)
        )  # fmt: skip
        corners.append((min(max(x.value, 0), columns), min(max(y.value, 0), rows)))
    (x0, y0), (x1, y1) = corners
    return slice(max(min(y0, y1) - 1, 0), max(y0, y1) + 2), slice(max(min(x0, x1) - 1, 0), max(x0, x1) + 2)
