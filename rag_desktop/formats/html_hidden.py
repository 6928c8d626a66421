"""What a web page hides by its own plain switches: attributes and inline styles, as a browser would without scripts.

Style sheets are not applied. So white words count as hidden only on a white ground that the page itself names, or where
the page has no style sheet that could colour the ground otherwise.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

TEXT_HIDDEN = "text-hidden"
"""Warning: words that the document does not show were left out."""
LEAST_HIDDEN = 60
"""Characters in one place that are worth the warning; less is a label, a key for sorting, a separator."""

_SWITCHES = "[hidden]," + ",".join(
    f"[style*={name} i]" for name in ("display", "visibility", "opacity", "mso-hide", "font-size", "color")
)
_SWITCHED_OFF = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0*\.?0+%?|mso-hide\s*:\s*all)"
    r"\s*(?:!important\s*)?(?:;|$)",
    re.IGNORECASE,
)
_NO_SIZE = re.compile(
    r"(?:^|;)\s*font-size\s*:\s*0*\.?0+\s*(?:px|pt|em|rem|%)?\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE
)
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_GROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_WHITE = re.compile(r"white|#fff(?:fff)?|rgba?\(255,255,255(?:,1(?:\.0*)?)?\)|hsl\(0,0%,100%\)")
_SIZED = "[style*=font i],[class],[size]"


def drop_hidden(tree: "LexborHTMLParser", *, is_white: bool) -> int:
    """Takes what is hidden out of the page; the number of characters of its longest piece, white space aside.

    is_white: whether the ground is white where nothing else is said.
    """
    grounds = _Grounds(is_white=is_white)
    switched = [node for node in tree.css(_SWITCHES) if node.tag not in {"html", "body"}]
    return drop([node for node in switched if "hidden" in node.attributes or _is_hidden(node, grounds)])


def drop(nodes: list["LexborNode"]) -> int:
    """Takes these nodes, given in document order, out of their page; returns the characters of the longest.

    Inner ones first and each once: a node inside a dropped one must not be touched any more.
    """
    dropped: set[int] = set()
    longest = 0
    for node in reversed(nodes):
        if node.mem_id not in dropped:
            dropped.add(node.mem_id)
            longest = max(longest, sum(map(len, node.text().split())))
            node.decompose()
    return longest


def _is_hidden(node: "LexborNode", grounds: "_Grounds") -> bool:
    style = node.attributes.get("style") or ""
    if _SWITCHED_OFF.search(style):
        return True
    if _NO_SIZE.search(style):  # mail is full of frames without a size, whose contents have one
        return all(each.css_first(_SIZED) is None for each in node.iter())
    said = _COLOUR.search(style)
    return said is not None and _is_white(said[1]) and grounds.is_white(node)


class _Grounds:
    """Whether the nearest ground that is named is white; each element is asked once."""

    def __init__(self, *, is_white: bool) -> None:
        self._default = is_white
        self._known: dict[int, bool] = {}

    def is_white(self, node: "LexborNode") -> bool:
        path: list[int] = []
        above: LexborNode | None = node
        found: bool | None = None
        while above is not None and found is None:
            found = self._known.get(above.mem_id)
            if found is None:
                path.append(above.mem_id)
                found = _own_ground(above)
                above = above.parent
        answer = self._default if found is None else found
        self._known.update(dict.fromkeys(path, answer))
        return answer


def _own_ground(node: "LexborNode") -> bool | None:
    attributes = node.attributes
    said = _GROUND.search(attributes.get("style") or "")
    ground = said[1] if said else attributes.get("bgcolor") or attributes.get("background")
    return _is_white(ground) if ground else None


def _is_white(colour: str) -> bool:
    return bool(_WHITE.fullmatch("".join(colour.lower().split())))
