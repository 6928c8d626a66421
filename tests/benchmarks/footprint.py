"""What large libraries cost: peak memory of each process, seconds, and bytes on disk for each MB of text.

The engines are scripted unless `--real` is given: embedding the large text with real weights takes hours. Text is drawn
from the documents of `--data`, so a library's words are as many and as various as those of real manuals.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import apsw

from rag_desktop.services.indexing import size_of
from rag_desktop.store.connection import FILE_NAME
from tests.benchmarks import report
from tests.benchmarks.material import Sentences, join_pages, write_many, write_text
from tests.benchmarks.steps import steps
from tests.benchmarks.watching import Run, index

_MB = 1_000_000
_LARGEST_TABLES = 6


def _big_text(folder: Path, data: Path, megabytes: int) -> None:
    write_text(folder / "big.txt", megabytes * _MB, Sentences(data))


def _long_pdf(folder: Path, data: Path, _megabytes: int) -> None:
    join_pages(folder / "long.pdf", data, 3_000)


def _many_files(folder: Path, data: Path, _megabytes: int) -> None:
    write_many(folder, 20_000, Sentences(data))


CASES: dict[str, Callable[[Path, Path, int], None]] = {
    "big-text": _big_text,
    "long-pdf": _long_pdf,
    "many-files": _many_files,
}


def measure(case: str, data: Path, megabytes: int, *, embeds: bool, is_real: bool) -> dict[str, Any]:
    """One case: a first look that reads, a second that finds all unchanged, and then embedding."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, library = Path(scratch) / "documents", Path(scratch) / "library"
        folder.mkdir()
        CASES[case](folder, data, megabytes)
        first = index(folder, library, embeds=False, is_real=is_real)
        without = _on_disk(library)
        walked = _walked(folder)
        second = index(folder, library, embeds=embeds, is_real=is_real)
        return {
            "case": case,
            "bytes": size_of(folder),
            "first": asdict(first),
            "second": asdict(second),
            "second_look_ratio": round(second.read_s / walked, 1),
            "without_vectors": _shares(without, first),
            "with_vectors": _shares(_on_disk(library), second) if embeds else None,
        }


def _walked(folder: Path) -> float:
    """Seconds that a bare walk with a stat of each file takes: the least any look needs."""
    began = time.perf_counter()
    for where, _, names in os.walk(folder):
        for name in names:
            os.stat(os.path.join(where, name))
    return time.perf_counter() - began


def _on_disk(library: Path) -> dict[str, Any]:
    """Bytes of the file, of what lies beside it, of the text it holds, and of its largest tables."""
    connection = apsw.Connection(str(library / FILE_NAME), flags=apsw.SQLITE_OPEN_READONLY)
    text = connection.execute("SELECT sum(length(CAST(text AS BLOB))) FROM texts").get or 0
    tables = list(
        connection.execute(
            "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT ?", (_LARGEST_TABLES,)
        )
    )
    connection.close()
    sqlite = (library / FILE_NAME).stat().st_size
    return {"sqlite": sqlite, "beside": size_of(library) - sqlite, "text": text, "tables": dict(tables)}


def _shares(disk: dict[str, Any], run: Run) -> dict[str, Any]:
    whole = disk["sqlite"] + disk["beside"]
    return {
        **disk,
        "for_a_byte_of_text": round(whole / disk["text"], 2) if disk["text"] else None,
        "for_a_passage": round(whole / run.passages) if run.passages else None,
    }


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['machine']}, engines {'real' if result['real'] else 'scripted'}"]
    for each in result["cases"]:
        first, second = each["first"], each["second"]
        title = f"{each['case']}: {each['bytes'] / _MB:.1f} MB"
        header = ("", "look+read s", "embed s", "documents", "passages", "without vector", "failed")
        keys = ("read_s", "embed_s", "documents", "passages", "pending", "failed")
        rows = [(name, *(run[key] for key in keys)) for name, run in (("first", first), ("second", second))]
        lines += report.titled(title, report.table(header, rows))
        lines.append(f"second look ÷ bare walk with stat: {each['second_look_ratio']}")
        lines += report.titled("Peak memory", _peaks(each))
        lines += report.titled("On disk", _disk(each))
    if result["steps"]:
        titles = ("step", "seconds", "held after ÷ bytes", "peak within ÷ bytes")
        steps_told = report.table(titles, [tuple(each.values()) for each in result["steps"]])
        lines += report.titled("Reading one text, step by step", steps_told)
    return lines


def _peaks(case: dict[str, Any]) -> list[str]:
    header = ("look", "process", "USS MB", "RSS MB", "RSS ÷ bytes of documents")
    rows = [
        (look, name, peak["uss"] / _MB, peak["rss"] / _MB, peak["rss"] / case["bytes"])
        for look in ("first", "second")
        for name, peak in case[look]["peaks"].items()
    ]
    return report.table(header, rows)


def _disk(case: dict[str, Any]) -> list[str]:
    header = ("", "SQLite MB", "beside MB", "text MB", "÷ text", "bytes a passage", "largest tables, MB")
    rows = []
    for name in ("without_vectors", "with_vectors"):
        if disk := case[name]:
            tables = ", ".join(f"{table} {size / _MB:.1f}" for table, size in disk["tables"].items())
            sizes = (disk[key] / _MB for key in ("sqlite", "beside", "text"))
            rows.append((name, *sizes, disk["for_a_byte_of_text"], disk["for_a_passage"], tables))
    return report.table(header, rows)


def _chosen(given: Iterable[str] | None) -> list[str]:
    return list(given) if given else [*CASES, "steps"]


def main() -> None:
    """Print what each case takes."""
    parser = report.options(__doc__)
    parser.add_argument(
        "--case", action="append", choices=[*CASES, "steps"], help="one of several; all where not given"
    )
    parser.add_argument("--megabytes", type=int, default=500, help="of the large text")
    parser.add_argument("--real", action="store_true", help="real weights of the embedder that the program would use")
    parser.add_argument("--no-vectors", action="store_true", help="leave out embedding")
    options = parser.parse_args()
    chosen = _chosen(options.case)
    result: dict[str, Any] = {"machine": report.machine(), "real": options.real}
    result["cases"] = [
        measure(case, options.data, options.megabytes, embeds=not options.no_vectors, is_real=options.real)
        for case in chosen
        if case != "steps"
    ]
    result["steps"] = steps(options.data) if "steps" in chosen else []
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
