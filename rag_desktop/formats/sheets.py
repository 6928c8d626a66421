"""Writes the sheets of a workbook as records: each row a block of its own that names its columns and its place.

A row begins with the reference of its first cell (`B12`), by which a person finds it again: a sheet is edited by hand
and talked of by rows. What this costs: a row put in above changes the rows below it, and their vectors. Hidden rows,
columns and sheets are read: they are data that somebody put away, not words meant to stay unread.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.records import SEPARATOR, Field, Records, is_header, named, one_line

MOST_ROWS = 1 << 20
MOST_COLUMNS = 1 << 14
MOST_CELLS = 4_000_000
"""Cells of one file that hold something, merged ones counted where they are repeated."""

_SAMPLE_ROWS = 200
_MOST_HEADER_ROWS = 3
_MOST_MERGED = 100_000
_SAMPLE_COLUMNS = 1024
_FEW = 2
"""A row with fewer cells than the usual ones have, divided by this, is no row of the table but a line beside it."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_PLAIN_FIGURE = re.compile(r"[\W\d]*\d[\W\d]*")
_FIGURE = re.compile(r"\W*\d")


@dataclass(frozen=True, slots=True)
class Area:
    """Rows (from 1) and columns (from 0), the last ones included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


Merged = dict[int, dict[int, Area]]
"""Areas by their first row and, in it, their first column."""


@dataclass(slots=True)
class Row:
    """A row that holds something: texts by column (from 0). `repeated` rows like it follow each other."""

    number: int
    cells: dict[int, str]
    repeated: int = 1


@dataclass(slots=True)
class Sheet:
    """One sheet. `headers` are the numbers of rows that the file itself calls the header of a table."""

    name: str
    rows: list[Row] = field(default_factory=list)
    merged: Merged = field(default_factory=dict)
    headers: set[int] = field(default_factory=set)
    merges: int = 0

    def merge(self, area: Area) -> None:
        """Notes that the cells of `area` are shown as one, as far as a sheet has so many."""
        is_one = area.last_row <= area.first_row and area.last_column <= area.first_column
        if not is_one and self.merges < _MOST_MERGED:
            self.merges += 1
            self.merged.setdefault(area.first_row, {})[area.first_column] = area


@dataclass(slots=True)
class Cells:
    """Counts the cells of one file, so that no few bytes claim more than fit the memory."""

    count: int = 0

    def add(self, number: int = 1) -> None:
        """Raises UnreadableError: file-too-large (size, limit: cells)."""
        self.count += number
        if self.count > MOST_CELLS:
            raise UnreadableError("file-too-large", size=self.count, limit=MOST_CELLS)


@dataclass(frozen=True, slots=True)
class _Header:
    """The names of columns, and how many rows they take."""

    names: dict[int, str]
    rows: int


def reference(row: int, column: int) -> str:
    """A cell as spreadsheets call it: row from 1, column from 0; (12, 1) is `B12`."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def write(records: Records, sheet: Sheet, cells: Cells) -> None:
    """Adds a heading with the sheet's name, and its rows. A sheet without cells is passed over."""
    rows = sorted((row for row in sheet.rows if row.cells), key=lambda row: row.number)
    if not rows:
        return
    headings = (one_line(sheet.name),) if sheet.name.strip() else ()
    if headings:
        records.add_text(headings[0] + "\n\n", BlockKind.HEADING, headings)
    names: dict[int, str] = {}
    for before, table in _joined(_tables(list(_unmerged(rows, sheet.merged, cells))), sheet.merged):
        above, header = _beginning(table, before, sheet)
        for row in table[:above]:
            line = SEPARATOR.join(one_line(row.cells[column]) for column in sorted(row.cells))
            records.add_text(line + "\n\n", BlockKind.PROSE, headings)
        body = table[above + header.rows :] if header else table[above:]
        names = header.names if header else names if _goes_on(body, names) else {}
        for row in body:
            fields = [named(names.get(column, ""), row.cells[column]) for column in sorted(row.cells)]
            records.add([Field("", reference(row.number, min(row.cells))), *fields], headings)


def _tables(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Rows that stand together: an empty row ends a table."""
    start = 0
    for at in range(1, len(rows)):
        if rows[at].number > rows[at - 1].number + rows[at - 1].repeated:
            yield rows[start:at]
            start = at
    yield rows[start:]


def _joined(tables: Iterable[Sequence[Row]], merged: Merged) -> Iterator[tuple[int, Sequence[Row]]]:
    """The tables, each with the number of its first rows that an empty row cuts off from it: they name its columns."""
    waiting: Sequence[Row] = ()
    for table in tables:
        if waiting and _is_headed(waiting[-1], table, merged):
            yield len(waiting), [*waiting, *table]
            waiting = ()
            continue
        if waiting:
            yield 0, waiting
        waiting = table if len(table) <= _MOST_HEADER_ROWS else ()
        if not waiting:
            yield 0, table
    if waiting:
        yield 0, waiting


def _is_headed(last: Row, table: Sequence[Row], merged: Merged) -> bool:
    """Whether a row before a gap names the columns of the rows after it: words, cells enough, and no nearer header."""
    usual = _usual(table[:_SAMPLE_ROWS])
    words = not any(map(_FIGURE.match, last.cells.values()))
    return words and usual > 2 and _FEW * len(last.cells) >= usual and _header(table[:_SAMPLE_ROWS], merged) is None


def _usual(rows: Sequence[Row]) -> int:
    """How many cells a row has, as a rule."""
    widths = sorted(len(row.cells) for row in rows)
    return widths[len(widths) // 2]


def _unmerged(rows: Iterable[Row], merged: Merged, cells: Cells) -> Iterator[Row]:
    """A cell merged over several rows stands in each of them; `rows` are in their order."""
    open_: dict[int, tuple[int, str]] = {}
    for row in rows:
        open_ = {column: area for column, area in open_.items() if area[0] >= row.number}
        above = {column: text for column, (_, text) in open_.items() if column not in row.cells}
        cells.add(len(open_))
        for column, area in merged.get(row.number, {}).items():
            if area.last_row > row.number and (text := row.cells.get(column)):
                open_[column] = area.last_row, text
        yield Row(row.number, {**row.cells, **above}, row.repeated) if above else row


def _goes_on(rows: Sequence[Row], names: dict[int, str]) -> bool:
    """Whether rows after a gap belong under the names above it: they have several cells, and none beside the names."""
    columns = {column for row in rows for column in row.cells}
    return len(columns) > 1 and columns <= names.keys()


def _beginning(table: Sequence[Row], before: int, sheet: Sheet) -> tuple[int, _Header | None]:
    """How many lines stand above the table, and its header; the first `before` rows are known to hold it."""
    sample = table[:_SAMPLE_ROWS]
    marked = next((at for at, row in enumerate(sample[:-1]) if row.number in sheet.headers), None)
    if marked is not None:
        return marked, _Header(_combined(sample[marked : marked + 1], {}), 1)
    usual = _usual(sample[before:])
    if usual == 1:
        return 0, None
    above = 0
    while above < (before or len(sample)) - 1 and (len(sample[above].cells) == 1 or _is_sparse(sample[above], usual)):
        above += 1
    if before:
        return above, _Header(_combined(sample[above:before], sheet.merged), before - above)
    return above, _header(sample[above:], sheet.merged)


def _is_sparse(row: Row, usual: int) -> bool:
    return _FEW * len(row.cells) < usual


def _header(rows: Sequence[Row], merged: Merged) -> _Header | None:
    """The first row, or the first rows where cells merged over several columns stand above names of their own."""
    top = rows[0]
    spread = merged.get(top.number, {}).values()
    depth = max((area.last_row for area in spread), default=top.number) - top.number + 1
    if depth == 1 and any(area.last_column > area.first_column for area in spread):
        depth = 2
    depth = min(depth, _MOST_HEADER_ROWS)
    names = _combined(rows[:depth], merged)
    if len(rows) > depth > 1 and _is_outer(top, rows[1], spread) and len(set(names.values())) == len(names):
        return _Header(names, depth)
    names = _combined(rows[:1], {})
    columns = range(min(names), min(max(names) + 1, min(names) + _SAMPLE_COLUMNS))
    full = [row for row in rows[1:] if _FEW * len(row.cells) >= len(names)]
    body = [[row.cells.get(column, "") for column in columns] for row in full or rows[1:2]]
    if not is_header([names.get(column, "") for column in columns], body):
        return None
    # of two columns, names beside each other may as well be a form: a label and what was filled in
    return _Header(names, 1) if len(columns) > 2 or all(_FIGURE.match(texts[-1]) for texts in body) else None


def _is_outer(top: Row, below: Row, spread: Iterable[Area]) -> bool:
    """Whether a merged cell stands above several cells, in a row of words and years."""
    columns = sorted(below.cells)
    parts = any(
        bisect_right(columns, area.last_column) - bisect_left(columns, area.first_column) > 1 for area in spread
    )
    return parts and all(_YEAR.fullmatch(text) or not _PLAIN_FIGURE.fullmatch(text) for text in top.cells.values())


def _combined(rows: Sequence[Row], merged: Merged) -> dict[int, str]:
    """One name for each column, from the outer header to the inner one; only the innermost is not spread."""
    columns = sorted({column for row in rows for column in row.cells})
    parts: dict[int, dict[str, None]] = {column: {} for column in columns}
    for row in rows:
        areas = merged.get(row.number, {}) if row is not rows[-1] else {}
        last, outer = -1, ""
        for column in columns:
            if column in areas:
                last, outer = areas[column].last_column, row.cells.get(column, "")
            if text := row.cells.get(column) or (outer if column <= last else ""):
                parts[column][one_line(text)] = None
    return {column: " ".join(each) for column, each in parts.items()}
