"""What an electronic book says of itself: its chapters in order, its table of contents, title and author.

EPUB 3.3 (w3.org/TR/epub-33) and the EPUB 2 that most books still are (idpf.org/epub/20). Paths never leave the package.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.loose_xml import parse, words
from rag_desktop.formats.package import Package

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PACKAGE = "application/oebps-package+xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/x-dtbook+xml"})
_PAGE_SUFFIXES = (".xhtml", ".html", ".htm", ".xml")
_OBFUSCATED = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Fonts are so kept from being copied out of the book; its text is not touched."""
_MOST_AUTHORS = 8
_MOST_ENTRIES = 100_000
_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents, with the titles of those it is indented under, the outermost first."""

    title: str
    above: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """`chapters` are names of parts, each once; `entries` has a chapter's first line in the table of contents."""

    chapters: tuple[str, ...]
    entries: dict[str, Entry]
    title: str | None
    author: str | None


@dataclass(slots=True)
class _Item:
    part: str
    kind: str
    properties: list[str] = field(default_factory=list)


def open_book(package: Package) -> Book:
    """The book's plan. Raises UnreadableError: file-damaged (reason), file-encrypted where chapters are locked."""
    path = _package_path(package)
    root = _tree(package, path)
    if root is None:
        raise UnreadableError("file-damaged", reason="no package document")
    items = dict(_items(package, root, path))
    contents = _contents_parts(root, items)
    chapters = _chapters(root, items)
    if _locked(package) & set(chapters):
        raise UnreadableError("file-encrypted")
    repeated = {*contents, _guide(package, root, path)}
    shown = tuple(part for part in chapters if part not in repeated) or chapters
    if not shown:
        raise UnreadableError("file-damaged", reason="no chapters")
    metadata = root.find("metadata")
    said = metadata if metadata is not None else root
    authors = [words(each) for each in said.iter("creator")]
    title = next(filter(None, (words(each) for each in said.iter("title"))), None)
    author = ", ".join([each for each in authors if each][:_MOST_AUTHORS]) or None
    entries = next(filter(None, (_entries(package, part, set(shown)) for part in contents)), {})
    return Book(shown, entries, title, author)


def _tree(package: Package, part: str) -> "Element | None":
    content = package.content(part)
    return None if content is None else parse(content)[0]


def _optional(package: Package, part: str) -> "Element | None":
    """A part that the book can be read without."""
    try:
        return _tree(package, part)
    except UnreadableError as error:
        if error.code == "file-too-large":
            raise
        return None


def _package_path(package: Package) -> str:
    container = _optional(package, _CONTAINER)
    files = [each for each in (container.iter("rootfile") if container is not None else ()) if each.get("full-path")]
    files.sort(key=lambda each: each.get("media-type") != _PACKAGE)
    for each in files:
        if (path := _within(package, "", each.get("full-path", ""))) in package:
            return path
    found = next((name for name in package.names if name.endswith(".opf")), None)
    if found is None:
        raise UnreadableError("file-damaged", reason="no package document")
    return found


def _within(package: Package, source: str, reference: str) -> str:
    """The part that `reference`, written in the part `source`, means; leading out of the package leads to its top."""
    path = reference.partition("#")[0]
    candidates = [
        posixpath.normpath(posixpath.join("/", posixpath.dirname(source), each)).lstrip("/").lower()
        for each in (unquote(path), path)
    ]
    return next((each for each in candidates if each in package), candidates[0])


def _items(package: Package, root: "Element", path: str) -> Iterator[tuple[str, _Item]]:
    for each in root.iter("item"):
        part = _within(package, path, each.get("href", ""))
        yield each.get("id", ""), _Item(part, each.get("media-type", ""), each.get("properties", "").split())


def _chapters(root: "Element", items: dict[str, _Item]) -> tuple[str, ...]:
    """Pages in reading order, each once; those beside the reading order come last. Without a spine, all pages."""
    listed = [each for each in root.iter("itemref") if each.get("idref") in items]
    listed.sort(key=lambda each: each.get("linear") == "no")
    wanted = [items[each.get("idref", "")] for each in listed] or list(items.values())
    return tuple(dict.fromkeys(item.part for item in wanted if _is_page(item)))


def _is_page(item: _Item) -> bool:
    return item.kind in _PAGES or (
        item.kind in {"", "text/plain", "application/xml"} and item.part.endswith(_PAGE_SUFFIXES)
    )


def _contents_parts(root: "Element", items: dict[str, _Item]) -> list[str]:
    """The parts with a table of contents: EPUB 3's page, then EPUB 2's NCX."""
    spine = root.find("spine")
    named = items.get(spine.get("toc", "")) if spine is not None else None
    pages = [item.part for item in items.values() if "nav" in item.properties]
    others = [item.part for item in items.values() if item is named or item.kind == "application/x-dtbncx+xml"]
    return pages[:1] + others[:1]


def _guide(package: Package, root: "Element", path: str) -> str | None:
    """EPUB 2's page with a table of contents, where that is all there is on it."""
    for each in root.iter("reference"):
        href = each.get("href", "")
        if each.get("type", "").lower() == "toc" and "#" not in href:
            return _within(package, path, href)
    return None


def _locked(package: Package) -> set[str]:
    """Parts that are truly encrypted (DRM)."""
    root = _optional(package, _ENCRYPTION)
    found = set()
    for each in root.iter("EncryptedData") if root is not None else ():
        method = each.find("EncryptionMethod")
        if method is None or method.get("Algorithm") not in _OBFUSCATED:
            found |= {_within(package, "", reference.get("URI", "")) for reference in each.iter("CipherReference")}
    return found


def _entries(package: Package, part: str, chapters: set[str]) -> dict[str, Entry]:
    root = _optional(package, part)
    found: dict[str, Entry] = {}
    for title, above, reference in islice(_lines(root), _MOST_ENTRIES) if root is not None else ():
        target = _within(package, part, reference)
        if target in chapters and title:
            outer = tuple(each for each, its in above if _within(package, part, its) != target)
            found.setdefault(target, Entry(title, outer))
    return found


_Above = tuple[tuple[str, str], ...]
"""Titles with their references, the outermost first."""


def _lines(root: "Element") -> Iterator[tuple[str, _Above, str]]:
    navigation = root.find("navMap")
    if navigation is not None:
        yield from _points(navigation, ())
        return
    pages = [each for each in root.iter("nav") if "toc" in each.get("type", "").split()]
    for page in pages[:1]:
        for each in page.findall("ol"):
            yield from _list(each, ())


def _points(element: "Element", above: _Above) -> Iterator[tuple[str, _Above, str]]:
    for each in element.findall("navPoint"):
        target = each.find("content")
        reference = target.get("src", "") if target is not None else ""
        title = words(each.find("navLabel"))[:_LONGEST_TITLE]
        yield title, above, reference
        yield from _points(each, (*above, (title, reference)) if title else above)


def _list(element: "Element", above: _Above) -> Iterator[tuple[str, _Above, str]]:
    for item in element.findall("li"):
        label = next((each for each in item if each.tag in {"a", "span"}), None)
        title = words(label)[:_LONGEST_TITLE]
        reference = label.get("href", "") if label is not None else ""
        yield title, above, reference
        for each in item.findall("ol"):
            yield from _list(each, (*above, (title, reference)) if title else above)
