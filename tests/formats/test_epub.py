"""E-books: what their plan makes of the chapters, and that no book does harm."""

from pathlib import Path

import pytest

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import package as packages
from rag_desktop.formats.epub import READER
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.hostile import broken, broken_parts, lying, only_refused
from tests.formats.make_books import AES, book, encryption, item, navigation, novel, page, spine


def contents(content: bytes) -> Contents:
    return READER.contents(OpenedFile(Path("a.epub"), content))


def blocks(content: bytes) -> tuple[Block, ...]:
    return contents(content).blocks


def texts(content: bytes) -> list[str]:
    return [block.text.strip() for block in blocks(content)]


def code_for(content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        contents(content)
    return failure.value.code


def simple(body: str, more: str = "", **parts: str) -> bytes:
    """A book of one chapter."""
    plan = f"<manifest>{item('one', 'one.xhtml')}{more}</manifest>{spine('one')}"
    return book(plan, {"one.xhtml": page(body), **parts})


def ncx(entries: str) -> str:
    kind = '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
    return f'{kind}<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{entries}</navMap></ncx>'


def point(title: str, target: str, inside: str = "") -> str:
    return f'<navPoint><navLabel><text>{title}</text></navLabel><content src="{target}"/>{inside}</navPoint>'


def test_the_titles_of_epub_2_come_from_its_ncx_whose_document_type_is_not_followed() -> None:
    parts = {"toc.ncx": ncx(point("Part&nbsp;One", "", point("Chapter 1", "one.xhtml#start")))}
    more = item("ncx", "toc.ncx", kind="application/x-dtbncx+xml")
    assert [block.headings for block in blocks(simple("<p>Words.</p>", more, **parts))] == [
        ("Part One", "Chapter 1"),
        ("Part One", "Chapter 1"),
    ]


def test_a_chapter_with_a_heading_keeps_it_under_the_part_it_belongs_to() -> None:
    parts = {"toc.ncx": ncx(point("Part One", "", point("1", "one.xhtml")))}
    more = item("ncx", "toc.ncx", kind="application/x-dtbncx+xml")
    found = blocks(simple("<h1>The Beginning</h1><p>Words.</p>", more, **parts))
    assert [block.headings for block in found] == [("Part One", "The Beginning")] * 2


def test_a_table_of_contents_that_is_broken_costs_only_the_titles() -> None:
    parts = {"nav.xhtml": navigation("<ol><li><a href='one.xhtml'>One</li></ol>")}
    found = blocks(simple("<p>Words.</p>", item("nav", "nav.xhtml", ' properties="nav"'), **parts))
    assert [(block.text, block.headings) for block in found] == [("Words.\n\n", ())]


def test_a_chapter_that_is_listed_often_is_read_once() -> None:
    plan = f"<manifest>{item('one', 'one.xhtml')}</manifest>{spine(*['one'] * 100_000)}"
    assert texts(book(plan, {"one.xhtml": page("<p>Once.</p>")})) == ["Once."]


def test_chapters_beside_the_reading_order_come_last() -> None:
    plan = f"<manifest>{item('a', 'a.xhtml')}{item('b', 'b.xhtml')}</manifest>{spine('a!', 'b')}"
    parts = {"a.xhtml": page("<p>Answers.</p>"), "b.xhtml": page("<p>Questions.</p>")}
    assert texts(book(plan, parts)) == ["Questions.", "Answers."]


def test_a_missing_chapter_is_warned_of_and_the_others_are_read() -> None:
    plan = f"<manifest>{item('a', 'a.xhtml')}{item('b', 'gone.xhtml')}</manifest>{spine('b', 'a', 'unknown')}"
    found = contents(book(plan, {"a.xhtml": page("<p>Here.</p>")}))
    assert [block.text for block in found.blocks] == ["Here.\n\n"]
    assert found.warnings == ("parts-unreadable",)


@pytest.mark.parametrize(
    "href", ["../../../../etc/passwd", "/etc/passwd", "http://example.org/one.xhtml", "%2e%2e/%2e%2e/a"]
)
def test_no_path_leads_out_of_the_package(href: str) -> None:
    plan = f"<manifest>{item('a', href)}</manifest>{spine('a')}"
    assert code_for(book(plan, {})) == "file-damaged"


@pytest.mark.parametrize("href", ["a%20b.xhtml", "A b.xhtml", "x/../a b.xhtml#top"])
def test_references_are_decoded_and_straightened(href: str) -> None:
    plan = f"<manifest>{item('a', href)}</manifest>{spine('a')}"
    assert texts(book(plan, {"a b.xhtml": page("<p>Found.</p>")})) == ["Found."]


def test_without_a_spine_all_pages_are_read_in_their_order() -> None:
    plan = f"<manifest>{item('b', 'b.xhtml')}{item('a', 'a.xhtml')}{item('s', 's.css', kind='text/css')}</manifest>"
    assert texts(book(plan, {"a.xhtml": page("<p>A</p>"), "b.xhtml": page("<p>B</p>"), "s.css": "p{}"})) == ["B", "A"]


def test_a_chapter_locked_by_drm_is_told_from_a_hidden_font() -> None:
    assert code_for(simple("<p>x</p>", **{"META-INF/encryption.xml": encryption(AES, "OEBPS/one.xhtml")})) == (
        "file-encrypted"
    )
    picture = encryption(AES, "OEBPS/cover.jpg")
    assert texts(simple("<p>Free.</p>", **{"META-INF/encryption.xml": picture})) == ["Free."]


def test_a_package_document_may_have_a_document_type_and_its_entities_are_not_expanded() -> None:
    entity = (
        '<!DOCTYPE package [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    )
    plan = f"<manifest>{item('one', 'one.xhtml')}</manifest>{spine('one')}"
    whole = book(plan, {"one.xhtml": page("<p>Words.</p>")}, "<dc:title>T &b; &x;</dc:title>")
    opf = f"{entity}<package><metadata><title>T &b; &x;</title></metadata>{plan}</package>"
    changed = packages_with(whole, "OEBPS/book.opf", opf)
    found = contents(changed)
    assert found.metadata.title == "T &b; &x;"
    assert [block.text for block in found.blocks] == ["Words.\n\n"]


def packages_with(whole: bytes, name: str, text: str) -> bytes:
    """The same package with another part of this name."""
    import io
    import zipfile

    from tests.formats.make_docx import package

    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        parts: dict[str, str | bytes] = {each: file.read(each) for each in file.namelist()}
    return package({**parts, name: text})


def test_entities_of_a_chapter_are_not_expanded() -> None:
    chapter = (
        '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">'
        '<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>x &b; &x; y</p></body></html>'
    )
    plan = f"<manifest>{item('one', 'one.xhtml')}</manifest>{spine('one')}"
    assert texts(book(plan, {"one.xhtml": chapter})) == ["x &b; &x; y"]


def test_elements_without_content_are_closed_as_xhtml_has_it() -> None:
    assert texts(simple("<p>a<script src='x'/>b<a id='c'/>c</p><div/><p>d</p>")) == ["abc", "d"]


def test_a_chapter_nested_without_end_is_left_out() -> None:
    deep = page("<div>" * 100_000 + "deep" + "</div>" * 100_000)
    plan = f"<manifest>{item('a', 'a.xhtml')}{item('b', 'b.xhtml')}</manifest>{spine('a', 'b')}"
    found = contents(book(plan, {"a.xhtml": deep, "b.xhtml": page("<p>Flat.</p>")}))
    assert [block.text for block in found.blocks] == ["Flat.\n\n"]
    assert found.warnings == ("parts-unreadable",)


def test_a_plan_nested_without_end_is_refused() -> None:
    assert code_for(book("<manifest>" * 100_000, {})) == "file-damaged"


def test_a_bomb_is_stopped_by_what_comes_out_and_not_by_what_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_INFLATED", 1 << 20)
    bomb = simple(f"<p>{'x' * (2 << 20)}</p>")
    assert len(bomb) < 10_000
    assert code_for(bomb) == "file-too-large"
    assert code_for(lying(bomb)) in {"file-too-large", "file-damaged"}


def test_the_number_of_parts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_ENTRIES", 3)
    assert code_for(novel()) == "file-damaged"


def test_a_title_is_not_repeated_where_the_chapter_begins_with_it() -> None:
    parts = {"toc.ncx": ncx(point("The Beginning", "one.xhtml"))}
    more = item("ncx", "toc.ncx", kind="application/x-dtbncx+xml")
    found = blocks(simple("<p class='h'>The  beginning</p><p>Words.</p>", more, **parts))
    assert [(block.kind, block.text) for block in found] == [
        (BlockKind.HEADING, "The beginning\n\n"),
        (BlockKind.PROSE, "Words.\n\n"),
    ]


def test_a_broken_book_fails_in_one_way() -> None:
    only_refused(contents, broken(novel(), 3))
    only_refused(contents, broken_parts(novel(), 5))
