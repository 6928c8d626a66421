"""The schemes by which a folder's documents are cut, by name: `leaves`, `characters:1000/150`, `tokens:256/20`."""

import re
from dataclasses import dataclass
from enum import StrEnum

EXAMPLES = ("leaves", "characters:1000/150", "tokens:256/20")

_WINDOWS = re.compile(r"(characters|tokens):([1-9][0-9]{0,4})/(0|[1-9][0-9]{0,4})")


class Cut(StrEnum):
    """Where chunks end."""

    LEAVES = "leaves"
    """Where sentences, rows and parts of code end, under the same headings; leaves under parents of two sizes."""
    CHARACTERS = "characters"
    """At the last paragraph, line, sentence or word that fits: recursive character splitting."""
    TOKENS = "tokens"
    """Between words, wherever the window is full."""


SIZES = {Cut.CHARACTERS: (64, 8000), Cut.TOKENS: (16, 2048)}
"""The least and the largest window, in characters or tokens."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """How text is cut. size, overlap: of windows, in characters or in tokens as `text.words.count_tokens` has them."""

    cut: Cut
    size: int = 0
    overlap: int = 0


def scheme(name: str) -> Scheme:
    """The scheme of this name. An overlap is less than half of the size. Raises ValueError where there is none."""
    if name == Cut.LEAVES:
        return Scheme(Cut.LEAVES)
    match = _WINDOWS.fullmatch(name)
    if match is None:
        raise ValueError(f"no chunking scheme {name!r}")
    found = Scheme(Cut(match[1]), int(match[2]), int(match[3]))
    least, largest = SIZES[found.cut]
    if not least <= found.size <= largest or 2 * found.overlap >= found.size:
        raise ValueError(f"no chunking scheme {name!r}: {least} to {largest} {found.cut}, and overlap below half")
    return found


def is_scheme(name: object) -> bool:
    """Whether there is a scheme of this name."""
    try:
        return isinstance(name, str) and bool(scheme(name))
    except ValueError:
        return False
