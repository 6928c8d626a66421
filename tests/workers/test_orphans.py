"""A child does not outlive its parent, however suddenly the parent goes and whatever the child is doing."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

_PARENT = """
import sys
sys.path.insert(0, {root!r})
from queue import SimpleQueue
from rag_desktop.workers.child import Child
from tests.workers import roles

if __name__ == "__main__":
    child = Child("orphan", roles.obliging)
    pid = child.call("pid", deadline_s=60)
    replies = SimpleQueue()
    child.submit(roles.Work(120, holds_lock={holds_lock}), replies, deadline_s=600)
    replies.get()
    print(pid, flush=True)
    {end}
"""
_ROOT = str(Path(__file__).parents[2])


def start(tmp_path: Path, *, end: str, holds_lock: bool) -> tuple[subprocess.Popen[str], psutil.Process]:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT.format(root=_ROOT, holds_lock=holds_lock, end=end))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    return parent, psutil.Process(int(parent.stdout.readline()))


def ends_within(process: psutil.Process, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "holds_lock",
    [
        False,
        pytest.param(True, marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel does this")),
    ],
)
def test_a_child_in_the_midst_of_a_computation_ends_with_a_killed_parent(tmp_path: Path, holds_lock: bool) -> None:
    parent, child = start(tmp_path, end="import time; time.sleep(60)", holds_lock=holds_lock)
    with parent:
        parent.kill()
        try:
            assert ends_within(child, 2.0)
        finally:
            if child.is_running():
                child.kill()


@pytest.mark.parametrize("end", ["pass", "raise SystemExit(3)", "raise RuntimeError('a bug')"])
def test_a_parent_that_ends_without_closing_takes_its_child_along(tmp_path: Path, end: str) -> None:
    parent, child = start(
        tmp_path, end=end.replace("raise RuntimeError", "sys.stderr = None; raise RuntimeError"), holds_lock=True
    )
    with parent:
        assert parent.wait(20) in (0, 1, 3)
        assert ends_within(child, 2.0)
    assert child.pid != os.getpid()
