"""The query syntax: what a person types becomes words, filters, quoted phrases and words that must not be there.

    query     = { operator | phrase | exclusion | word }
    operator  = name ":" value { "," value }        at the beginning of a word, nothing between its parts
    name      = "type" | "in" | "after" | "before" | "author" | "path"
              | "형식" | "폴더" | "이후" | "이전" | "저자" | "경로"
    value     = '"' anything '"' | signs without blanks, commas and quotation marks
    phrase    = '"' anything '"'                    also “…”, 「…」, 『…』
    exclusion = "-" letter … | "-" phrase           at the beginning of a word

    type:pdf,docx "exact words" -draft in:"My Contracts" author:kim path:*.md after:2023 before:2023-05-17

Several values, or an operator that is repeated, mean any of them; `after` and `before` bound each other. A date is a
year, a month or a day, and stands for its first day: `after` begins with that day, `before` ends with the day before
it, so that after:2023 before:2024 is the year 2023. What no rule fits is text: an unknown name, a date that is none, a
quotation mark that is not closed, a dash before a blank, a digit or inside a word, a pair of dashes around an aside,
and exclusions that nothing stands beside. So nothing that is typed can fail, and quotation marks make any of it text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from rag_desktop.domain.documents import Span
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.text.words import phrase_tokens, words


class PieceKind(StrEnum):
    """What a recognised stretch of a query is."""

    TYPE = "type"
    FOLDER = "folder"
    AFTER = "after"
    BEFORE = "before"
    AUTHOR = "author"
    PATH = "path"
    PHRASE = "phrase"
    WITHOUT = "without"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch that was recognised: `value` without its operator and marks, `span` in the text as typed."""

    kind: PieceKind
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, taken apart.

    text: as typed, but for operators and exclusions; phrases keep their marks. Empty where only those were typed.
    phrases, without: index tokens (text.words) that must stand in a passage, and that must not.
    """

    text: str
    filters: Filters = EVERYTHING
    phrases: tuple[tuple[str, ...], ...] = ()
    without: tuple[tuple[str, ...], ...] = ()
    pieces: tuple[Piece, ...] = ()


_OPERATORS: Mapping[str, PieceKind] = {
    "type": PieceKind.TYPE, "형식": PieceKind.TYPE,
    "in": PieceKind.FOLDER, "폴더": PieceKind.FOLDER,
    "after": PieceKind.AFTER, "이후": PieceKind.AFTER,
    "before": PieceKind.BEFORE, "이전": PieceKind.BEFORE,
    "author": PieceKind.AUTHOR, "저자": PieceKind.AUTHOR,
    "path": PieceKind.PATH, "경로": PieceKind.PATH,
}  # fmt: skip
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "word": ("docx", "doc", "odt", "rtf"), "워드": ("docx", "doc", "odt", "rtf"),
    "hwp": ("hwpx", "hwp"), "한글": ("hwpx", "hwp"),
    "sheet": ("xlsx", "xls", "ods", "csv"), "excel": ("xlsx", "xls", "ods", "csv"),
    "엑셀": ("xlsx", "xls", "ods", "csv"),
    "slides": ("pptx", "ppt", "odp"), "powerpoint": ("pptx", "ppt", "odp"), "슬라이드": ("pptx", "ppt", "odp"),
    "image": ("image",), "이미지": ("image",), "사진": ("image",),
    "mail": ("email", "mbox", "msg"), "메일": ("email", "mbox", "msg"),
    "text": ("text", "markdown", "org", "rst", "log"), "텍스트": ("text", "markdown", "org", "rst", "log"),
    "web": ("html",), "book": ("epub", "fb2"), "책": ("epub", "fb2"),
    "code": ("code", "notebook"), "코드": ("code", "notebook"),
}  # fmt: skip
_ENDINGS = ".,;!?)"
"""What ends a sentence is no part of the value before it, but in a path, where a question mark is any sign."""

# A straight quotation mark after a digit is an inch. Typed as jamo, a Korean operator has up to six signs.
_MARKED = r"\"[^\"]{1,200}\"|“[^”]{1,200}”"
_VALUE = rf"(?:{_MARKED}|[^\s\"“”,]+)"
_VALUES = re.compile(_VALUE)
_PIECE = re.compile(
    rf"(?<!\S)(?P<name>[^\W\d_]{{2,12}})[:：](?P<values>{_VALUE}(?:,+{_VALUE})*),*"
    rf"|(?<!\S)-(?P<without>{_MARKED}|[^\W\d_][^\s\"“”]+|[^\W\d_a-zA-Z])(?=[\s,.;!?]|$)"
    r"|(?:(?<!\d)\"|[“”「『])(?P<phrase>[^\"“”「」『』]{2,200})[\"“”」』]"
)
_ASIDE_ENDS = re.compile(r"[^\W\d_]-(?=[\s,.;!?]|$)")
_FORMAT = re.compile(r"\w[\w.+-]{0,19}")
_DATE = re.compile(
    r"(?P<year>(?:19|20|21)\d\d)"
    r"(?:(?P<sign>[-./])(?P<month>\d\d?)(?:(?P=sign)(?P<day>\d\d?))?"
    r"|년(?:(?P<korean_month>\d\d?)월(?:(?P<korean_day>\d\d?)일)?)?)?"
)


def parsed(typed: str, *, is_narrowed: bool = False) -> Query:
    """Take apart what a person typed. Never fails; text without anything of the syntax comes back stripped.

    is_narrowed: filters were chosen beside the text, so that exclusions have something to stand beside.
    """
    found = tuple(_recognised(typed))
    query = _assembled(typed, found)
    if query.without and not query.text and not query.filters and not is_narrowed:
        return _assembled(typed, [each for each in found if each.piece.kind is not PieceKind.WITHOUT])
    return query


def formats_named(value: str) -> tuple[str, ...]:
    """Formats, or suffixes of files, that a person means by `word`, `.MD` or `pdf`; none where it cannot be one."""
    name = _plain(value).lstrip("*.")
    return _FAMILIES.get(name, (name,) if _FORMAT.fullmatch(name) else ())


def day_named(value: str) -> date | None:
    """The first day of a year, month or day as people write them (2023, 2023-05, 2023.5.17, 2023년5월), or None."""
    match = _DATE.fullmatch(_plain(value))
    if match is None:
        return None
    month, day = match["month"] or match["korean_month"], match["day"] or match["korean_day"]
    try:
        return date(int(match["year"]), int(month or 1), int(day or 1))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Recognised:
    piece: Piece
    values: tuple[str, ...]


def _recognised(typed: str) -> Iterator[_Recognised]:
    aside_ends = max((match.start() for match in _ASIDE_ENDS.finditer(typed)), default=-1)
    at = 0
    while match := _PIECE.search(typed, at):
        found = _read(match, aside_ends)
        if found is not None:
            yield found
            at = match.end()
        else:  # text after all, in which quotation marks may still hold a phrase
            at = match.end("name") + 1 if match["name"] else match.start() + 1


def _read(match: re.Match[str], aside_ends: int) -> _Recognised | None:
    values: tuple[str, ...]
    if match["name"]:
        kind, values = _OPERATORS.get(_plain(match["name"])), tuple(_values(match))
    elif match["phrase"]:
        kind, values = PieceKind.PHRASE, (match["phrase"],)
    else:
        is_aside = match.start() < aside_ends
        kind, values = None if is_aside else PieceKind.WITHOUT, (match["without"].strip('"“”').rstrip(_ENDINGS),)
    if kind is None or not _is_meant(kind, values):
        return None
    return _Recognised(Piece(kind, ", ".join(values), Span(*match.span())), values)


def _values(match: re.Match[str]) -> Iterator[str]:
    endings = "" if _OPERATORS.get(_plain(match["name"])) is PieceKind.PATH else _ENDINGS
    for value in _VALUES.findall(match["values"]):
        is_marked = value[0] in '"“'
        plain = value[1:-1].strip() if is_marked else value.rstrip(endings)
        if plain:
            yield unicodedata.normalize("NFC", plain)


def _is_meant(kind: PieceKind, values: tuple[str, ...]) -> bool:
    """Whether an operator can have these values, or a phrase has words at all."""
    match kind:
        case PieceKind.TYPE:
            return bool(values) and all(map(formats_named, values))
        case PieceKind.AFTER | PieceKind.BEFORE:
            return len(values) == 1 and day_named(values[0]) is not None
        case PieceKind.WITHOUT:
            name, colon, _ = values[0].replace("：", ":").partition(":")
            return bool(words(values[0])) and not (colon and _plain(name) in _OPERATORS)
        case PieceKind.PHRASE:
            return bool(words(values[0]))
        case _:
            return bool(values)


def _assembled(typed: str, found: Sequence[_Recognised]) -> Query:
    def values(*kinds: PieceKind) -> Iterator[str]:
        return (value for each in found if each.piece.kind in kinds for value in each.values)

    def tokens(kind: PieceKind) -> tuple[tuple[str, ...], ...]:
        return tuple(dict.fromkeys(phrase_tokens(words(value)) for value in values(kind)))

    days_after = [day for value in values(PieceKind.AFTER) if (day := day_named(value))]
    days_before = [day - timedelta(days=1) for value in values(PieceKind.BEFORE) if (day := day_named(value))]
    filters = Filters(
        folders=tuple(dict.fromkeys(values(PieceKind.FOLDER))),
        formats=tuple(dict.fromkeys(name for value in values(PieceKind.TYPE) for name in formats_named(value))),
        after=max(days_after, default=None),
        before=min(days_before, default=None),
        authors=tuple(dict.fromkeys(values(PieceKind.AUTHOR))),
        globs=tuple(dict.fromkeys(values(PieceKind.PATH))),
    )
    pieces = tuple(each.piece for each in found)
    return Query(_left(typed, pieces), filters, tokens(PieceKind.PHRASE), tokens(PieceKind.WITHOUT), pieces)


def _left(typed: str, pieces: Sequence[Piece]) -> str:
    """What is typed outside operators and exclusions; nothing where only punctuation is left beside them."""
    cuts = [piece.span for piece in pieces if piece.kind is not PieceKind.PHRASE]
    if not cuts:
        return typed.strip()
    starts, ends = [0, *(span.end for span in cuts)], [*(span.start for span in cuts), len(typed)]
    between = (typed[start:end].strip() for start, end in zip(starts, ends, strict=True))
    left = " ".join(stretch for stretch in between if stretch)
    return left if words(left) else ""


def _plain(value: str) -> str:
    return unicodedata.normalize("NFKC", value).casefold()
