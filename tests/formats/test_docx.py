"""Word documents: what of their markup reaches the text, and that no package does harm."""

import io
import random
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import package as packages
from rag_desktop.formats.docx import READER
from rag_desktop.formats.docx_styles import numeral
from rag_desktop.formats.reader import OpenedFile
from rag_desktop.text.units import LEAF_TOKENS
from rag_desktop.text.words import count_tokens
from tests.formats.make_docx import cell, contract, document, package, paragraph, relations, run, table


def blocks(content: bytes) -> tuple[Block, ...]:
    return READER.contents(OpenedFile(Path("a.docx"), content)).blocks


def lines(*body: str, **parts: str) -> list[str]:
    return "".join(block.text for block in blocks(document(*body, **parts))).split("\n\n")[:-1]


def code_for(content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        blocks(content)
    return failure.value.code


def with_body(xml: str) -> bytes:
    return package({"word/document.xml": xml})


def style(identity: str, name: str, more: str = "") -> str:
    return f'<w:style w:type="paragraph" w:styleId="{identity}"><w:name w:val="{name}"/>{more}</w:style>'


@pytest.mark.parametrize("name", ["heading 2", "Heading 2", "제목 2", "Überschrift 2", "見出し 2"])
def test_a_heading_is_known_by_its_style_in_any_language(name: str) -> None:
    content = document(paragraph("Rent", "x"), paragraph("Monthly."), styles=style("x", name))
    assert [(block.kind, block.headings) for block in blocks(content)] == [
        (BlockKind.HEADING, ("Rent",)),
        (BlockKind.PROSE, ("Rent",)),
    ]


def test_a_style_is_what_it_is_based_on() -> None:
    styles = style("a", "Own", '<w:basedOn w:val="b"/>') + style("b", "heading 1", '<w:basedOn w:val="a"/>')
    assert blocks(document(paragraph("Rent", "a"), styles=styles))[0].kind is BlockKind.HEADING


def test_a_paragraph_may_say_that_it_is_body_text() -> None:
    body = '<w:p><w:pPr><w:pStyle w:val="Heading1"/><w:outlineLvl w:val="9"/></w:pPr>' + run("Only bold") + "</w:p>"
    assert blocks(document(body))[0].kind is BlockKind.PROSE


def test_a_style_that_is_not_defined_is_known_by_its_identity() -> None:
    assert blocks(document(paragraph("Rent", "Heading1")))[0].kind is BlockKind.HEADING


def test_moved_words_stand_where_they_were_moved_to() -> None:
    moved = "<w:moveFrom>" + run("gone ") + "</w:moveFrom>" + run("stays ") + "<w:moveTo>" + run("here") + "</w:moveTo>"
    assert lines(paragraph(moved)) == ["stays here"]


def test_a_deleted_row_is_gone() -> None:
    gone = "<w:trPr><w:del/></w:trPr>" + cell("old") + cell("row")
    assert lines(table(gone, cell("a") + cell("1"), cell("b") + cell("2"))) == ["a | 1\nb | 2"]


def test_the_result_of_a_field_is_read_and_its_instruction_is_not() -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        + run("page 3")
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    assert lines(paragraph(field)) == ["page 3"]


def test_both_namespaces_of_the_standard_are_read() -> None:
    strict = contract_part().replace(
        "schemas.openxmlformats.org/wordprocessingml/2006/main", "purl.oclc.org/ooxml/main"
    )
    assert blocks(with_body(strict))[0].text == "Words.\n\n"


def contract_part() -> str:
    content = document(paragraph("Words."))
    return zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()


def test_a_long_table_repeats_its_header_in_pieces_that_fit_a_leaf() -> None:
    rows = [cell(f"Product number {number}") + cell(f"{number}.50") for number in range(60)]
    found = blocks(document(table(cell("Product") + cell("Price"), *rows)))
    assert len(found) > 3
    assert all(block.text.startswith("Product | Price\n") for block in found)
    assert all(count_tokens(block.text) <= LEAF_TOKENS for block in found)
    assert sum(block.text.count("Product number") for block in found) == 60


def test_a_table_of_one_column_is_a_frame() -> None:
    found = blocks(document(table(cell("Note"), cell("Read this first."))))
    assert [block.kind for block in found] == [BlockKind.PROSE, BlockKind.PROSE]


def test_no_header_is_repeated_where_the_first_row_holds_figures() -> None:
    rows = [cell(f"row {number}") + cell(f"{number} euros and some words") for number in range(60)]
    assert len(blocks(document(table(*rows)))) == 1


@pytest.mark.parametrize(
    ("number", "format_", "shown"),
    [
        (4, "upperRoman", "IV"),
        (28, "lowerLetter", "bb"),
        (2, "ganada", "나"),
        (3, "chosung", "ㄷ"),
        (7, "decimalZero", "07"),
        (5, "decimalEnclosedCircle", "⑤"),
        (12, "somethingNew", "12"),
        (0, "upperRoman", "0"),
        (10**9, "upperRoman", "1000000000"),
    ],
)
def test_numbers_of_lists(number: int, format_: str, shown: str) -> None:
    assert numeral(number, format_) == shown


def test_what_is_shown_from_other_files_is_warned_of() -> None:
    content = document(paragraph("Words."), '<w:altChunk r:id="rId7"/>')
    assert READER.contents(OpenedFile(Path("a.docx"), content)).warnings == ("docx-parts-left-out",)


def test_the_main_part_may_have_any_name() -> None:
    parts = {"_rels/.rels": relations(officeDocument="/other/Main.xml"), "other/main.xml": contract_part()}
    assert blocks(package(parts))[0].text == "Words.\n\n"


def test_an_old_document_is_no_new_one() -> None:
    assert code_for(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)) == "file-damaged"


def test_no_document_type_is_accepted() -> None:
    declaration = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    assert code_for(with_body(declaration + contract_part().replace("Words", "&b;"))) == "file-damaged"
    external = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    late = f"<!-- {'x' * 200_000} -->{external}{contract_part()}"
    assert code_for(with_body(late)) == "file-damaged"
    assert code_for(package({"word/document.xml": declaration + "<a/>"})) == "file-damaged"


def test_a_bomb_is_stopped_by_what_comes_out_and_not_by_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_INFLATED", 1 << 20)
    content = document(paragraph("x" * (2 << 20)))
    assert len(content) < 10_000
    assert code_for(content) == "file-too-large"
    honest = (2 << 20).to_bytes(3, "little")[:2]
    assert code_for(content.replace(honest, b"\x10\x00")) in {"file-too-large", "file-damaged"}


@pytest.mark.parametrize(("limit", "code"), [("MOST_ELEMENTS", "file-too-large"), ("MOST_ENTRIES", "file-damaged")])
def test_counts_are_bounded(limit: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, limit, 3)
    assert code_for(contract()) == code


def test_deep_nesting_is_refused() -> None:
    deep = "<w:sdt><w:sdtContent>" * 50_000 + "</w:sdtContent></w:sdt>" * 50_000
    assert code_for(document(deep)) == "file-damaged"


def test_nesting_up_to_the_limit_is_read() -> None:
    nested = paragraph("in the middle")
    for _ in range(60):
        nested = table(cell(paragraph("") + nested))
    assert lines(nested) == ["in the middle"]


def test_a_broken_package_fails_in_one_way() -> None:
    chance = random.Random(7)
    whole = contract()
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        end = chance.choice([len(broken), chance.randrange(len(broken))])
        with suppress(UnreadableError):
            blocks(bytes(broken[:end]))


def test_broken_markup_fails_in_one_way() -> None:
    chance = random.Random(11)
    parts = {info.filename: info for info in zipfile.ZipFile(io.BytesIO(contract())).infolist()}
    texts = {name: zipfile.ZipFile(io.BytesIO(contract())).read(name).decode() for name in parts}
    for _ in range(300):
        name = chance.choice(list(texts))
        words = texts[name].split('"')
        one, other = chance.randrange(len(words)), chance.randrange(len(words))
        words[one], words[other] = words[other], words[one]
        with suppress(UnreadableError):
            blocks(package({**texts, name: '"'.join(words)}))


def test_a_tag_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_LONGEST_TOKEN", 1 << 18)
    assert code_for(document("<w:p " + "".join(f'a{number}="1" ' for number in range(60_000)))) == "file-damaged"
