"""What Word keeps outside the text: which paragraph is a heading, and the number that stands before it.

ECMA-376 part 1, 17.7 (styles) and 17.9 (numbering). The numbers are made when the document is shown, and are not in
its text; without them nobody finds "제3조" or "section 2.1".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.formats.markup import child, children, value

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEADING = re.compile(
    r"(?:heading|제목|見出し|标题|標題|überschrift|titre|título|titulo|titolo|kop|rubrik|overskrift|otsikko|nadpis"
    r"|nagłówek|başlık|заголовок)\s*([1-9])"
)
_CODE = re.compile(r"source ?code|code|code ?block|html preformatted|preformatted ?text|macro ?text|소스 ?코드|코드")
_TITLES = frozenset({"title", "titel", "titre", "título", "titolo", "표제"})
_DEEPEST_STYLE = 20
_MOST_COUNTED = 100_000
_PLACE = re.compile(r"%([1-9])")
_GANADA = "가나다라마바사아자차카타파하"
_CHOSUNG = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Style:
    """What of a paragraph style matters here. `level` is 0 for the document's title, 1 to 9 for headings, else None."""

    level: int | None = None
    number: str | None = None
    """Identifies a numbering (numId); "0" takes an inherited one away."""
    depth: int | None = None
    """Level within the numbering, from 0."""
    is_code: bool = False
    is_contents: bool = False
    """An entry of a table of contents: it repeats a heading."""


class Styles:
    """The styles of one document, with all that they inherit."""

    def __init__(self, root: "Element | None") -> None:
        self._elements = {value(each, "styleId"): each for each in children(root, "style")}
        self._found: dict[str, Style] = {}

    def of(self, identity: str) -> Style:
        """The style; a plain one where the document does not define it, unless its name says enough."""
        if identity not in self._found:
            self._found[identity] = self._resolved(identity)
        return self._found[identity]

    def whole(self, identity: str) -> "Iterator[Element]":
        """A style and those that it is based on, the nearest first; none where the document does not define it."""
        for _ in range(_DEEPEST_STYLE):
            element = self._elements.get(identity) if identity else None
            if element is None:
                return
            yield element
            identity = value(child(element, "basedOn"))

    def looks(self, identity: str, name: str) -> "Iterator[Element]":
        """The properties of this name (`rPr`, `pPr`) of a style and of those that it is based on, the nearest first."""
        return (found for each in self.whole(identity) if (found := child(each, name)) is not None)

    def _resolved(self, identity: str) -> Style:
        level, number, depth, is_code, is_contents = None, None, None, False, False
        for name, properties in self._chain(identity):
            if level is None:
                level = level_of(name, properties)
            numbering = child(properties, "numPr")
            number = number or value(child(numbering, "numId")) or None
            depth = _int(value(child(numbering, "ilvl"))) if depth is None else depth
            is_code = is_code or bool(_CODE.fullmatch(name))
            is_contents = is_contents or name.startswith("toc ") or name in {"table of figures", "toc"}
        return Style(level, number, depth, is_code, is_contents)

    def _chain(self, identity: str) -> Iterator[tuple[str, "Element | None"]]:
        """Name and paragraph properties of a style and of those that it is based on, the nearest first."""
        for _ in range(_DEEPEST_STYLE):
            element = self._elements.get(identity)
            name = value(child(element, "name")) or re.sub(r"(?<=\D)(?=\d+$)", " ", identity)
            yield " ".join(name.lower().split()), child(element, "pPr")
            identity = value(child(element, "basedOn"))
            if not identity:
                return


def level_of(style_name: str, properties: "Element | None") -> int | None:
    """0 to 9, or None: by the outline level that a paragraph or style has, else by the style's name."""
    outline = _int(value(child(properties, "outlineLvl")))
    if outline is not None:
        return outline + 1 if 0 <= outline < 9 else None
    if match := _HEADING.fullmatch(style_name):
        return int(match[1])
    return 0 if style_name in _TITLES else None


@dataclass(slots=True)
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""
    is_decimal: bool = False


@dataclass(slots=True)
class _List:
    """An abstract numbering: its levels, the styles that stand for one of them, and how far it has counted."""

    levels: dict[int, _Level] = field(default_factory=dict)
    styles: dict[str, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The lists of one document. It counts: ask for each numbered paragraph once, in the order of the text."""

    def __init__(self, root: "Element | None") -> None:
        elements = {value(each, "abstractNumId"): each for each in children(root, "abstractNum")}
        linked = {value(child(each, "styleLink")): each for each in elements.values() if child(each, "styleLink")}
        lists = {key: _list(linked.get(value(child(each, "numStyleLink")), each)) for key, each in elements.items()}
        self._lists: dict[str, _List] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        for each in children(root, "num"):
            identity = value(each, "numId")
            self._lists[identity] = lists.get(value(child(each, "abstractNumId")), _List())
            self._restarts[identity] = dict(_overrides(each))

    def label(self, number: str, depth: int | None, style: str) -> str | None:
        """What stands before the next paragraph of this numbering: `2.1`, `제3조`, `-` for any sign. None: no list."""
        found = self._lists.get(number)
        if found is None:
            return None
        place = found.styles.get(style, 0) if depth is None else depth
        self._restart(number, found)
        level = found.levels.get(place, _Level(format="bullet"))
        found.counts[place] = found.counts.get(place, level.start - 1) + 1
        for deeper in [each for each in found.counts if each > place]:
            del found.counts[deeper]
        if level.format == "bullet":
            return "-"
        return (
            ""
            if level.format == "none" and not level.text
            else _PLACE.sub(lambda m: _shown(found, m, level), level.text)
        )

    def _restart(self, number: str, found: _List) -> None:
        """A numbering may begin anew within a list that others share: once, where it is first used."""
        for place, start in self._restarts.pop(number, {}).items():
            found.counts[place] = start - 1


def _list(element: "Element") -> _List:
    found = _List()
    for each in children(element, "lvl"):
        place = _int(value(each, "ilvl")) or 0
        start = _int(value(child(each, "start")))
        found.levels[place] = _Level(
            1 if start is None else start,
            value(child(each, "numFmt")) or "decimal",
            value(child(each, "lvlText")),
            child(each, "isLgl") is not None,
        )
        if style := value(child(each, "pStyle")):
            found.styles[style] = place
    return found


def _overrides(element: "Element") -> Iterator[tuple[int, int]]:
    for each in children(element, "lvlOverride"):
        start = _int(value(child(each, "startOverride")))
        if start is not None:
            yield _int(value(each, "ilvl")) or 0, start


def _shown(found: _List, match: re.Match[str], asking: _Level) -> str:
    place = int(match[1]) - 1
    level = found.levels.get(place, _Level())
    return numeral(found.counts.get(place, level.start), "decimal" if asking.is_decimal else level.format)


def numeral(number: int, format_: str) -> str:
    """`number` as ECMA-376 part 1, 17.18.59 (ST_NumberFormat) has it; formats that are not made here are decimal."""
    if not 0 < number < _MOST_COUNTED:
        return str(number)
    if format_ == "none":
        return ""
    if format_ in {"lowerRoman", "upperRoman"}:
        return _roman(number) if format_ == "lowerRoman" else _roman(number).upper()
    if format_ in {"lowerLetter", "upperLetter"}:
        letter = chr(ord("a" if format_ == "lowerLetter" else "A") + (number - 1) % 26)
        return letter * ((number - 1) // 26 + 1) if number <= 26 * 9 else str(number)
    if format_ in {"ganada", "chosung"}:
        signs = _GANADA if format_ == "ganada" else _CHOSUNG
        return signs[(number - 1) % len(signs)]
    if format_.startswith("decimalEnclosedCircle") and number <= 20:
        return chr(ord("①") + number - 1)
    return f"{number:02}" if format_ == "decimalZero" else str(number)


def _roman(number: int) -> str:
    parts = []
    for worth, sign in _ROMAN:
        times, number = divmod(number, worth)
        parts.append(sign * times)
    return "".join(parts)


def _int(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None
