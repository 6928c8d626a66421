"""reStructuredText: sections, paragraphs, literal blocks and tables; comments, targets and options of directives go.

Block structure after the specification of docutils. Nothing is included, executed or looked up. What stands inside a
directive or a quotation is walked like the rest: only titles and literal blocks ask how far a line is indented.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.formats import rst_tables
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.lines import LineWalk
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*$")
_EXPLICIT = re.compile(r"(\s*)\.\.(?:[ \t]+(.*))?$")
_DIRECTIVE = re.compile(r"(?:\|[^|]+\|\s*)?([\w:.+-]+?)\s?::(?:\s+(.*))?$")
_TARGET = re.compile(r"_(?:[^:\\]|\\.)*:|__ ")
_NOTE = re.compile(r"\[(?:#?[\w.-]*|\*)\]\s")
_OPTION = re.compile(r"\s+:[\w-]+:(?:\s.*)?$")
_FIELD = re.compile(r":(title|author|authors):[ \t]+(.+?)[ \t]*$", re.IGNORECASE)
_ROLE = re.compile(r"(?<![\w`:]):[\w:+.-]{1,60}:`([^`]{1,2000})`|`([^`]{1,2000})`(?::[\w:+.-]{1,60}:|__?(?!\w))")
_EMBEDDED = re.compile(r"\s*<[^<>]*>$")
_LITERAL = re.compile(r"(?<!`)``([^`\n].{0,300}?)``(?![`\w])")

_CODE = frozenset({"code", "code-block", "sourcecode", "parsed-literal", "math", "doctest", "testcode", "prompt"})
_LEFT_OUT = frozenset(
    re.findall(
        r"[\w:-]+",
        "toctree contents include literalinclude raw index meta image automodule autoclass autofunction automethod"
        " autodata highlight currentmodule module default-role role sectnum header footer kernel-doc graphviz digraph"
        " graph plot bibliography py:module py:currentmodule kernel-figure kernel-render testsetup testcleanup"
        " testoutput tabularcolumns cssclass class unicode replace date program",
    )
)
_UNSAID = frozenset({"container", "only", "figure", "grid", "tab-set", "compound", "ifconfig"})
"""Directives whose argument is a class, a condition or a file."""


@dataclass(slots=True)
class _Walk(LineWalk):
    """What reST's lines say besides."""

    levels: list[str] = field(default_factory=list)
    """Adornments in the order in which they came: that is what tells the level of a title."""

    def unwrapped(self, text: str) -> str:
        return _unwrapped(text)

    def indent(self, number: int) -> int:
        return _width(self.line(number))

    def past_indented(self, number: int, indent: int) -> int:
        """Behind the lines that are blank or indented further than `indent`."""
        while number < len(self.lines) and (self.is_blank(number) or self.indent(number) > indent):
            number += 1
        return number

    def add(self, text: str, kind: BlockKind) -> None:
        self.blocks.append(Block(_unwrapped(text) + "\n\n", kind, self.trail.path))


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    walk = _Walk(decoded.text, list(_LINE.finditer(decoded.text)))
    walk.at = walk.past_blank(0)
    while walk.at < len(walk.lines):
        _ = _title(walk) or _explicit(walk) or _table(walk) or _paragraph(walk)
    said = {
        match[1].lower(): match[2]
        for block in walk.blocks[:5]
        for match in map(_FIELD.match, block.text.split("\n"))
        if match
    }
    first = next((block.headings[-1] for block in walk.blocks if block.kind is BlockKind.HEADING), None)
    author = said.get("author") or said.get("authors")
    return Contents(tuple(walk.blocks), Metadata(said.get("title") or first, author), decoded.warnings)


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unwrapped(text: str) -> str:
    """Roles, links and literals as the words they show."""
    text = _ROLE.sub(lambda match: _EMBEDDED.sub("", match[1] or match[2]).lstrip("~!"), text) if "`" in text else text
    return _LITERAL.sub(r"\1", text) if "``" in text else text


def _title(walk: _Walk) -> bool:
    """A line with a row of one sign under it, or also above it."""
    first, second, third = (walk.line(walk.at + k).rstrip() for k in range(3))
    if _ADORNMENT.match(first) and second and third == first and not _ADORNMENT.match(second):
        _enter(walk, first[0] * 2, second, 3)
    elif first and first[0] != " " and _ADORNMENT.match(second) and _is_long_enough(second, first):
        _enter(walk, second[0], first, 2)
    elif _ADORNMENT.match(first) and len(first) >= 4 and walk.is_blank(walk.at + 1):  # a line across
        walk.at = walk.past_blank(walk.at + 1)
    else:
        return False
    return True


def _is_long_enough(adornment: str, title: str) -> bool:
    """Shorter ones are common; docutils takes those from four signs on. Wide characters are two columns."""
    return len(adornment) >= min(len(title), 4) and not _EXPLICIT.match(title) and not _ADORNMENT.match(title)


def _enter(walk: _Walk, adornment: str, title: str, lines: int) -> None:
    if adornment not in walk.levels:
        walk.levels.append(adornment)
    walk.trail.enter(walk.levels.index(adornment) + 1, _unwrapped(title))
    walk.add(" ".join(_unwrapped(title).split()), BlockKind.HEADING)
    walk.at = walk.past_blank(walk.at + lines)


def _explicit(walk: _Walk) -> bool:
    """What begins with two dots: a directive, a note, a target, or else a comment."""
    match = _EXPLICIT.match(walk.line(walk.at))
    if match is None:
        return False
    indent, body = len(match[1]), match[2] or ""
    directive = _DIRECTIVE.match(body)
    if directive and not body.startswith("|"):
        _directive(walk, indent, directive[1].lower(), directive[2] or "")
    elif _NOTE.match(body):
        walk.add(body.strip(), BlockKind.PROSE)
        walk.at = walk.past_blank(walk.at + 1)
    elif _TARGET.match(body):
        walk.at = walk.past_blank(walk.at + 1)
    else:
        walk.at = walk.past_indented(walk.at + 1, indent)
    return True


def _directive(walk: _Walk, indent: int, name: str, argument: str) -> None:
    end = walk.past_indented(walk.at + 1, indent)
    body = walk.at + 1
    while body < end and _OPTION.match(walk.line(body)):
        body += 1
    body = walk.past_blank(body)
    if name in _LEFT_OUT:
        walk.at = end
    elif name in _CODE:
        walk.at = body
        if body < end:
            walk.take(end, BlockKind.CODE)
        elif name == "math" and argument:
            walk.add(argument, BlockKind.CODE)
    elif read := _TABLES.get(name):
        if argument:
            walk.add(argument, BlockKind.PROSE)
        _add_rows(walk, read([walk.line(number) for number in range(body, end)]))
        walk.at = end
    elif argument and name not in _UNSAID:
        _add_argument(walk, argument, body)
    else:
        walk.at = body


def _add_argument(walk: _Walk, argument: str, body: int) -> None:
    """A title, a signature, or the first words of a note, which go on below."""
    walk.at += 1
    lines = [argument]
    while walk.at < body and walk.line(walk.at).strip() and not _OPTION.match(walk.line(walk.at)):
        lines.append(walk.line(walk.at).strip())
        walk.at += 1
    while walk.at == body and not walk.is_blank(body - 1) and walk.line(body).strip():
        lines.append(walk.line(body).strip())
        body += 1
        walk.at = body
    walk.add("\n".join(lines), BlockKind.PROSE)
    walk.at = walk.past_blank(body)


_TABLES: dict[str, Callable[[Sequence[str]], rst_tables.Rows]] = {
    "list-table": rst_tables.nested_list,
    "flat-table": rst_tables.nested_list,
    "csv-table": rst_tables.comma_separated,
}


def _table(walk: _Walk) -> bool:
    first = walk.line(walk.at)
    end = walk.at + 1
    if rst_tables.GRID_BORDER.match(first):
        while end < len(walk.lines) and walk.line(end).lstrip()[:1] in {"+", "|"} and walk.line(end).strip():
            end += 1
        rows = rst_tables.grid([walk.line(number) for number in range(walk.at, end)])
    elif rst_tables.SIMPLE_BORDER.match(first):
        while end < len(walk.lines) and not _ends_table(walk, end):
            end += 1
        end = min(end + 1, len(walk.lines))
        rows = rst_tables.simple([walk.line(number) for number in range(walk.at, end)])
    else:
        return False
    _add_rows(walk, rows)
    walk.at = walk.past_blank(end)
    return True


def _ends_table(walk: _Walk, number: int) -> bool:
    """The border with a blank line after it; a header has one of its own above."""
    after = number + 1
    return bool(rst_tables.SIMPLE_BORDER.match(walk.line(number))) and (
        after >= len(walk.lines) or walk.is_blank(after)
    )


def _add_rows(walk: _Walk, rows: rst_tables.Rows) -> None:
    if lines := [" | ".join(row) for row in rows if any(row)]:
        walk.add("\n".join(lines), BlockKind.TABLE)


def _paragraph(walk: _Walk) -> bool:
    """Up to a blank line; where it ends with two colons, what is indented below is literal."""
    kind = BlockKind.CODE if walk.line(walk.at).lstrip().startswith(">>>") else BlockKind.PROSE
    end = walk.at + 1
    while (
        end < len(walk.lines)
        and not walk.is_blank(end)
        and not (kind is BlockKind.PROSE and walk.line(end).lstrip().startswith(".. "))
    ):
        end += 1
    indent, is_followed = walk.indent(walk.at), walk.line(end - 1).rstrip().endswith("::")
    if walk.line(walk.at).strip() == "::":
        walk.at = walk.past_blank(end)
    else:
        walk.take(end, kind)
    if is_followed and (literal := walk.past_indented(walk.at, indent)) > walk.at:
        walk.take(literal, BlockKind.CODE)
    return True


READER = Reader("rst", (".rst", ".rest"), _contents)
