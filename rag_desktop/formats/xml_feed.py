"""Feeds (RSS 0.9 to 2.0, RDF, Atom): each entry is a section with who, when and where, then its words."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import html
from rag_desktop.formats.loose_xml import words
from rag_desktop.formats.reader import Contents, OpenedFile
from rag_desktop.formats.records import SEPARATOR, named

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ROOTS = frozenset({"rss", "RDF", "feed"})
_ENTRIES = ("item", "entry")
_BODIES = ("encoded", "content", "description", "summary", "subtitle")
_FIELDS = ("creator", "author", "pubDate", "published", "updated", "date", "category", "link")


def is_feed(root: "Element") -> bool:
    """Whether the root is that of a feed, and there are entries in it."""
    return root.tag in ROOTS and any(next(root.iter(name), None) is not None for name in _ENTRIES)


def contents(root: "Element") -> Contents:
    """The feed's own title and words, then its entries in their order."""
    channel = next(root.iter("channel"), root)
    title = words(channel.find("title")) or None
    path = (title,) if title else ()
    blocks = [Block(f"{title}\n\n", BlockKind.HEADING, path)] if title else []
    blocks += _body(channel, path)
    for name in _ENTRIES:
        for entry in root.iter(name):
            blocks += _entry(entry, path)
    return Contents(tuple(blocks), Metadata(title))


def _entry(entry: "Element", path: tuple[str, ...]) -> Iterator[Block]:
    title = words(entry.find("title"))
    below = (*path, title) if title else path
    if title:
        yield Block(f"{title}\n\n", BlockKind.HEADING, below)
    fields = [named(name, ", ".join(filter(None, map(_said, entry.findall(name))))) for name in _FIELDS]
    if shown := SEPARATOR.join(str(each) for each in fields if each.value):
        yield Block(f"{shown}\n\n", BlockKind.TABLE, below)
    yield from _body(entry, below)


def _said(child: "Element") -> str:
    return words(child) or child.get("href") or child.get("term") or ""


def _body(entry: "Element", path: tuple[str, ...]) -> Iterator[Block]:
    """The fullest of the words there are: as a page where they are markup."""
    said = next((found for name in _BODIES if (found := _markup(entry.find(name)))), "")
    if "<" in said or "&" in said:
        try:
            page = html.READER.contents(OpenedFile(Path("entry.html"), said.encode("utf-8", "replace")))
        except UnreadableError:
            page = Contents(())
        yield from (replace(block, headings=(*path, *block.headings)) for block in page.blocks)
    elif said:
        yield Block(f"{said}\n\n", BlockKind.PROSE, path)


def _markup(child: "Element | None") -> str:
    """The text of an element, which may be markup that was escaped; of one that holds elements, its words."""
    if child is None:
        return ""
    return words(child) if len(child) else (child.text or "").strip()
