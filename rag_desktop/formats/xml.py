"""XML: feeds by their entries, documents by their paragraphs, all other as data, a record for each thing in a list.

Parsed without outside entities and without those that a document defines (loose_xml). What is not well-formed is kept
as the text it is.
"""

from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import xml_feed, xml_prose
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.loose_xml import parse, words
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Records
from rag_desktop.formats.values import Object, Sheet, Value, write

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NOT_WELL_FORMED = "xml-not-well-formed"
"""Warning: the file is kept as text, with its tags."""

_MOST_DEPTH = 30
"""Levels of data; what lies deeper becomes words."""
_HOUSEKEEPING = frozenset({"schemaLocation", "noNamespaceSchemaLocation", "space"})
_NOT_WELL_FORMED = frozenset({"ExpatError", "ParseError"})


def _contents(file: OpenedFile) -> Contents:
    try:
        root, warnings = parse(file.content)
    except UnreadableError as error:
        if error.arguments.get("reason") not in _NOT_WELL_FORMED:
            raise
        decoded = decode(file.content)
        text = (Block(decoded.text, BlockKind.CODE, source_start=0),)
        return Contents(text, warnings=(*decoded.warnings, NOT_WELL_FORMED))
    if xml_feed.is_feed(root):
        found = xml_feed.contents(root)
    elif xml_prose.is_prose(root):
        found = xml_prose.contents(root)
    else:
        found = _data(root)
    return Contents(found.blocks, found.metadata, (*warnings, *found.warnings))


def _data(root: "Element") -> Contents:
    sheet = Sheet(Records("file-too-large"))
    write(sheet, Object(_members(root, 1)), (), 0)
    return Contents(tuple(sheet.records.blocks), warnings=tuple(sorted(sheet.warnings)))


def _members(element: "Element", depth: int) -> list[tuple[str, Value]]:
    """An element's attributes, and its children, those of one name as a list where they first stand."""
    members: list[tuple[str, Value]] = [*_attributes(element)]
    if said := _own_words(element):
        members.append(("", said))
    groups: dict[str, list[Element]] = {}
    for child in element:
        groups.setdefault(child.tag, []).append(child)
    for name, group in groups.items():
        if len(group) == 1 and not len(group[0]):  # a value, and what is said of it
            members.append((name, words(group[0])))
            members += ((f"{name}.{key}", said) for key, said in _attributes(group[0]))
        elif len(group) == 1:
            members.append((name, _value(group[0], depth + 1)))
        else:
            members.append((name, [_value(child, depth + 1) for child in group]))
    return members


def _value(element: "Element", depth: int) -> Value:
    if depth >= _MOST_DEPTH or not (len(element) or any(_attributes(element))):
        return words(element)
    return Object(_members(element, depth))


def _attributes(element: "Element") -> list[tuple[str, str]]:
    return [(key, said) for key, said in element.attrib.items() if key not in _HOUSEKEEPING]


def _own_words(element: "Element") -> str:
    return " ".join(" ".join([element.text or "", *(child.tail or "" for child in element)]).split())


READER = Reader("xml", (".xml", ".rss", ".atom"), _contents)
