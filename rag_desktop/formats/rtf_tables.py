"""Tables of RTF, which has none: rows that follow one another, their cells known by where they end on the page."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rag_desktop.domain.documents import BlockKind
from rag_desktop.formats.records import SEPARATOR
from rag_desktop.formats.tables import Cell, grid, table_blocks

MOST_NESTED = 16
"""Levels of tables in tables; those below count as the last."""
_SAME_EDGE = 100
"""Twentieths of a point: edges nearer than this are one."""

Piece = str | tuple[str, ...]
"""A paragraph of a cell, or a row of a table inside it."""


@dataclass(slots=True)
class Definition:
    """Where a cell ends, in twentieths of a point, and whether it goes on with the one above."""

    edge: int
    is_continued: bool


@dataclass(slots=True)
class Row:
    """A row as it is read: cells that are complete, and the paragraphs of the one that is not."""

    cells: list[list[Piece]] = field(default_factory=list)
    open: list[Piece] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    is_marked: bool = False

    def end_cell(self) -> None:
        self.cells.append(self.open)
        self.open = []

    @property
    def is_layout(self) -> bool:
        """Whether a cell holds a table of its own."""
        return any(isinstance(piece, tuple) for cell in self.cells for piece in cell)


def blocks_of(rows: Sequence[Row]) -> Iterator[tuple[str, BlockKind]]:
    """The table's texts with their kinds; rows that hold tables are read cell by cell."""
    for is_layout, group in groupby(rows, key=lambda row: row.is_layout):
        if is_layout:
            for row in group:
                for cell in row.cells:
                    yield from _pieces(cell)
        else:
            plain = list(group)
            marked = next((place for place, row in enumerate(plain) if not row.is_marked), 0)
            yield from table_blocks(grid(_placed(plain)), marked)


def _pieces(cell: list[Piece]) -> Iterator[tuple[str, BlockKind]]:
    for is_row, group in groupby(cell, key=lambda piece: isinstance(piece, tuple)):
        if is_row:
            yield from table_blocks([[*piece] for piece in group])
        else:
            yield from ((f"{piece}\n\n", BlockKind.PROSE) for piece in group if piece)


def text_of(pieces: list[Piece]) -> str:
    """All of a cell on one line."""
    return " ".join(piece if isinstance(piece, str) else SEPARATOR.join(piece) for piece in pieces if piece)


def _placed(rows: Sequence[Row]) -> list[list[Cell]]:
    """Cells at their columns: by number where all rows have as many, else by where they end."""
    if len({len(row.cells) for row in rows}) == 1 or any(len(row.definitions) < len(row.cells) for row in rows):
        return [
            [Cell(text_of(cell), column, is_continued=_continued(row, column)) for column, cell in enumerate(row.cells)]
            for row in rows
        ]
    edges = _edges(rows)
    return [list(_by_edges(row, edges)) for row in rows]


def _continued(row: Row, column: int) -> bool:
    return column < len(row.definitions) and row.definitions[column].is_continued


def _edges(rows: Sequence[Row]) -> list[int]:
    found: list[int] = []
    for edge in sorted({definition.edge for row in rows for definition in row.definitions}):
        if not found or edge - found[-1] > _SAME_EDGE:
            found.append(edge)
    return found


def _by_edges(row: Row, edges: list[int]) -> Iterator[Cell]:
    column = 0
    for cell, definition in zip(row.cells, row.definitions, strict=False):
        end = max(bisect_left(edges, definition.edge - _SAME_EDGE), column) + 1
        yield Cell(text_of(cell), column, end - column, is_continued=definition.is_continued)
        column = end
