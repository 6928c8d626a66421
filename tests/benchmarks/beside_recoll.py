"""Seconds until all of a folder can be found by keyword, beside Recoll on the same files, each from an empty index.

Both are whole commands: our `add` without an embedder (which then ends when everything is searchable), and
`recollindex` with its default threads and no questions. They take turns, after one look through the files that puts
them in the page cache. The processor's seconds are those of the command and all its children.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from rag_desktop.services.indexing import size_of
from tests.benchmarks import report

_MB = 1_000_000
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Turn:
    """One command from an empty index. Seconds by the clock and of the processor; index in bytes; most threads."""

    who: str
    wall: float
    cpu: float
    index: int
    threads: int
    load: float


def warm(folder: Path) -> Counter[str]:
    """Read every file once; returns how many there are by suffix."""
    counts: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file():
            path.read_bytes()
            counts[path.suffix.lower()] += 1
    return counts


def ours(folder: Path) -> Turn:
    """`add` into an empty library, on a machine where no model is installed."""
    with tempfile.TemporaryDirectory() as scratch:
        places = {f"RAG_DESKTOP_{name}": str(Path(scratch) / name) for name in ("MODELS", "CONFIG", "CACHES")}
        library = Path(scratch) / "library"
        command = [sys.executable, "-m", "rag_desktop", "--library", str(library), "--json", "add", str(folder)]
        return _timed("rag-desktop", command, places, library, allowed=(0, 3))


def recoll(folder: Path) -> Turn:
    """`recollindex` into an empty index, with Recoll's own settings but for the folder."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = Path(scratch) / "recoll"
        settings.mkdir()
        (settings / "recoll.conf").write_text(f"topdirs = {folder.resolve()}\nloglevel = 1\n", encoding="utf-8")
        command = ["recollindex", "-c", str(settings)]
        return _timed("recoll", command, {"RECOLL_CONFDIR": str(settings)}, settings, allowed=(0,))


def _timed(who: str, command: Sequence[str], more: dict[str, str], index: Path, *, allowed: tuple[int, ...]) -> Turn:
    load, began = psutil.getloadavg()[0], time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **more}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    threads: list[int] = [0]
    watcher = threading.Thread(target=_count_threads, args=(process.pid, threads), daemon=True)
    watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if process.returncode not in allowed:
        raise SystemExit(f"{who} ended with {process.returncode}")
    return Turn(who, wall, used.ru_utime + used.ru_stime, size_of(index), max(threads), load)


def _count_threads(pid: int, found: list[int]) -> None:
    """The most threads that the command's own process had, until it ends."""
    try:
        while True:
            found.append(psutil.Process(pid).num_threads())
            time.sleep(_LOOK_S)
    except psutil.Error:
        return


def _medians(turns: Sequence[Turn], who: str) -> dict[str, float]:
    own = [turn for turn in turns if turn.who == who]
    return {key: median(getattr(turn, key) for turn in own) for key in ("wall", "cpu", "index")}


def _lines(result: dict[str, Any]) -> list[str]:
    header = ("turn", "load before", "wall s", "processor s", "index MB", "threads of its main process")
    rows = [
        (turn["who"], turn["load"], turn["wall"], turn["cpu"], turn["index"] / _MB, turn["threads"])
        for turn in result["turns"]
    ]
    ratio = [("ours ÷ Recoll's (medians)", *(result["ratio"][key] for key in ("wall", "cpu", "index")))]
    return [
        f"{result['machine']}; files: {', '.join(f'{suffix} {n}' for suffix, n in result['files'].items())}",
        *report.titled("Until everything is searchable by keyword", report.table(header, rows)),
        *report.titled("Ratio", report.table(("", "wall", "processor", "index"), ratio)),
    ]


def main() -> None:
    """Print each turn, the medians and their ratio."""
    parser = report.options(__doc__)
    parser.add_argument("--turns", type=int, default=2, help="of each program")
    options = parser.parse_args()
    if shutil.which("recollindex") is None:
        raise SystemExit("recollindex is not installed (Debian: recollcmd)")
    machine, files = report.machine(), warm(options.data)
    turns = [take(options.data) for _ in range(options.turns) for take in (ours, recoll)]
    us, them = _medians(turns, "rag-desktop"), _medians(turns, "recoll")
    result = {
        "machine": machine,
        "files": dict(files.most_common()),
        "turns": [asdict(turn) for turn in turns],
        "ours": us,
        "recoll": them,
        "ratio": {key: round(us[key] / them[key], 2) for key in us},
    }
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
