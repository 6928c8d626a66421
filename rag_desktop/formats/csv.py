"""Tables as text (CSV, TSV): each row becomes a record that names its columns, a block of its own that is never cut.

Quoting after RFC 4180; the delimiter, the header and backslash escapes are told from the beginning of the file. A row
carries no number: with one, a row put in at the top would change all rows below it, and their vectors.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Field, Records, is_header, named, one_line

MOST_COLUMNS = 16_384
"""As many as a spreadsheet has."""
MOST_ROWS = 1_000_000

_LONGEST_CELL = 1 << 21
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 200
_DELIMITERS = ",;\t|"
_NONE = "\x1f"
"""Parts nothing: stands in where the file has one column, so that its commas stay words."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_NAMED_DELIMITER = re.compile(r"sep=([,;\t|:^~#])(?:\r\n?|\n)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How cells are told apart. `escape` is the backslash in files that write \\" within quotes, else None."""

    delimiter: str
    escape: str | None = None
    is_quoted: bool = True


def _contents(file: OpenedFile) -> Contents:
    csv.field_size_limit(_LONGEST_CELL)
    decoded = decode(file.content)
    said = _NAMED_DELIMITER.match(decoded.text)  # Excel's own first line
    text = decoded.text[said.end() :] if said else decoded.text
    escape = "\\" if '\\"' in text[:_SAMPLE] and '""' not in text[:_SAMPLE] else None
    dialect = _Dialect(said[1] if said else _delimiter(text, escape, file.path.suffix.lower()), escape)
    try:
        records = _read(text, dialect)
    except csv.Error:  # a quotation mark that is never closed takes the rest of the file for one cell
        records = _read_unquoted(text, dialect)
    return Contents(tuple(records.blocks), warnings=decoded.warnings)


def _delimiter(text: str, escape: str | None, suffix: str) -> str:
    """The delimiter by which most rows have the same number of cells, and more than one."""
    likely = {delimiter: _evenness(text, _Dialect(delimiter, escape)) for delimiter in _DELIMITERS}
    own = "\t" if suffix in {".tsv", ".tab"} else ","
    best = max(likely, key=lambda delimiter: (likely[delimiter], delimiter == own))
    return best if likely[best] > (0.0, 0) else _NONE


def _evenness(text: str, dialect: _Dialect) -> tuple[float, int]:
    """The share of rows that have the commonest number of cells, in tenths, and that number; (0, 0) if it is one."""
    try:
        widths = Counter(len(row) for row in _sample_rows(text, dialect) if any(row))
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, rows = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (round(rows / widths.total(), 1), width) if width > 1 else (0.0, 0)


def _sample_rows(text: str, dialect: _Dialect) -> list[list[str]]:
    """The first rows, without the one that the sample's end may have cut."""
    rows = [row for row, _ in zip(_rows(text[:_SAMPLE], dialect), range(_SAMPLE_ROWS), strict=False)]
    return rows[:-1] if len(text) > _SAMPLE and 1 < len(rows) < _SAMPLE_ROWS else rows


def _read_unquoted(text: str, dialect: _Dialect) -> Records:
    try:
        return _read(text, replace(dialect, is_quoted=False))
    except csv.Error as error:
        raise UnreadableError("csv-damaged", reason=str(error)) from error


def _read(text: str, dialect: _Dialect) -> Records:
    """Raises csv.Error where a cell is longer than any, or where a quotation mark was never closed."""
    records = Records("csv-too-large")
    above, header = _beginning(_sample_rows(text, dialect))
    names = [named(name, "") for name in header]
    count, last = 0, [""]
    for count, row in enumerate(_rows(text, dialect), 1):
        last = row
        if count > MOST_ROWS:
            raise UnreadableError("csv-too-large", limit=MOST_ROWS)
        if count <= above:
            records.add_text(one_line(" ".join(row)) + "\n\n", BlockKind.PROSE)
        elif count > above + bool(header):
            records.add(_fields(names, row))
    if not any(block.kind is BlockKind.TABLE for block in records.blocks):
        records.add(_fields([], header))
    if dialect.is_quoted and text.count('"') % 2 and last and "\n" in last[-1].strip():
        raise csv.Error("a quotation mark was never closed")
    return records


def _beginning(rows: Sequence[Sequence[str]]) -> tuple[int, list[str]]:
    """How many lines stand above the table (a title in its first cell), and the header, empty where there is none."""
    width = max(map(len, rows), default=0)
    above = 0
    while width > 1 and above < len(rows) - 1 and sum(bool(cell.strip()) for cell in rows[above]) <= 1:
        above += 1
    if above < len(rows) and is_header(rows[above], [row for row in rows[above + 1 :] if any(row)]):
        return above, list(rows[above])
    return above, []


def _fields(names: Sequence[Field], row: Sequence[str]) -> list[Field]:
    return [
        Field(names[column].name if column < len(names) else "", one_line(cell))
        for column, cell in enumerate(row)
        if cell and not cell.isspace()
    ]


def _rows(text: str, dialect: _Dialect) -> Iterator[list[str]]:
    """Raises UnreadableError: csv-too-wide. It is counted before cells are made, which could fill the memory."""
    pending = 0

    def counted() -> Iterator[str]:
        nonlocal pending
        for match in _LINE.finditer(text):
            pending += match[0].count(dialect.delimiter)
            if pending > 64 * MOST_COLUMNS:
                raise UnreadableError("csv-too-wide", columns=pending, limit=MOST_COLUMNS)
            yield match[0]

    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.is_quoted else csv.QUOTE_NONE
    for row in csv.reader(counted(), delimiter=dialect.delimiter, quoting=quoting, escapechar=dialect.escape):
        pending = 0
        if len(row) > MOST_COLUMNS:
            raise UnreadableError("csv-too-wide", columns=len(row), limit=MOST_COLUMNS)
        yield row if dialect.is_quoted else [cell.strip().strip('"') for cell in row]


READER = Reader("csv", (".csv", ".tsv", ".tab"), _contents)
