"""What a slide does not say itself: where its placeholders stand and how their lists look, after layout and master.

ECMA-376 part 1, 19.3.1.36 (placeholders) and 21.1.2.4 (bullets and numbering).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.formats.docx_styles import numeral
from rag_desktop.formats.drawings import Paragraph
from rag_desktop.formats.markup import child, deep, inside, local, natural, value
from rag_desktop.formats.package import Package
from rag_desktop.formats.shape_order import Box

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_PROPERTIES = {"sp": "nvSpPr", "grpSp": "nvGrpSpPr", "graphicFrame": "nvGraphicFramePr", "pic": "nvPicPr"}
_BULLETS = ("buNone", "buChar", "buBlip", "buAutoNum")
_SAME = {"ctrTitle": "title", "subTitle": "body", "": "body", "obj": "body"}
"""Types of placeholders that stand for another one in the master; a type left out means obj (19.7.10)."""
_NUMBERS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter"} | {
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
}
_AROUND = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Minus": "{}-"}
_HIGHEST_START = 32767


@dataclass(slots=True)
class _Master:
    """The shapes of a layout or master that are placeholders, and the looks of lists (`bodyStyle`)."""

    root: "Element | None" = None
    shapes: list["Element"] = field(default_factory=list)
    styles: "Element | None" = None

    def find(self, index: str, kind: str) -> "Element | None":
        """The placeholder of this index, or else of this type."""
        same = [each for each in self.shapes if index and value(placeholder(each), "idx") == index]
        alike = [each for each in self.shapes if _kind(placeholder(each)) == kind]
        return next(iter([*same, *alike]), None)


class Layouts:
    """Layouts and masters of one presentation, each read once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._found: dict[str, _Master] = {}
        self._above: dict[str, str | None] = {}
        self._themes: dict[str, dict[str, str | None]] = {}

    def of(self, slide: str) -> "Layout":
        """The layout of a slide and its master; empty ones where the package lacks them."""
        layout = self._package.target(slide, "slideLayout")
        if layout and layout not in self._above:
            self._above[layout] = self._package.target(layout, "slideMaster")
        master = self._above.get(layout) if layout else None
        parts = [part for part in (layout, master) if part]
        return Layout(tuple(map(self._read, parts)), lambda name: self._theme_colour(parts[-1], name))

    def _theme_colour(self, master: str, name: str) -> str | None:
        if master not in self._themes:
            theme = self._package.target(master, "theme")
            root = self._package.root(theme) if theme else None
            colours = child(child(root, "themeElements"), "clrScheme")
            self._themes[master] = {local(each.tag): _plain_colour(each) for each in inside(colours)}
        return self._themes[master].get(name)

    def _read(self, part: str) -> _Master:
        if part not in self._found:
            root = self._package.root(part)
            shapes = [each for each in deep(root) if local(each.tag) in _PROPERTIES]
            self._found[part] = _Master(
                root,
                [each for each in shapes if placeholder(each) is not None],
                child(child(root, "txStyles"), "bodyStyle"),
            )
        return self._found[part]


@dataclass(frozen=True, slots=True)
class Layout:
    """What one slide inherits, the nearest first. theme_colour: of its master's theme, of six digits, by its name."""

    above: tuple[_Master, ...]
    theme_colour: Callable[[str], str | None]

    def chain(self, shape: "Element") -> list["Element"]:
        """The shape, and the placeholders that it takes its looks from."""
        own = placeholder(shape)
        if own is None:
            return [shape]
        found = (master.find(value(own, "idx"), _kind(own)) for master in self.above)
        return [shape, *(each for each in found if each is not None)]

    def box(self, shape: "Element") -> Box | None:
        """Where the shape stands, in EMU; None where nothing says so."""
        return next((box for each in self.chain(shape) if (box := box_of(each))), None)

    def bullets(self, shape: "Element") -> "list[Element]":
        """Where the looks of this shape's lists are found: an element for each holder of `lvl1pPr` to `lvl9pPr`."""
        own = placeholder(shape)
        lists = [child(child(each, "txBody"), "lstStyle") for each in self.chain(shape)]
        if own is not None and _kind(own) == "body":
            lists += [master.styles for master in self.above]
        return [each for each in lists if each is not None]


class Marks:
    """What stands before the paragraphs of one shape. It counts: ask for each paragraph once, in their order."""

    def __init__(self, lists: "list[Element]") -> None:
        self._lists = lists
        self._counts: dict[int, int] = {}

    def of(self, paragraph: Paragraph) -> str:
        """`-` for any sign, a number as it is shown, or nothing."""
        bullet = self._bullet(paragraph)
        for level in [each for each in self._counts if each > paragraph.level]:
            del self._counts[level]
        if bullet is None or local(bullet.tag) != "buAutoNum":
            self._counts.pop(paragraph.level, None)
            return "" if bullet is None or local(bullet.tag) == "buNone" else "-"
        first = natural(value(bullet, "startAt"), 1, _HIGHEST_START)
        number = self._counts[paragraph.level] = self._counts.get(paragraph.level, first - 1) + 1
        return _number(number, value(bullet, "type"))

    def _bullet(self, paragraph: Paragraph) -> "Element | None":
        levels = (child(each, f"lvl{paragraph.level + 1}pPr") for each in self._lists)
        found = (child(each, *_BULLETS) for each in (paragraph.properties, *levels))
        return next((each for each in found if each is not None), None)


def placeholder(shape: "Element") -> "Element | None":
    """What makes a shape a placeholder, or None."""
    return child(child(child(shape, _PROPERTIES.get(local(shape.tag), "")), "nvPr"), "ph")


def kind_of(shape: "Element") -> str:
    """The type of placeholder that a shape is; empty where it is none."""
    own = placeholder(shape)
    return "" if own is None else value(own, "type") or "obj"


def is_hidden(shape: "Element") -> bool:
    """Whether the shape is switched off."""
    about = child(child(shape, _PROPERTIES.get(local(shape.tag), "")), "cNvPr")
    return value(about, "hidden") in {"1", "true"}


def _kind(own: "Element | None") -> str:
    kind = value(own, "type")
    return _SAME.get(kind, kind)


def box_of(shape: "Element") -> Box | None:
    """Where the shape itself says that it stands, in EMU."""
    holder = shape if local(shape.tag) == "graphicFrame" else child(shape, "spPr", "grpSpPr")
    place = child(holder, "xfrm")
    start, size = child(place, "off"), child(place, "ext")
    said = [value(start, "x"), value(start, "y"), value(size, "cx"), value(size, "cy")]
    if not all(each.removeprefix("-").isdecimal() and len(each) < 16 for each in said):
        return None
    left, top, width, height = map(int, said)
    return Box(left, top, left + max(width, 0), top + max(height, 0))


def _plain_colour(holder: "Element") -> str | None:
    found = child(holder, "srgbClr", "sysClr")
    return value(found, "lastClr") or value(found) or None


def _number(number: int, kind: str) -> str:
    format_ = next((name for prefix, name in _NUMBERS.items() if kind.startswith(prefix)), "decimal")
    around = next((form for suffix, form in _AROUND.items() if kind.endswith(suffix)), "{}")
    return around.format(numeral(number, format_))
