"""Excel workbooks (ECMA-376 SpreadsheetML): each row of each sheet as a record, its numbers as the cells show them.

Read part by part, without a library: calamine makes an array of all cells between the first and the last (two cells at
opposite corners end the process), and openpyxl's values come without the form they are shown in. Formulas are read by
the result that was saved. Left out: comments, charts and pictures; what text boxes say is read after the sheet's cells.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import BlockKind
from rag_desktop.formats.core_properties import core_properties
from rag_desktop.formats.drawings import text_boxes
from rag_desktop.formats.markup import child, children, inside, local, natural, value
from rag_desktop.formats.number_formats import BUILT_IN, GENERAL, shown
from rag_desktop.formats.package import Package
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Records
from rag_desktop.formats.sheets import MOST_COLUMNS, MOST_ROWS, Area, Cells, Row, Sheet, write

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
_MOST = 1 << 30
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character that XML cannot hold, or that would be read as such an escape (22.9.2.19, ST_Xstring)."""


@dataclass(slots=True)
class _Workbook:
    """What the sheets of one file share."""

    package: Package
    strings: list[str]
    formats: list[str]
    """Codes of number formats, by the number that cells have in `s`."""
    is_1904: bool
    cells: Cells = field(default_factory=Cells)


def _contents(file: OpenedFile) -> Contents:
    package = Package(file.content)
    main = package.target("", "officeDocument") or "xl/workbook.xml"
    root = next(package.elements(main, 1))
    strings, styles = package.target(main, "sharedStrings"), package.target(main, "styles")
    workbook = _Workbook(
        package,
        list(_strings(package, strings)) if strings and strings in package else [],
        _formats(package.root(styles)) if styles else [],
        value(child(root, "workbookPr"), "date1904") in {"1", "true"},
    )
    records = Records("file-too-large")
    for name, part in _sheets(package, main, root):
        write(records, _sheet(workbook, name, part), workbook.cells)
        for text in text_boxes(package, part):
            records.add_text(text + "\n\n", BlockKind.PROSE, (name,) if name else ())
    return Contents(tuple(records.blocks), core_properties(package))


def _sheets(package: Package, main: str, root: "Element") -> Iterator[tuple[str, str]]:
    """Names and parts of the worksheets in their order, each part once."""
    worksheets = set(package.targets(main, "worksheet"))
    related = package.related(main)
    for each in children(child(root, "sheets"), "sheet"):
        part = related.get(value(each, "id"))
        if part in worksheets and part in package:
            worksheets.discard(part)
            yield " ".join(each.get("name", "").split()), part


def _strings(package: Package, part: str) -> Iterator[str]:
    for each in package.named(part, "si"):
        yield _text(each)
        each.clear()


def _text(element: "Element | None") -> str:
    """The words of a string, whatever their looks; how they are pronounced (rPh) is left out."""
    found = []
    for each in inside(element):
        if local(each.tag) == "t":
            found.append(each.text or "")
        elif local(each.tag) == "r":
            found.append("".join(part.text or "" for part in children(each, "t")))
    return _unescaped("".join(found))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _formats(root: "Element | None") -> list[str]:
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in children(child(root, "numFmts"), "numFmt")}
    numbers = [each.get("numFmtId", "") for each in children(child(root, "cellXfs"), "xf")]
    return [codes.get(number) or BUILT_IN.get(natural(number, 0, _MOST), GENERAL) for number in numbers]


def _sheet(workbook: _Workbook, name: str, part: str) -> Sheet:
    sheet = Sheet(name)
    number = 0
    for each in workbook.package.named(part, "row", "mergeCell", "autoFilter"):
        tag = local(each.tag)
        if tag == "row":
            number = natural(each.get("r", ""), 0, _MOST) or number + 1
            if number <= MOST_ROWS and (cells := dict(_cells(workbook, each))):
                sheet.rows.append(Row(number, cells))
            each.clear()
        elif area := _area(each.get("ref", "")):
            if tag == "mergeCell":
                sheet.merge(area)
            else:
                sheet.headers.add(area.first_row)
    for table in workbook.package.targets(part, "table"):
        root = workbook.package.root(table)
        area = _area(value(root, "ref"))
        if area and value(root, "headerRowCount") != "0":
            sheet.headers.add(area.first_row)
    return sheet


def _cells(workbook: _Workbook, row: "Element") -> Iterator[tuple[int, str]]:
    """Columns with what they show, without the empty ones."""
    column = -1
    for cell in children(row, "c"):
        match = _REFERENCE.fullmatch(cell.get("r", ""))
        column = _column(match[1]) if match else column + 1
        if column >= MOST_COLUMNS:
            continue
        text = _shown(workbook, cell)
        if text and not text.isspace():
            workbook.cells.add()
            yield column, text


def _shown(workbook: _Workbook, cell: "Element") -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(child(cell, "is"))
    held = child(cell, "v")
    said = (held.text or "" if held is not None else "").strip(" \n\r\t" if kind != "str" else "")
    if kind == "s":
        place = natural(said, _MOST, _MOST)
        return workbook.strings[place] if place < len(workbook.strings) else ""
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(said, said)
    if kind == "str":
        return _unescaped(said)
    if kind == "d":
        return said.replace("T00:00:00", "").replace("T", " ")
    return _number(workbook, said, cell.get("s", "")) if kind == "n" and said else said


def _number(workbook: _Workbook, said: str, style: str) -> str:
    try:
        number = float(said)
    except ValueError:
        return said
    place = natural(style, 0, _MOST)
    code = workbook.formats[place] if place < len(workbook.formats) else GENERAL
    return shown(number, code, is_1904=workbook.is_1904)


def _area(reference: str) -> Area | None:
    first, _, last = reference.partition(":")
    start, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
    return Area(int(start[2]), int(end[2]), _column(start[1]), _column(end[1])) if start and end else None


def _column(letters: str) -> int:
    """The column from 0: A is 0, XFD is 16383."""
    column = 0
    for letter in letters.upper():
        column = 26 * column + ord(letter) - ord("A") + 1
    return column - 1


READER = Reader("xlsx", (".xlsx", ".xlsm", ".xltx", ".xltm"), _contents)
