"""Every file of a library cut, flipped, zeroed, overwritten or deleted: the program mends it and finds the same."""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_desktop.store.library import Library
from tests.road import damaged

ROOT = Path(__file__).parents[2]
FILES = (
    "library/library.sqlite",
    "library/conversations.sqlite",
    "library/vectors/*.hnsw",
    "library/writer.lock",
    "library/backups/*.sqlite",
    "library/backups/folders*",
    "library/backups/settings*",
    "config/settings.json",
    "killed:library/library.sqlite",
    "killed:library/library.sqlite-wal",
    "killed:library/library.sqlite-shm",
    "killed:library/conversations.sqlite",
    "killed:library/conversations.sqlite-wal",
    "killed:library/conversations.sqlite-shm",
)
KILLS = 12
_MEMORY = "/dev/shm"


@pytest.fixture
def work() -> Iterator[Path]:
    """A folder that does not wait for a disk, where the system has one: some hundred libraries are written."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if Path(_MEMORY).is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_costs_no_result_and_no_crash(work: Path, file: str) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.road.damaged", str(work), file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"{done.stdout[-300:]}{done.stderr[-3000:]}"
    outcomes = done.stdout.splitlines()
    assert [each for each in outcomes if ": ok " not in each] == []
    assert len(outcomes) == 9 if file.endswith("lock") else len(outcomes) > damaged.FLIPS
    if file in ("library/library.sqlite", "killed:library/library.sqlite"):
        flips = [each for each in outcomes if ": bit " in each]
        embedded = sum(int(each.split(": ok ")[1].split()[0]) for each in flips)
        assert embedded < 96 * len(flips) / 10, "vectors outlive most damage"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_kill_nine_at_any_moment_of_mending_loses_nothing(tmp_path: Path) -> None:
    whole, home = tmp_path / "whole", tmp_path / "home"
    damaged.build(whole, is_killed=False)
    shutil.copytree(whole, home)
    with Library.reader(whole / "library") as reader:
        oracle = damaged.results(reader)
    chance, rounds = random.Random(3), 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.road.damaged", str(home), "--work"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            process.wait(0.6 + chance.random())
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        said, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL, "it ended by itself"
        rounds += said.count("round")
    assert rounds > 0, "nothing was done before a kill"
    assert damaged.outcome(home, oracle).startswith("ok")
