"""Hancom's documents: what of their markup reaches the text, and that no package does harm."""

from pathlib import Path

import pytest

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import package as packages
from rag_desktop.formats.hwpx import READER
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.hostile import broken, broken_parts, lying, only_refused
from tests.formats.make_books import hancom, letter, note, p, tbl, tc
from tests.formats.make_docx import package


def contents(content: bytes) -> Contents:
    return READER.contents(OpenedFile(Path("a.hwpx"), content))


def blocks(*sections: str) -> tuple[Block, ...]:
    return contents(hancom(*sections)).blocks


def texts(*sections: str) -> list[str]:
    return [block.text.removesuffix("\n\n") for block in blocks(*sections)]


def code_for(content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        contents(content)
    return failure.value.code


def test_sections_are_read_in_the_order_of_the_spine() -> None:
    assert texts(p("하나"), p("둘"), p("셋")) == ["하나", "둘", "셋"]


def test_without_a_plan_sections_are_read_by_their_numbers() -> None:
    xmlns = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'
    parts = {f"Contents/section{number}.xml": f"<sec {xmlns}>{p(str(number))}</sec>" for number in (10, 9, 0)}
    assert [block.text.strip() for block in contents(package(parts)).blocks] == ["0", "9", "10"]


def test_both_namespaces_of_the_standard_are_read() -> None:
    section = p("Words.").replace("hp:", "")
    parts = {"Contents/section0.xml": f'<sec xmlns="http://www.owpml.org/owpml/2024/paragraph">{section}</sec>'}
    assert contents(package(parts)).blocks[0].text == "Words.\n\n"


def test_a_missing_section_is_warned_of() -> None:
    plan = (
        '<package><manifest><item id="a" href="Contents/section0.xml"/><item id="b" href="section1.xml"/></manifest>'
        '<spine><itemref idref="b"/><itemref idref="a"/></spine></package>'
    )
    found = contents(
        package({"Contents/content.hpf": plan, "Contents/section0.xml": "<sec><p><run><t>x</t></run></p></sec>"})
    )
    assert [block.text for block in found.blocks] == ["x\n\n"]
    assert found.warnings == ("parts-unreadable",)


def test_a_package_without_sections_is_no_document() -> None:
    assert code_for(package({"mimetype": "application/hwp+zip"})) == "file-damaged"


@pytest.mark.parametrize(("style", "shape"), [(1, 0), (0, 1)])
def test_a_heading_is_known_by_its_outline_level_or_its_style(style: int, shape: int) -> None:
    found = blocks(p('<hp:secPr outlineShapeIDRef="9"/>') + p("목적", shape, style) + p("글"))
    assert [(block.kind, block.headings) for block in found] == [
        (BlockKind.HEADING, ("목적",)),
        (BlockKind.PROSE, ("목적",)),
    ]


def test_a_sentence_on_an_outline_level_is_numbered_text() -> None:
    sentence = "을은 갑에게 물품을 공급하고 갑은 을에게 그 대금을 지급하여야 한다."
    assert [block.kind for block in blocks(p(sentence, 1))] == [BlockKind.PROSE]


def test_numbers_begin_anew_below_each_heading() -> None:
    start = p('<hp:secPr outlineShapeIDRef="1"/>')
    found = texts(start + p("a", 1) + p("b", 2) + p("c", 2) + p("d", 1) + p("e", 2))
    assert found == ["제1조 a", "1-가. b", "1-나. c", "제2조 d", "2-가. e"]


def test_deleted_words_go_until_the_deletion_ends_be_it_in_another_paragraph() -> None:
    first = p('<hp:t>kept <hp:deleteBegin Id="1"/>gone</hp:t>' + note("gone too"))
    assert texts(first + p('<hp:t>gone<hp:deleteEnd Id="1"/> stays</hp:t>')) == ["kept", "stays"]


def test_what_is_not_on_the_page_is_left_out() -> None:
    memo = '<hp:ctrl><hp:fieldBegin type="MEMO"><hp:subList>' + p("memo") + "</hp:subList></hp:fieldBegin></hp:ctrl>"
    assert texts(p(f"<hp:t>a</hp:t>{memo}<hp:t>b</hp:t>")) == ["ab"]


def test_ruby_and_overlaid_letters_are_read() -> None:
    ruby = "<hp:dutmal><hp:mainText>大韓</hp:mainText><hp:subText>대한</hp:subText></hp:dutmal>"
    assert texts(p(f'{ruby}<hp:compose composeText="①"/>')) == ["大韓(대한)①"]


def test_a_table_within_a_table_is_read_cell_by_cell() -> None:
    inner = tbl(tc("a", 0, 0) + tc("1", 1, 0), tc("b", 0, 1) + tc("2", 1, 1))
    outer = tbl(tc("left", 0, 0) + tc(p("right") + p(inner), 1, 0))
    assert texts(p(outer)) == ["left", "right", "a | 1\nb | 2"]


def test_notes_of_a_table_follow_it() -> None:
    cell = tc(p("<hp:t>1</hp:t>" + note("In euros.", "endNote")), 1, 0)
    assert texts(p(tbl(tc("a", 0, 0) + cell, tc("b", 0, 1) + tc("2", 1, 1)))) == ["a | 1\nb | 2", "* In euros."]


def test_nesting_up_to_the_limit_is_read_and_no_deeper() -> None:
    nested = p("in the middle")
    for _ in range(25):
        nested = p(tbl(tc(nested, 0, 0)))
    assert texts(nested) == ["in the middle"]
    assert code_for(hancom("<hp:run>" * 100_000)) == "file-damaged"


def test_cells_at_absurd_places_lose_no_words() -> None:
    far = tc("far", 99_999, 0, 99_999, 99_999)
    found = texts(p(tbl(tc("near", 0, 0) + far, tc("below", 0, 1) + tc("beside", 70_000, 1))))
    assert all(word in found[0] for word in ("near", "far", "below", "beside"))


def test_no_document_type_is_accepted() -> None:
    declared = '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY x SYSTEM "file:///etc/passwd">]><sec><p><run><t>&a;</t></run></p></sec>'
    assert code_for(package({"Contents/section0.xml": declared})) == "file-damaged"


def test_a_bomb_is_stopped_by_what_comes_out_and_not_by_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_INFLATED", 1 << 20)
    bomb = hancom(p("x" * (2 << 20)))
    assert len(bomb) < 10_000
    assert code_for(bomb) == "file-too-large"
    assert code_for(lying(bomb)) in {"file-too-large", "file-damaged"}


def test_a_broken_document_fails_in_one_way() -> None:
    only_refused(contents, broken(letter(), 17))
    only_refused(contents, broken_parts(letter(), 19))
