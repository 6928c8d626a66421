"""What HWPX keeps outside its text: which paragraphs are headings or numbered, and the numbers that stand before them.

KS X 6101:2024 (OWPML), clause 9. The numbers are made when the document is shown, and are not in its text; without them
nobody finds "제3조".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.formats.docx_styles import numeral
from rag_desktop.formats.markup import child, children, value

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEADING = re.compile(r"(?:개요|outline|heading|제목) ?(\d{1,2})")
_TITLES = frozenset({"title", "제목", "표제", "문서 제목"})
_DEEPEST = 10
_FORMATS = {
    "DIGIT": "decimal",
    "CIRCLED_DIGIT": "decimalEnclosedCircle",
    "ROMAN_CAPITAL": "upperRoman",
    "ROMAN_SMALL": "lowerRoman",
    "LATIN_CAPITAL": "upperLetter",
    "LATIN_SMALL": "lowerLetter",
    "HANGUL_SYLLABLE": "ganada",
    "HANGUL_JAMO": "chosung",
}
_CIRCLED = {
    "CIRCLED_LATIN_CAPITAL": "Ⓐ",
    "CIRCLED_LATIN_SMALL": "ⓐ",
    "CIRCLED_HANGUL_JAMO": "㉠",
    "CIRCLED_HANGUL_SYLLABLE": "㉮",
}
"""The first of each row of signs, and how many there are is the least of them."""
_MOST_CIRCLED = 14
_IDEOGRAPHS = "一二三四五六七八九十"
_PLACE = re.compile(r"\^(\d{1,2}|n|N)")


@dataclass(frozen=True, slots=True)
class Style:
    """What of a paragraph's style and shape matters. `level` is 0 for a title, 1 to 10 for headings, else None.

    `number` identifies a numbering at `depth` (from 0); an empty one is the section's own, for headings.
    """

    level: int | None = None
    number: str | None = None
    depth: int = 0
    is_bullet: bool = False
    is_contents: bool = False


@dataclass(slots=True)
class _Head:
    start: int = 1
    format: str = "DIGIT"
    text: str = ""


@dataclass(slots=True)
class _Numbering:
    heads: dict[int, _Head]
    counts: dict[int, int] = field(default_factory=dict)


class Styles:
    """Styles and numberings of one document. It counts: ask for each numbered paragraph once, in the text's order."""

    def __init__(self, root: "Element | None") -> None:
        references = child(root, "refList")
        self._styles = {value(each, "id"): each for each in children(child(references, "styles"), "style")}
        shapes = children(child(references, "paraProperties"), "paraPr")
        self._shapes = {value(each, "id"): child(each, "heading") for each in shapes}
        numberings = children(child(references, "numberings"), "numbering")
        self._numberings = {
            value(each, "id"): _Numbering(dict(map(_head, children(each, "paraHead")))) for each in numberings
        }
        self.outline = ""
        """The numbering of the section's headings."""

    def of(self, paragraph: "Element") -> Style:
        """The style of a paragraph."""
        style = self._styles.get(value(paragraph, "styleIDRef"))
        names = [" ".join(value(style, key).lower().split()) for key in ("engName", "name")]
        shape = self._shapes.get(value(paragraph, "paraPrIDRef"))
        kind, depth = value(shape, "type"), _int(value(shape, "level"))
        named = next((level for level in map(_level_of, names) if level is not None), None)
        return Style(
            level=min(depth, _DEEPEST - 1) + 1 if kind == "OUTLINE" else named,
            number={"OUTLINE": "", "NUMBER": value(shape, "idRef")}.get(kind),
            depth=depth,
            is_bullet=kind == "BULLET",
            is_contents=any(name.startswith(("toc", "차례")) for name in names),
        )

    def label(self, style: Style) -> str:
        """What stands before the next paragraph of this style: `2.1`, `제3조`, `-` for any sign, or nothing."""
        if style.is_bullet:
            return "-"
        found = self._numberings.get(style.number or self.outline) if style.number is not None else None
        if found is None:
            return ""
        place = style.depth + 1
        head = found.heads.get(place, _Head())
        found.counts[place] = found.counts.get(place, head.start - 1) + 1
        for deeper in [each for each in found.counts if each > place]:
            del found.counts[deeper]
        return _PLACE.sub(_shown(found, place), head.text)


def _shown(found: _Numbering, place: int) -> Callable[[re.Match[str]], str]:
    """Writes the number that a place such as ^2 stands for; ^n is all of them down to this one, ^N with a stop."""

    def write(match: re.Match[str]) -> str:
        if match[1] in {"n", "N"}:
            return ".".join(one(level) for level in range(1, place + 1)) + ("." if match[1] == "N" else "")
        return one(int(match[1]))

    def one(level: int) -> str:
        head = found.heads.get(level, _Head())
        return _numeral(found.counts.get(level, head.start), head.format)

    return write


def _numeral(number: int, format_: str) -> str:
    """`number` as clause 9.3.7's number formats have it; those that are not made here are plain."""
    if format_ in _CIRCLED and 0 < number <= _MOST_CIRCLED:
        return chr(ord(_CIRCLED[format_]) + number - 1)
    if format_ == "IDEOGRAPH" and 0 < number <= len(_IDEOGRAPHS):
        return _IDEOGRAPHS[number - 1]
    return numeral(number, _FORMATS.get(format_, "decimal"))


def _head(element: "Element") -> tuple[int, _Head]:
    start = value(element, "start")
    said = _Head(_int(start) if start else 1, value(element, "numFormat"), (element.text or "").strip())
    return _int(value(element, "level")), said


def _level_of(name: str) -> int | None:
    if match := _HEADING.fullmatch(name):
        return min(int(match[1]), _DEEPEST)
    return 0 if name in _TITLES else None


def _int(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0
