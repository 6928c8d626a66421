"""What indexing leaves to the rest of the machine."""

from pathlib import Path

import pytest

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.services.power import FULL, GENTLE, WAIT, Power
from rag_desktop.services.room import RESERVE, Room, predicted
from rag_desktop.services.tasks import Task

MB = 1_000_000


class Rested(Task):
    """Notes its rests instead of resting; `after` is done at each."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.rests: list[float] = []

    def wait(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.check()


def test_a_full_disk_stops_the_work_before_it_is_full(tmp_path: Path) -> None:
    with pytest.raises(UserFacingError) as caught:
        Room(tmp_path, lambda _: RESERVE - 1).check()
    assert caught.value.code == "disk-low"
    assert caught.value.arguments == {
        "path": str(tmp_path), "free": (RESERVE - 1) // MB, "needed": RESERVE // MB,
    }  # fmt: skip
    Room(tmp_path, lambda _: RESERVE).check()


def test_what_is_needed_must_fit_beside_the_reserve(tmp_path: Path) -> None:
    room = Room(tmp_path, lambda _: RESERVE + 10 * MB)
    room.need(10 * MB)
    with pytest.raises(UserFacingError, match="disk-low"):
        room.need(10 * MB + 1)


def test_the_disk_is_not_asked_for_each_file(tmp_path: Path) -> None:
    asked: list[Path] = []

    def free(path: Path) -> int:
        asked.append(path)
        return RESERVE * 2

    room = Room(tmp_path, free)
    for _ in range(1000):
        room.check()
    assert asked == [tmp_path]


def test_the_real_disk_answers(tmp_path: Path) -> None:
    Room(tmp_path).need(-RESERVE)  # what any disk has
    with pytest.raises(UserFacingError, match="disk-low"):
        Room(tmp_path).need(1 << 60)


def test_the_size_to_come_is_learned_from_the_library() -> None:
    known = {"text": (10 * MB, 10 * MB), "pdf": (40 * MB, 10 * MB)}
    assert predicted({"text": (1, MB)}, known, 100 * MB) == 5 * MB
    assert predicted({"pdf": (1, 4 * MB)}, known, 100 * MB) == 5 * MB
    assert predicted({"text": (1, MB), "pdf": (1, 4 * MB)}, known, 100 * MB) == 10 * MB


def test_an_empty_library_has_a_table_to_go_by() -> None:
    text, pdf = predicted({"text": (1, MB)}, {}, 100_000), predicted({"pdf": (1, MB)}, {}, 100_000)
    assert MB < pdf < text < 20 * MB
    assert predicted({}, {}, 0) == 0


@pytest.mark.parametrize(("mode", "rests"), [(FULL, []), (GENTLE, [0.5])])
def test_on_battery_work_rests_as_long_as_it_works(mode: str, rests: list[float]) -> None:
    task = Rested()
    Power(lambda: mode, lambda: True).rest(task, 0.5)
    assert task.rests == rests


def test_a_rest_is_never_long() -> None:
    task = Rested()
    Power(lambda: GENTLE, lambda: True).rest(task, 600)
    assert task.rests == [2.0]


def test_on_the_mains_nothing_rests() -> None:
    for mode in (FULL, GENTLE, WAIT):
        task = Rested()
        power = Power(lambda mode=mode: mode, lambda: False)  # type: ignore[misc]
        power.rest(task, 0.5)
        assert (task.rests, power.is_waiting) == ([], False)


def test_work_waits_for_the_mains_where_that_is_wanted() -> None:
    modes = iter([WAIT, FULL, GENTLE])
    power = Power(lambda: next(modes), lambda: True)
    assert [power.is_waiting for _ in range(3)] == [True, False, False]


def test_a_rest_ends_with_a_stop() -> None:
    stopped = Rested()
    stopped.stop()
    with pytest.raises(Cancelled):
        Power(lambda: GENTLE, lambda: True).rest(stopped, 0.5)
