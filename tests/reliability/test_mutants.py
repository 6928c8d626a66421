"""The rounds are only worth what they notice: each fault put into the program must be found, for the right reason."""

import os
import sys

import pytest

from tests.reliability.mutants import MUTANTS
from tests.reliability.process import Difference, Process
from tests.reliability.stress import Stress

_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
_QUICK = ("no_replay", "no_ctime", "away_is_deleted", "words_left_behind", "no_lift", "moved_is_read")
"""Found within seconds; the others too, with HYPOTHESIS_PROFILE=deep."""
_ROUNDS = 40
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes, pipes and SIGKILL")


@pytest.mark.parametrize("name", MUTANTS if _DEEP else _QUICK)
def test_the_rounds_notice(name: str, oracle: Process) -> None:
    mutant = MUTANTS[name]
    stress = Stress(7, mutant=name, favoured=mutant.favoured, modes=mutant.modes, oracle=oracle)
    try:
        with pytest.raises(Difference, match=mutant.told):
            stress.run(_ROUNDS)
    finally:
        stress.close()
