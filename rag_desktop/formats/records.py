"""Writes records (a table's row, a JSON object) as lines that each stand for themselves: every value with its name.

A row is searched and cited alone, far from the header that names its columns; so the names are written into it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind, Span
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.text.sentences import sentences
from rag_desktop.text.units import LEAF_LIMIT, LEAF_TOKENS
from rag_desktop.text.words import count_tokens

SEPARATOR = " | "
MOST_CHARACTERS = 192 * 1024 * 1024
"""Of what is written for one file: names are repeated, so this can be far more than was read."""

_TITLES = ("name", "title", "label", "subject", "이름", "제목", "성명", "상품명", "제품명", "품명", "id", "sku")
_LONGEST_NAME = 120
_LONGEST_TITLE = 80
_LONGEST_HEADER = 100
_NUMBER = re.compile(r"\W*\d[\d\s.,:/%+-]*\w{0,3}\W*")
_FIGURES = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PIECE = re.compile(r"\S{1,48}\s*")
_MOST_LEAD = 32
"""Tokens of what is repeated on each line of a long record."""
_LONGEST_REPEATED = 40


@dataclass(frozen=True, slots=True)
class Field:
    """One value with its name, both on one line; the name may be empty."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value}" if self.name else self.value


@dataclass(slots=True)
class Records:
    """The blocks written so far, one for each record; no more than MOST_CHARACTERS, else UnreadableError(`code`)."""

    code: str
    blocks: list[Block] = field(default_factory=list)
    characters: int = 0

    def add(self, fields: Sequence[Field], headings: tuple[str, ...] = ()) -> None:
        """Writes one record, on one line where it fits a leaf. Fields without a value are left out."""
        if filled := [each for each in fields if each.value]:
            self.add_text("\n".join(lines(filled)) + "\n", BlockKind.TABLE, headings)

    def add_text(self, text: str, kind: BlockKind, headings: tuple[str, ...] = ()) -> None:
        """Adds what is no record, such as a line above the table."""
        self.characters += len(text)
        if self.characters > MOST_CHARACTERS:
            raise UnreadableError(self.code, limit=MOST_CHARACTERS)
        self.blocks.append(Block(text, kind, headings))


def named(name: str, value: str) -> Field:
    """A field on one line; a name that is a text of its own is cut."""
    return Field(_shortened(one_line(name), _LONGEST_NAME), one_line(value))


def one_line(text: str) -> str:
    """`text` with every run of white space and line ends as one space."""
    return " ".join(text.split())


def lines(fields: Sequence[Field]) -> list[str]:
    """One line where it is at most LEAF_LIMIT tokens; else several of about LEAF_TOKENS, each led by the title."""
    whole = SEPARATOR.join(map(str, fields))
    if len(whole) <= LEAF_LIMIT or count_tokens(whole) <= LEAF_LIMIT:
        return [whole]
    title = title_of(fields) or fields[0]
    lead = str(title) if count_tokens(str(title)) <= _MOST_LEAD else ""
    room = LEAF_TOKENS - count_tokens(lead) - 1
    packed = _packed([piece for each in fields for piece in _pieces(each, room) if str(each) != lead], room)
    return [SEPARATOR.join(filter(None, (lead, *line))) for line in packed]


def title_of(fields: Sequence[Field]) -> Field | None:
    """The field that tells this record from the others, as far as its name shows it and it is short."""
    short = {each.name.casefold(): each for each in reversed(fields) if 0 < len(each.value) <= _LONGEST_TITLE}
    return next((short[name] for name in _TITLES if name in short), None)


def is_header(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether the row `first` names the columns of `body`: short, distinct, no figures, unlike what its columns hold.

    Years may be names (`Region, 2023, 2024`) where the first cell is not one.
    """
    filled = [cell.strip().casefold() for cell in first if cell.strip()]
    if len(first) < 2 or not body or 2 * len(filled) < len(first) or len(set(filled)) < len(filled):
        return False
    if any(len(cell) > _LONGEST_HEADER for cell in filled):
        return False
    figures = [cell for cell in filled if _NUMBER.fullmatch(cell)]
    if figures and (first[0].strip().casefold() in figures or not all(map(_YEAR.fullmatch, figures))):
        return False
    return not any(
        _recurs(name, [row[column] for row in body if column < len(row)]) for column, name in enumerate(first)
    )


def _recurs(name: str, values: Sequence[str]) -> bool:
    """Whether a cell stands among the values of its column, whatever their figures: `row 1` among `row 2`, `row 3`."""
    wanted = _shape(name)
    return bool(wanted) and any(_shape(value) == wanted for value in values)


def _shape(cell: str) -> str:
    plain = cell.strip().casefold()
    return plain if _NUMBER.fullmatch(plain) else _FIGURES.sub("0", plain)


def _packed(pieces: Sequence[str], room: int) -> Iterator[list[str]]:
    line: list[str] = []
    tokens = 0
    for piece in pieces:
        more = count_tokens(piece) + 1
        if line and tokens + more > room:
            yield line
            line, tokens = [], 0
        line.append(piece)
        tokens += more
    if line:
        yield line


def _pieces(whole: Field, room: int) -> Iterator[str]:
    """The field, cut at its sentences where it has more than `room` tokens, with its name before each piece."""
    if count_tokens(str(whole)) <= room:
        yield str(whole)
        return
    name = _shortened(whole.name, _LONGEST_REPEATED)
    room -= count_tokens(name) + 1
    spans = sentences(whole.value, Span(0, len(whole.value)))
    for group in _packed([part for span in spans for part in _cut(span.of(whole.value), room)], room):
        yield str(Field(name, " ".join(group)))


def _cut(sentence: str, room: int) -> Iterator[str]:
    if count_tokens(sentence) <= room:
        yield sentence
        return
    for group in _packed(_PIECE.findall(sentence), room):
        yield "".join(group).strip()


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
