"""Where sentences begin and end, in English, Korean and other languages, in prose broken into lines or not."""

import re
from collections.abc import Iterator

from rag_desktop.domain.documents import Span

# Numbers that cite belong to the sentence before them: "It is so. [1][2]"
_CITED = r"(?:[ \t]{0,2}\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\])*"
_END = re.compile(
    r"(?P<stop>[.!?…]+[\"'”’»)\]]*)" + _CITED + r"(?=\s|$)"
    r"|[。！？｡]+[\"'”’」』)]*" + _CITED + r"|[ \t]*\n[ \t]*\n\s*"
    r"|\n(?=[ \t]*(?:[-*+•◦▪‣·–]|\(?\d{1,3}[.)]|\|)[ \t])"
    # Short lines in a row are rows of a table or titles: prose fills its lines.
    r"|(?<=\n)[^\n]{1,32}\n(?=[^\n]{1,32}\n)"
    # A row of a table begins on its line.
    r"|\n(?=[^\n]+ \| [^\n]+ \| )"
)
_ROW_LIMIT = 2_000
"""Characters; a longer line with bars in it is no row."""
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]+$")
_ABBREVIATIONS_LISTED = """
al approx art ca cf ch col cols corp cp dept dr ed eds eg e.g eq eqs est etc ex fig figs i.e ie inc jr lit ltd mr mrs
ms mt nb no nos op p pp par prof ref refs resp rev sec secs sect ser sr st tab u.s univ viz vol vols vs
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_LISTED.split())


def sentences(text: str, span: Span | None = None) -> list[Span]:
    """Spans of the sentences in `text` (or in its part `span`), in order, without white space at either end.

    Every character that is not white space belongs to exactly one sentence.
    """
    if span is None:
        span = Span(0, len(text))
    found: list[Span] = []
    start = span.start
    for end in (*_ends(text, span), span.end):
        sentence = trimmed(text, start, end)
        if sentence:
            found.append(sentence)
        start = end
    return found


def trimmed(text: str, start: int, end: int) -> Span | None:
    """The span without white space at its ends, or None where nothing else is left."""
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return Span(start, end) if start < end else None


def _ends(text: str, span: Span) -> Iterator[int]:
    for match in _END.finditer(text, span.start, span.end):
        if match["stop"] is None or not (_goes_on(text, match, span) or _is_in_row(text, match.end(), span)):
            yield match.end()


def _is_in_row(text: str, end: int, span: Span) -> bool:
    """Whether a full stop stands inside a row of cells, which is one statement however it is worded."""
    start = max(span.start, text.rfind("\n", 0, end) + 1)
    stop = text.find("\n", end)
    stop = span.end if stop < 0 else min(stop, span.end)
    return stop - end > 1 and stop - start < _ROW_LIMIT and text.count(" | ", start, stop) >= 2


def _goes_on(text: str, match: re.Match[str], span: Span) -> bool:
    """Whether a full stop does not end the sentence: an abbreviation, an initial, a small letter after it."""
    if match["stop"][0] != ".":
        return False
    following = text[match.end() : min(match.end() + 40, span.end)].lstrip()
    if following[:1].islower():
        return True
    last = _LAST_WORD.search(text, max(span.start, match.start() - 30), match.start())
    if last is None:
        return False
    word = last[0].lower()
    if word.isdigit():
        return len(word) <= 2 and text[max(span.start, last.start() - 1) : last.start()] in ("", "\n")
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isascii() and word.isalpha() and last[0].isupper())
