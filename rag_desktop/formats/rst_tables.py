"""Tables of reStructuredText as rows on one line each, cells parted by bars: grid, simple, list-table, csv-table."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence

GRID_BORDER = re.compile(r"\s*\+(?:[-=]+\+)+\s*$")
SIMPLE_BORDER = re.compile(r"\s*=+(?:[ \t]+=+)+\s*$")

_RUN = re.compile(r"=+")
_GRID_RULE = re.compile(r"\+[-=]+\+")
_ITEM = re.compile(r"(\s*)([*-])\s+([*-]\s)?")
_FILLER = "\0"
_SPANS = re.compile(r"[\s-]*-{2,}[\s-]*$")

Rows = list[list[str]]


def _columns(line: str) -> str:
    """The line with a filler after each character that takes two columns, so that places are columns."""
    if line.isascii():
        return line
    return "".join(sign + _FILLER * (unicodedata.east_asian_width(sign) in "WF") for sign in line)


def _cell(columns: str) -> str:
    return columns.replace(_FILLER, "").strip()


def grid(lines: Sequence[str]) -> Rows:
    """Rows of a grid table. A cell that spans columns stands in the first of them."""
    border = lines[0].rstrip()
    places = [place for place, sign in enumerate(border) if sign == "+"]
    rows: Rows = []
    cells: list[list[str]] = [[] for _ in places[1:]]
    for line in map(_columns, lines[1:]):
        if _GRID_RULE.search(line):
            rows.append([" ".join(filter(None, cell)) for cell in cells])
            cells = [[] for _ in places[1:]]
            continue
        column, start = 0, places[0] + 1
        for number, place in enumerate(places[1:], 1):
            if line[place : place + 1] == "|" or number == len(places) - 1:
                cells[column].append(_cell(line[start:place]))
                column, start = number, place + 1
    rows.append([" ".join(filter(None, cell)) for cell in cells])
    return rows


def simple(lines: Sequence[str]) -> Rows:
    """Rows of a simple table. A line without a first cell goes on with the row above."""
    border = lines[0]
    starts = [match.start() for match in _RUN.finditer(border)]
    rows: Rows = []
    for line in map(_columns, lines[1:]):
        if SIMPLE_BORDER.match(line) or _SPANS.match(line) or not line.strip():
            continue
        ends = [*(start - 1 for start in starts[1:]), len(line)]
        cells = [_cell(line[start:end]) for start, end in zip(starts, ends, strict=True)]
        if rows and not cells[0]:
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows


def nested_list(lines: Iterable[str]) -> Rows:
    """Rows of a list of lists: an item of the outer list is a row, of the inner one a cell."""
    rows: Rows = []
    for line in lines:
        match = _ITEM.match(line)
        words = line[match.end() :].strip() if match else line.strip()
        if match and match[3]:
            rows.append([words])
        elif not rows:
            continue
        elif match:
            rows[-1].append(words)
        elif words:
            rows[-1][-1] = f"{rows[-1][-1]} {words}".strip()
    return rows


def comma_separated(lines: Sequence[str]) -> Rows:
    """Rows of a CSV table; nothing where it is not well-formed."""
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, skipinitialspace=True)]
    except csv.Error:
        return []
