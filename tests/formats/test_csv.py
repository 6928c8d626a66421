"""Tables as text: telling delimiters and headers, rows that stay whole, and bounds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Block
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats import csv, records
from rag_desktop.formats.reader import OpenedFile
from rag_desktop.formats.reading import read
from rag_desktop.formats.records import Field, is_header
from rag_desktop.text.units import LEAF_LIMIT
from rag_desktop.text.words import count_tokens


def blocks(text: str, name: str = "a.csv") -> tuple[Block, ...]:
    return csv.READER.contents(OpenedFile(Path(name), text.encode())).blocks


def rows(text: str, name: str = "a.csv") -> list[str]:
    return [block.text.rstrip("\n") for block in blocks(text, name)]


def code_for(text: str) -> str:
    with pytest.raises(UnreadableError) as failure:
        blocks(text)
    return failure.value.code


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told(delimiter: str) -> None:
    table = [["name", "price"], ["Trail, shoe" if delimiter != "," else "Trail shoe", "1.5"], ["Boot", "12"]]
    text = "\r\n".join(delimiter.join(row) for row in table)
    assert rows(text) == [f"name: {table[1][0]} | price: 1.5", "name: Boot | price: 12"]


def test_commas_of_prose_are_no_delimiters() -> None:
    assert rows("Well, yes\nno\nmaybe\nso") == ["Well, yes", "no", "maybe", "so"]


def test_excel_says_its_delimiter() -> None:
    assert rows("sep=;\na;b,c\n1;2,5\n") == ["a: 1 | b,c: 2,5"]


def test_quotes_hold_delimiters_line_ends_and_quotes() -> None:
    assert rows('name,note\nA,"one, ""two""\nthree"\nB,x\n') == [
        'name: A | note: one, "two" three',
        "name: B | note: x",
    ]


def test_backslashes_may_stand_before_quotes() -> None:
    assert rows('name,note\nA,"say \\"hi\\", then go"\nB,x\n')[0] == 'name: A | note: say "hi", then go'


def test_a_quote_that_is_never_closed_takes_nothing_with_it() -> None:
    text = 'name,size\nA,"5 inch\n' + "".join(f"B{number},{number}\n" for number in range(300))
    found = rows(text)
    assert len(found) == 301
    assert found[0] == "name: A | size: 5 inch"
    assert found[-1] == "name: B299 | size: 299"


def test_empty_cells_rows_and_names() -> None:
    assert rows(",name,price\n0,A,\n\n1,,3,extra\n,,\n") == ["0 | name: A", "1 | price: 3 | extra"]


def test_a_header_alone() -> None:
    assert rows("name,price\n") == ["name | price"]


@pytest.mark.parametrize(
    ("first", "body", "expected"),
    [
        (["name", "price"], [["A", "1"]], True),
        (["Region", "2023", "2024"], [["North", "5", "6"]], True),
        (["Seoul", "Korea"], [["Busan", "Korea"]], False),
        (["A", "1.50"], [["B", "2"]], False),
        (["2023", "5"], [["2024", "6"]], False),
        (["x", "x"], [["1", "2"]], False),
        (["", "", "x"], [["1", "2", "3"]], False),
        (["name", "word " * 30], [["1", "2"]], False),
        (["name", "price"], [], False),
    ],
)
def test_headers(first: list[str], body: list[list[str]], expected: bool) -> None:
    assert is_header(first, body) is expected


def test_too_many_columns_are_refused_before_they_are_made() -> None:
    assert code_for("a" + ",b" * 20_000 + "\n1,2\n") == "csv-too-wide"
    assert code_for("," * 3_000_000) == "csv-too-wide"
    assert code_for('"\n",' * 1_100_000) == "csv-too-wide"


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "MOST_ROWS", 10)
    assert code_for("a,b\n" + "1,2\n" * 10) == "csv-too-large"


def test_what_is_written_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_CHARACTERS", 1000)
    assert code_for("a long name,b\n" + "1,2\n" * 200) == "csv-too-large"


def test_a_row_is_a_leaf_of_its_own(tmp_path: Path) -> None:
    row = "Trail Shoe {0},A grippy shoe for runs on wet forest paths in autumn and in winter,{0}.90\n"
    path = tmp_path / "a.csv"
    path.write_text("name,description,price\n" + "".join(row.format(number) for number in range(20)), "utf-8")
    reading = read(ReadRequest(str(path), "leaves")).reading
    leaves = [chunk.span.of(reading.text) for chunk in reading.chunks if chunk.is_leaf]
    assert [leaf.partition(" |")[0] for leaf in leaves] == [f"name: Trail Shoe {number}" for number in range(20)]


@given(st.lists(st.text("ab 계약.,1", max_size=60), min_size=1, max_size=6), st.integers(1, 60))
def test_lines_of_a_record_fit_leaves_and_lose_no_word(values: list[str], times: int) -> None:
    fields = [Field(f"n{number}", " ".join((value * times).split())) for number, value in enumerate(values)]
    fields = [each for each in fields if each.value]
    found = records.lines(fields)
    assert all(count_tokens(line) <= LEAF_LIMIT for line in found)
    written = "".join("".join(found).split())
    for each in fields:
        assert each.name in written
        assert all(word[:40] in written for word in each.value.split())


@given(st.lists(st.lists(st.text('ab,;|"\t\n계', max_size=8), max_size=5), max_size=8))
def test_any_text_is_read_or_refused(table: list[list[str]]) -> None:
    body = "\n".join(",".join(row) for row in table)
    found = "".join(block.text for block in blocks(f"sep=,\nx,y,z\n{body}"))
    assert all(letter in found for letter in body if letter in "ab계")
