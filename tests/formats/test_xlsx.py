"""Excel workbooks: what of their parts reaches the text, and that no claim costs memory."""

import io
import tracemalloc
from pathlib import Path
from zipfile import ZipFile

import pytest

from rag_desktop.formats.reader import OpenedFile
from rag_desktop.formats.xlsx import READER
from tests.formats.make_docx import package
from tests.formats.make_ooxml import cell, row, shared, sheet, styles, workbook


def lines(content: bytes) -> list[str]:
    return [block.text.strip() for block in READER.contents(OpenedFile(Path("a.xlsx"), content)).blocks]


def test_two_cells_at_opposite_corners_cost_no_more_than_two_cells() -> None:
    content = workbook(
        sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>').replace(
            "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
        )
    )
    tracemalloc.start()
    found = lines(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == ["Sheet0", "A1 | 1", "XFD1048576 | 2"]
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("reference", "place"),
    [("Z", "A1"), ("", "A1"), ("A0", "A1"), ("ZZZZ1", "A1"), ("A99999999999", "A1"), ("$B$1", "B1"), ("c9", "C1")],
)
def test_a_cell_without_a_place_stands_beside_the_one_before_it(reference: str, place: str) -> None:
    assert lines(workbook(sheet(row(1, cell(reference, "words")))))[1] == f"{place} | words"


def test_cells_and_rows_outside_any_sheet_are_passed_over() -> None:
    far = '<row r="1048577"><c r="A1048577"><v>1</v></c></row><row r="99999999999"/>'
    assert lines(workbook(sheet(row(1, "here", cell("XFE1", "far")), far))) == ["Sheet0", "A1 | here"]


@pytest.mark.parametrize("place", ["7", "-1", "x", "", "99999999999999999999", "²"])
def test_a_shared_string_that_is_not_there_is_nothing(place: str) -> None:
    strings = "<sst><si><t>one</t></si></sst>"
    broken = f'<c r="B1" t="s"><v>{place}</v></c>'
    assert lines(workbook(sheet(row(1, shared("A1", 0), broken)), sharedStrings=strings)) == ["Sheet0", "A1 | one"]


def test_a_formula_is_read_by_its_result() -> None:
    cells = '<c r="A1" t="str"><f>CONCAT(B1)</f><v>joined</v></c><c r="B1"><f>1+1</f></c><c r="C1" t="b"><v>1</v></c>'
    assert lines(workbook(sheet(f'<row r="1">{cells}</row>')))[1] == "A1 | joined | TRUE"


def test_dates_follow_the_epoch_of_the_workbook() -> None:
    dated = sheet(row(1, cell("A1", "43890", 's="1"')))
    found = lines(workbook(dated, about='<workbookPr date1904="1"/>', styles=styles("m/d/yyyy")))
    assert found[1] == "A1 | 2024-03-01"


@pytest.mark.parametrize("style", ["99", "x", "-1"])
def test_a_style_that_is_not_there_shows_the_number_plainly(style: str) -> None:
    assert lines(workbook(sheet(row(1, cell("A1", "1.25", f's="{style}"')))))[1] == "A1 | 1.25"


def test_a_filter_tells_the_header() -> None:
    found = lines(workbook(sheet(row(1, "2023", "2024"), row(2, "1", "2"), more='<autoFilter ref="A1:B2"/>')))
    assert found == ["Sheet0", "A2 | 2023: 1 | 2024: 2"]


def test_text_boxes_follow_the_cells() -> None:
    relations = (
        '<Relationships><Relationship Id="d" Type="x/drawing" Target="../drawings/drawing1.xml"/></Relationships>'
    )
    drawing = "<wsDr><sp><txBody><p><r><t>Mind the gap</t></r></p></txBody></sp></wsDr>"
    parts = parts_of(workbook(sheet(row(1, "words"))))
    parts |= {"xl/worksheets/_rels/sheet0.xml.rels": relations, "xl/drawings/drawing1.xml": drawing}
    assert lines(package(parts)) == ["Sheet0", "A1 | words", "Mind the gap"]


def test_a_sheet_that_is_listed_twice_is_read_once() -> None:
    parts = parts_of(workbook(sheet(row(1, "words"))))
    listed = parts["xl/workbook.xml"]
    entry = listed[listed.index("<sheet ") : listed.index("</sheets>")]
    assert lines(package({**parts, "xl/workbook.xml": listed.replace(entry, entry * 5000)})) == ["Sheet0", "A1 | words"]


def parts_of(content: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(content)) as zip_:
        return {name: zip_.read(name).decode() for name in zip_.namelist()}
