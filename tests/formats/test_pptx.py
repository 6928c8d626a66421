"""Slides: their order, what stands on them, and what is left out."""

import io
from pathlib import Path
from zipfile import ZipFile

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.pptx import READER
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.make_ooxml import frame, grid, para, presentation, shape, slide, title


def contents(content: bytes) -> Contents:
    return READER.contents(OpenedFile(Path("a.pptx"), content))


def blocks(*slides: str, layout: str = "", chart0: str = "") -> tuple[Block, ...]:
    parts = {name: text for name, text in (("layout", layout), ("chart0", chart0)) if text}
    return contents(presentation(*slides, order=None, **parts)).blocks


def texts(*shapes: str, layout: str = "", chart0: str = "") -> list[str]:
    return [block.text.strip() for block in blocks(slide(*shapes), layout=layout, chart0=chart0)]


def test_a_slide_is_a_page_and_its_title_a_heading() -> None:
    found = blocks(slide(title("One"), shape(para("words"))), slide(shape(para("no title"))))
    assert [(block.kind, block.headings, block.page) for block in found] == [
        (BlockKind.HEADING, ("One",), 1),
        (BlockKind.PROSE, ("One",), 1),
        (BlockKind.PROSE, (), 2),
    ]


def test_slides_come_in_the_order_of_the_show_and_each_once() -> None:
    shown = presentation(slide(title("A")), slide(title("B")), order=(1, 0, 1, 1, 7))
    assert [block.text.strip() for block in contents(shown).blocks] == ["B", "A"]
    assert contents(shown).metadata.page_count == 2


def test_the_same_slide_ten_thousand_times_is_one_slide() -> None:
    assert len(contents(presentation(slide(title("A")), order=(0,) * 10_000)).blocks) == 1


def test_a_placeholder_stands_where_its_layout_says() -> None:
    layout = slide(shape("", "0 900 900 50", 'type="body" idx="7"'))
    low = shape(para("below"), kind='type="body" idx="7"')
    assert texts(low, shape(para("above"), "0 100 900 50"), layout=layout) == ["above", "below"]


def test_a_list_is_one_block_whose_numbers_are_counted() -> None:
    number = '<a:pPr lvl="{}"><a:buAutoNum type="{}" {}/></a:pPr>'
    outer, inner = number.format(0, "arabicParenR", 'startAt="3"'), number.format(1, "alphaLcPeriod", "")
    body = para("c", outer) + para("x", inner) + para("y", inner) + para("d", outer) + para("z", inner)
    assert texts(shape(body)) == ["3) c\na. x\nb. y\n4) d\na. z"]


def test_a_number_without_bounds_is_bounded() -> None:
    assert texts(shape(para("a", f'<a:pPr><a:buAutoNum startAt="{"9" * 4000}"/></a:pPr>'))) == ["32767 a"]


def test_merged_cells_of_a_table() -> None:
    cells = grid("Shop | Sales | Note", 'gridSpan="2">both | hMerge="1">hidden | x', "a | b | c")
    assert texts(frame(cells)) == ["Shop | Sales | Note\nboth |  | x\na | b | c"]


def test_a_span_without_bounds_is_bounded() -> None:
    assert "words" in texts(frame(grid('gridSpan="99999999">words | b', "c | d")))[0]


def test_what_is_on_each_slide_is_left_out() -> None:
    each = (shape(para("x"), kind=f'type="{kind}"') for kind in ("dt", "ftr", "sldNum", "hdr"))
    assert texts(*each, shape(para("stays"))) == ["stays"]


def test_one_of_several_forms_is_read() -> None:
    forms = f"<mc:Choice>{shape(para('new'))}</mc:Choice><mc:Fallback>{shape(para('old'))}</mc:Fallback>"
    assert texts(f"<mc:AlternateContent>{forms}</mc:AlternateContent>") == ["new"]


def test_long_hidden_words_are_warned_of() -> None:
    hidden = shape(para("not for you " * 20), about='hidden="1"')
    found = contents(presentation(slide(title("A"), hidden)))
    assert [block.text for block in found.blocks] == ["A\n\n"]
    assert found.warnings == ("text-hidden",)


def test_a_chart_that_is_shown_twice_is_read_once_and_one_that_is_missing_is_warned_of() -> None:
    chart = (
        "<c:chartSpace xmlns:c='x' xmlns:a='y'><c:chart><c:title><a:t>Sales</a:t></c:title></c:chart></c:chartSpace>"
    )
    shown = frame('<c:chart r:id="rId1"/>')
    assert texts(shown, shown, chart0=chart) == ["Sales"]
    assert contents(presentation(slide(frame('<c:chart r:id="none"/>')))).warnings == ("docx-parts-left-out",)


def test_a_slide_whose_layout_and_master_are_each_other_is_read() -> None:
    shapes = presentation(slide(title("A")), layout=slide())
    loop = '<Relationships><Relationship Id="m" Type="x/slideMaster" Target="layout.xml"/></Relationships>'
    assert contents(with_part(shapes, "ppt/_rels/layout.xml.rels", loop)).blocks


def with_part(content: bytes, name: str, text: str) -> bytes:
    out = io.BytesIO(content)
    with ZipFile(out, "a") as zip_:
        zip_.writestr(name, text)
    return out.getvalue()
