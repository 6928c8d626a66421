"""Time left is honest: in the second half of a run it is within a quarter of what it turns out to be."""

import random
from collections.abc import Iterator

import pytest

from rag_desktop.services.estimate import FILE_COST, Estimate, InHand

SECONDS_PER_BYTE = {"pdf": 2e-7, "text": 4e-7, "docx": 9e-7}
SECONDS_PER_FILE = 0.004


def corpus(seed: int, files: int) -> list[tuple[str, int]]:
    """Formats and sizes as folders have them: many small files, a few that are most of the bytes."""
    chance = random.Random(seed)
    kinds = chance.choices(["pdf", "text", "docx"], [2, 5, 1], k=files)
    return [(kind, min(int(chance.lognormvariate(11, 1.6)), 20_000_000)) for kind in kinds]


def waiting(files: list[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for kind, size in files:
        count, total = found.get(kind, (0, 0))
        found[kind] = count + 1, total + size
    return found


def said(files: list[tuple[str, int]], readers: int, chance: random.Random) -> Iterator[tuple[float, float | None]]:
    """Seconds passed, and the estimate then, file by file; every file takes up to a fifth more or less than usual."""
    estimate = Estimate()
    passed = 0.0
    for place, (kind, size) in enumerate(files, start=1):
        busy = (SECONDS_PER_FILE + size * SECONDS_PER_BYTE[kind]) * chance.uniform(0.8, 1.2)
        passed += busy / readers
        estimate.read(kind, size, busy)
        if place % 25 == 0:
            yield passed, estimate.seconds_left(passed, waiting(files[place:]))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("readers", [1, 2])
def test_the_second_half_is_foretold_within_a_quarter(seed: int, readers: int) -> None:
    chance = random.Random(seed)
    told = list(said(corpus(seed, 1500), readers, chance))
    total = told[-1][0]
    half = [(total - passed, left) for passed, left in told if total / 2 <= passed < total - 2]
    assert half
    assert all(left is not None and abs(left - due) <= 0.25 * due for due, left in half)


def test_nothing_is_said_before_enough_was_seen() -> None:
    estimate, left = Estimate(), {"text": (7, 700)}
    assert estimate.seconds_left(60, left) is None
    for _ in range(2):
        estimate.read("text", 100, 0.5)
    assert estimate.seconds_left(60, left) is None
    estimate.read("text", 100, 0.5)
    assert estimate.seconds_left(1, left) is None
    assert estimate.seconds_left(6, left) == pytest.approx(6 * 7 / 3)


def test_files_in_hand_count_and_none_can_help_with_a_long_one() -> None:
    estimate = Estimate()
    for _ in range(4):
        estimate.read("text", 0, 1.0)
    begun = InHand("text", 0, 0.0)
    assert estimate.seconds_left(2.0, {"text": (2, 0)}, [begun, begun]) == pytest.approx(2.0)
    large = InHand("text", 99 * FILE_COST, 20.0)
    assert estimate.seconds_left(12.0, {}, [large]) == pytest.approx(80.0)
    overdue = InHand("text", 0, 40.0)
    assert estimate.seconds_left(22.0, {}, [overdue]) == pytest.approx(10.0)


def test_a_format_not_met_yet_is_taken_for_a_usual_one() -> None:
    estimate = Estimate()
    for _ in range(3):
        estimate.read("text", 0, 1.0)
    assert estimate.seconds_left(3.0, {"pdf": (3, 0)}) == pytest.approx(3.0)
    assert estimate.seconds_left(3.0, {"pdf": (0, 3 * FILE_COST)}) == pytest.approx(3.0)
    assert estimate.seconds_left(3.0, {}) == 0.0
