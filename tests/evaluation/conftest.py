"""Command lines that evaluate: with the scripted engine, and with the small real embedding model."""

from pathlib import Path

import pytest

from rag_desktop.settings.places import find_places
from tests.road.conftest import CommandLine, command_line

DATA = Path(__file__).parent / "data"


@pytest.fixture
def scripted(tmp_path: Path) -> CommandLine:
    """No weights are there, and none are needed."""
    return command_line(tmp_path, RAG_DESKTOP_ENGINE="scripted", RAG_DESKTOP_MODELS=str(tmp_path / "models"))


@pytest.fixture(scope="session")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The models that `make test` fetches."""
    return command_line(tmp_path_factory.mktemp("evaluated"), RAG_DESKTOP_MODELS=str(find_places().models))


@pytest.fixture(scope="session")
def everyday() -> Path:
    """Notes on everyday matters, half of them Korean, with questions in plain and in other words."""
    return DATA / "everyday"


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample folder that the program brings."""
    return find_places().resources / "sample"
