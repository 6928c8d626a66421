"""Tables of Word: where their cells stand, and which rows are headers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import BlockKind
from rag_desktop.formats import tables
from rag_desktop.formats.markup import child, is_on, local, value

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_SPANNED = 64
"""Columns; Word has no more than 63."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell at its column, counted from 0, and over `span` of them. A continued one belongs to the cell above it."""

    element: "Element"
    column: int
    span: int
    is_continued: bool


@dataclass(slots=True)
class Row:
    """A row, and its cells' texts once they are known."""

    cells: list[Cell]
    is_marked: bool
    """Whether the row is a header that is repeated on each page."""
    texts: list[str] = field(default_factory=list)

    @property
    def is_layout(self) -> bool:
        """Whether a cell holds a table of its own."""
        return any(local(each.tag) == "tbl" for cell in self.cells for each in cell.element.iter())


def rows_of(table: "Element") -> Iterator[Row]:
    """The rows that have not been deleted, through whatever stands around them."""
    for row in _within(table, "tr"):
        properties = child(row, "trPr")
        if child(properties, "del") is None:
            yield Row(list(_cells(row, properties)), is_on(child(properties, "tblHeader")))


def _within(element: "Element", name: str) -> "Iterator[Element]":
    for each in element:
        tag = local(each.tag)
        if tag == name:
            yield each
        elif tag in {"sdt", "sdtContent", "customXml", "ins", "moveTo"}:
            yield from _within(each, name)


def _cells(row: "Element", properties: "Element | None") -> Iterator[Cell]:
    column = _count(child(properties, "gridBefore"), 0)
    for element in _within(row, "tc"):
        own = child(element, "tcPr")
        merged = child(own, "vMerge")
        span = max(_count(child(own, "gridSpan"), 1), 1)
        yield Cell(element, column, span, merged is not None and value(merged) != "restart")
        column += span


def _count(element: "Element | None", default: int) -> int:
    said = value(element)
    return min(int(said), _MOST_SPANNED) if said.isdecimal() and len(said) < 6 else default


def blocks_of(rows: Sequence[Row]) -> Iterator[tuple[str, BlockKind]]:
    """Texts with their kinds, as `tables.table_blocks` writes them."""
    placed = [
        [
            tables.Cell(text, cell.column, cell.span, is_continued=cell.is_continued)
            for cell, text in zip(row.cells, row.texts, strict=True)
        ]
        for row in rows
    ]
    marked = next((place for place, row in enumerate(rows) if not row.is_marked), 0)
    yield from tables.table_blocks(tables.grid(placed), marked)
