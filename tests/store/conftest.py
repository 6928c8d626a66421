"""A library that is closed when the test is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_desktop.store.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as one:
        yield one
