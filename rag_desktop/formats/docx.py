"""Word documents (ECMA-376 WordprocessingML): the text as it stands when all changes are accepted.

Left out: headers and footers, comments, hidden text and what is white on white, tables of contents, and what is drawn
(alternative texts, charts).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.core_properties import core_properties
from rag_desktop.formats.docx_hidden import Looks, is_shaded
from rag_desktop.formats.docx_styles import Numbering, Style, Styles, level_of
from rag_desktop.formats.docx_tables import Row, blocks_of, rows_of
from rag_desktop.formats.html_hidden import LEAST_HIDDEN, TEXT_HIDDEN
from rag_desktop.formats.markup import child, inside, is_on, local, value
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.package import Package
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PARTS_LEFT_OUT = "docx-parts-left-out"
"""Warning: the document shows other files inside it, charts or diagrams, whose words were not read."""

_LINE_BREAK = "\x0b"
_SPACE = re.compile(r"[ \t\n\r\f]+")
_BREAKS = re.compile(rf" ?{_LINE_BREAK} ?")
_SIGNS = {"tab": "\t", "ptab": "\t", "br": _LINE_BREAK, "cr": _LINE_BREAK, "noBreakHyphen": "-"}
_BEFORE = {"den": "/", "sup": "^", "sub": "_"}
"""What joins the parts of a formula (ECMA-376 part 1, 22.1)."""
_SKIPPED = frozenset({"del", "moveFrom", "delText", "instrText", "delInstrText", "pPr", "rPr", "sdtPr", "rt"})
_THROUGH = frozenset({"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"})
"""What may stand around paragraphs, tables and rows without meaning anything for the text."""
_FOREIGN = frozenset({"altChunk", "relIds", "chart", "OLEObject", "control"})
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}


@dataclass(slots=True)
class _Document:
    """The blocks so far, and what waits for the end of the paragraph, list or table in hand."""

    styles: Styles
    numbering: Numbering
    notes: dict[str, dict[str, "Element"]]
    looks: Looks
    blocks: list[Block] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)
    trail: Trail = field(default_factory=Trail)
    lines: list[str] = field(default_factory=list)
    """Items of a list, or lines of code."""
    kind: BlockKind = BlockKind.PROSE
    """Of `lines`."""
    carried: str = ""
    """Words of a paragraph whose end was deleted: it goes on in the next one."""
    boxes: list["Element"] = field(default_factory=list)
    asides: list["Element"] = field(default_factory=list)
    title: str | None = None
    paragraph: "Element | None" = None
    """The one whose words are gathered."""
    hidden: int = 0
    """Letters that nobody sees."""

    def add(self, text: str, kind: BlockKind = BlockKind.PROSE) -> None:
        self.end_lines()
        self.blocks.append(Block(text, kind, self.trail.path))

    def add_line(self, text: str, kind: BlockKind) -> None:
        if kind is not self.kind:
            self.end_lines()
        self.kind = kind
        self.lines.append(text + "\n")

    def end_lines(self) -> None:
        if self.lines:
            self.blocks.append(Block("".join(self.lines) + "\n", self.kind, self.trail.path))
            self.lines.clear()


def _contents(file: OpenedFile) -> Contents:
    package = Package(file.content)
    main = package.target("", "officeDocument") or "word/document.xml"
    document = _opened(package, main)
    for element in package.elements(main, 3):  # document, body, paragraph
        _block(document, element)
        element.clear()
    document.end_lines()
    if rest := _collapsed(document.carried):
        document.add(rest + "\n\n")
    if document.hidden >= LEAST_HIDDEN:
        document.warnings.add(TEXT_HIDDEN)
    metadata = core_properties(package)
    metadata = replace(metadata, title=metadata.title or document.title)
    return Contents(tuple(document.blocks), metadata, tuple(sorted(document.warnings)))


def _opened(package: Package, main: str) -> _Document:
    def part(kind: str) -> "Element | None":
        target = package.target(main, kind)
        return package.root(target) if target else None

    notes = {kind: {value(each, "id"): each for each in inside(part(kind))} for kind in _NOTES.values()}
    styles = Styles(part("styles"))
    return _Document(styles, Numbering(part("numbering")), notes, Looks(package, main, styles))


def _block(document: _Document, element: "Element") -> None:
    """A paragraph, a table, or what stands around them."""
    name = local(element.tag)
    if name == "p":
        _paragraph(document, element)
    elif name == "tbl":
        _table(document, element)
    elif name in _THROUGH and not _is_placeholder(element):
        for each in element:
            _block(document, each)
    elif name == "AlternateContent":
        for each in _chosen(element):
            _block(document, each)
    elif name in _FOREIGN:
        document.warnings.add(PARTS_LEFT_OUT)


def _paragraph(document: _Document, element: "Element") -> None:
    properties = child(element, "pPr")
    name = value(child(properties, "pStyle"))
    style = document.styles.of(name)
    words = document.carried + _words(document, element)
    document.carried = ""
    text = words.replace(_LINE_BREAK, "\n").rstrip() if style.is_code else _collapsed(words)
    if child(child(properties, "rPr"), "del") is not None:
        document.carried = words
    elif text and not style.is_contents:
        _placed(document, text, properties, name, style)
    _follow(document)


def _placed(document: _Document, text: str, properties: "Element | None", name: str, style: Style) -> None:
    own = level_of("", properties) if child(properties, "outlineLvl") is not None else style.level
    label = _label(document, properties, name, style)
    if own is not None:
        title = " ".join(f"{label if label and label != '-' else ''} {text}".split())
        document.end_lines()
        document.trail.enter(own, title)
        document.title = document.title or (title if own == 0 else None)
        document.add(title + "\n\n", BlockKind.HEADING)
    elif style.is_code:
        document.add_line(text, BlockKind.CODE)
    elif label is not None:
        document.add_line(f"{label} {text}".strip(), BlockKind.PROSE)
    else:
        document.add(text + "\n\n")


def _label(document: _Document, properties: "Element | None", name: str, style: Style) -> str | None:
    own = child(properties, "numPr")
    number = value(child(own, "numId")) or style.number
    depth = value(child(own, "ilvl"))
    if number in {None, "", "0"}:
        return None
    return document.numbering.label(number or "", int(depth) if depth.isdecimal() else style.depth, name)


def _follow(document: _Document) -> None:
    """Text boxes that hang on what was just read, then its notes: nearer to their place than the document's end."""
    boxes, document.boxes = document.boxes, []
    asides, document.asides = document.asides, []
    for box in boxes:
        _on_ground(document, box, is_shaded=True)
    for aside in asides:
        if text := _collapsed(_LINE_BREAK.join(_words(document, each) for each in _paragraphs(aside))):
            document.add(f"* {text}\n\n")


def _on_ground(document: _Document, holder: "Element", *, is_shaded: bool) -> None:
    """Reads what stands in a cell or a text box, which may have a ground of its own."""
    before = document.looks.is_shaded
    document.looks.is_shaded = before or is_shaded
    for each in holder:
        _block(document, each)
    document.looks.is_shaded = before


def _words(document: _Document, element: "Element") -> str:
    found: list[str] = []
    document.paragraph = element
    _gather(document, element, found)
    return "".join(found)


def _gather(document: _Document, elements: "Iterable[Element]", found: list[str]) -> None:
    for each in elements:
        name = local(each.tag)
        if name == "t":
            found.append(each.text or "")
        elif name in _SIGNS:
            found.append(_SIGNS[name])
        elif name in _SKIPPED or _is_unseen(document, each, name):
            continue
        elif name == "AlternateContent":
            _gather(document, _chosen(each), found)
        elif not _set_aside(document, each, name):
            if name in _BEFORE and len(each):
                found.append(_BEFORE[name])
            _gather(document, each, found)


def _set_aside(document: _Document, element: "Element", name: str) -> bool:
    """Whether this is read after the paragraph, or not at all."""
    if name == "txbxContent":
        document.boxes.append(element)
        return True
    if name in _NOTES:
        note = document.notes[_NOTES[name]].get(value(element, "id"))
        if note is not None:
            document.asides.append(note)
        return True
    if name in _FOREIGN:
        document.warnings.add(PARTS_LEFT_OUT)
    return False


def _is_unseen(document: _Document, element: "Element", name: str) -> bool:
    if name == "r":
        if is_on(child(child(element, "rPr"), "vanish")):
            return True
        is_hidden = document.looks.hides(element, document.paragraph)
        document.hidden += sum(map(len, "".join(element.itertext()).split())) if is_hidden else 0
        return is_hidden
    return name == "sdt" and _is_placeholder(element)


def _chosen(element: "Element") -> "Iterator[Element]":
    """One of several forms of the same thing (ECMA-376 part 3): the newest, which Word itself shows."""
    chosen = child(element, "Choice")
    yield from chosen if chosen is not None else inside(child(element, "Fallback"))


def _is_placeholder(element: "Element") -> bool:
    """Whether this is a form's field that still says what to type there."""
    return local(element.tag) == "sdt" and is_on(child(child(element, "sdtPr"), "showingPlcHdr"))


def _paragraphs(element: "Element") -> "Iterator[Element]":
    for each in element:
        if local(each.tag) == "p":
            yield each
        elif local(each.tag) not in _SKIPPED:
            yield from _paragraphs(each)


def _table(document: _Document, table: "Element") -> None:
    """Rows as lines; rows that hold tables, and tables that only arrange text, are read cell by cell."""
    waiting: list[Row] = []
    is_dark = document.looks.is_table_shaded(table)
    for row in rows_of(table):
        if row.is_layout:
            _rows(document, waiting)
            waiting = []
            for cell in row.cells:
                _on_ground(document, cell.element, is_shaded=is_dark or is_shaded(child(cell.element, "tcPr")))
        else:
            row.texts = [_cell_words(document, cell.element, is_dark=is_dark) for cell in row.cells]
            waiting.append(row)
    _rows(document, waiting)


def _cell_words(document: _Document, cell: "Element", *, is_dark: bool) -> str:
    before = document.looks.is_shaded
    document.looks.is_shaded = before or is_dark or is_shaded(child(cell, "tcPr"))
    text = _collapsed(" ".join(_words(document, each) for each in _paragraphs(cell)))
    document.looks.is_shaded = before
    return text.replace("\n", " ")


def _rows(document: _Document, rows: list[Row]) -> None:
    for text, kind in blocks_of(rows):
        document.add(text, kind)
    _follow(document)


def _collapsed(text: str) -> str:
    return _BREAKS.sub("\n", _SPACE.sub(" ", text)).strip()


READER = Reader("docx", (".docx", ".docm", ".dotx"), _contents)
