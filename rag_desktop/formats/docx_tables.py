"""Tables of Word: rows as lines whose cells keep their columns, whatever was merged, and a header that goes along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import BlockKind
from rag_desktop.formats.docx_styles import child, is_on, local, value
from rag_desktop.formats.records import SEPARATOR, is_header
from rag_desktop.text.chunks import LEAF_TOKENS
from rag_desktop.text.words import count_tokens

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_LONGEST_CELL = 400
"""Characters on average; with more the cells are columns of a page."""
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


def table_blocks(rows: Sequence[Row]) -> Iterator[tuple[str, BlockKind]]:
    """Texts with their kinds: paragraphs where the table arranges a page, else rows under their header."""
    filled = _filled(rows)
    cells = [text for texts in filled for text in texts if text]
    if max((len(row.cells) for row in rows), default=0) < 2 or sum(map(len, cells)) > _LONGEST_CELL * len(cells):
        for text in cells:
            yield text + "\n\n", BlockKind.PROSE
        return
    marked = next((place for place, row in enumerate(rows) if not row.is_marked), 0)
    header = marked or int(len(filled) > 1 and is_header(filled[0], filled[1:]))
    yield from ((text, BlockKind.TABLE) for text in _cut(_lines(filled[:header]), _lines(filled[header:])))


def _filled(rows: Sequence[Row]) -> list[list[str]]:
    """The text of each column; a cell over several rows stands in each of them, over several columns in the first."""
    above: dict[int, str] = {}
    found = []
    for row in rows:
        texts = [""] * (row.cells[0].column if row.cells else 0)
        for cell, text in zip(row.cells, row.texts, strict=True):
            said = text or (above.get(cell.column, "") if cell.is_continued else "")
            above[cell.column] = said
            texts += [said] + [""] * (cell.span - 1)
        found.append(texts)
    return found


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, without the empty cells at its end, which keep no other cell in its column."""
    ends = [max((place for place, text in enumerate(texts, 1) if text), default=0) for texts in rows]
    return [SEPARATOR.join(texts[:end]) for texts, end in zip(rows, ends, strict=True) if end]


def _cut(header: Sequence[str], body: Sequence[str]) -> Iterator[str]:
    """Pieces of the table that fit a leaf, each with the header again: a row alone does not say what its cells are."""
    lead = "".join(f"{line}\n" for line in header)
    own = count_tokens(lead)
    if not body or own > LEAF_TOKENS // 2:
        yield "\n".join([*header, *body]) + "\n\n"
        return
    held: list[str] = []
    tokens = own
    for line in body:
        more = count_tokens(line)
        if held and header and tokens + more > LEAF_TOKENS:
            yield lead + "\n".join(held) + "\n\n"
            held, tokens = [], own
        held.append(line)
        tokens += more
    yield lead + "\n".join(held) + "\n\n"
