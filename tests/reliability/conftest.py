"""One program that makes oracles, for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.reliability.process import Process, settings
from tests.reliability.program import Beginning


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    home = tmp_path_factory.mktemp("oracle")
    process = Process(Beginning(home / "begun", settings(home)))
    yield process
    process.end()
