"""Reads the text of OpenDocument: paragraphs, headings, lists, tables, notes and what stands in frames.

Left out: what was deleted while changes are tracked, comments, tables of contents and indexes, how words are
pronounced, hidden words, white ones on white paper, those of no size, and alternative texts.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import BlockKind
from rag_desktop.formats.block_writer import LINE_BREAK, BlockWriter, collapsed
from rag_desktop.formats.docx import PARTS_LEFT_OUT
from rag_desktop.formats.markup import child, children, deep, inside, local, natural, value
from rag_desktop.formats.odf import CONTENT, Ink, Numbering, Styles, has_ground
from rag_desktop.formats.package import Package
from rag_desktop.formats.tables import Cell, grid, table_blocks

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SKIPPED = frozenset(
    re.findall(
        r"\S+",
        "tracked-changes annotation annotation-end ruby-text note-citation forms sequence-decls variable-decls"
        " user-field-decls dde-connection-decls title desc image table-of-content illustration-index"
        " alphabetical-index table-index object-index user-index event-listeners script",
    )
)
SHAPES = frozenset(
    re.findall(
        r"\S+",
        "frame custom-shape rect ellipse circle line polyline polygon path regular-polygon connector caption g measure",
    )
)
_HOLDERS = frozenset({"text-box", "list", "list-item", "p", "h", "section", "table"})
_SIGNS = {"tab": "\t", "line-break": LINE_BREAK}
_INKED = frozenset({"span", "a"})
_MOST_SPACES = 200
_DEEPEST_HEADING = 10
_MOST_SPANNED = 1000
_MOST_REPEATED = 64
"""Cells or rows of a text table that are written once for several."""


@dataclass(slots=True)
class _List:
    """The list in hand: its level from 1, how it counts, and what stands before the next paragraph."""

    level: int
    numbering: Numbering | None
    label: str | None = None


@dataclass(slots=True)
class Document:
    """One document in hand: its styles, what was written, and what waits for the end of a paragraph."""

    package: Package
    styles: Styles
    writer: BlockWriter = field(default_factory=BlockWriter)
    title: str | None = None
    shapes: list["Element"] = field(default_factory=list)
    notes: list["Element"] = field(default_factory=list)
    formulas: dict[str, str] = field(default_factory=dict)
    around: Ink = field(default_factory=Ink)
    """Of the cell in hand."""
    is_paper: bool = False
    """Whether words stand on the page or in a cell, and not in a shape that may have a ground of its own."""
    _has_ground: bool | None = None

    def is_unseen(self, ink: Ink) -> bool:
        """Whether words in this ink cannot be seen."""
        return ink.is_tiny or (self.is_paper and ink.is_white and not self._page_has_ground())

    def _page_has_ground(self) -> bool:
        if self._has_ground is None:
            self._has_ground = has_ground(self.package)
        return self._has_ground


def read_block(document: Document, element: "Element", inner: _List | None = None) -> None:
    """Writes a paragraph, a heading, a list, a table, a shape, or what stands in something around them."""
    name = local(element.tag)
    if name in _SKIPPED:
        return
    if name in {"p", "h"}:
        _paragraph(document, element, inner)
    elif name == "list":
        _list(document, element, inner)
    elif name == "table":
        _table(document, element)
    elif name in SHAPES:
        read_shape(document, element)
    elif name == "section" and value(element, "display") == "none":
        document.writer.hide("".join(element.itertext()))
    else:
        for each in element:
            read_block(document, each, inner)


def read_shape(document: Document, shape: "Element") -> None:
    """Writes what a frame or a drawn shape holds of words."""
    if local(shape.tag) == "frame" and (found := child(shape, "object", "object-ole")) is not None:
        if formula := _formula(document, found):
            document.writer.add(formula + "\n\n")
        elif child(shape, "table") is None:
            document.writer.warnings.add(PARTS_LEFT_OUT)
    outer, document.is_paper = document.is_paper, False
    for each in shape:
        if local(each.tag) in _HOLDERS or local(each.tag) in SHAPES:
            read_block(document, each)
    document.is_paper = outer
    document.writer.end_lines()


def paragraph_words(document: Document, element: "Element") -> str:
    """The words of one paragraph; what hangs on it (notes, frames) waits in the document."""
    found: list[str] = []
    ink = document.styles.of(value(element, "style-name")).ink.over(document.around)
    _gather(document, element, found, ink)
    return "".join(found)


def _gather(document: Document, element: "Element", found: list[str], ink: Ink) -> None:
    is_unseen = document.is_unseen(ink)
    _say(document, element.text, found, is_unseen=is_unseen)
    for each in element:
        name = local(each.tag)
        if name == "s":
            found.append(" " * natural(value(each, "c"), 1, _MOST_SPACES))
        elif name in _SIGNS:
            found.append(_SIGNS[name])
        elif name == "note":
            document.notes.append(each)
        elif name == "frame" and (formula := _formula(document, child(each, "object"))):
            found.append(formula)
        elif name in SHAPES:
            document.shapes.append(each)
        elif _is_hidden(document, each, name):
            document.writer.hide("".join(each.itertext()))
        elif name not in _SKIPPED:
            own = document.styles.of(value(each, "style-name"), "text").ink if name in _INKED else Ink()
            _gather(document, each, found, own.over(ink))
        _say(document, each.tail, found, is_unseen=is_unseen)


def _say(document: Document, text: str | None, found: list[str], *, is_unseen: bool) -> None:
    if text and is_unseen:
        document.writer.hide(text)
    elif text:
        found.append(text)


def _is_hidden(document: Document, element: "Element", name: str) -> bool:
    if name in {"hidden-text", "hidden-paragraph"}:
        return value(element, "is-hidden") != "false"
    return name == "span" and document.styles.of(value(element, "style-name"), "text").is_hidden


def _formula(document: Document, element: "Element | None") -> str:
    """A formula as its author typed it; empty where the object is none."""
    part = value(element, "href").removeprefix("./").rstrip("/")
    if not part:
        return ""
    if part not in document.formulas:
        root = document.package.root(f"{part}/{CONTENT}")
        math = root if root is not None and local(root.tag) == "math" else None
        typed = (each.text or "" for each in deep(math) if local(each.tag) == "annotation")
        document.formulas[part] = collapsed(next(typed, ""))
    return document.formulas[part]


def _paragraph(document: Document, element: "Element", inner: _List | None) -> None:
    name = value(element, "style-name")
    style = document.styles.of(name)
    words = paragraph_words(document, element)
    label = inner.label if inner else None
    if inner:
        inner.label = None
    if style.is_hidden or any(value(each, "is-hidden") == "true" for each in children(element, "hidden-paragraph")):
        document.writer.hide(words)
    elif style.is_code and local(element.tag) == "p":
        document.writer.add_line(words.replace(LINE_BREAK, "\n").rstrip(), BlockKind.CODE)
    elif text := collapsed(words):
        _place(document, element, text, label, style.level)
    _follow(document)


def _place(document: Document, element: "Element", text: str, label: str | None, level: int | None) -> None:
    if local(element.tag) == "h":
        level = natural(value(element, "outline-level"), 1, _DEEPEST_HEADING)
        if label is None and value(element, "is-list-header") != "true":
            label = _outline_label(document, level, value(element, "start-value"))
        title = text if label in {None, "", "-"} else f"{label} {text}"
        document.writer.add_heading(level, title)
    elif level is not None and label is None:
        document.title = document.title or " ".join(text.split())
        document.writer.add_heading(level, text)
    elif label is not None:
        document.writer.add_line(f"{label} {text}".strip())
    else:
        document.writer.add(text + "\n\n")


def _outline_label(document: Document, level: int, start: str) -> str | None:
    outline = document.styles.outline
    return outline.label(level, start) if level in outline.levels else None


def _follow(document: Document) -> None:
    """Frames that hang on what was just read, then its notes: nearer to their place than the document's end."""
    shapes, document.shapes = document.shapes, []
    notes, document.notes = document.notes, []
    for shape in shapes:
        read_shape(document, shape)
    for note in notes:
        body = child(note, "note-body")
        parts = (each for each in deep(body) if local(each.tag) == "p")
        if text := collapsed(LINE_BREAK.join(paragraph_words(document, each) for each in parts)):
            document.writer.add(f"* {text}\n\n")


def _list(document: Document, element: "Element", outer: _List | None) -> None:
    level = outer.level + 1 if outer else 1
    named = document.styles.numbering(value(element, "style-name"))
    numbering = named or (outer.numbering if outer else None)
    if numbering and value(element, "continue-numbering") != "true" and not value(element, "continue-list"):
        numbering.restart(level)
    for item in element:
        inner = _List(level, numbering)
        if local(item.tag) == "list-item":
            inner.label = numbering.label(level, value(item, "start-value")) if numbering else "-"
        for each in item:
            read_block(document, each, inner)
    if outer is None:
        document.writer.end_lines()


def _table(document: Document, table: "Element") -> None:
    """Rows as lines; rows that hold tables, headings or lists of several items are read cell by cell."""
    waiting: list[list[Cell]] = []
    marked = 0
    for row, is_header in _rows(table, is_header=False):
        if any(local(each.tag) in {"table", "h", "section"} for cell in row for each in cell):
            _write_rows(document, waiting, marked)
            waiting, marked = [], 0
            for cell in row:
                with _within(document, cell, row, table):
                    for each in cell:
                        read_block(document, each)
            document.writer.end_lines()
        else:
            marked += is_header and marked == len(waiting)
            waiting.append(list(_cells(document, row, table)))
    _write_rows(document, waiting, marked)


def _rows(holder: "Element", *, is_header: bool) -> "Iterator[tuple[Element, bool]]":
    for each in holder:
        name = local(each.tag)
        if name == "table-row":
            for _ in range(natural(value(each, "number-rows-repeated"), 1, _MOST_REPEATED)):
                yield each, is_header
        elif name in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from _rows(each, is_header=is_header or name == "table-header-rows")


@contextmanager
def _within(document: Document, cell: "Element", row: "Element", table: "Element") -> Iterator[None]:
    """A cell has the ground of its own style, or its row's or table's, or that of the cell around them."""
    outer = ink = document.around
    for each in (table, row, cell):
        ink = document.styles.of(value(each, "style-name"), local(each.tag)).ink.over(ink)
    document.around = ink
    yield
    document.around = outer


def _cells(document: Document, row: "Element", table: "Element") -> Iterator[Cell]:
    column = 0
    for each in row:
        repeated = natural(value(each, "number-columns-repeated"), 1, _MOST_REPEATED)
        if local(each.tag) == "table-cell":
            columns = natural(value(each, "number-columns-spanned"), 1, _MOST_SPANNED)
            rows = natural(value(each, "number-rows-spanned"), 1, _MOST_SPANNED)
            with _within(document, each, row, table):
                text = _cell_text(document, each)
            for place in range(column, column + repeated):
                yield Cell(text, place, columns, rows)
        column += repeated


def _cell_text(document: Document, cell: "Element") -> str:
    parts = (paragraph_words(document, each) for each in _paragraphs(document, cell))
    return collapsed(" ".join(parts)).replace("\n", " ")


def _paragraphs(document: Document, holder: "Iterable[Element]") -> "Iterator[Element]":
    for each in holder:
        if local(each.tag) in {"p", "h"}:
            yield each
        elif local(each.tag) in SHAPES:
            document.shapes.append(each)
        elif local(each.tag) not in _SKIPPED:
            yield from _paragraphs(document, inside(each))


def _write_rows(document: Document, rows: list[list[Cell]], marked: int) -> None:
    for text, kind in table_blocks(grid(rows), marked if marked < len(rows) else 0):
        document.writer.add(text, kind)
    _follow(document)
