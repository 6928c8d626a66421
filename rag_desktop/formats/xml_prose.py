"""Documents in XML (DocBook, JATS, TEI, DITA and their like): titles, paragraphs, code and tables by their names."""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.formats.loose_xml import words
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.reader import Contents

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PARAGRAPHS = frozenset({"p", "para", "simpara", "formalpara", "shortdesc", "paragraph", "lg", "l", "ab"})
_TITLES = frozenset({"title", "head", "heading", "article-title", "h1", "h2", "h3", "h4", "h5", "h6"})
_CODE = frozenset({"programlisting", "screen", "literallayout", "codeblock", "pre", "synopsis", "cmdsynopsis", "eg"})
_TABLES = frozenset({"table", "informaltable", "simpletable"})
_ROWS = frozenset({"row", "tr", "strow", "sthead"})
_LISTS = frozenset(
    re.findall(
        r"[\w-]+",
        "itemizedlist orderedlist variablelist simplelist list ul ol dl listitem item li dt dd varlistentry list-item"
        " def-list def-item note warning tip important caution blockquote disp-quote figure fig table-wrap sec section"
        " div sect1 sect2 sect3 chapter body ref-list",
    )
)
_BLOCKS = _PARAGRAPHS | _TITLES | _CODE | _TABLES | _LISTS
_UNSEEN = frozenset({"script", "style", "graphic", "inline-graphic", "tex-math", "indexterm", "teiHeader", "colspec"})
_LEAST_MIXED = 0.1
"""The share of elements with words in which words stand beside elements; data has none."""


@dataclass(slots=True)
class _Prose:
    trail: Trail = field(default_factory=Trail)
    blocks: list[Block] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Of the paragraph in hand."""

    def end_paragraph(self) -> None:
        said = " ".join("".join(self.words).split())
        self.words.clear()
        self.add(said, BlockKind.PROSE)

    def add(self, text: str, kind: BlockKind) -> None:
        if text.strip():
            self.blocks.append(Block(f"{text}\n\n", kind, self.trail.path))


def is_prose(root: "Element") -> bool:
    """Whether a person wrote this to be read: it has paragraphs, or words beside elements."""
    spoken = mixed = 0
    for element in root.iter():
        if element.tag in {"para", "simpara", "p"}:
            return True
        spoken += bool((element.text or "").strip())
        mixed += _is_mixed(element)
    return mixed > _LEAST_MIXED * spoken


def contents(root: "Element") -> Contents:
    """All words in their order, under the titles of the sections they stand in."""
    prose = _Prose()
    _walk(prose, root, 1)
    prose.end_paragraph()
    title = next((block.headings[-1] for block in prose.blocks if block.kind is BlockKind.HEADING), None)
    return Contents(tuple(prose.blocks), Metadata(title))


def _is_mixed(element: "Element") -> bool:
    own = [element.text, *(child.tail for child in element)]
    return len(element) > 0 and any(said and not said.isspace() for said in own)


def _walk(prose: _Prose, element: "Element", level: int) -> None:
    if element.tag in _UNSEEN:
        return
    if element.tag in _TITLES:
        prose.end_paragraph()
        prose.trail.enter(level - 1, words(element))
        prose.add(words(element), BlockKind.HEADING)
    elif element.tag in _CODE:
        prose.end_paragraph()
        prose.add("".join(element.itertext()).strip("\n").rstrip(), BlockKind.CODE)
    elif element.tag in _TABLES and _add_rows(prose, element):
        return
    else:
        _inside(prose, element, level)


def _inside(prose: _Prose, element: "Element", level: int) -> None:
    """Words beside elements are one paragraph with them, but for those that are blocks by their names."""
    is_mixed = _is_mixed(element)
    prose.end_paragraph()
    prose.words.append(element.text or "")
    below = level + any(child.tag in _TITLES for child in element)
    for child in element:
        if child.tag in _BLOCKS or not is_mixed:
            prose.end_paragraph()
            _walk(prose, child, below)
            prose.end_paragraph()
        elif child.tag not in _UNSEEN:
            prose.words.extend(child.itertext())
        prose.words.append(child.tail or "")
    prose.end_paragraph()
    if below > level:
        prose.trail.enter(below - 1, "") if level > 1 else None


def _add_rows(prose: _Prose, element: "Element") -> bool:
    """False where the element has no rows."""
    prose.end_paragraph()
    rows = [[words(cell) for cell in row] for row in element.iter() if row.tag in _ROWS]
    lines = [" | ".join(row) for row in rows if any(row)]
    if not lines:
        return False
    for name in ("title", "caption"):
        prose.add(words(element.find(name)), BlockKind.PROSE)
    prose.add("\n".join(lines), BlockKind.TABLE)
    return True
