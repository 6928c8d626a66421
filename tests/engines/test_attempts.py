"""Attempts that had no end, raised or were refused: which of them count, and for how long."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag_desktop.engines.attempts import Attempts, RefusedError, SlowError
from tests.engines.ages import age

ROOT = Path(__file__).parents[2]


def test_attempts(tmp_path: Path) -> None:
    attempts = [Attempts(tmp_path / "new" / "mark") for _ in range(3)]
    seen = []
    one, other, third = attempts
    for act in (one.begin, other.begin, other.end, one.note_drop, one.begin, one.end, one.note_drop):
        act()
        seen.append(third.are_used_up)
    assert seen == [False, True, False, False, True, False, True]


@pytest.mark.parametrize(
    ("error", "used_up", "used_up_after_a_day"),
    [(RefusedError, True, True), (SlowError, True, False), (OSError, False, False)],
)
def test_an_attempt_that_raises(
    tmp_path: Path, error: type[Exception], used_up: bool, used_up_after_a_day: bool
) -> None:
    attempts = Attempts(tmp_path / "mark")
    with pytest.raises(error), attempts.trying():
        raise error
    assert attempts.are_used_up == used_up
    for path in tmp_path.iterdir():
        age(path, hours=25)
    assert attempts.are_used_up == used_up_after_a_day


@pytest.mark.parametrize(("end", "left"), [("", False), ("os._exit(1)", True)])
def test_a_process_that_ends_of_itself_takes_its_attempt_back(tmp_path: Path, end: str, left: bool) -> None:
    script = f"""
import os
from pathlib import Path
from rag_desktop.engines.attempts import Attempts
Attempts(Path({str(tmp_path / "mark")!r})).begin()
{end}
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=60)
    assert (tmp_path / "mark").exists() == left
