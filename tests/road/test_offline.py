"""Nothing leaves the machine: the road runs without any network, and under an audit of every connection it tries."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.road.conftest import ROOT, CommandLine

AUDIT = '''
"""Writes every attempt at the network by any Python process to a file: put on the path as `sitecustomize`."""
import os, sys

def _note(event, arguments, path=os.environ["RAG_DESKTOP_AUDIT"]):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"):
        with open(path, "a") as file:
            file.write(f"{os.getpid()} {event} {arguments[1:] if event != 'socket.getaddrinfo' else arguments}\\n")

with open(os.environ["RAG_DESKTOP_AUDIT"], "a") as file:
    file.write(f"{os.getpid()} watched\\n")
sys.addaudithook(_note)
'''


def steps(sample: Path) -> list[list[str]]:
    """The whole road, asking included."""
    return [
        ["add", str(sample)],
        ["search", "notice period", "--json"],
        ["ask", "How long is the notice period?", "--json"],
        ["models", "list"],
        ["status"],
    ]


def audited(command_line: CommandLine, tmp_path: Path) -> tuple[CommandLine, Path]:
    """The same command line with every Python process of it watched."""
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "sitecustomize.py").write_text(AUDIT, encoding="utf-8")
    notes = tmp_path / "attempts"
    environment = {
        **command_line.environment,
        "PYTHONPATH": str(tmp_path / "audit"),
        "RAG_DESKTOP_AUDIT": str(notes),
    }
    return CommandLine(command_line.library, environment), notes


def walk_the_road_under_audit(command_line: CommandLine, sample: Path, tmp_path: Path) -> None:
    watched, notes = audited(command_line, tmp_path)
    for step in steps(sample):
        watched(*step)
    lines = notes.read_text(encoding="utf-8").splitlines()
    assert len({line.split()[0] for line in lines if line.endswith("watched")}) > len(steps(sample)), "children too"
    assert [line for line in lines if not line.endswith("watched")] == []


def test_no_connection_is_tried(scripted: CommandLine, sample: Path, tmp_path: Path) -> None:
    walk_the_road_under_audit(scripted, sample, tmp_path)


@pytest.mark.weights
def test_no_connection_is_tried_with_real_weights(weighted: CommandLine, sample: Path, tmp_path: Path) -> None:
    walk_the_road_under_audit(weighted, sample, tmp_path)


def test_the_audit_sees_an_attempt(scripted: CommandLine, tmp_path: Path) -> None:
    watched, notes = audited(scripted, tmp_path)
    code = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    subprocess.run([sys.executable, "-c", code], env=watched.environment, check=False, capture_output=True)
    assert "socket.connect" in notes.read_text(encoding="utf-8")


def without_network() -> list[str] | None:
    """A prefix that runs a command in a network namespace without interfaces, where the system allows one."""
    tool = shutil.which("unshare")
    prefix = [tool or "", "--user", "--map-root-user", "--net"]
    if tool is None or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        return None
    return prefix


def walk_the_road_without_network(command_line: CommandLine, sample: Path) -> None:
    prefix = without_network()
    if prefix is None:
        pytest.skip("this system allows no network namespace")
    links = subprocess.run([*prefix, "cat", "/proc/net/dev"], check=True, capture_output=True, text=True).stdout
    assert [line.split(":")[0].strip() for line in links.splitlines()[2:]] == ["lo"]
    for step in steps(sample):
        command = [*prefix, sys.executable, "-m", "rag_desktop", *step]
        done = subprocess.run(
            command, cwd=ROOT, env=command_line.environment, check=False, capture_output=True, text=True, timeout=280
        )
        assert done.returncode == 0, done.stderr


def test_the_road_needs_no_network(scripted: CommandLine, sample: Path) -> None:
    walk_the_road_without_network(scripted, sample)


@pytest.mark.weights
def test_the_road_needs_no_network_with_real_weights(weighted: CommandLine, sample: Path) -> None:
    walk_the_road_without_network(weighted, sample)


def test_the_guard_refuses_what_nobody_asked_for(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "from rag_desktop.workers import guard\n"
        "guard.install()\n"
        "for act in (lambda: socket.create_connection(('192.0.2.1', 80), 1),\n"
        "            lambda: socket.getaddrinfo('example.org', 80),\n"
        "            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))):\n"
        "    try:\n"
        "        act()\n"
        "    except guard.NetworkRefusedError:\n"
        "        print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["refused"] * 3
