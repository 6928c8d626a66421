"""Other programs to stand beside, each in a virtual environment of its own, made once from PyPI with pinned versions.

Making one needs the network, running it does not. What an environment shares with ours (torch and what embeds with it)
is taken in the version that is installed here, so that a difference is the pipeline's and not the engine's. Which build
of torch that is depends on where pip looks (`PIP_FIND_LINKS`, `PIP_EXTRA_INDEX_URL`), as it does for ours.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rag_desktop.settings.places import find_places

_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
_MARK = "made.json"
"""Written last: an environment without it was not made to the end."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to stand beside. pinned: its packages as pip takes them. shared: packages in the version of ours."""

    name: str
    pinned: tuple[str, ...]
    shared: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        ours = (f"{package}=={version(package).partition('+')[0]}" for package in self.shared)
        return (*self.pinned, *ours)


LLAMA_INDEX = Peer(
    "llamaindex",
    (
        "llama-index-core==0.14.25",
        "llama-index-embeddings-huggingface==0.8.0",
        "llama-index-readers-file==0.7.0",
        "pypdf==6.21.4",
    ),
    ("torch", "sentence-transformers", "transformers", "tokenizers", "numpy"),
)
KIWI = Peer("kiwi", ("kiwipiepy==0.24.1", "kiwipiepy_model==0.24.0"), ("numpy",))


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option that says where environments are kept."""
    usual = find_places().caches / "peers"
    parser.add_argument("--peers", type=Path, default=usual, metavar="DIR", help="where environments are kept")


def environment(peer: Peer, home: Path) -> Path:
    """The Python of a peer's environment below `home`, which is made where it is not there yet."""
    requirements = "\n".join((sys.version, *peer.requirements))
    folder = home / f"{peer.name}-{hashlib.sha256(requirements.encode()).hexdigest()[:12]}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / _MARK).exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _install(python, peer)
        (folder / _MARK).write_text(json.dumps(peer.requirements), encoding="utf-8")
    return python


def _install(python: Path, peer: Peer) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", *peer.requirements]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise SystemExit(f"the environment of {peer.name} could not be made")


@dataclass(frozen=True, slots=True)
class Said:
    """What a script printed, the seconds its process took by the clock, and those of the processor."""

    answer: Any
    wall: float
    cpu: float


def run(python: Path, script: Path, *arguments: str) -> Said:
    """Run a script that prints one JSON value, without the network. Raises SystemExit where it fails."""
    return run_command([str(python), str(script), *arguments], _OFFLINE)


def run_command(command: Sequence[str], more: dict[str, str], allowed: Sequence[int] = (0,)) -> Said:
    """Run a command that prints one JSON value, with `more` in its environment, and time it with all its children."""
    used, began = os.times(), time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **more}, stdout=subprocess.PIPE, check=False)
    wall, now = time.perf_counter() - began, os.times()
    if done.returncode not in allowed:
        raise SystemExit(f"{command[0]} {command[1]} ended with {done.returncode}")
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    return Said(json.loads(done.stdout), wall, cpu)
