"""The whole road with real weights: MiniLM finds, SmolLM2 answers, and what is cited stands in the documents."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag_desktop.domain.models import ModelKind
from rag_desktop.engines import catalogue
from rag_desktop.engines.shelf import Shelf
from rag_desktop.settings.places import find_places
from tests.road.conftest import ROOT, CommandLine

pytestmark = pytest.mark.weights


def test_the_models_are_whole(weighted: CommandLine) -> None:
    assert weighted("models", "verify", "--json").json == {"damaged": []}


def test_meaning_is_found_without_a_common_word(weighted: CommandLine) -> None:
    found = weighted("search", "How much does the tenant pay each month?", "--mode", "vector", "--json").json
    assert "1,850 euros" in found["passages"][0]["text"]
    exact = weighted("search", "How much does the tenant pay each month?", "--mode", "vector", "--exact", "--json").json
    assert [each["text"] for each in exact["passages"]] == [each["text"] for each in found["passages"]]


def test_an_answer_cites_the_very_words(weighted: CommandLine) -> None:
    answered = weighted("ask", "How long is the notice period for the workshop lease?", "--json").json
    places = find_places()
    smol = catalogue.load(places.resources / "models.toml")["SmolLM2-135M-Instruct-Q4_1"]
    assert answered["model"] == smol.title, "the answer names the model that wrote it"
    assert answered["device"]
    assert answered["answer"]
    assert answered["tokens"]["prompt"] > 100
    assert answered["citations"]
    for citation in answered["citations"]:
        whole = weighted("text", citation["path"]).out
        assert whole[citation["start"] : citation["end"]] == citation["text"]
        assert whole[citation["quoted_start"] : citation["quoted_end"]] == citation["quoted"]


def test_the_same_question_has_the_same_answer(weighted: CommandLine) -> None:
    one, other = (weighted("ask", "Who sends the last photographs?", "--json").json["answer"] for _ in range(2))
    assert one == other


def test_the_absent_default_model_is_named(weighted: CommandLine, tmp_path: Path) -> None:
    places = find_places()
    listed = catalogue.load(places.resources / "models.toml")
    default = next(model for model in listed.values() if model.default and model.kind is ModelKind.GENERATOR)
    if Shelf(places.models, listed).find(default.name):
        pytest.skip("the default model is installed here")
    nothing_chosen = CommandLine(weighted.library, {**weighted.environment, "RAG_DESKTOP_CONFIG": str(tmp_path)})
    asked = nothing_chosen("ask", "How long is the notice period?", "--json")
    assert default.title in asked.err
    assert asked.json["model"] not in (None, default.title)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_ctrl_c_stops_an_answer_in_time(weighted: CommandLine) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rag_desktop", "ask", "Tell me all about the workshop lease.", "--json"],
        cwd=ROOT,
        env={**os.environ, **weighted.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(14.0)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    out, _ = process.communicate(timeout=20)
    assert process.returncode in (0, 130)
    assert json.loads(out)["ended"] in ("stopped", "complete", "length", "refused")
    assert time.monotonic() - asked < 8
