"""OpenDocument texts, slides and sheets: what of their markup reaches the text, and that no count is believed."""

import tracemalloc
from pathlib import Path

import pytest

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import odp, ods, odt, sheets
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.make_odf import cell, document, frame, heading, listed, para, row, table


def read_text(*body: str, styles: str = "", outline: str = "") -> Contents:
    content = document("text", *body, **({"styles": styles} if styles else {}), outline=outline)
    return odt.READER.contents(OpenedFile(Path("a.odt"), content))


def texts(*body: str, styles: str = "", outline: str = "") -> list[str]:
    return [block.text.strip() for block in read_text(*body, styles=styles, outline=outline).blocks]


def rows(*body: str) -> list[str]:
    content = document("spreadsheet", *body)
    return [block.text.strip() for block in ods.READER.contents(OpenedFile(Path("a.ods"), content)).blocks]


def slides(*pages: str) -> tuple[Block, ...]:
    content = document("presentation", *(f"<draw:page>{page}</draw:page>" for page in pages))
    return odp.READER.contents(OpenedFile(Path("a.odp"), content)).blocks


def test_headings_nest_by_their_outline_level() -> None:
    found = read_text(heading("A", 1), heading("B", 3), para("x"), heading("C", 2)).blocks
    assert [block.headings for block in found] == [("A",), ("A", "B"), ("A", "B"), ("A", "C")]


@pytest.mark.parametrize("level", ["0", "-1", "x", "", "99999999999"])
def test_an_outline_level_that_is_none_is_bounded(level: str) -> None:
    assert read_text(f'<text:h text:outline-level="{level}">A</text:h>').blocks[0].kind is BlockKind.HEADING


def test_a_list_that_starts_elsewhere() -> None:
    first = f'<text:list-item text:start-value="7">{para("seven")}</text:list-item>'
    item = f"{first}<text:list-item>{para('eight')}</text:list-item>"
    assert texts(f'<text:list text:style-name="L1">{item}</text:list>') == ["7. seven\n8. eight"]


def test_a_list_without_a_style_has_plain_signs() -> None:
    assert texts(listed("one", "two", more="")) == ["- one\n- two"]


def test_styles_that_inherit_in_a_circle() -> None:
    styles = "".join(
        f'<style:style style:name="{one}" style:family="paragraph" style:parent-style-name="{other}"/>'
        for one, other in ("ab", "ba")
    )
    assert texts(para("words", "a"), styles=styles) == ["words"]


def test_spaces_are_not_made_by_the_billion() -> None:
    found = read_text(para('a<text:s text:c="999999999"/>b', "Code")).blocks
    assert len(found[0].text) < 1000


def test_a_table_that_repeats_itself_is_bounded() -> None:
    many = cell("x", 'table:number-columns-repeated="999999999" table:number-columns-spanned="999999999"')
    found = texts(table(row("a", "b"), row(many, more='table:number-rows-repeated="999999999"')))
    assert 0 < sum(map(len, found)) < 1 << 20


def test_a_table_in_a_table_is_read_cell_by_cell() -> None:
    inner = table(row("x", "1"), row("y", "2"))
    assert texts(table(row(cell(para("outside") + inner)))) == ["outside", "x | 1\ny | 2"]


def test_tables_a_thousand_deep_are_refused() -> None:
    nested = para("deep")
    for _ in range(1000):
        nested = table(row(cell(nested)))
    with pytest.raises(UnreadableError) as failure:
        texts(nested)
    assert failure.value.code == "file-damaged"


def test_tables_as_deep_as_is_allowed_are_read() -> None:
    nested = para("deep")
    for _ in range(60):
        nested = table(row(cell(nested)))
    assert texts(nested) == ["deep"]


def test_a_hidden_paragraph_is_left_out() -> None:
    hidden = '<text:hidden-paragraph text:is-hidden="true"/>'
    found = read_text(para(hidden + "not for you " * 20), para("for you"))
    assert [block.text for block in found.blocks] == ["for you\n\n"]
    assert found.warnings == ("text-hidden",)


def test_an_object_that_is_no_formula_is_warned_of() -> None:
    assert read_text(para('<draw:frame><draw:object xlink:href="../../etc/passwd"/></draw:frame>')).warnings == (
        "docx-parts-left-out",
    )


def test_slides_are_pages_read_column_by_column() -> None:
    first = frame(para("right"), "15 5 8 8") + frame(para("left"), "1 5 8 8") + frame(para("T"), "1 1 20 2", "title")
    found = slides(first, frame(para("x")))
    assert [(block.text.strip(), block.page, block.headings) for block in found] == [
        ("T", 1, ("T",)),
        ("left", 1, ("T",)),
        ("right", 1, ("T",)),
        ("x", 2, ()),
    ]


@pytest.mark.parametrize("length", ["1e999cm", "cm", "-5", "9" * 400 + "cm"])
def test_a_place_that_is_none_keeps_the_order_of_the_file(length: str) -> None:
    odd = frame(para("first")).replace("<draw:frame", f'<draw:frame svg:x="{length}"')
    assert [block.text.strip() for block in slides(odd + frame(para("second"), "0 0 1 1"))] == ["first", "second"]


def test_a_million_rows_and_columns_cost_nothing_where_they_are_empty() -> None:
    empty = row(
        '<table:table-cell table:number-columns-repeated="999999999"/>', more='table:number-rows-repeated="1048000"'
    )
    tracemalloc.start()
    found = rows(table(row("Shop", "Sales", "Rent"), row("Seoul", "1", "2"), empty, row("far", "3", "4"), name="S"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == ["S", "A2 | Shop: Seoul | Sales: 1 | Rent: 2", "A1048003 | Shop: far | Sales: 3 | Rent: 4"]
    assert peak < 8 << 20


def test_a_row_that_is_repeated_a_million_times_is_read_once() -> None:
    full = row("x", "1", "2", more='table:number-rows-repeated="1048576"')
    assert rows(table(full, row("beyond", "1", "2"), name="S")) == ["S", "A1 | x | 1 | 2"]


def test_cells_that_are_repeated_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_CELLS", 40_000)
    wide = row(cell("x", 'table:number-columns-repeated="999999999"'))
    with pytest.raises(UnreadableError) as failure:
        rows(table(wide * 3))
    assert failure.value.code == "file-too-large"


def test_a_comment_in_a_cell_is_not_its_text() -> None:
    noted = cell(para("shown") + f"<office:annotation>{para('comment')}</office:annotation>")
    assert rows(table(row(noted), name="S")) == ["S", "A1 | shown"]
