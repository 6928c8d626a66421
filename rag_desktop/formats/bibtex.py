"""Bibliographies of LaTeX (BibTeX): each entry a record, its fields in words."""

import re
from collections.abc import Iterator

from rag_desktop.formats.decoding import decode
from rag_desktop.formats.latex_text import LatexText, group
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Field, Records, named

_ENTRY = re.compile(
    r"^[ \t]*@(?P<kind>\w+)\s{0,10}[{(]\s{0,10}(?P<key>[^\s,={}()\"]{0,200})\s{0,10}(?P<next>,|=)?", re.MULTILINE
)
_FIELD = re.compile(r"[\s,]{0,100}([\w.:+-]{1,100})\s{0,10}=\s{0,10}")
_QUOTED = re.compile(r'"((?:[^"{}]|\{[^{}]{0,2000}\}){0,20000})"')
_WORD = re.compile(r"[^\s,{}()\"#]{1,200}")
_JOINED = re.compile(r"\s*#\s*")
_LEFT_OUT = frozenset({"comment", "preamble"})


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    records = Records("file-too-large")
    words = LatexText()
    strings: dict[str, str] = {}
    for match in _ENTRY.finditer(decoded.text):
        kind = match["kind"].lower()
        if kind == "string":
            strings.update(_fields(decoded.text, match.start("key"), strings))
        elif kind not in _LEFT_OUT:
            found = _fields(decoded.text, match.end(), strings)
            said = [Field("", kind), Field("key", match["key"])]
            records.add([*said, *(named(name.lower(), words.plain(value)) for name, value in found)])
    return Contents(tuple(records.blocks), warnings=decoded.warnings)


def _fields(text: str, at: int, strings: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The fields from `at` on, as far as they are well-formed."""
    while match := _FIELD.match(text, at):
        value, at = _value(text, match.end(), strings)
        yield match[1], value


def _value(text: str, at: int, strings: dict[str, str]) -> tuple[str, int]:
    """A value of pieces that are joined with #: in braces, in quotation marks, a number or the name of a string."""
    parts: list[str] = []
    while True:
        if text.startswith("{", at):
            piece, end = group(text, at)
        elif quoted := _QUOTED.match(text, at):
            piece, end = quoted[1], quoted.end()
        elif word := _WORD.match(text, at):
            piece, end = strings.get(word[0], word[0]), word.end()
        else:
            break
        if end == at:
            break
        parts.append(piece)
        at = end
        more = _JOINED.match(text, at)
        if more is None:
            break
        at = more.end()
    return "".join(parts)[:20_000], at


READER = Reader("bibtex", (".bib",), _contents)
