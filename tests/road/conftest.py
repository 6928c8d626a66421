"""The whole program from the command line, as a person runs it: another process, its streams and its exit status."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag_desktop.settings.places import find_places

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        assert self.out.count("\n") == 1, f"more than one line on stdout: {self.out[:500]}{self.err[-2000:]}"
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Runs commands with a library, models and settings of their own."""

    library: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, status: int | None = 0) -> Ran:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "rag_desktop", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            timeout=280,
            check=False,
        )
        ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in ran.err, ran.err
        assert status is None or ran.status == status, f"exit status {ran.status}: {ran.err}"
        return ran


def command_line(folder: Path, **variables: str) -> CommandLine:
    """A command line over a fresh library in `folder`; keyword arguments become environment variables."""
    library = folder / "library"
    environment = {
        **os.environ,
        "RAG_DESKTOP_LIBRARY": str(library),
        "RAG_DESKTOP_CONFIG": str(folder / "config"),
        "RAG_DESKTOP_CACHES": str(folder / "caches"),
        "LANG": "C.UTF-8",
        **variables,
    }
    return CommandLine(library, environment)


@pytest.fixture
def scripted(tmp_path: Path) -> CommandLine:
    """A command line with the scripted engine: no weights are there, and none are needed."""
    return command_line(tmp_path, RAG_DESKTOP_ENGINE="scripted", RAG_DESKTOP_MODELS=str(tmp_path / "models"))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample folder that the program brings."""
    return ROOT / "resources" / "sample"


@pytest.fixture(scope="session")
def weighted(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> CommandLine:
    """A command line with the small real models that `make test` fetches, over the indexed sample; SmolLM2 answers."""
    weights = command_line(tmp_path_factory.mktemp("weighted"), RAG_DESKTOP_MODELS=str(find_places().models))
    weights("models", "use", "SmolLM2-135M-Instruct-Q4_1")
    assert weights("add", str(sample), "--json").json["vectors_pending"] == 0
    return weights
