"""Org files of Emacs: headlines, paragraphs, source blocks and tables; drawers, comments and settings go.

Syntax after orgmode.org/worg/org-syntax.html. Nothing is evaluated or included.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.lines import LineWalk
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_HEADLINE = re.compile(r"(\*+)[ \t]+(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED|COMMENT)[ \t]+)?(?:\[#\w\][ \t]*)?(.*)$")
_TAGS = re.compile(r":[\w@#%:]+:")
_KEYWORD = re.compile(r"[ \t]*#\+(\w+)(?:\[[^\]]*\])?:[ \t]*(.*?)[ \t]*$")
_BEGIN = re.compile(r"[ \t]*#\+begin_(\S+)", re.IGNORECASE)
_COMMENT = re.compile(r"[ \t]*#(?:[ \t]|$)")
_DRAWER = re.compile(r"[ \t]*:(?:PROPERTIES|LOGBOOK|RESULTS):[ \t]*$", re.IGNORECASE)
_DRAWER_END = re.compile(r"[ \t]*:END:[ \t]*[\r\n]*$", re.IGNORECASE)
_TABLE = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[ \t]*\|[-+|]*-[-+|]*[ \t]*$")
_FIXED = re.compile(r"[ \t]*:(?:[ \t]|$)")
_LINK = re.compile(r"\[\[([^\[\]]{1,2000})\](?:\[([^\[\]]{1,2000})\])?\]")
_SHOWN = frozenset({"caption"})
_LEFT_OUT = frozenset({"comment", "export"})
_VERBATIM = frozenset({"src", "example"})


@dataclass(slots=True)
class _Walk(LineWalk):
    """What Org's lines say besides."""

    keywords: dict[str, str] = field(default_factory=dict)
    drawer_ends: list[int] = field(default_factory=list)

    def unwrapped(self, text: str) -> str:
        return _LINK.sub(lambda match: match[2] or match[1], text)

    def past(self, number: int, pattern: re.Pattern[str]) -> int:
        """Behind the lines from `number` on that begin so."""
        while number < len(self.lines) and pattern.match(self.line(number)):
            number += 1
        return number

    def add(self, text: str, kind: BlockKind) -> None:
        self.blocks.append(Block(text + "\n\n", kind, self.trail.path))


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    walk = _Walk(decoded.text, list(_LINE.finditer(decoded.text)))
    walk.drawer_ends = [number for number, line in enumerate(walk.lines) if _DRAWER_END.match(line[0])]
    while walk.at < len(walk.lines):
        if walk.is_blank(walk.at):
            walk.at += 1
        else:
            _ = _headline(walk) or _block(walk) or _left_out(walk) or _table(walk) or _paragraph(walk)
    title = walk.keywords.get("title")
    first = next((block.headings[-1] for block in walk.blocks if block.kind is BlockKind.HEADING), None)
    return Contents(tuple(walk.blocks), Metadata(title or first, walk.keywords.get("author")), decoded.warnings)


def _headline(walk: _Walk) -> bool:
    match = _HEADLINE.match(walk.line(walk.at))
    if match is None:
        return False
    said = _LINK.sub(lambda link: link[2] or link[1], match[2]).split()
    title = " ".join(said[:-1] if said and _TAGS.fullmatch(said[-1]) else said)
    walk.trail.enter(len(match[1]), title)
    if title:
        walk.add(title, BlockKind.HEADING)
    walk.at += 1
    return True


def _block(walk: _Walk) -> bool:
    """Between #+begin_x and #+end_x; a quotation or a block of an unknown name is walked like the rest."""
    match = _BEGIN.match(walk.line(walk.at))
    if match is None:
        return False
    name = match[1].lower()
    walk.at += 1
    if name not in _VERBATIM and name not in _LEFT_OUT:
        return True
    closing = re.compile(rf"[ \t]*#\+end_{re.escape(name)}\b", re.IGNORECASE)
    end = walk.at
    while end < len(walk.lines) and not closing.match(walk.line(end)):
        end += 1
    if name in _VERBATIM and end > walk.at:
        walk.take(end, BlockKind.CODE)
    walk.at = max(walk.at, min(end + 1, len(walk.lines)))
    return True


def _left_out(walk: _Walk) -> bool:
    """Settings, comments and drawers. Some settings are words: the title, the author, a caption."""
    line = walk.line(walk.at)
    if keyword := _KEYWORD.match(line):
        name = keyword[1].lower()
        walk.keywords.setdefault(name, keyword[2])
        if keyword[2] and name == "title" and not walk.blocks:
            walk.blocks.append(Block(f"{keyword[2]}\n\n", BlockKind.HEADING, (keyword[2],)))
        elif keyword[2] and name in _SHOWN:
            walk.add(keyword[2], BlockKind.PROSE)
        walk.at += 1
    elif _COMMENT.match(line) or line.lstrip().startswith("#+"):
        walk.at += 1
    elif _DRAWER.match(line):
        place = bisect_left(walk.drawer_ends, walk.at)
        walk.at = walk.drawer_ends[place] + 1 if place < len(walk.drawer_ends) else walk.at + 1
    else:
        return False
    return True


def _table(walk: _Walk) -> bool:
    line = walk.line(walk.at)
    if _FIXED.match(line):
        walk.take(walk.past(walk.at, _FIXED), BlockKind.CODE)
        return True
    if not _TABLE.match(line):
        return False
    end = walk.past(walk.at, _TABLE)
    rows = [
        walk.line(number).strip().strip("|") for number in range(walk.at, end) if not _RULE.match(walk.line(number))
    ]
    cells = ([cell.strip() for cell in _LINK.sub(lambda link: link[2] or link[1], row).split("|")] for row in rows)
    if shown := "\n".join(" | ".join(row) for row in cells if any(row)):
        walk.add(shown, BlockKind.TABLE)
    walk.at = end
    return True


def _paragraph(walk: _Walk) -> bool:
    end = walk.at + 1
    while end < len(walk.lines) and not walk.is_blank(end) and not _begins(walk.line(end)):
        end += 1
    walk.take(end, BlockKind.PROSE)
    return True


def _begins(line: str) -> bool:
    return any(
        pattern.match(line) for pattern in (_HEADLINE, _TABLE, _DRAWER, _COMMENT, _FIXED)
    ) or line.lstrip().startswith("#+")


READER = Reader("org", (".org",), _contents)
