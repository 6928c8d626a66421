"""What the OpenDocument formats share: opening the package, and what styles say of paragraphs and lists.

OASIS OpenDocument 1.3, parts 2 (packages) and 3 (schema).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.docx_styles import numeral
from rag_desktop.formats.ink import is_tiny, is_white
from rag_desktop.formats.markup import child, children, deep, inside, local, natural, value
from rag_desktop.formats.package import Package

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CONTENT = "content.xml"

_MANIFEST = "META-INF/manifest.xml"
_STYLED = frozenset({"style", "list-style", "outline-style"})
_ESCAPED = re.compile(r"_([0-9a-f]{2,4})_")
"""A character that names of styles cannot hold: Heading_20_1."""
_CODE = re.compile(r"preformatted text|source ?(?:code|text)|code|html preformatted", re.IGNORECASE)
_TITLES = frozenset({"title", "titel", "titre", "título", "titolo"})
_DEEPEST_STYLE = 20
_NUMBERS = {"i": "lowerRoman", "I": "upperRoman", "a": "lowerLetter", "A": "upperLetter", "1": "decimal"} | {
    "가, 나, 다, ...": "ganada",
    "ㄱ, ㄴ, ㄷ, ...": "chosung",
    "①, ②, ③, ...": "decimalEnclosedCircle",
}
_NO_GROUND = frozenset({"", "transparent"})
_HIGHEST_START = 32767
_MOST_LEVELS = 10


def opened(content: bytes) -> Package:
    """The package of an OpenDocument file. Raises UnreadableError: file-damaged, file-encrypted, file-too-large."""
    package = Package(content)
    if "encrypted-package" in package:
        raise UnreadableError("file-encrypted")
    if _MANIFEST in package and any(True for _ in package.named(_MANIFEST, "encryption-data")):
        raise UnreadableError("file-encrypted")
    if CONTENT not in package:
        raise UnreadableError("file-damaged", reason="no part content.xml")
    return package


def metadata(package: Package, title: str | None = None, page_count: int | None = None) -> Metadata:
    """What the file says of itself; nothing where that part is damaged, since the text can be read without it."""
    try:
        root = package.root("meta.xml")
    except UnreadableError as error:
        if error.code == "file-too-large":
            raise
        root = None
    said = {local(each.tag): " ".join((each.text or "").split()) for each in inside(child(root, "meta"))}
    author = said.get("creator") or said.get("initial-creator")
    return Metadata(said.get("title") or title, author or None, page_count)


@dataclass(frozen=True, slots=True)
class Ink:
    """How a style draws words, as far as it says so: their colour, their ground, their size in points (`8pt`)."""

    colour: str = ""
    ground: str = ""
    size: str = ""

    def over(self, outer: "Ink") -> "Ink":
        """This ink on what holds around it."""
        return Ink(self.colour or outer.colour, self.ground or outer.ground, self.size or outer.size)

    @property
    def is_tiny(self) -> bool:
        """Whether letters are too small to read."""
        points = self.size.removesuffix("pt")
        return points != self.size and is_tiny(points, 1)

    @property
    def is_white(self) -> bool:
        """Whether letters are white, and nothing here gives them a ground."""
        return is_white(self.colour) and (not self.ground or is_white(self.ground))


@dataclass(frozen=True, slots=True)
class Style:
    """What of a style matters here. `level` is 0 for the document's title, else None; headings say theirs."""

    level: int | None = None
    is_code: bool = False
    is_hidden: bool = False
    numbering: str = ""
    """The list style of its paragraphs."""
    ink: Ink = Ink()


@dataclass(slots=True)
class Numbering:
    """A list style, or that of the headings: it counts, level by level from 1."""

    levels: dict[int, "Element"] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def label(self, level: int, start: str = "") -> str:
        """What stands before the next item of this level: `2.1`, `-` for any sign, or nothing."""
        looks = self.levels.get(level)
        first = natural(value(looks, "start-value"), 1, _HIGHEST_START)
        self.counts[level] = natural(start, self.counts.get(level, first - 1) + 1, _HIGHEST_START)
        self.restart(level + 1)
        if looks is None or not local(looks.tag).endswith(("number", "outline-level-style")):
            return "-"
        if not value(looks, "num-format"):
            return ""
        shown = range(max(1, level + 1 - natural(value(looks, "display-levels"), 1, _MOST_LEVELS)), level + 1)
        number = ".".join(filter(None, map(self._number, shown)))
        return f"{value(looks, 'num-prefix')}{number}{value(looks, 'num-suffix')}".strip()

    def restart(self, level: int) -> None:
        """Begins anew at this level and below."""
        for deeper in [each for each in self.counts if each >= level]:
            del self.counts[deeper]

    def _number(self, level: int) -> str:
        form = value(self.levels.get(level), "num-format")
        return numeral(self.counts.get(level, 1), _NUMBERS.get(form, "decimal")) if form else ""


class Styles:
    """The styles of one document, with all that they inherit."""

    def __init__(self, package: Package) -> None:
        self._elements: dict[tuple[str, str], Element] = {}
        self._numbering: dict[str, Numbering] = {}
        self._found: dict[tuple[str, str], Style] = {}
        self.outline = Numbering()
        for each in (*_of_styles(package), *_of_content(package)):
            self._keep(each)

    def of(self, name: str, family: str = "paragraph") -> Style:
        """The style of this name; a plain one where there is none."""
        key = family, name
        if key not in self._found:
            self._found[key] = self._resolved(*key)
        return self._found[key]

    def numbering(self, name: str) -> Numbering | None:
        """The list style of this name."""
        return self._numbering.get(name)

    def _keep(self, element: "Element") -> None:
        if local(element.tag) == "style":
            self._elements[value(element, "family"), value(element, "name")] = element
            return
        levels = {natural(value(each, "level"), 1, _MOST_LEVELS): each for each in element}
        if local(element.tag) == "outline-style":
            self.outline = Numbering(levels)
        else:
            self._numbering[value(element, "name")] = Numbering(levels)

    def _resolved(self, family: str, name: str) -> Style:
        level, is_code, is_hidden, numbering, ink = None, False, False, "", Ink()
        for plain, element in self._chain(family, name):
            level = 0 if plain.lower() in _TITLES else level
            is_code = is_code or _CODE.fullmatch(plain) is not None
            is_hidden = is_hidden or value(child(element, "text-properties"), "display") == "none"
            numbering = numbering or value(element, "list-style-name")
            ink = ink.over(_ink(element))
        return Style(level, is_code, is_hidden, numbering, ink)

    def _chain(self, family: str, name: str) -> "Iterator[tuple[str, Element | None]]":
        """A style and those that it is based on, the nearest first, with their names as a person reads them."""
        for _ in range(_DEEPEST_STYLE):
            element = self._elements.get((family, name))
            shown = value(element, "display-name") or _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)
            yield shown, element
            name = value(element, "parent-style-name")
            if not name:
                return


def has_ground(package: Package) -> bool:
    """Whether pages are coloured, or something may be drawn behind their words."""
    for each in deep(package.root("styles.xml")):
        if local(each.tag) == "page-layout-properties" and _is_coloured(each):
            return True
    styles = (*_of_styles(package), *_of_content(package))
    drawn = (child(each, "graphic-properties") for each in styles)
    return any(value(each, "run-through") == "background" for each in drawn)


def _is_coloured(page: "Element") -> bool:
    colours = {value(page, "background-color"), value(page, "fill-color")} - _NO_GROUND
    is_filled = value(page, "fill") not in {"", "none", "solid"} or value(child(page, "background-image"), "href") != ""
    return is_filled or not all(map(is_white, colours))


def _ink(style: "Element | None") -> Ink:
    words = child(style, "text-properties")
    around = child(style, "paragraph-properties", "table-cell-properties", "table-row-properties", "table-properties")
    grounds = (value(words, "background-color"), value(around, "background-color"))
    ground = next((each for each in grounds if each not in _NO_GROUND), "")
    is_automatic = value(words, "use-window-font-color") == "true"
    has_effect = value(words, "text-outline") == "true" or value(words, "text-shadow") not in {"", "none"}
    colour = "automatic" if is_automatic or has_effect else value(words, "color")
    return Ink(colour, ground, value(words, "font-size"))


def _of_styles(package: Package) -> "Iterator[Element]":
    root = package.root("styles.xml")
    for holder in inside(root):
        if local(holder.tag) in {"styles", "automatic-styles"}:
            yield from (each for each in holder if local(each.tag) in _STYLED)


def _of_content(package: Package) -> "Iterator[Element]":
    """The styles before the text, which is not yet read."""
    for holder in package.elements(CONTENT, 2):
        if local(holder.tag) == "automatic-styles":
            for name in _STYLED:
                yield from children(holder, name)
            return
