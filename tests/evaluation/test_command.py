"""`evaluate retrieval` as a person runs it, with the scripted engine: what it says, keeps, leaves out and refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.road.conftest import CommandLine

MEASURES = ("ndcg@10", "recall@10", "mrr@10", "hit@5")
LEASE = "The notice period is three months to the end of a quarter"


def row(evaluation: Any, stage: str) -> Any:
    return next(each for each in evaluation["stages"] if each["stage"] == stage)


def test_every_stage_has_its_figures(scripted: CommandLine, everyday: Path) -> None:
    said = scripted("evaluate", "retrieval", str(everyday), "--ablation", "--json").json
    assert [each["stage"] for each in said["stages"]][:3] == ["keyword", "vector", "fused"]
    for each in (said, *said["stages"], *said["ablation"], *said["kinds"]):
        assert all(0 <= each[name] <= 1 for name in MEASURES)
    assert [each["stage"] for each in said["stages"] if each["ms"] is None] == ["rerank"]  # no model is there for it
    assert all(each["ms"] >= 0 for each in said["stages"] if each["ms"] is not None)
    assert {name: said[name] for name in MEASURES} == {name: said["stages"][-1][name] for name in MEASURES}
    low, high = said["interval"]
    assert low < said["ndcg@10"] < high
    assert (said["dataset"], said["documents"], said["queries"], said["model"]) == ("everyday", 26, 42, "scripted")
    assert [(each["kind"], each["queries"]) for each in said["kinds"]] == [("paraphrased", 21), ("plain", 21)]
    gains = {each["without"]: each for each in said["ablation"]}
    assert gains.keys() >= {"keyword", "vector"}
    for each in gains.values():
        assert each["gain"] == pytest.approx(said["ndcg@10"] - each["ndcg@10"], abs=2e-4)
        assert each["gain_interval"][0] <= each["gain"] <= each["gain_interval"][1]


def test_what_was_indexed_is_kept_and_no_library_of_ones_own_is_touched(scripted: CommandLine, everyday: Path) -> None:
    first = scripted("evaluate", "retrieval", str(everyday), "--json").json
    again = scripted("evaluate", "retrieval", str(everyday), "--json").json
    fresh = scripted("evaluate", "retrieval", str(everyday), "--fresh", "--json").json
    for each in (again, fresh):
        assert {name: each[name] for name in MEASURES} == {name: first[name] for name in MEASURES}
    assert not scripted.library.exists()


def test_a_stage_can_be_left_out(scripted: CommandLine, everyday: Path) -> None:
    whole = scripted("evaluate", "retrieval", str(everyday), "--limit", "10", "--json").json
    words = scripted("evaluate", "retrieval", str(everyday), "--limit", "10", "--without", "vector", "--json").json
    assert whole["queries"] == words["queries"] == 10
    assert "vector" not in [each["stage"] for each in words["stages"]]
    assert row(words, "fused")["ndcg@10"] == row(whole, "keyword")["ndcg@10"]
    none = ("--without", "vector", "--without", "keyword")
    assert "Nothing is left" in scripted("evaluate", "retrieval", str(everyday), *none, status=1).err


def test_a_stage_can_be_put_in(scripted: CommandLine, everyday: Path) -> None:
    said = scripted("evaluate", "retrieval", str(everyday), "--limit", "5", "--with", "merge", "--json").json
    assert row(said, "merge")["hit@5"] > 0
    refused = scripted("evaluate", "retrieval", str(everyday), "--with", "keyword", status=2)
    assert "--with" in refused.err


def test_people_get_a_table(scripted: CommandLine, everyday: Path) -> None:
    lines = scripted("evaluate", "retrieval", str(everyday), "--limit", "5").out.splitlines()
    assert lines[0] == "everyday: 26 documents, 26 passages, 5 questions"
    assert lines[1].split() == [*MEASURES, "ms"]
    assert [line.split()[0] for line in lines[2:5]] == ["keyword", "vector", "fused"]


def test_questions_about_a_folder_judge_pages_and_words(scripted: CommandLine, sample: Path, tmp_path: Path) -> None:
    questions = tmp_path / "asked.jsonl"
    bearing = "How often must the main bearing be greased?"
    asked = [
        {"question": bearing, "path": "printer-manual.pdf", "page": 3, "words": "every  500\nhours", "kind": "page"},
        {"question": bearing, "path": "printer-manual.pdf", "page": 1, "words": "is on no page", "kind": "other page"},
        {"question": LEASE, "path": ["workshop-lease.md"], "words": "three months", "kind": "document"},
    ]
    questions.write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    said = scripted("evaluate", "retrieval", str(questions), "--documents", str(sample), "--json").json
    kinds = {each["kind"]: each for each in said["kinds"]}
    assert kinds["page"]["hit@5"] == kinds["page"]["words@5"] == kinds["document"]["words@5"] == 1.0
    assert kinds["document"]["ndcg@10"] == 1.0
    assert kinds["other page"]["mrr@10"] < kinds["page"]["mrr@10"]
    assert kinds["other page"]["words@5"] == 0.0
    assert said["words@5"] == pytest.approx(2 / 3, abs=1e-4)


def test_questions_in_a_folder_are_none_of_its_documents(scripted: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    asked = [{"question": "When was the boiler serviced?", "path": "a.txt"}]
    for name in ("questions.jsonl", "questions-more.jsonl", "asked [1].jsonl"):
        (folder / name).write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    (folder / "questions-more.jsonl").unlink()
    said = scripted("evaluate", "retrieval", str(folder / "asked [1].jsonl"), "--json").json
    assert (said["documents"], said["mrr@10"]) == (1, 1.0)


def test_a_document_that_cannot_be_read_is_told(scripted: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    (folder / "b.pdf").write_bytes(b"%PDF-1.7 and then nothing of use")
    (folder / "questions.jsonl").write_text('{"question": "Which boiler?", "path": "a.txt"}', encoding="utf-8")
    said = scripted("evaluate", "retrieval", str(folder), "--json", status=3).json
    assert (said["documents"], said["unread"]) == (1, 1)


def test_without_a_model_there_are_the_figures_of_keywords(scripted: CommandLine, everyday: Path) -> None:
    bare = CommandLine(scripted.library, {**scripted.environment, "RAG_DESKTOP_ENGINE": ""})
    said = bare("evaluate", "retrieval", str(everyday), "--limit", "5", "--json").json
    assert said["model"] is None
    assert [each["stage"] for each in said["stages"]][:2] == ["keyword", "fused"]


def test_what_is_no_dataset_is_named(scripted: CommandLine, tmp_path: Path) -> None:
    refused = scripted("evaluate", "retrieval", str(tmp_path), "--json", status=1)
    assert refused.json["error"]["code"] == "dataset-unknown"
