"""XML as careless hands write it: document types cut away, names without their namespaces, known signs by name.

E-books are full of it: tables of contents with the document type of DAISY, prefixes that nobody declared, `&nbsp;`.
Entities that a document defines are never expanded: their names stay as they are written.
"""

import re
from html.entities import html5
from typing import TYPE_CHECKING

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import decode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_BYTES = 64 * 1024 * 1024
MOST_ELEMENTS = 2_000_000
MOST_DEPTH = 200
"""Levels of elements; real documents have about twenty."""

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]*+(?:\[.*?\])?\s*>", re.DOTALL)
_PROLOG = 64 * 1024
"""Characters in which a document type begins."""
_ENTITY = re.compile(r"&(?!#)(\w{1,32};)?")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def parse(content: bytes) -> tuple["Element", tuple[str, ...]]:
    """The tree of a document, tags and attributes by their local names, and warnings about its encoding.

    Raises UnreadableError: file-too-large (size, limit: bytes), file-damaged (reason), file-binary, text-undecodable.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableError("file-too-large", size=len(content), limit=MOST_BYTES)
    said = _ENCODING.search(content[:1024])
    decoded = decode(content, said[1].decode("ascii") if said else None)
    return _tree(_harmless(decoded.text)), decoded.warnings


def _harmless(text: str) -> str:
    text = _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else text.lstrip()
    place = text.find("<!DOCTYPE", 0, _PROLOG)
    if place >= 0 and (found := _DOCTYPE.match(text, place)):
        text = text[:place] + text[found.end() :]
    return _NOT_IN_XML.sub("", _ENTITY.sub(_sign, text))


def _sign(match: re.Match[str]) -> str:
    name = match[1] or ""
    if name in _XML_ENTITIES:
        return match[0]
    known = html5.get(name)
    return "".join(f"&#{ord(each)};" for each in known) if known else f"&amp;{name}"


def _tree(text: str) -> "Element":
    from xml.etree.ElementTree import ParseError, TreeBuilder
    from xml.parsers import expat

    builder = TreeBuilder()
    parser = expat.ParserCreate()
    counts = [0, 0]
    """Elements so far, and those that are open."""

    def start(name: str, attributes: dict[str, str]) -> None:
        counts[0] += 1
        counts[1] += 1
        if counts[0] > MOST_ELEMENTS:
            raise UnreadableError("file-too-large", size=len(text), limit=MOST_BYTES)
        if counts[1] > MOST_DEPTH:
            raise _damaged("nested too deeply")
        builder.start(
            _local(name), {_local(key): said for key, said in attributes.items() if not key.startswith("xmlns")}
        )

    def end(name: str) -> None:
        counts[1] -= 1
        builder.end(_local(name))

    def refuse(*_: object) -> None:
        raise _damaged("a document type declaration")

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
        return builder.close()
    except (expat.ExpatError, ParseError, ValueError) as error:
        raise _damaged(type(error).__name__) from error


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _damaged(reason: str) -> UnreadableError:
    return UnreadableError("file-damaged", reason=reason)


def words(element: "Element | None") -> str:
    """All words in an element, white space made single spaces; empty where there is no element."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
