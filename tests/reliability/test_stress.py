"""A few rounds of the stress program; HYPOTHESIS_PROFILE=deep goes on for 300 with each of two seeds."""

import os
import random
import sys
from pathlib import Path

import pytest

from tests.reliability import operations
from tests.reliability.process import Process
from tests.reliability.stress import Stress
from tests.reliability.tree import Tree

_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes, pipes and SIGKILL"),
    pytest.mark.timeout(3_600 if _DEEP else 300),
]


@pytest.mark.parametrize(
    ("seed", "modes"),
    [
        (1, ("calm", "killed", "calm", "damaged")),
        (2, ("calm", "edited", "stopped", "apart")),
        (3, ("calm", "killed at snapshot", "child killed", "new reader")),
    ],
)
def test_a_library_is_what_one_made_from_scratch_is(seed: int, modes: tuple[str, ...], oracle: Process) -> None:
    stress = Stress(seed, modes=modes, oracle=oracle)
    try:
        stress.run(len(modes))
    finally:
        stress.close()


@pytest.mark.skipif(not _DEEP, reason="takes minutes; HYPOTHESIS_PROFILE=deep")
@pytest.mark.parametrize("seed", [101, 202])
def test_three_hundred_rounds(seed: int, oracle: Process) -> None:
    stress = Stress(seed, oracle=oracle)
    try:
        stress.run(300)
    finally:
        stress.close()


def test_a_seed_gives_the_same_operations_again(tmp_path: Path) -> None:
    logs = []
    for home in (tmp_path / "one", tmp_path / "other"):
        tree = Tree(home, random.Random(5))
        for _ in range(20):
            operations.create(tree)
        for _ in range(300):
            operations.happen(tree)
        logs.append(tree.log)
    assert logs[0] == logs[1]
    assert len(tree.counts) > 30, "kinds of operations"
