"""Spreadsheets of OpenDocument: each row of each sheet as a record, as its cells show it.

Cells and rows that are alike are written once with a number, which can be a million; a row is read once, however often
it is repeated.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag_desktop.formats.markup import children, local, natural, value
from rag_desktop.formats.odf import CONTENT, metadata, opened
from rag_desktop.formats.package import Package
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Records, one_line
from rag_desktop.formats.sheets import MOST_COLUMNS, MOST_ROWS, Area, Cells, Row, Sheet, write

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MIDNIGHT = re.compile(r"T00:00(?::00)?$")
_MOST_SPACES = 16
_SKIPPED = frozenset({"annotation", "ruby-text", "note"})


def _contents(file: OpenedFile) -> Contents:
    package = opened(file.content)
    records, cells = Records("file-too-large"), Cells()
    for sheet in _sheets(package, cells):
        write(records, sheet, cells)
    return Contents(tuple(records.blocks), metadata(package))


def _sheets(package: Package, cells: Cells) -> Iterator[Sheet]:
    """The sheets; rows come before the end of theirs, which tells its name. One without a name is a copy of others'."""
    sheet, number = Sheet(""), 1
    for each in package.named(CONTENT, "table-row", "table"):
        if local(each.tag) == "table":
            sheet.name = value(each, "name")
            if sheet.name:
                yield sheet
            sheet, number = Sheet(""), 1
        elif number <= MOST_ROWS:
            repeated = natural(value(each, "number-rows-repeated"), 1, MOST_ROWS)
            if texts := dict(_row(sheet, number, each, cells)):
                sheet.rows.append(Row(number, texts, repeated))
            number += max(repeated, 1)
        each.clear()


def _row(sheet: Sheet, number: int, row: "Element", cells: Cells) -> Iterator[tuple[int, str]]:
    """Columns with what they show, without the empty ones."""
    column = 0
    for each in row:
        if column >= MOST_COLUMNS:
            return
        end = min(column + max(natural(value(each, "number-columns-repeated"), 1, MOST_COLUMNS), 1), MOST_COLUMNS)
        if local(each.tag) == "table-cell" and (text := _shown(each)):
            cells.add(end - column)
            yield from ((place, text) for place in range(column, end))
            last_row = number + natural(value(each, "number-rows-spanned"), 1, MOST_ROWS) - 1
            last_column = column + natural(value(each, "number-columns-spanned"), 1, MOST_COLUMNS) - 1
            sheet.merge(Area(number, last_row, column, last_column))
        column = end


def _shown(cell: "Element") -> str:
    """What a cell shows; a date after ISO 8601."""
    if value(cell, "value-type") == "date" and (date := value(cell, "date-value")):
        return _MIDNIGHT.sub("", date).replace("T", " ").removesuffix(":00")
    text = one_line(" ".join(map(_words, children(cell, "p"))))
    return text or value(cell, "value")


def _words(element: "Element") -> str:
    found = [element.text or ""]
    for each in element:
        if local(each.tag) in {"s", "tab", "line-break"}:
            found.append(" " * natural(value(each, "c"), 1, _MOST_SPACES))
        elif local(each.tag) not in _SKIPPED:
            found.append(_words(each))
        found.append(each.tail or "")
    return "".join(found)


READER = Reader("ods", (".ods", ".ots"), _contents)
