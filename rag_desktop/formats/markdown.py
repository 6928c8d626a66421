"""Markdown, kept word for word: headings give the sections, fences and tables stay whole, front matter the title.

Block structure after CommonMark 0.31 (spec.commonmark.org) and the tables of GitHub Flavored Markdown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.reader import MOST_PLAIN, Contents, OpenedFile, Reader

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_TABLE_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*+(?:\|[ \t]*:?-+:?[ \t]*+)*\|?[ \t]*$")
_FRONT = re.compile(
    r"---[ \t]*(?:\r\n?|\n)(.*?(?:\r\n?|\n))??(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)(?:[ \t]*(?:\r\n?|\n))*", re.DOTALL
)
_FIELD = re.compile(r"^(title|author)[ \t]*:[ \t]*(.+?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_NOT_PROSE = re.compile(r" {0,3}(?:[-*+>|]|\d+[.)])(?:[ \t]|$)|(?: {4}|\t)")


@dataclass(slots=True)
class _Walk:
    """The lines of one document and what has been made of those before `at` (a line number)."""

    text: str
    lines: list[re.Match[str]]
    at: int = 0
    trail: Trail = field(default_factory=Trail)

    def line(self, number: int) -> str:
        return self.lines[number][0].rstrip("\r\n") if number < len(self.lines) else ""

    def is_blank(self, number: int) -> bool:
        return not self.lines[number][0].strip()

    def until(self, end: int, kind: BlockKind) -> Block:
        """The block from `at` to the line `end`, with the blank lines that follow it."""
        while end < len(self.lines) and self.is_blank(end):
            end += 1
        start = self.lines[self.at].start()
        self.at = end
        return Block(self.text[start : self.lines[end - 1].end()], kind, self.trail.path, source_start=start)


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    front = _FRONT.match(decoded.text)
    said = {key.lower(): value.strip("\"'") for key, value in _FIELD.findall(front[1] or "")} if front else {}
    blocks = tuple(_blocks(decoded.text, front.end() if front else 0))
    first = next((block.headings[-1] for block in blocks if block.kind is BlockKind.HEADING and block.headings), None)
    return Contents(blocks, Metadata(said.get("title") or first, said.get("author")), decoded.warnings)


def sections(text: str, trail: Trail) -> Iterator[Block]:
    """The blocks of Markdown that stands in something else. `trail` has the titles above, and goes on with its own."""
    yield from _blocks(text, 0, trail)


def _blocks(text: str, body: int, trail: Trail | None = None) -> Iterator[Block]:
    if body:
        yield Block(text[:body], BlockKind.CODE, source_start=0)
    walk = _Walk(text, list(_LINE.finditer(text, body)), trail=trail or Trail())
    if walk.lines and walk.is_blank(0):
        yield walk.until(1, BlockKind.PROSE)
    while walk.at < len(walk.lines):
        yield _heading(walk) or _fence(walk) or _table(walk) or _paragraph(walk)


def _heading(walk: _Walk) -> Block | None:
    match = _ATX.match(walk.line(walk.at))
    if match is None:
        return None
    walk.trail.enter(len(match[1]), _without_closing(match[2] or ""))
    return walk.until(walk.at + 1, BlockKind.HEADING)


def _without_closing(title: str) -> str:
    """A heading may end with any number of #, if a space stands before them."""
    title = title.rstrip(" \t")
    left = title.rstrip("#")
    return left if not left or left[-1] in " \t" else title


def _fence(walk: _Walk) -> Block | None:
    match = _FENCE.match(walk.line(walk.at))
    if match is None:
        return None
    closing = re.compile(rf" {{0,3}}{re.escape(match[1][0])}{{{len(match[1])},}}[ \t]*$")
    end = walk.at + 1
    while end < len(walk.lines) and not closing.match(walk.line(end)):
        end += 1
    return walk.until(min(end + 1, len(walk.lines)), BlockKind.CODE)


def _table(walk: _Walk) -> Block | None:
    rule = walk.line(walk.at + 1)
    if "|" not in walk.line(walk.at) or "-" not in rule or not _TABLE_RULE.match(rule):
        return None
    end = walk.at + 2
    while end < len(walk.lines) and "|" in walk.line(end):
        end += 1
    return walk.until(end, BlockKind.TABLE)


def _paragraph(walk: _Walk) -> Block:
    """Up to a blank line or the start of something else. A line of = or - under it makes it a heading instead."""
    end = walk.at + 1
    while end < len(walk.lines) and not walk.is_blank(end):
        rule = _SETEXT.match(walk.line(end))
        if rule and not _NOT_PROSE.match(walk.line(walk.at)):
            title = " ".join(walk.line(number).strip() for number in range(walk.at, end))
            walk.trail.enter(1 if rule[1][0] == "=" else 2, title)
            return walk.until(end + 1, BlockKind.HEADING)
        if _ATX.match(walk.line(end)) or _FENCE.match(walk.line(end)):
            break
        end += 1
    return walk.until(end, BlockKind.PROSE)


READER = Reader("markdown", (".md", ".markdown", ".mdown", ".mkd"), _contents, most_bytes=MOST_PLAIN)
