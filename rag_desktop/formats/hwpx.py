"""Hancom's documents (HWPX, OWPML): the text as it stands when all changes are accepted.

KS X 6101:2024. Left out: headers and footers, memos and hidden comments, tables of contents, and what is drawn. The
binary format of before (.hwp) is another one, and is not read.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import tables
from rag_desktop.formats.hwpx_styles import Styles
from rag_desktop.formats.markup import child, children, inside, local, value
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.package import PARTS_UNREADABLE, Package
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PARTS_LEFT_OUT = "hwpx-parts-left-out"
"""Warning: the document shows charts or other programs' objects, whose words were not read."""

_PLAN = "Contents/content.hpf"
_MANIFEST = "META-INF/manifest.xml"
_SECTION = re.compile(r"contents/section(\d{1,6})\.xml")
_LINE_BREAK = "\x0b"
_SPACE = re.compile(r"[ \t\n\r\f]+")
_BREAKS = re.compile(rf" ?{_LINE_BREAK} ?")
_SIGNS = {"tab": "\t", "lineBreak": _LINE_BREAK, "hyphen": "-", "nbSpace": " ", "fwSpace": " "}
_SKIPPED = frozenset(
    {"secPr", "header", "footer", "hiddenComment", "shapeComment", "linesegarray", "parameters", "metaTag", "indexmark"}
)
_NOTES = frozenset({"footNote", "endNote"})
_COUNTED = frozenset({"TABLE", "PICTURE", "EQUATION"})
_FOREIGN = frozenset({"chart", "ole", "video"})
_LONGEST_HEADING = 150
"""Characters. Outline levels also number whole paragraphs, as in official letters; those are text."""
_SENTENCE = re.compile(r".{30,}[.。]$")
_MOST_SPANNED = 1024


@dataclass(slots=True)
class _Document:
    """The blocks so far, and what waits for the end of the paragraph or list in hand."""

    styles: Styles
    blocks: list[Block] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)
    trail: Trail = field(default_factory=Trail)
    lines: list[str] = field(default_factory=list)
    objects: list["Element"] = field(default_factory=list)
    """Tables, boxes and notes that hang on what was just read."""
    deleted: int = 0
    """Marks of deletion that are open."""
    title: str | None = None

    def add(self, text: str, kind: BlockKind = BlockKind.PROSE) -> None:
        self.end_lines()
        self.blocks.append(Block(text, kind, self.trail.path))

    def end_lines(self) -> None:
        if self.lines:
            self.blocks.append(Block("".join(self.lines) + "\n", BlockKind.PROSE, self.trail.path))
            self.lines.clear()


def _contents(file: OpenedFile) -> Contents:
    package = Package(file.content)
    if _is_locked(package):
        raise UnreadableError("file-encrypted")
    plan = package.root(_PLAN)
    header, sections = _parts(package, plan)
    document = _Document(Styles(package.root(header)))
    there = [part for part in sections if part in package]
    if not there:
        raise UnreadableError("file-damaged", reason="no sections")
    if len(there) < len(sections):
        document.warnings.add(PARTS_UNREADABLE)
    for part in there:
        document.deleted = 0
        for element in package.elements(part, 2):  # section, paragraph
            if local(element.tag) == "p":
                _paragraph(document, element)
            element.clear()
    document.end_lines()
    return Contents(tuple(document.blocks), _metadata(plan, document.title), tuple(sorted(document.warnings)))


def _is_locked(package: Package) -> bool:
    """Whether the manifest says how to decrypt parts (clause 15)."""
    root = package.root(_MANIFEST)
    return root is not None and any(local(each.tag) == "encryption-data" for each in root.iter())


def _parts(package: Package, plan: "Element | None") -> tuple[str, tuple[str, ...]]:
    """The header, and the sections in the order of the spine; by their usual names where no plan tells."""
    items = {
        value(each, "id"): _part(package, value(each, "href")) for each in children(child(plan, "manifest"), "item")
    }
    listed = [items.get(value(each, "idref"), "") for each in children(child(plan, "spine"), "itemref")]
    named = sorted((name for name in package.names if _SECTION.fullmatch(name)), key=_number)
    header = items.get("header", "contents/header.xml")
    sections = [part for part in listed if part.endswith(".xml") and "section" in posixpath.basename(part)]
    return header, tuple(dict.fromkeys(sections or named))


def _number(name: str) -> int:
    match = _SECTION.fullmatch(name)
    return int(match[1]) if match else 0


def _part(package: Package, reference: str) -> str:
    """Written from the top of the package, or beside the plan."""
    names = [posixpath.normpath(f"/{folder}/{unquote(reference)}").lstrip("/").lower() for folder in ("", "contents")]
    return next((each for each in names if each in package), names[0])


def _metadata(plan: "Element | None", title: str | None) -> Metadata:
    said: dict[str, str] = {}
    for each in inside(child(plan, "metadata")):
        key = value(each, "name") if local(each.tag) == "meta" else local(each.tag)
        if text := " ".join((each.text or value(each, "content") or "").split()):
            said.setdefault(key, text)
    author = said.get("creator")
    return Metadata(said.get("title") or title, author if author != "text" else None)


def _paragraph(document: _Document, element: "Element") -> None:
    section = child(child(element, "run"), "secPr")
    if section is not None:
        document.styles.outline = value(section, "outlineShapeIDRef")
    text = _collapsed(_words(document, element))
    style = document.styles.of(element)
    if text and not style.is_contents:
        label = document.styles.label(style)
        title = " ".join(f"{label if label != '-' else ''} {text}".split())
        if style.level is not None and len(title) <= _LONGEST_HEADING and not _SENTENCE.match(title):
            document.end_lines()
            document.trail.enter(style.level, title)
            document.title = document.title or (title if style.level == 0 else None)
            document.add(title + "\n\n", BlockKind.HEADING)
        elif label:
            document.lines.append(f"{label} {text}\n")
        else:
            document.add(text + "\n\n")
    _follow(document)


def _follow(document: _Document) -> None:
    """What hangs on a paragraph comes after it, nearer to its place than the document's end."""
    objects, document.objects = document.objects, []
    for each in objects:
        name = local(each.tag)
        if name == "tbl":
            _table(document, each)
        elif name in _NOTES:
            text = _collapsed(_LINE_BREAK.join(_words(document, part) for part in _paragraphs(each)))
            if text:
                document.add(f"* {text}\n\n")
        else:
            for part in _paragraphs(each):
                _paragraph(document, part)


def _words(document: _Document, element: "Element") -> str:
    found: list[str] = []
    _gather(document, element, found)
    return "".join(found)


def _gather(document: _Document, elements: "Iterable[Element]", found: list[str]) -> None:
    for each in elements:
        name = local(each.tag)
        if name == "t":
            _text(document, each, found)
        elif name in _SKIPPED:
            continue
        elif name in _NOTES or name in {"tbl", "drawText", "caption"}:
            document.objects += [] if document.deleted else [each]
        elif name == "switch":
            _gather(document, _chosen(each), found)
        elif name in _FOREIGN:
            document.warnings.add(PARTS_LEFT_OUT)
        elif name != "fieldBegin":  # it holds what is not shown: memos, instructions
            found.append("" if document.deleted else _sign(each, name))
            _gather(document, each, found)


def _text(document: _Document, element: "Element", found: list[str]) -> None:
    """Words and the marks between them; what lies between marks of deletion is gone."""
    found.append("" if document.deleted else element.text or "")
    for each in element:
        name = local(each.tag)
        if name == "deleteBegin":
            document.deleted += 1
        elif name == "deleteEnd":
            document.deleted = max(document.deleted - 1, 0)
        elif name in _SIGNS and not document.deleted:
            found.append(_SIGNS[name])
        if not document.deleted:
            found.append(each.tail or "")


def _sign(element: "Element", name: str) -> str:
    """What an element says without holding a text: a number of a caption, a formula, letters laid over one another."""
    if name == "autoNum":
        return value(element, "num") if value(element, "numType") in _COUNTED else ""
    if name == "script":
        return f" {element.text or ''} "
    if name == "mainText":
        return element.text or ""
    if name == "subText":
        return f"({element.text})" if element.text else ""
    return value(element, {"compose": "composeText", "textart": "text"}.get(name, "\0"))


def _chosen(element: "Element") -> "Iterator[Element]":
    """One of several forms of the same thing: the newest."""
    chosen = child(element, "case")
    yield from chosen if chosen is not None else inside(child(element, "default"))


def _paragraphs(element: "Element") -> "Iterator[Element]":
    for each in element:
        if local(each.tag) == "p":
            yield each
        elif local(each.tag) == "subList":
            yield from _paragraphs(each)


def _table(document: _Document, table: "Element") -> None:
    """Rows as lines; rows that hold tables, and tables that only arrange text, are read cell by cell."""
    for caption in children(table, "caption"):
        for each in _paragraphs(caption):
            _paragraph(document, each)
    rows = [list(children(row, "tc")) for row in children(table, "tr")]
    if max(map(len, rows), default=0) < 2:
        _frames(document, rows)
        return
    waiting: list[list[Element]] = []
    for row in rows:
        if any(local(each.tag) == "tbl" for cell in row for each in cell.iter()):
            _rows(document, waiting)
            waiting = []
            _frames(document, [row])
        else:
            waiting.append(row)
    _rows(document, waiting)


def _frames(document: _Document, rows: "list[list[Element]]") -> None:
    for row in rows:
        for cell in row:
            for each in _paragraphs(cell):
                _paragraph(document, each)


def _rows(document: _Document, rows: "list[list[Element]]") -> None:
    marked = next((place for place, row in enumerate(rows) if not all(value(cell, "header") == "1" for cell in row)), 0)
    placed = [[_cell(document, cell) for cell in row] for row in rows]
    for text, kind in tables.table_blocks(tables.grid(placed), marked):
        document.add(text, kind)
    _follow(document)


def _cell(document: _Document, cell: "Element") -> tables.Cell:
    text = _collapsed(" ".join(_words(document, each) for each in _paragraphs(cell))).replace("\n", " ")
    address, span = child(cell, "cellAddr"), child(cell, "cellSpan")
    column = value(address, "colAddr")
    return tables.Cell(
        text, int(column) if _is_count(column) else None, _count(value(span, "colSpan")), _count(value(span, "rowSpan"))
    )


def _is_count(said: str) -> bool:
    return said.isdecimal() and len(said) < 6


def _count(said: str) -> int:
    return max(1, min(int(said), _MOST_SPANNED)) if _is_count(said) else 1


def _collapsed(text: str) -> str:
    return _BREAKS.sub("\n", _SPACE.sub(" ", text)).strip()


READER = Reader("hwpx", (".hwpx",), _contents)
