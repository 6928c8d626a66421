"""How honest the time left is: what a run foretold beside what it then took, for reading and for embedding.

A forecast is off by |foretold − real| ÷ real, where real is how long the stage went on after it. Only the second half
of a stage counts, by time, without its last second: early forecasts know little, and late ones hardly matter. For
reading, the run itself foretells; for embedding, the window does, by `gui.pace`.

The baselines of the same run are the two plain ways: by the share of files done since the start, and by nothing but the
last half minute.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag_desktop.app import build
from rag_desktop.domain.events import Event, Progress, Stage
from rag_desktop.gui.pace import Pace
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from tests.benchmarks import report

NEAR = 0.25
"""A forecast that is off by no more is one a person can plan by."""
_SHOWN = 12
_LAST_S = 1.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A report of progress: seconds from the start, what was done, and the time left that the window would show."""

    at: float
    stage: str
    done: int
    total: int
    shown: float | None
    by_share: float | None
    by_pace: float | None


class Recorder:
    """Takes events as the window does. A stage ends with its last report, or with the next stage."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.ends: dict[str, float] = {}
        self._began = time.monotonic()
        self._stage = ""
        self._stage_began = 0.0
        self._pace = Pace()

    @property
    def now(self) -> float:
        return time.monotonic() - self._began

    def publish(self, event: Event) -> None:
        """Follow an event; called by the writing thread itself."""
        if not isinstance(event, Progress):
            return
        now = self.now
        if event.stage != self._stage:
            self._stage, self._stage_began, self._pace = event.stage, now, Pace()
        self._pace.at(now, event.done, event.total)
        by_pace, share = self._pace.seconds_left, event.done / event.total if event.total else 0.0
        shown = event.seconds_left if event.stage == Stage.READING else by_pace
        by_share = (now - self._stage_began) * (1 - share) / share if share else None
        self.marks.append(Mark(now, event.stage, event.done, event.total, shown, by_share, by_pace))

    def end(self, stage: Stage) -> None:
        """The stage is over."""
        self.ends[stage] = self.now


def record(folder: Path, *, is_real: bool) -> Recorder:
    """Index a folder into an empty library and keep what was foretold."""
    os.environ.pop("RAG_DESKTOP_ENGINE", None)
    if not is_real:
        os.environ["RAG_DESKTOP_ENGINE"] = "scripted"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["RAG_DESKTOP_CACHES"] = str(Path(scratch) / "caches")
        program, recorder = build(Path(scratch) / "library"), Recorder()
        task = Task(recorder.publish)
        with Library.writer(program.places.library) as library:
            indexing = program.indexing(library)
            indexing.read(indexing.register([str(folder)]), task)
            recorder.end(Stage.READING)
            _, error = indexing.embed(task)
            recorder.end(Stage.EMBEDDING)
        program.close()
    if error:
        raise SystemExit(f"embedding failed: {error}")
    return recorder


def _errors(pairs: Iterable[tuple[float, float | None]]) -> dict[str, Any]:
    """How far forecasts were off. pairs: what was left really, and what was foretold."""
    told = list(pairs)
    off = [abs(foretold - real) / real for real, foretold in told if foretold is not None]
    worst = max(off, default=None)
    return {
        "silent": len(told) - len(off),
        "within": round(sum(each <= NEAR for each in off) / len(off), 3) if off else None,
        "median_off": round(sorted(off)[len(off) // 2], 3) if off else None,
        "worst": None if worst is None else round(worst, 2),
    }


def judged(recorder: Recorder, stage: Stage) -> dict[str, Any] | None:
    """How good the forecasts of a stage's second half were, or None where the stage had none."""
    marks = [mark for mark in recorder.marks if mark.stage == stage]
    if not marks:
        return None
    began, end = marks[0].at, recorder.ends[stage]
    late = [mark for mark in marks if mark.at >= (began + end) / 2 and end - mark.at > _LAST_S]
    return {
        "stage": stage.value,
        "seconds": round(end - began, 1),
        "forecasts": len(late),
        "longest_silence": round(
            max(after - before for before, after in pairwise([*(mark.at for mark in marks), end])), 1
        ),
        "shown": _errors((end - mark.at, mark.shown) for mark in late),
        "by_share": _errors((end - mark.at, mark.by_share) for mark in late),
        "by_pace": _errors((end - mark.at, mark.by_pace) for mark in late),
        "course": _course(marks, end),
    }


def _course(marks: Sequence[Mark], end: float) -> list[list[float | None]]:
    """Some forecasts over the whole stage: seconds from its start, really left, foretold."""
    began = marks[0].at
    chosen = marks[:: max(1, len(marks) // _SHOWN)]
    return [
        [round(mark.at - began, 1), round(end - mark.at, 1), None if mark.shown is None else round(mark.shown, 1)]
        for mark in chosen
    ]


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['machine']}, engines {'real' if result['real'] else 'scripted'}"]
    for each in result["stages"]:
        ways = (("shown", "what the window shows"), ("by_share", "by share of steps"), ("by_pace", "by the last 30 s"))
        rows = [(words, *each[way].values()) for way, words in ways]
        header = ("forecast", "silent", f"within {NEAR:.0%}", "median off", "worst off")
        silence = f"longest silence {each['longest_silence']} s"
        title = f"{each['stage']}: {each['seconds']} s, {each['forecasts']} forecasts in its second half, {silence}"
        lines += report.titled(title, report.table(header, rows))
        lines += report.titled("Its course", report.table(("after s", "really left s", "shown s"), each["course"]))
    return lines


def main() -> None:
    """Print how far the forecasts were off."""
    parser = report.options(__doc__)
    parser.add_argument("--real", action="store_true", help="real weights of the embedder that the program would use")
    options = parser.parse_args()
    machine = report.machine()
    recorder = record(options.data, is_real=options.real)
    stages = [found for stage in (Stage.READING, Stage.EMBEDDING) if (found := judged(recorder, stage))]
    result = {"machine": machine, "real": options.real, "stages": stages}
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
