"""How a benchmark says what it found: aligned tables for people, one JSON object for programs, and on what machine."""

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psutil

Cell = str | int | float | None


def options(description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has: `--data` and `--json`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object, and nothing else")
    return parser


def machine() -> dict[str, Any]:
    """What seconds depend on: cores, and how busy others keep them (mean runnable processes of the last minute)."""
    return {
        "cores": os.cpu_count(),
        "load": round(psutil.getloadavg()[0], 2),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def show(result: dict[str, Any], lines: Iterable[str], *, is_json: bool) -> None:
    """Print the result in one of its two forms."""
    print(json.dumps(result, ensure_ascii=False) if is_json else "\n".join(lines))


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> list[str]:
    """Rows under a header. Columns of figures are flush right, columns that hold any words flush left."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    figures = [all(_is_figure(row[place]) for row in cells) for place in range(len(header))]

    def line(row: Sequence[str]) -> str:
        together = zip(row, widths, figures, strict=True)
        return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in together).rstrip()

    return [line(header), *map(line, cells)]


def titled(title: str, lines: Iterable[str]) -> list[str]:
    """Lines under a title, with a blank line above it."""
    return ["", title, *lines]


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which `share` of the values lie (nearest rank), or None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)


def _is_figure(cell: str) -> bool:
    return cell == "–" or cell.replace(".", "", 1).replace("-", "", 1).replace("e", "", 1).isdigit()
