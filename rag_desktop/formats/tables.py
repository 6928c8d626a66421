"""Tables of any format: a line for each row, cells in their columns whatever was merged, the header with each piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.records import SEPARATOR, is_header
from rag_desktop.text.units import LEAF_LIMIT, LEAF_TOKENS
from rag_desktop.text.words import count_tokens

_LONGEST_CELL = 400
"""Characters on average; with more the cells are columns of a page."""
_LONGEST_REPEATED = 200
"""Characters of a merged cell that is written again in each of its rows."""
_MOST_COLUMNS = 256
_MOST_WRITTEN = 8_000_000
"""Cells and repeated characters of one table: what a document says of columns and rows costs it nothing."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of one row. `column` counts from 0; None is the next that is free.

    `rows` is how many rows it covers, itself included; one that `is_continued` belongs to the cell above it.
    """

    text: str
    column: int | None = None
    columns: int = 1
    rows: int = 1
    is_continued: bool = False


def table_blocks(rows: Sequence[Sequence[str]], marked: int = 0) -> Iterator[tuple[str, BlockKind]]:
    """Texts with their kinds: paragraphs where the table arranges a page, else rows under their header.

    `rows` holds the text of each column; the first `marked` rows are known to be the header.
    """
    cells = [text for row in rows for text in row if text]
    if not any(sum(map(bool, row)) > 1 for row in rows) or sum(map(len, cells)) > _LONGEST_CELL * len(cells):
        for text in cells:
            yield text + "\n\n", BlockKind.PROSE
        return
    header = marked or int(len(rows) > 1 and is_header(rows[0], rows[1:]))
    yield from ((text, BlockKind.TABLE) for text in _cut(_lines(rows[:header]), _lines(rows[header:])))


def grid(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """The text of each column; a cell over several rows stands in each of them, over several columns in the first."""
    above: dict[int, str] = {}
    covered: dict[int, int] = {}
    """How many more rows the cell above covers, by column."""
    found, written = [], 0
    for row in rows:
        texts = {column: above[column] for column in covered}
        covered = {column: left - 1 for column, left in covered.items() if left > 1} | _set(row, texts, above)
        found.append([texts.get(each, "") for each in range(max(texts, default=-1) + 1)])
        written += len(found[-1]) + sum(map(len, map(texts.get, covered, repeat(""))))
        if written > _MOST_WRITTEN:
            raise UnreadableError("file-too-large", size=written, limit=_MOST_WRITTEN)
    return found


def _set(row: Sequence[Cell], texts: dict[int, str], above: dict[int, str]) -> dict[int, int]:
    """Puts the cells of a row into `texts`, which holds those from above; returns how many rows they go on for.

    What stands beyond the last column that is kept is added to that.
    """
    taken, going_on = set(texts), {}
    beyond: list[str] = []
    column = 0
    for cell in row:
        column = max(cell.column, 0) if cell.column is not None else _next(column, taken)
        if column >= _MOST_COLUMNS - 1:
            beyond.append(cell.text)
            continue
        said = cell.text or (above.get(column, "") if cell.is_continued else "")
        end = column + max(1, min(cell.columns, _MOST_COLUMNS - 1 - column))
        for each in range(column, end):
            texts[each] = said if each == column else ""
            above[each] = texts[each] if len(texts[each]) <= _LONGEST_REPEATED else ""
            if cell.rows > 1:
                going_on[each] = cell.rows - 1
            taken.add(each)
        column = end
    if rest := " ".join(filter(None, beyond)):
        texts[_MOST_COLUMNS - 1] = rest
    return going_on


def _next(column: int, taken: set[int]) -> int:
    while column in taken:
        column += 1
    return column


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, without the empty cells at its end, which keep no other cell in its column."""
    ends = [max((place for place, text in enumerate(texts, 1) if text), default=0) for texts in rows]
    return [SEPARATOR.join(texts[:end]) for texts, end in zip(rows, ends, strict=True) if end]


def _cut(header: Sequence[str], body: Sequence[str]) -> Iterator[str]:
    """The table where it fits a leaf, else pieces, each with the header again: a row alone does not say what its cells
    are."""
    lead = "".join(f"{line}\n" for line in header)
    own = count_tokens(lead)
    if not body or own > LEAF_TOKENS // 2 or own + sum(map(count_tokens, body)) <= LEAF_LIMIT:
        yield "\n".join([*header, *body]) + "\n\n"
        return
    held: list[str] = []
    tokens = own
    for line in body:
        more = count_tokens(line)
        if held and header and tokens + more > LEAF_TOKENS:
            yield lead + "\n".join(held) + "\n\n"
            held, tokens = [], own
        held.append(line)
        tokens += more
    yield lead + "\n".join(held) + "\n\n"
