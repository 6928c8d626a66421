"""FictionBook: what its elements become, and that no file does harm."""

from pathlib import Path

import pytest

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import loose_xml
from rag_desktop.formats.fb2 import READER
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.hostile import broken, only_refused
from tests.formats.make_books import fiction, story


def contents(content: bytes) -> Contents:
    return READER.contents(OpenedFile(Path("a.fb2"), content))


def read(body: str) -> Contents:
    return contents(fiction(f"<body>{body}</body>").encode())


def texts(body: str) -> list[str]:
    return [block.text.removesuffix("\n\n") for block in read(body).blocks]


def code_for(content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        contents(content)
    return failure.value.code


def test_sections_nest() -> None:
    found = read(
        "<section><title><p>A</p></title><section><title><p>B</p></title><p>b</p></section><section><p>c</p></section>"
        "</section><section><p>d</p></section>"
    )
    assert [(block.text.strip(), block.headings) for block in found.blocks] == [
        ("A", ("A",)),
        ("B", ("A", "B")),
        ("b", ("A", "B")),
        ("c", ("A",)),
        ("d", ()),
    ]


def test_a_subtitle_holds_to_the_end_of_its_section() -> None:
    found = read("<section><subtitle>Later</subtitle><p>x</p></section><section><p>y</p></section>")
    assert [block.headings for block in found.blocks] == [("Later",), ("Later",), ()]


def test_a_note_stands_once_where_it_is_first_referred_to() -> None:
    sign = '<a l:href="#n" type="note">[1]</a>'
    bodies = [f"<body><section><p>One{sign}, two {sign}.</p><p>three{sign}</p></section></body>"]
    bodies.append('<body name="notes"><section id="n"><title><p>1</p></title><p>A note.</p></section></body>')
    found = contents(fiction(*bodies).encode()).blocks
    assert [block.text for block in found] == ["One, two.\n\n", "* A note.\n\n", "three\n\n"]


def test_a_link_that_is_no_note_keeps_its_words() -> None:
    assert texts('<section><p>See <a l:href="http://example.org">here</a>.</p></section>') == ["See here."]


def test_paragraphs_of_code_are_one_block() -> None:
    found = read("<section><p><code>def f():</code></p><p><code>    return 1</code></p><p>Then.</p></section>").blocks
    assert [(block.kind, block.text) for block in found] == [
        (BlockKind.CODE, "def f():\n    return 1\n\n"),
        (BlockKind.PROSE, "Then.\n\n"),
    ]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8", "utf-16"])
def test_the_encoding_that_the_file_declares_is_believed(encoding: str) -> None:
    text = fiction(
        "<body><section><p>Ёжик в тумане</p></section></body>", head=f'<?xml version="1.0" encoding="{encoding}"?>'
    )
    assert contents(text.encode(encoding)).blocks[0].text == "Ёжик в тумане\n\n"


def test_entities_are_never_expanded() -> None:
    declaration = '<!DOCTYPE f [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    text = fiction("<body><section><p>x &b; &x; &eacute; &amp; &#65; a&b</p></section></body>", head=declaration)
    assert contents(text.encode()).blocks[0].text == "x &b; &x; é & A a&b\n\n"


def test_a_document_type_that_hides_is_refused() -> None:
    late = "<!-- -->" * 10_000 + '<!DOCTYPE f [<!ENTITY a "b">]>'
    assert code_for(fiction("<body/>", head=late).encode()) == "file-damaged"


def test_deep_nesting_is_refused() -> None:
    assert code_for(fiction("<body>" + "<section>" * 100_000).encode()) == "file-damaged"


@pytest.mark.parametrize(("limit", "most"), [("MOST_BYTES", 1000), ("MOST_ELEMENTS", 5)])
def test_size_is_bounded(limit: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loose_xml, limit, most)
    assert code_for(story()) == "file-too-large"


def test_pictures_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loose_xml, "MOST_BYTES", 2000)
    picture = f'<binary id="a" content-type="image/png">{"QUJD" * 1000}</binary>'
    assert contents(fiction("<body><section><p>x</p></section></body>", picture).encode()).blocks[0].text == "x\n\n"


def test_other_xml_is_refused() -> None:
    assert code_for(b"<html><body><p>Words.</p></body></html>") == "file-damaged"


def test_one_long_line_and_control_characters_are_read() -> None:
    words = "слово " * 100_000
    assert texts(f"<section><p>{words}\x00\x08</p></section>") == [words.strip()]


def test_a_cell_that_claims_to_cover_a_million_rows_costs_nothing() -> None:
    rows = '<tr><td rowspan="99999" colspan="99999">x</td><td>y</td></tr><tr><td>z</td></tr>'
    found = texts(f"<section><table>{rows}</table></section>")
    assert [line.replace(" | ", "") for line in found[0].split("\n")] == ["xy", "xz"]


def test_a_broken_file_fails_in_one_way() -> None:
    only_refused(contents, broken(story(), 13, 400))
