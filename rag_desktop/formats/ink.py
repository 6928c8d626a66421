"""Ink that cannot be seen: near enough to white on white paper, or in letters too small to read."""

import re

MOST_POINTS_UNSEEN = 1.0
"""Letters of this size and below are no reading matter."""

_COLOUR = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)
_WHITISH = 0xF0
_NEAR = 0x0F


def is_white(colour: str) -> bool:
    """Whether a colour of six hexadecimal digits is hardly seen on white; False for what is no such colour."""
    match = _COLOUR.fullmatch(colour)
    return match is not None and all(int(part, 16) >= _WHITISH for part in match.groups())


def near(one: str, other: str) -> bool:
    """Whether two colours of six hexadecimal digits can hardly be told apart; False for what is no such colour."""
    parts = _COLOUR.fullmatch(one), _COLOUR.fullmatch(other)
    if parts[0] is None or parts[1] is None:
        return False
    pairs = zip(parts[0].groups(), parts[1].groups(), strict=True)
    return all(abs(int(first, 16) - int(second, 16)) <= _NEAR for first, second in pairs)


def is_tiny(size: str, unit: float) -> bool:
    """Whether a font size, a number of units of so many points, is too small to read; False for what is no number."""
    try:
        return 0 <= float(size) * unit <= MOST_POINTS_UNSEEN
    except ValueError:
        return False
