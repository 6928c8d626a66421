"""Which runs of a Word document nobody sees: white on white, or of no size. Words are written so for machines only.

White is seen on any ground: that of a run, a paragraph, a cell, a table's style, a shape, the page, or a picture that
lies behind the text. Where one of these may be there, nothing is taken to be hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.formats.docx_styles import Styles
from rag_desktop.formats.ink import is_tiny, is_white
from rag_desktop.formats.markup import child, inside, local, value
from rag_desktop.formats.package import Package

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HALF_POINT = 0.5
_DRAWN = frozenset({"textFill", "textOutline", "outline", "shadow", "emboss", "imprint", "glow", "props3d"})
"""Effects by which white letters are seen."""
_WORDS = frozenset(
    {"rPr", "t", "tab", "ptab", "br", "cr", "noBreakHyphen", "softHyphen", "sym", "lastRenderedPageBreak"}
)
"""What a run of nothing but words consists of."""
_NO_GROUND = frozenset({"", "auto", "none", "nil", "clear", "white"})


@dataclass(slots=True)
class Looks:
    """What is known of ink and ground where the reader is. `is_shaded`: in a cell or shape that may have its own."""

    package: Package
    main: str
    styles: Styles
    is_shaded: bool = False
    _has_ground: bool | None = None
    _faint: dict[str, bool] = field(default_factory=dict)
    """Whether a paragraph style alone makes words white or tiny, so that runs without properties are looked at."""

    def hides(self, run: "Element", paragraph: "Element | None") -> bool:
        """Whether the words of a run cannot be seen."""
        own = child(run, "rPr")
        about = child(paragraph, "pPr")
        style = value(child(about, "pStyle"))
        if (own is None and not self._is_faint(style)) or not all(local(each.tag) in _WORDS for each in run):
            return False
        looks: list[Element | None] = [
            own,
            *self.styles.looks(value(child(own, "rStyle")), "rPr"),
            *self.styles.looks(style, "rPr"),
        ]
        if is_tiny(_first(looks, "sz"), _HALF_POINT):
            return True
        if self.is_shaded or not is_white(_first(looks, "color")) or any(map(_is_seen, looks)):
            return False
        around = [about, *self.styles.looks(style, "pPr")]
        return not any(map(is_shaded, around)) and not self._page_has_ground()

    def is_table_shaded(self, table: "Element") -> bool:
        """Whether any cell of a table may be shaded by the table itself or by its style."""
        properties = child(table, "tblPr")
        parts = self.styles.whole(value(child(properties, "tblStyle")))
        return is_shaded(properties) or any(is_shaded(each) for part in parts for each in part.iter())

    def _is_faint(self, style: str) -> bool:
        if style not in self._faint:
            looks = list(self.styles.looks(style, "rPr"))
            self._faint[style] = is_white(_first(looks, "color")) or is_tiny(_first(looks, "sz"), _HALF_POINT)
        return self._faint[style]

    def _page_has_ground(self) -> bool:
        """Whether pages are coloured, or something is drawn behind their words. Only white words are worth the look."""
        if self._has_ground is None:
            parts = [self.main, *self.package.targets(self.main, "header")]
            self._has_ground = any(self._is_ground_in(part) for part in parts if part in self.package)
        return self._has_ground

    def _is_ground_in(self, part: str) -> bool:
        for each in self.package.named(part, "p", "background"):
            if _is_coloured(each) if local(each.tag) == "background" else _lies_behind(each):
                return True
            each.clear()
        return False


def is_shaded(properties: "Element | None") -> bool:
    """Whether properties of a run, paragraph, cell or table have a ground of their own other than white."""
    shading = child(properties, "shd")
    if shading is None:
        return False
    fill = value(shading, "fill")
    has_fill = fill.lower() not in _NO_GROUND and not is_white(fill)
    return has_fill or bool(value(shading, "themeFill")) or value(shading).lower() not in _NO_GROUND


def _is_seen(looks: "Element | None") -> bool:
    """Whether properties of a run make white letters seen."""
    highlight = value(child(looks, "highlight"))
    return highlight not in _NO_GROUND or is_shaded(looks) or any(local(each.tag) in _DRAWN for each in inside(looks))


def _first(looks: "Sequence[Element | None]", name: str) -> str:
    return next((value(found) for each in looks if (found := child(each, name)) is not None), "")


def _is_coloured(background: "Element") -> bool:
    colour = value(background, "color")
    return len(background) > 0 or (colour not in _NO_GROUND and not is_white(colour))


def _lies_behind(paragraph: "Element") -> bool:
    """Whether something hangs on a paragraph that is drawn before the words of its page."""
    return any(
        value(each, "behindDoc") in {"1", "true"} or "z-index:-" in value(each, "style").replace(" ", "")
        for each in paragraph.iter()
    )
