"""Sheets as records: what is a header, what a title, and that each row says where it stands."""

import pytest

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import sheets
from rag_desktop.formats.records import Records
from rag_desktop.formats.sheets import Area, Cells, Row, Sheet, reference, write


def sheet(*rows: str, name: str = "S") -> Sheet:
    """A sheet from lines: cells parted by bars, an empty line for an empty row."""
    found = Sheet(name)
    for number, line in enumerate(rows, 1):
        cells = {at: cell.strip() for at, cell in enumerate(line.split("|")) if cell.strip()}
        found.rows.append(Row(number, cells))
    return found


def written(found: Sheet) -> list[str]:
    records = Records("file-too-large")
    write(records, found, Cells())
    return [block.text.strip() for block in records.blocks]


def test_each_row_names_its_columns_and_its_place() -> None:
    assert written(sheet("Name | Age", "Kim | 31", "Lee | 28")) == [
        "S",
        "A2 | Name: Kim | Age: 31",
        "A3 | Name: Lee | Age: 28",
    ]


def test_lines_above_a_table_are_no_header() -> None:
    found = written(
        sheet(
            "Sales of 2024",
            "in won | | | J. Doe",
            "Shop | Jan | Feb | Mar | Apr",
            "Seoul | 1 | 2 | 3 | 4",
            "Busan | 5 | 6 | 7 | 8",
        )
    )
    assert found[1:4] == ["Sales of 2024", "in won | J. Doe", "A4 | Shop: Seoul | Jan: 1 | Feb: 2 | Mar: 3 | Apr: 4"]


def test_a_table_goes_on_after_an_empty_row() -> None:
    assert written(sheet("Name | Age", "Kim | 31", "", "Lee | 28"))[-1] == "A4 | Name: Lee | Age: 28"


def test_another_table_has_its_own_names() -> None:
    found = written(sheet("Name | Age | Town", "Kim | 31 | Seoul", "", "Shop | Rent | Size", "East | 700 | 30"))
    assert found[-1] == "A5 | Shop: East | Rent: 700 | Size: 30"


def test_what_is_wider_than_the_table_before_does_not_take_its_names() -> None:
    assert written(sheet("Name | Age", "Kim | 31", "", "7 | 8 | 9"))[-1] == "A4 | 7 | 8 | 9"


def test_a_note_below_a_table_takes_no_name() -> None:
    assert written(sheet("Name | Age", "Kim | 31", "", "as of March"))[-1] == "A4 | as of March"


def test_a_form_is_not_taken_for_a_table() -> None:
    assert written(sheet("이름 | 홍길동", "주소 | 서울", "직업 | 교사"))[1:] == [
        "A1 | 이름 | 홍길동",
        "A2 | 주소 | 서울",
        "A3 | 직업 | 교사",
    ]


def test_a_header_that_an_empty_row_cuts_off_names_the_columns() -> None:
    found = written(sheet("| Sales | Profit | Staff", "", "North | 12 | 3 | 40", "South | 11 | 2 | 41"))
    assert found[1] == "A3 | North | Sales: 12 | Profit: 3 | Staff: 40"


def test_a_row_that_the_file_calls_a_header_is_one() -> None:
    found = sheet("2023 | 2024", "1 | 2")
    found.headers.add(1)
    assert written(found) == ["S", "A2 | 2023: 1 | 2024: 2"]


def test_a_merged_cell_above_names_belongs_to_all_of_them() -> None:
    found = sheet("Shop | 2023 | | 2024", "| Q1 | Q2 | Q1 | Q2", "Seoul | 1 | 2 | 3 | 4")
    for area in (Area(1, 2, 0, 0), Area(1, 1, 1, 2), Area(1, 1, 3, 4)):
        found.merge(area)
    assert written(found) == ["S", "A3 | Shop: Seoul | 2023 Q1: 1 | 2023 Q2: 2 | 2024 Q1: 3 | 2024 Q2: 4"]


def test_a_cell_merged_over_rows_stands_in_each() -> None:
    found = sheet("Shop | Month | Sales", "Seoul | Jan | 1", "| Feb | 2", "Busan | Jan | 3")
    found.merge(Area(2, 3, 0, 0))
    assert written(found)[2] == "A3 | Shop: Seoul | Month: Feb | Sales: 2"


def test_a_merged_total_in_the_first_row_is_no_header() -> None:
    found = sheet("Total | | 300 | 7", "Seoul | Gangnam | 100 | 3", "Seoul | Mapo | 200 | 4")
    found.merge(Area(1, 1, 0, 1))
    assert written(found)[1:3] == ["A1 | Total | 300 | 7", "A2 | Seoul | Gangnam | 100 | 3"]


def test_a_merge_of_the_whole_sheet_writes_only_rows_that_are_there() -> None:
    found = sheet("Shop | Month | Sales", "Seoul | Jan | 1", "Busan | Feb | 2")
    found.merge(Area(1, 1 << 20, 0, 16383))
    assert len(written(found)) <= 4


def test_cells_are_counted_however_they_came_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_CELLS", 50)
    found = sheet("Shop | Month", *["| Jan"] * 60)
    found.merge(Area(1, 100, 0, 0))
    with pytest.raises(UnreadableError) as failure:
        written(found)
    assert failure.value.code == "file-too-large"


def test_a_sheet_is_a_section_and_an_empty_one_is_passed_over() -> None:
    records = Records("file-too-large")
    write(records, Sheet("Empty"), Cells())
    assert records.blocks == []
    write(records, sheet("only words", name=" Two  words "), Cells())
    assert [(block.kind, block.headings) for block in records.blocks] == [
        (BlockKind.HEADING, ("Two words",)),
        (BlockKind.TABLE, ("Two words",)),
    ]


@pytest.mark.parametrize(("row", "column", "name"), [(1, 0, "A1"), (12, 27, "AB12"), (1 << 20, 16383, "XFD1048576")])
def test_references(row: int, column: int, name: str) -> None:
    assert reference(row, column) == name
