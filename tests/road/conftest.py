"""The whole program from the command line, as a person runs it: another process, its streams and its exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
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


MakeCommandLine = Callable[..., CommandLine]


@pytest.fixture
def make_command_line(tmp_path: Path) -> MakeCommandLine:
    """A command line over a fresh library; keyword arguments become environment variables."""

    def make(**variables: str) -> CommandLine:
        library = tmp_path / "library"
        environment = {
            **os.environ,
            "RAG_DESKTOP_LIBRARY": str(library),
            "RAG_DESKTOP_CONFIG": str(tmp_path / "config"),
            "LANG": "C.UTF-8",
            **variables,
        }
        return CommandLine(library, environment)

    return make


@pytest.fixture
def scripted(make_command_line: MakeCommandLine, tmp_path: Path) -> CommandLine:
    """A command line with the scripted engine: no weights are there, and none are needed."""
    return make_command_line(RAG_DESKTOP_ENGINE="scripted", RAG_DESKTOP_MODELS=str(tmp_path / "models"))


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample folder that the program brings."""
    return ROOT / "resources" / "sample"


@pytest.fixture
def weighted(make_command_line: MakeCommandLine, tmp_path: Path) -> CommandLine:
    """A command line with the small real models that `make test` fetches; SmolLM2 answers."""
    command_line = make_command_line(RAG_DESKTOP_MODELS=str(find_places().models))
    command_line("models", "use", "SmolLM2-135M-Instruct-Q4_1")
    return command_line
