"""Numbers of spreadsheets: what a cell shows of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.formats.number_formats import BUILT_IN, GENERAL, shown

ACCOUNTING = '_-₩* #,##0_-;-₩* #,##0_-;_-₩* "-"_-;_-@_-'


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (3.5000000001, GENERAL, "3.5"),
        (0.1 + 0.2, GENERAL, "0.3"),
        (12.0, GENERAL, "12"),
        (880101123456, GENERAL, "880101123456"),
        (1200, '#,##0"원"', "1,200원"),
        (1200, "#,##0원", "1,200원"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (2.675, "0.00", "2.68"),
        (-5.5, "#,##0.0_);(#,##0.0)", "(5.5)"),
        (-3, "0.00", "-3.00"),
        (-0.001, "0.0", "0.0"),
        (0.355, "0.0%", "35.5%"),
        (123, "000000", "000123"),
        (1012345678, "000-0000-0000", "010-1234-5678"),
        (1234567, "#,##0,", "1,235"),
        (1234567, "[$₩-412]#,##0", "₩1,234,567"),
        (1200, ACCOUNTING, "₩1,200"),
        (-1200, ACCOUNTING, "-₩1,200"),
        (0.5, "#.##", ".5"),
        (1.5, '0.0" kg"', "1.5 kg"),
        (1, '"yes";"no"', "yes"),
        (0.25, "# ?/?", "0.25"),
        (12345, "0.00E+00", "12345"),
        (5, "[>100]0;0.0", "5"),
        (5, "@", "5"),
        (1e300, "0", "1e+300"),
        (float("inf"), "0.00", "inf"),
    ],
)
def test_a_number_is_what_its_cell_shows(number: float, code: str, text: str) -> None:
    assert shown(number, code) == text


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (45352, 'yyyy"년" m"월" d"일"', "2024-03-01"),
        (45352, "m/d/yy", "2024-03-01"),
        (45352.75, "yyyy-mm-dd h:mm", "2024-03-01 18:00"),
        (45352.75, "yyyy-mm-dd", "2024-03-01"),
        (0.5, "h:mm AM/PM", "12:00"),
        (1.5, "[h]:mm:ss", "36:00:00"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (61, "yyyy-mm-dd", "1900-03-01"),
        (-1, "yyyy-mm-dd", "-1"),
        (2_958_466, "yyyy-mm-dd", "2958466"),
        (45352, BUILT_IN[14], "2024-03-01"),
        (45352, BUILT_IN[31], "2024-03-01"),
    ],
)
def test_a_date_is_written_in_one_way(number: float, code: str, text: str) -> None:
    assert shown(number, code) == text


def test_years_may_be_counted_from_1904() -> None:
    assert shown(43890, "yyyy-mm-dd", is_1904=True) == "2024-03-01"


@given(st.floats(), st.text(alphabet='0#?.,%;"\\_*[]$-ymdhsEe+@/>원 AP', max_size=40))
def test_no_format_fails(number: float, code: str) -> None:
    assert len(shown(number, code)) < 600
