"""Stress a library: `python -m tests.reliability --rounds 300 --seed 1 [--real]`; exit status 1 for a difference.

--real embeds with the installed model (RAG_DESKTOP_MODELS) instead of the scripted one.
"""

import argparse
import sys

from tests.reliability.mutants import MUTANTS
from tests.reliability.process import Difference
from tests.reliability.stress import Stress


def main() -> int:
    """Run the rounds and say what was done."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="embed with the installed model")
    parser.add_argument("--mutant", choices=MUTANTS, help="put this fault into the program")
    given = parser.parse_args()
    stress = Stress(given.seed, mutant=given.mutant, is_real=given.real)
    try:
        stress.run(given.rounds, report)
    except Difference as difference:
        print(difference)
        return 1
    finally:
        print(f"seed {given.seed}: {stress.rounds} rounds, {stress.seconds / max(1, stress.rounds):.2f} s each")
        print("operations:", ", ".join(f"{kind} {count}" for kind, count in sorted(stress.tree.counts.items())))
        print("otherwise:", ", ".join(f"{kind} {count}" for kind, count in sorted(stress.counts.items())))
        stress.close()
    print("no differences")
    return 0


def report(done: int) -> None:
    """Say now and then how far it is."""
    if done % 25 == 0:
        print(f"{done} rounds", flush=True)


if __name__ == "__main__":
    sys.exit(main())
