"""Presentations of OpenDocument: slide by slide, the title first, then what stands on it in reading order.

A slide is a page, its notes follow it. Hidden slides are read: a person looks for their own words, shown or not.
"""

import re
from typing import TYPE_CHECKING

from rag_desktop.formats.markup import child, children, local, value
from rag_desktop.formats.odf import CONTENT, Styles, metadata, opened
from rag_desktop.formats.odf_text import SHAPES, Document, paragraph_words, read_shape
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.shape_order import Box, in_order

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ON_EACH_SLIDE = frozenset({"date-time", "footer", "header", "page-number", "page"})
_LENGTH = re.compile(r"(-?\d{1,6}(?:\.\d{1,9})?)(cm|mm|in|pt|pc|px)")
_IN_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72, "pc": 1 / 6, "px": 1 / 96}


def _contents(file: OpenedFile) -> Contents:
    package = opened(file.content)
    document = Document(package, Styles(package))
    number = 0
    for page in package.elements(CONTENT, 4):  # document-content, body, presentation, page
        if local(page.tag) == "page":
            number += 1
            document.writer.begin_page(number)
            _read_page(document, page)
        page.clear()
    document.writer.end_lines()
    about = metadata(package, page_count=number)
    return Contents(tuple(document.writer.blocks), about, tuple(sorted(document.writer.warnings)))


def _read_page(document: Document, page: "Element") -> None:
    shapes = [each for each in page if local(each.tag) in SHAPES and value(each, "class") not in _ON_EACH_SLIDE]
    title = next((each for each in shapes if value(each, "class") == "title"), None)
    if title is not None:
        document.writer.add_heading(1, _words(document, title))
    _read_shapes(document, [each for each in shapes if each is not title])
    for shape in children(child(page, "notes"), "frame"):
        if value(shape, "class") == "notes":
            read_shape(document, shape)


def _read_shapes(document: Document, shapes: "list[Element]") -> None:
    for place in in_order([_box(each) for each in shapes]):
        if local(shapes[place].tag) == "g":
            _read_shapes(document, [each for each in shapes[place] if local(each.tag) in SHAPES])
        else:
            read_shape(document, shapes[place])


def _words(document: Document, shape: "Element") -> str:
    return " ".join(paragraph_words(document, each) for each in shape.iter() if local(each.tag) in {"p", "h"})


def _box(shape: "Element") -> Box | None:
    """Where a shape stands, in inches; a group stands where the first of its shapes does."""
    if local(shape.tag) == "g":
        boxes = [box for each in shape if local(each.tag) in SHAPES and (box := _box(each))]
        return (
            Box(
                min(box.left for box in boxes),
                min(box.top for box in boxes),
                max(box.right for box in boxes),
                max(box.bottom for box in boxes),
            )
            if boxes
            else None
        )
    lengths = [_inches(value(shape, name)) for name in ("x", "y", "width", "height")]
    if any(length is None for length in lengths):
        return None
    left, top, width, height = (length or 0.0 for length in lengths)
    return Box(left, top, left + max(width, 0), top + max(height, 0))


def _inches(length: str) -> float | None:
    match = _LENGTH.fullmatch(length)
    return float(match[1]) * _IN_INCHES[match[2]] if match else None


READER = Reader("odp", (".odp", ".otp"), _contents)
