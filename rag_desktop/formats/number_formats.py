"""Numbers of spreadsheets as their cells show them: `1,200원`, `35%`, `000123`; dates after ISO 8601.

ECMA-376 part 1, 18.8.31 (numFmts). A person looks for what the sheet shows; only dates are written in one way whatever
their format, so that they compare. Fractions, powers of ten and conditions are shown as plain numbers.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

GENERAL = "General"
BUILT_IN = {
    **dict.fromkeys((1,), "0"),
    **dict.fromkeys((2,), "0.00"),
    **dict.fromkeys((3, 37, 38, 41, 42), "#,##0"),
    **dict.fromkeys((4, 39, 40, 43, 44), "#,##0.00"),
    **dict.fromkeys((9,), "0%"),
    **dict.fromkeys((10,), "0.00%"),
    **dict.fromkeys((14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 55, 56), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss",
}
"""Formats that have a number instead of a code (18.8.30); those from 27 on are what East Asian systems have there."""

_LONGEST_CODE = 255
"""Characters, as Excel allows."""
_TOKEN = re.compile(r'"([^"]*)"?|\\(.)|[_*].|\[([^\]]*)\]|(General|AM/PM|A/P|[Ee][+-])|(.)', re.IGNORECASE | re.DOTALL)
_PLACES = frozenset("0#?")
_MOST_WHOLE = 1e15
"""Beyond it a double is no longer exact."""
_MOST_SHOWN = 1e21
"""Beyond it zeros would be shown that mean nothing."""
_LAST_DAY = 2_958_466
"""The day after 9999-12-31."""
_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class _Section:
    """One of the up to four parts of a code: how a positive number is shown, or a negative one, or zero.

    `pattern` is what stands in the place of the number: digits' places, and what stands among them.
    """

    is_plain: bool = True
    letters: str = ""
    """Of dates and times."""
    is_elapsed: bool = False
    before: str = ""
    after: str = ""
    pattern: tuple[str, ...] = ()
    least: int = 0
    """Decimals."""
    most: int = 0
    is_grouped: bool = False
    power: int = 0
    """Of ten, by which the number is shown too large."""


def shown(number: float, code: str, *, is_1904: bool = False) -> str:
    """`number` as a cell with the format `code` shows it, and exact where the cell would only be too narrow."""
    number = float(number)
    if not abs(number) < _MOST_SHOWN:
        return f"{number:.15g}"
    sections = _sections(code)
    section = sections[0]
    if number < 0 and len(sections) > 1:
        section, number = sections[1], -number
    elif number == 0 and len(sections) > 2:
        section = sections[2]
    if section.letters:
        return _moment(number, section, is_1904=is_1904) or _general(number)
    return _general(number) if section.is_plain else _figures(number, section)


def _general(number: float) -> str:
    if abs(number) >= _MOST_WHOLE:
        return f"{number:.15g}"
    return str(int(number)) if number.is_integer() else f"{number:.10g}"


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[_Section, ...]:
    """Conditions choose among sections in other ways than the sign, so that none of theirs is used."""
    parts: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(code[:_LONGEST_CODE]):
        if token[0] == ";":
            parts.append([])
        elif token[3] and token[3][0] in "<>=":
            return (_Section(),)
        else:
            parts[-1].append(token)
    return tuple(map(_section, parts[:3]))


def _section(tokens: list[re.Match[str]]) -> _Section:
    letters = "".join(dict.fromkeys(token[5].lower() for token in tokens if token[5] and token[5].lower() in "ymdhs"))
    elapsed = {token[3].lower()[:1] for token in tokens if token[3] and set(token[3].lower()) <= set("hms")}
    if letters or elapsed:
        return _Section(False, letters + "".join(elapsed), bool(elapsed))
    places = [at for at, token in enumerate(tokens) if token[5] and token[5] in _PLACES]
    if any(token[4] or token[5] in {"@", "/"} for token in tokens):
        return _Section()
    first, last = (places[0], places[-1] + 1) if places else (len(tokens), len(tokens))
    inner = [token[5] or token[1] or token[2] or "" for token in tokens[first:last]]
    point = inner.index(".") if "." in inner else len(inner)
    whole, decimals = inner[:point], inner[point:]
    thousands = next((at for at, token in enumerate(tokens[last:]) if token[0] != ","), len(tokens) - last)
    percents = sum(token[5] == "%" for token in tokens)
    return _Section(
        is_plain=False,
        before=_literal(tokens[:first]),
        after=_literal(tokens[last + thousands :]),
        pattern=tuple(each for each in whole if each != ","),
        least=decimals.count("0"),
        most=sum(each in _PLACES for each in decimals),
        is_grouped="," in whole,
        power=2 * percents - 3 * thousands,
    )


def _literal(tokens: list[re.Match[str]]) -> str:
    """What is shown around the number; a currency stands in brackets, before its language: [$₩-412]."""
    named = (token[1] or token[2] or (token[3] or "").partition("-")[0].removeprefix("$") for token in tokens)
    return "".join(
        (name if token[3] is None or token[3].startswith("$") else "") or token[5] or ""
        for token, name in zip(tokens, named, strict=True)
    )


def _figures(number: float, section: _Section) -> str:
    if not section.pattern and not section.most:
        return (section.before + section.after).strip()  # such a section is words alone
    with localcontext(rounding=ROUND_HALF_UP):
        exact = Decimal(f"{number:.15g}").scaleb(section.power)
        text = format(abs(exact), f".{section.most}f")
    whole, _, decimals = text.partition(".")
    while len(decimals) > section.least and decimals.endswith("0"):
        decimals = decimals[:-1]
    sign = "-" if number < 0 and text.strip("0.") else ""
    point = f".{decimals}" if decimals else ""
    return (sign + section.before + _placed(whole, section) + point + section.after).strip()


def _placed(digits: str, section: _Section) -> str:
    """The digits before the point, in their places from the last to the first: 01012345678 in 000-0000-0000."""
    wanted = section.pattern.count("0")
    left = list(digits.lstrip("0").rjust(wanted, "0"))
    if section.is_grouped:
        return f"{int(''.join(left) or 0):,}" if wanted or left else ""
    found: list[str] = []
    for each in reversed(section.pattern):
        if each not in _PLACES:
            found.append(each[::-1])
        elif left:
            found.append(left.pop())
    return "".join(left) + "".join(reversed(found))


def _moment(number: float, section: _Section, *, is_1904: bool) -> str | None:
    """A date, a time or both; None where the number is no day that a sheet can show."""
    days = number + (1462 if is_1904 else 0)
    if not 0 <= days < _LAST_DAY:
        return None
    seconds = round(number * _SECONDS)
    has_time = any(letter in "hs" for letter in section.letters)
    has_date = any(letter in "yd" for letter in section.letters) or not has_time
    if section.is_elapsed:
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    # 1900 counts as a leap year in these numbers, so that day 60 does not exist
    moment = datetime(1899, 12, 31 if days < 60 else 30) + timedelta(seconds=round(days * _SECONDS))  # noqa: DTZ001
    time = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    date = moment.date().isoformat()
    if not has_date:
        return time
    return f"{date} {time}" if has_time and days % 1 else date
