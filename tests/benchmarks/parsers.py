"""Reads every file of a folder as the program would, and compares the words with another extractor's.

A document counts as lost where its reading child died, hung or met a bug. Recall is the share of the other extractor's
distinct words that are in ours; a word cut or joined elsewhere is no loss, which the second figure allows for.
"""

import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from typing import Any

from rag_desktop.app import build
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import ReadHead, ReadRequest
from rag_desktop.formats.registry import format_of
from rag_desktop.services import reading
from rag_desktop.services.bounds import Caps
from rag_desktop.services.indexing import DEFAULT_CHUNKER
from rag_desktop.workers.child import Child, ChildBugError
from tests.benchmarks import report
from tests.benchmarks.second_opinion import PROGRAMS, extractor_for, squeezed, words

CRASHED = frozenset({"child-died", "child-memory", "reader-bug"})
HUNG = "child-deadline"
SHOWN_WORST = 10
SHOWN_WORDS = 12
_AS_GOOD_AS_WHOLE = 0.995


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much of the other extractor's words are in ours, 0 to 1; `loose` ignores what parts words.

    missing: words, first those that are lost even so.
    """

    recall: float
    loose: float
    missing: list[str]


@dataclass(slots=True)
class Outcome:
    """What became of one file. `why` is None where it was read; `detail` is the reason's own words.

    elsewhere: distinct words that the other extractor found. compared: None where there is nothing to compare.
    """

    path: str
    format: str
    seconds: float
    why: str | None
    detail: str = ""
    other: str = ""
    other_seconds: float = 0.0
    elsewhere: int = 0
    compared: Comparison | None = None


def outcome_of(path: Path, child: Child, caps: Caps) -> Outcome:
    """Read a file in a child with the program's deadline, then compare."""
    began = time.perf_counter()
    text, why, detail = _read(path, child, caps)
    outcome = Outcome(str(path), format_of(path) or "", time.perf_counter() - began, why, detail)
    extractor = extractor_for(path)
    if extractor:
        began = time.perf_counter()
        expected = words(extractor.text(path) or "")
        outcome.other, outcome.other_seconds = extractor.name, time.perf_counter() - began
        outcome.elsewhere = len(expected)
        outcome.compared = _compared(text, expected) if expected and not why else None
    return outcome


def _read(path: Path, child: Child, caps: Caps) -> tuple[str, str | None, str]:
    """The text of a file; else why there is none, and the words that come with the reason."""
    deadline = caps.seconds + path.stat().st_size / reading._BYTES_PER_SECOND
    request = ReadRequest(str(path), DEFAULT_CHUNKER, caps.bytes)
    try:
        parts = list(child.stream(request, deadline_s=deadline))
    except UserFacingError as error:
        return "", error.code, str(error)
    except ChildBugError as error:
        return "", "reader-bug", str(error).strip().splitlines()[-1]
    return "".join(part.read.reading.text for part in parts if isinstance(part, ReadHead)), None, ""


def _compared(text: str, expected: frozenset[str]) -> Comparison:
    missing = expected - words(text)
    letters = squeezed(text)
    lost = {word for word in missing if word not in letters}
    whole = len(expected)
    return Comparison(1 - len(missing) / whole, 1 - len(lost) / whole, [*sorted(lost), *sorted(missing - lost)])


def measure(folder: Path) -> tuple[list[Outcome], Counter[str]]:
    """Outcomes of all files that have a reader, in order of path; and the suffixes of those that have none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    claimed = [path for path in files if format_of(path)]
    orphans = Counter(path.suffix.lower() or path.name for path in files if not format_of(path))
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["RAG_DESKTOP_CACHES"] = scratch  # pictures that were recognised once would cost nothing
        program = build(Path(scratch) / "library")
        free: SimpleQueue[Child] = SimpleQueue()
        for child in program.readers:
            free.put(child)

        def one(path: Path) -> Outcome:
            child = free.get()
            try:
                return outcome_of(path, child, Caps())
            finally:
                free.put(child)

        with ThreadPoolExecutor(len(program.readers)) as pool:
            outcomes = list(pool.map(one, claimed))
        program.close()
    return outcomes, orphans


def _by_format(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.format].append(outcome)
    return dict(sorted(found.items()))


def _summary(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    slowest = max(outcomes, key=lambda each: each.seconds)
    pairs = [(each, each.compared) for each in outcomes if each.compared]
    compared = [each for each, _ in pairs]
    strict, loose = [pair.recall for _, pair in pairs], [pair.loose for _, pair in pairs]
    theirs = sum(each.other_seconds for each in compared if each.other in PROGRAMS)
    return {
        "format": name,
        "files": len(outcomes),
        "read": sum(each.why is None for each in outcomes),
        "refused": dict(Counter(each.why for each in outcomes if each.why).most_common()),
        "crashed": sum(each.why in CRASHED for each in outcomes),
        "hung": sum(each.why == HUNG for each in outcomes),
        "seconds": round(sum(each.seconds for each in outcomes), 2),
        "slowest": [slowest.path, round(slowest.seconds, 2)],
        "beside": sorted({each.other for each in compared}),
        "compared": len(compared),
        "time_ratio": round(sum(each.seconds for each in compared) / theirs, 3) if theirs else None,
        "recall_median": round(median(strict), 4) if strict else None,
        "recall_p5": report.quantile(strict, 0.05),
        "loose_median": round(median(loose), 4) if loose else None,
        "loose_p5": report.quantile(loose, 0.05),
    }


def _lines(result: dict[str, Any], outcomes: Sequence[Outcome], folder: Path) -> list[str]:
    def near(path: str) -> str:
        return os.path.relpath(path, folder)

    lost = [(each.why, each.elsewhere, near(each.path), each.detail[:110]) for each in outcomes if each.why]
    worst = [line for name, some in _by_format(outcomes).items() for line in _worst(name, some, near)]
    return [
        f"{result['machine']}, {result['seconds']} s",
        *report.titled("Read", _read_table(result["formats"], near)),
        *report.titled("Share of another extractor's words", _recall_table(result["formats"])),
        *worst,
        *report.titled("Refused", report.table(("why", "words elsewhere", "file", "detail"), lost)),
        *report.titled("No reader", report.table(("suffix", "files"), result["orphans"].items())),
    ]


def _read_table(formats: Iterable[dict[str, Any]], near: Callable[[str], str]) -> list[str]:
    header = ("format", "files", "read", "crashed", "hung", "seconds", "slowest", "file", "refused")
    rows = []
    for each in formats:
        path, seconds = each["slowest"]
        why = ", ".join(f"{code} {count}" for code, count in each["refused"].items())
        rows.append((*(each[key] for key in header[:6]), seconds, near(path)[-48:], why))
    return report.table(header, rows)


def _recall_table(formats: Iterable[dict[str, Any]]) -> list[str]:
    header = ("format", "beside", "files", "recall p50", "p5", "loose p50", "p5", "seconds ÷ theirs")
    keys = ("compared", "recall_median", "recall_p5", "loose_median", "loose_p5", "time_ratio")
    rows = [
        (each["format"], ", ".join(each["beside"]), *(each[key] for key in keys))
        for each in formats
        if each["compared"]
    ]
    return report.table(header, rows)


def _worst(name: str, outcomes: Iterable[Outcome], near: Callable[[str], str]) -> list[str]:
    """The files with the least recall, or nothing where all are whole."""
    pairs = sorted(((each.compared, each.path) for each in outcomes if each.compared), key=lambda pair: pair[0].loose)
    rows = [
        (found.recall, found.loose, near(path), " ".join(found.missing[:SHOWN_WORDS]))
        for found, path in pairs[:SHOWN_WORST]
        if found.recall < _AS_GOOD_AS_WHOLE
    ]
    if not rows:
        return []
    return report.titled(f"Least recall: {name}", report.table(("recall", "loose", "file", "missing"), rows))


def main() -> None:
    """Print how each format fared, the worst files of each, and what was refused."""
    options = report.options(__doc__).parse_args()
    before, began = report.machine(), time.perf_counter()
    outcomes, orphans = measure(options.data)
    result = {
        "machine": before,
        "seconds": round(time.perf_counter() - began, 1),
        "formats": [_summary(name, some) for name, some in _by_format(outcomes).items()],
        "orphans": dict(orphans.most_common()),
    }
    lines = _lines(result, outcomes, options.data)
    result["files"] = [asdict(each) for each in outcomes]
    report.show(result, lines, is_json=options.json)


if __name__ == "__main__":
    main()
