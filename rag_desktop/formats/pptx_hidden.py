"""Which words of a slide nobody sees: in the colour of the slide's plain ground, or of no size.

A text box in the colour of the slide is seen where anything lies below it: a filled shape, a picture, a table. So words
are taken to be hidden only where nothing else is drawn at their place, on the slide, its layout or its master.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.formats.drawings import chosen, words
from rag_desktop.formats.ink import is_tiny, near
from rag_desktop.formats.markup import child, inside, local, value
from rag_desktop.formats.pptx_layouts import Layout, box_of, is_hidden, placeholder
from rag_desktop.formats.shape_order import Box

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HUNDREDTH = 0.01
_FILLS = ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill")
_SEEN_BY = ("ln", "effectLst", "effectDag", "highlight")
"""What makes letters seen in any colour."""
_PLAIN = "1001"
"""The first of a theme's grounds, which is one colour (ECMA-376 part 1, 19.3.1.3)."""
_OBJECTS = frozenset({"pic", "graphicFrame", "grpSp", "contentPart"})
_MOST_OBJECTS = 500
"""Of one slide; with more nothing is taken to be hidden."""


@dataclass(slots=True)
class Looks:
    """The ground of one slide and what is drawn on it. hide: told the words that are left out."""

    root: "Element | None"
    layout: Layout
    hide: Callable[[str], None]
    _ground: "str | None" = None
    _is_asked: bool = False
    _drawn: "list[tuple[Element, Box | None]]" = field(default_factory=list)

    def hides(self, shape: "Element | None" = None) -> "Callable[[Element], bool]":
        """Whether a run of this shape is not seen. Without a shape only its size is looked at."""

        is_bare = None if shape is not None else False

        def is_unseen(run: "Element") -> bool:
            nonlocal is_bare
            looks = child(run, "rPr")
            if looks is None:
                return False
            is_lost = is_bare is not False and self._is_of_ground(looks)
            if is_lost and is_bare is None and shape is not None:
                is_bare = self._is_bare(shape)
            if is_tiny(value(looks, "sz"), _HUNDREDTH) or (is_lost and is_bare):
                self.hide(words(run))
                return True
            return False

        return is_unseen

    def _is_of_ground(self, looks: "Element") -> bool:
        """Whether letters have the very colour of the slide."""
        fill = child(looks, *_FILLS)
        if fill is None or local(fill.tag) != "solidFill" or child(looks, *_SEEN_BY) is not None:
            return False
        ground, colour = self._slide_ground(), self._colour(fill)
        return ground is not None and colour is not None and near(colour, ground)

    def _is_bare(self, shape: "Element") -> bool:
        """Whether a shape has no ground of its own, and nothing else stands where it does."""
        place = self.layout.box(shape)
        if place is None or any(map(_is_filled, self.layout.chain(shape))) or len(self._drawn) > _MOST_OBJECTS:
            return False
        others = (box for each, box in self._drawn if each is not shape)
        top_level = any(each is shape for each in _objects(child(child(self.root, "cSld"), "spTree")))
        return top_level and not any(box is None or _overlap(place, box) for box in others)

    def _slide_ground(self) -> str | None:
        """The colour of the whole slide, of six digits; None where it is not one plain colour, or not known."""
        if not self._is_asked:
            self._is_asked = True
            roots = [self.root, *(master.root for master in self.layout.above)]
            found = (child(child(root, "cSld"), "bg") for root in roots)
            ground = next((each for each in found if each is not None), None)
            reference, own = child(ground, "bgRef"), child(ground, "bgPr")
            if own is not None:
                self._ground = self._colour(child(own, "solidFill"))
            elif value(reference, "idx") == _PLAIN:
                self._ground = self._colour(reference)
            for root in roots:
                for each in _objects(child(child(root, "cSld"), "spTree")):
                    is_own = root is self.root
                    if (is_own or placeholder(each) is None) and not is_hidden(each) and self._is_drawn(each):
                        self._drawn.append((each, self.layout.box(each) if is_own else box_of(each)))
        return self._ground

    def _is_drawn(self, shape: "Element") -> bool:
        if local(shape.tag) in _OBJECTS:
            return True
        return local(shape.tag) == "sp" and any(map(_is_filled, self.layout.chain(shape)))

    def _colour(self, holder: "Element | None") -> str | None:
        """The colour in a fill; None where it is changed in any way, or is not known."""
        colour = next(iter(inside(holder)), None)
        if colour is None or len(colour):
            return None
        name, said = local(colour.tag), value(colour)
        if name == "srgbClr":
            return said
        if name == "sysClr":
            return value(colour, "lastClr") or None
        return self._of_theme(said) if name == "schemeClr" else None

    def _of_theme(self, name: str) -> str | None:
        master = self.layout.above[-1] if len(self.layout.above) > 1 else None
        if master is None or any(child(child(each, "clrMapOvr"), "overrideClrMapping") is not None
                                 for each in (self.root, self.layout.above[0].root)):  # fmt: skip
            return None
        return self.layout.theme_colour(value(child(master.root, "clrMap"), name) or name)


def _objects(tree: "Element | None") -> "Iterator[Element]":
    """What stands on a slide, of several forms of the same thing the newest."""
    for each in inside(tree):
        if local(each.tag) == "AlternateContent":
            yield from chosen(each)
        else:
            yield each


def _is_filled(shape: "Element") -> bool:
    """Whether a shape says that it has a ground, by itself or by the theme's style."""
    looks = child(shape, "spPr")
    if child(looks, *_FILLS) is not None:
        return True
    return child(looks, "noFill") is None and value(child(child(shape, "style"), "fillRef"), "idx") not in {"", "0"}


def _overlap(one: Box, other: Box) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    return across > 0 and min(one.bottom, other.bottom) - max(one.top, other.top) > 0
