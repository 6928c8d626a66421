"""Children for tests, gone with their processes when the test is over."""

from collections.abc import Iterator

import pytest

from rag_desktop.domain.roles import Role
from rag_desktop.workers.child import Child, Limits
from tests.workers import roles
from tests.workers.asking import LONG, MakeChild


@pytest.fixture
def make() -> Iterator[MakeChild]:
    """Children that are gone, processes and all, when the test is over."""
    made: list[Child] = []

    def build(role: Role = roles.obliging, limits: Limits | None = None) -> Child:
        made.append(Child("test", role, limits or Limits()))
        return made[-1]

    yield build
    for each in made:
        each.close()
        assert each.pid is None


@pytest.fixture(scope="module")
def shared() -> Iterator[Child]:
    """One child for tests that leave it alive and well."""
    one = Child("shared", roles.obliging)
    assert one.call("warm", deadline_s=LONG) == "warm"
    yield one
    one.close()
