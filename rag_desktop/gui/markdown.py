"""Light Markdown to HTML by a whitelist: the one renderer of answers, while they stream and when they are whole.

What a model writes is untrusted. Only the tags of this file come out, every other character is escaped; there are no
images, no addresses that could be followed, and no raw HTML. The only anchors are `cite:n`, for numbers that are known.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from html import escape

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufdd0\ufdd1\ufffe\uffff\u2028\u2029]")
_NOTE = "\ue000"
"""Stands for `Look.note` while the text is read; taken out of the text itself before."""
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"(\s*)([-*+•]|\d{1,4}[.)])\s+(.*)$")
_QUOTE = re.compile(r"\s{0,3}>\s?(.*)$")
_RULE = re.compile(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*$")
_TABLE_LINE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_INLINE = re.compile(
    r"(?P<escaped>\\[\\`*_{}\[\]()#+\-.!|<>~])"
    r"|(?P<code>(?P<ticks>`+)(?P<coded>[^`](?:.*?[^`])?)(?P=ticks)(?!`))"
    r"|\[(?P<cite>\d{1,3})\]"
    r"|!?\[(?P<shown>[^\[\]\n]{0,200})\]\((?P<target>[^()\s]{0,500})(?:\s+\"[^\"\n]*\")?\)"
    r"|(?<![\w*])(?P<strong>\*\*|__)(?=\S)(?P<bold>.+?)(?:(?<=\S)(?P=strong)(?!\w)|$)"
    r"|(?<![\w*_])(?P<mark>[*_])(?=[^\s*_])(?P<italic>[^*_\n]*?[^\s*_])(?P=mark)(?![\w*_])"
)
_DEPTH = 6
_MOST_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Look:
    """Colours (`#rrggbb`) of the parts that have one, and the sentence put behind what has no support."""

    chip: str = "#1f5fae"
    chip_ground: str = "#dfeafa"
    code_ground: str = "#f0f0ee"
    line: str = "#8d9297"
    warn: str = "#9a4a00"
    note: str = ""


def render(text: str, numbers: Collection[int] = (), look: Look = Look(), unsupported: Iterable[int] = ()) -> str:
    """`text` as HTML for a QTextDocument.

    numbers: citations that exist; `[n]` of others stays text. unsupported: offsets in `text` behind which `look.note`
    is put. Partial text is fine: a code block or bold words that are not closed end with the text.
    """
    return _Renderer(frozenset(numbers), look).blocks(_with_notes(text, unsupported).split("\n"))


def cite_number(address: str) -> int | None:
    """The number of an anchor `cite:n`, or None for any other address."""
    match = re.fullmatch(r"cite:(\d{1,3})", address)
    return int(match[1]) if match else None


def _with_notes(text: str, places: Iterable[int]) -> str:
    clean = _CONTROL.sub(" ", text.replace(_NOTE, " ").replace("\r", " "))
    for place in sorted(set(places), reverse=True):
        clean = clean[:place] + _NOTE + clean[place:]
    return clean


class _Renderer:
    """Blocks line by line, then the words inside them."""

    def __init__(self, numbers: frozenset[int], look: Look) -> None:
        self._numbers = numbers
        self._look = look

    def blocks(self, lines: list[str], depth: int = 0) -> str:
        return "".join(self._each_block(lines, depth))

    def _each_block(self, lines: list[str], depth: int) -> Iterator[str]:
        at = 0
        while at < len(lines):
            line = lines[at]
            if not line.strip():
                at += 1
            elif fence := _FENCE.match(line):
                end = _closing(lines, at + 1, fence[1])
                yield self._code_block(lines[at + 1 : end])
                at = end + 1
            elif _RULE.match(line):
                yield "<hr>"
                at += 1
            elif heading := _HEADING.match(line):
                yield f"<p><b>{self.inline(heading[2])}</b></p>"
                at += 1
            else:
                block, at = self._longer_block(lines, at, depth)
                yield block

    def _longer_block(self, lines: list[str], at: int, depth: int) -> tuple[str, int]:
        """A list, a quote, a table or a paragraph from line `at` on, and the line behind it."""
        if _ITEM.match(lines[at]):
            end = _find(lines, at + 1, lambda line: not (_ITEM.match(line) or line.startswith(("  ", "\t"))))
            return self._list(lines[at:end]), end
        if depth < _DEPTH and _QUOTE.match(lines[at]):
            end = _find(lines, at, lambda line: not _QUOTE.match(line))
            inner = [match[1] for line in lines[at:end] if (match := _QUOTE.match(line))]
            return f"<blockquote>{self.blocks(inner, depth + 1)}</blockquote>", end
        if "|" in lines[at] and at + 1 < len(lines) and "|" in lines[at + 1] and _TABLE_LINE.match(lines[at + 1]):
            end = _find(lines, at + 2, lambda line: "|" not in line)
            return self._table(lines[at], lines[at + 2 : end]), end
        end = _find(lines, at + 1, _interrupts)
        return f"<p>{'<br>'.join(self.inline(line.strip()) for line in lines[at:end])}</p>", end

    def _code_block(self, lines: list[str]) -> str:
        words = self._plain("\n".join(lines))
        return f'<pre style="background-color:{self._look.code_ground};">{words}</pre>'

    def _list(self, lines: list[str]) -> str:
        """Items nested by their indentation; a line that is none goes on the item before."""
        html: list[str] = []
        open_lists: list[tuple[int, str]] = []
        for line in lines:
            match = _ITEM.match(line)
            if not match:
                html.append(f"<br>{self.inline(line.strip())}")
                continue
            indent, kind = len(match[1].expandtabs(4)), "ol" if match[2][0].isdigit() else "ul"
            while len(open_lists) > 1 and indent < open_lists[-1][0]:
                html.append(f"</li></{open_lists.pop()[1]}>")
            is_other = len(open_lists) == 1 and indent < open_lists[-1][0] + 2 and open_lists[-1][1] != kind
            if is_other:
                html.append(f"</li></{open_lists.pop()[1]}>")
            if not open_lists or (indent >= open_lists[-1][0] + 2 and len(open_lists) < _MOST_LEVELS):
                open_lists.append((indent, kind))
                html.append(_list_tag(kind, match[2]))
            else:
                html.append("</li>")
            html.append(f"<li>{self.inline(match[3])}")
        html += [f"</li></{kind}>" for _, kind in reversed(open_lists)]
        return "".join(html)

    def _table(self, head: str, lines: list[str]) -> str:
        def row(line: str, tag: str) -> str:
            cells = line.strip().strip("|").split("|")
            return "<tr>" + "".join(f"<{tag}>{self.inline(cell.strip())}</{tag}>" for cell in cells) + "</tr>"

        rows = row(head, "th") + "".join(row(line, "td") for line in lines)
        style = f"border-collapse:collapse;border-color:{self._look.line};"
        return f'<table border="1" cellspacing="0" cellpadding="4" style="{style}">{rows}</table>'

    def inline(self, text: str, depth: int = 0) -> str:
        """A line's words: code, citations, links as text, bold and italic; all else escaped."""
        if depth > _DEPTH:
            return self._plain(text)
        parts, done = [], 0
        for match in _INLINE.finditer(text):
            parts += [self._plain(text[done : match.start()]), self._inline_of(match, depth)]
            done = match.end()
        return "".join([*parts, self._plain(text[done:])])

    def _inline_of(self, match: re.Match[str], depth: int) -> str:
        if match["escaped"]:
            return self._plain(match["escaped"][1:])
        if match["code"]:
            return f'<code style="background-color:{self._look.code_ground};">{self._plain(match["coded"])}</code>'
        if match["cite"]:
            return self._chip(int(match["cite"])) if int(match["cite"]) in self._numbers else self._plain(match[0])
        if match["bold"]:
            return f"<b>{self.inline(match['bold'], depth + 1)}</b>"
        if match["italic"]:
            return f"<i>{self.inline(match['italic'], depth + 1)}</i>"
        return self._link(match["shown"], match["target"], depth)

    def _chip(self, number: int) -> str:
        style = f"color:{self._look.chip};background-color:{self._look.chip_ground};text-decoration:none;"
        return f'<a href="cite:{number}" style="{style}">[{number}]</a>'

    def _link(self, shown: str, target: str, depth: int) -> str:
        """The words of a link, and where it would lead: to be read, not to be followed."""
        words = self.inline(shown, depth + 1)
        is_told = target.startswith(("http://", "https://")) and target != shown
        return f"{words} ({self._plain(target)})" if is_told else words

    def _plain(self, text: str) -> str:
        escaped = escape(text)
        if _NOTE not in escaped:
            return escaped
        return escaped.replace(_NOTE, f' <span style="color:{self._look.warn};">{escape(self._look.note)}</span>')


def _list_tag(kind: str, mark: str) -> str:
    return f'<ol start="{int(mark[:-1])}">' if kind == "ol" else "<ul>"


def _interrupts(line: str) -> bool:
    """Whether a line ends the paragraph before it."""
    starts = (_FENCE, _HEADING, _ITEM, _QUOTE, _RULE)
    return not line.strip() or any(pattern.match(line) for pattern in starts)


def _closing(lines: list[str], start: int, fence: str) -> int:
    return _find(lines, start, lambda line: line.strip().startswith(fence))


def _find(lines: list[str], start: int, is_end: Callable[[str], bool]) -> int:
    """Index of the first line from `start` on that `is_end`, else the number of lines."""
    return next((at for at in range(start, len(lines)) if is_end(lines[at])), len(lines))
