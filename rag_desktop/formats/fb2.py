"""FictionBook 2: novels as XML, with sections, poems, tables and notes (gribuser.ru/xml/fictionbook)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import tables
from rag_desktop.formats.loose_xml import parse, words
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SUBTITLE = 1000
"""Its level: below all sections, so that the next section closes it."""
_NAMES = ("first-name", "middle-name", "last-name")
_MOST_SPANNED = 64
_NOTE = "\x0b"
"""Stands for the sign of a note; XML itself cannot hold it."""
_SIGN = re.compile(rf"\s*{_NOTE}")
_SPACE = re.compile(r"\s+")
_BINARY = re.compile(rb"<binary\b[^<>]*>[^<>]*</binary>")
"""A picture, which would be most of the file."""
_LINES = frozenset({"v", "text-author", "date"})
_QUIET = frozenset({"image", "empty-line", "binary", "stylesheet", "description"})


@dataclass(slots=True)
class _Book:
    """The blocks so far, the notes by their identities, and those of the paragraph in hand."""

    notes: dict[str, "Element"]
    blocks: list[Block] = field(default_factory=list)
    trail: Trail = field(default_factory=Trail)
    code: list[str] = field(default_factory=list)
    """Lines of code: each is a paragraph."""
    asides: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    """Identities of the notes that have been told: each stands once, where it is first referred to."""

    def add(self, text: str, kind: BlockKind = BlockKind.PROSE) -> None:
        self.end_code()
        if text:
            self.blocks.append(Block(text + "\n\n", kind, self.trail.path))

    def add_heading(self, level: int, title: str) -> None:
        self.enter(level, title)
        self.add(title, BlockKind.HEADING)

    def enter(self, level: int, title: str) -> None:
        self.end_code()
        self.trail.enter(level, title)

    def end_code(self) -> None:
        if self.code:
            self.blocks.append(Block("\n".join(self.code) + "\n\n", BlockKind.CODE, self.trail.path))
            self.code.clear()

    def tell_notes(self) -> None:
        asides, self.asides = self.asides, []
        for aside in asides:
            self.add(aside)


def _contents(file: OpenedFile) -> Contents:
    root, warnings = parse(_BINARY.sub(b"", file.content))
    if root.tag != "FictionBook":
        raise UnreadableError("file-damaged", reason="no FictionBook")
    bodies = root.findall("body")
    notes = [body for body in bodies if body.get("name")]
    book = _Book({identity: each for body in notes for each in body.iter("section") if (identity := each.get("id"))})
    about = root.find("description/title-info")
    if about is not None:
        _section(book, about.findall("annotation"), 0)
    for body in bodies:
        if body.get("name") is None:
            _section(book, body, 0)
    for body in notes:
        _untold(book, body)
    book.end_code()
    return Contents(tuple(book.blocks), _metadata(about), warnings)


def _metadata(about: "Element | None") -> Metadata:
    if about is None:
        return Metadata()
    authors = [_author(each) for each in about.findall("author")]
    return Metadata(words(about.find("book-title")) or None, ", ".join(filter(None, authors)) or None)


def _author(element: "Element") -> str:
    return " ".join(filter(None, (words(element.find(name)) for name in _NAMES))) or words(element.find("nickname"))


def _untold(book: _Book, body: "Element") -> None:
    """Notes that nothing refers to."""
    left = [each for each in body.findall("section") if each.get("id") not in book.told]
    if left:
        book.enter(0, "")
        _section(book, [*body.findall("title"), *left], 0)


def _section(book: _Book, elements: "Iterable[Element]", level: int) -> None:
    for each in elements:
        if each.tag == "title":
            book.add_heading(level, _title(each))
        elif each.tag == "section":
            book.enter(level + 1, "")
            _section(book, each, level + 1)
        elif each.tag == "subtitle":
            _subtitle(book, each)
        elif each.tag == "p":
            _paragraph(book, each)
        elif each.tag == "poem":
            _poem(book, each)
        elif each.tag == "table":
            _table(book, each)
        elif each.tag in _LINES:
            book.add(words(each))
        elif each.tag not in _QUIET:  # cite, epigraph, annotation, and what is not in the schema
            _section(book, each, level)


def _title(element: "Element") -> str:
    """A title's lines, as one."""
    return " ".join(filter(None, map(words, element.findall("p")))) or words(element)


def _subtitle(book: _Book, element: "Element") -> None:
    title = words(element)
    if any(map(str.isalnum, title)):  # else it is a row of stars
        book.add_heading(_SUBTITLE, title)


def _paragraph(book: _Book, element: "Element") -> None:
    if len(element) == 1 and element[0].tag == "code" and not f"{element.text or ''}{element[0].tail or ''}".strip():
        book.code.append("".join(element[0].itertext()).rstrip())
        return
    book.add(_inline(book, element))
    book.tell_notes()


def _inline(book: _Book, element: "Element") -> str:
    return _SPACE.sub(" ", _SIGN.sub("", "".join(_pieces(book, element)))).strip()


def _pieces(book: _Book, element: "Element") -> Iterator[str]:
    yield element.text or ""
    for each in element:
        if _is_note(book, each):
            yield _NOTE
        else:
            yield from _pieces(book, each)
        yield each.tail or ""


def _is_note(book: _Book, element: "Element") -> bool:
    """Whether this is the sign of a note, whose words follow the paragraph."""
    identity = element.get("href", "").removeprefix("#")
    if element.tag != "a" or identity not in book.notes:
        return False
    if identity not in book.told:
        book.told.add(identity)
        text = " ".join(words(each) for each in book.notes[identity] if each.tag not in {"title", "section"})
        book.asides.append(f"* {text.strip()}")
    return True


def _poem(book: _Book, poem: "Element") -> None:
    """A poem is one block, its stanzas parted by an empty line."""
    parts: list[str] = []
    for each in poem:
        if each.tag == "title":
            parts.append(_title(each))
        elif each.tag == "stanza":
            parts.append("\n".join(filter(None, (_inline(book, line) for line in each))))
        elif each.tag not in _QUIET:
            parts.append(words(each))
    book.add("\n\n".join(filter(None, parts)))
    book.tell_notes()


def _table(book: _Book, table: "Element") -> None:
    rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in table.findall("tr")]
    marked = next((place for place, row in enumerate(rows) if any(cell.tag == "td" for cell in row)), 0)
    placed = [
        [tables.Cell(_inline(book, cell), None, _count(cell, "colspan"), _count(cell, "rowspan")) for cell in row]
        for row in rows
    ]
    for text, kind in tables.table_blocks(tables.grid(placed), marked):
        book.add(text.removesuffix("\n\n"), kind)
    book.tell_notes()


def _count(cell: "Element", name: str) -> int:
    said = cell.get(name, "")
    return max(1, min(int(said), _MOST_SPANNED)) if said.isdecimal() and len(said) < 6 else 1


READER = Reader("fb2", (".fb2",), _contents)
