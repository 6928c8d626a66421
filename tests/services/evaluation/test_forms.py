"""The forms in which datasets are shared, and what is said of a file that is in none of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.evaluation.datasets import Collection, Dataset, Record
from rag_desktop.services.evaluation.forms import open_dataset

KOREAN_ID = "finance - 지방은행 가이드.pdf - 4"


def write_lines(path: Path, *lines: dict[str, Any] | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")


def beir(folder: Path, judgements: str = "qrels.tsv", *rows: str) -> Path:
    write_lines(
        folder / "corpus.jsonl",
        {"id": KOREAN_ID, "title": "예비인가", "text": "은행업 인가"},
        {"_id": "a/b", "text": "Words."},
        {"_id": 3, "title": None, "text": ""},
    )
    write_lines(
        folder / "queries.jsonl", {"_id": "q 1", "text": "인가?"}, {"id": "2", "text": "Words?", "kind": "plain"}
    )
    write_lines(folder / judgements, *(rows or (f"q 1\t{KOREAN_ID}\t2", "q 1\ta/b\t0", "2\ta/b\t1")))
    return folder


def records(dataset: Dataset) -> list[Record]:
    assert isinstance(dataset.documents, Collection)
    return list(dataset.documents.records())


def refused(path: Path) -> UserFacingError:
    with pytest.raises(UserFacingError) as caught:
        records(open_dataset(path))
    return caught.value


@pytest.mark.parametrize("judgements", ["qrels.tsv", "qrels/test.tsv"])
@pytest.mark.parametrize("header", [(), ("query-id\tcorpus-id\tscore",)])
def test_beir(tmp_path: Path, judgements: str, header: tuple[str, ...]) -> None:
    rows = (*header, f"q 1\t{KOREAN_ID}\t2", "q 1\ta/b\t0", "2\ta/b\t1")
    dataset = open_dataset(beir(tmp_path / "set", judgements, *rows))
    first, second = dataset.questions
    assert (dataset.name, dataset.left_out) == ("set", 0)
    assert (first.id, first.question, first.grades) == ("q 1", "인가?", {KOREAN_ID: 2, "a/b": 0})
    assert (second.grades, second.kind, second.by_page) == ({"a/b": 1}, "plain", False)
    expected = [Record(KOREAN_ID, "예비인가", "은행업 인가"), Record("a/b", "", "Words."), Record("3", "", "")]
    assert records(dataset) == records(dataset) == expected


def test_trecs_judgements_have_a_column_more(tmp_path: Path) -> None:
    dataset = open_dataset(beir(tmp_path, "qrels.tsv", "2\t0\ta/b\t1"))
    assert [(each.id, each.grades) for each in dataset.questions] == [("2", {"a/b": 1})]
    assert dataset.left_out == 1


def test_a_question_without_anything_relevant_is_left_out(tmp_path: Path) -> None:
    dataset = open_dataset(beir(tmp_path, "qrels.tsv", "q 1\ta/b\t0", "2\ta/b\t1"))
    assert ([each.id for each in dataset.questions], dataset.left_out) == (["2"], 1)
    assert refused(beir(tmp_path, "qrels.tsv", "2\ta/b\t0")).code == "dataset-empty"


def test_squads_paragraphs_are_documents_and_what_they_do_not_answer_is_left_out(tmp_path: Path) -> None:
    asked = [
        {"id": "x", "question": "Where?", "answers": [{"text": "Here", "answer_start": 0}], "is_impossible": False},
        {"id": "y", "question": "Why?", "answers": [], "is_impossible": True},
    ]
    paragraphs = [{"context": "Here.", "qas": asked}, {"context": "서울.", "qas": [{"id": 3, "question": "수도?"}]}]
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"data": [{"title": "T", "paragraphs": paragraphs}]}), encoding="utf-8")
    dataset = open_dataset(path)
    assert records(dataset) == [Record("0-0", "", "Here."), Record("0-1", "", "서울.")]
    assert [(each.id, each.grades) for each in dataset.questions] == [("x", {"0-0": 1}), ("3", {"0-1": 1})]
    assert dataset.left_out == 1


def test_questions_about_files(tmp_path: Path) -> None:
    for name in ("a.txt", "sub/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Words.")
    write_lines(
        tmp_path / "questions.jsonl",
        {"question": "One?", "path": "a.txt", "page": 3, "words": "the  words"},
        {"question": "Two?", "path": ["./a.txt", "sub/b.txt"], "id": "second", "kind": "plain"},
        {"question": "Three?", "path": "sub/b.txt", "page": [1, 2]},
        {"question": "None?"},
    )
    dataset = open_dataset(tmp_path)
    one, two, three = dataset.questions
    assert (dataset.documents, dataset.left_out) == (tmp_path, 1)
    assert (one.id, one.grades, one.by_page, one.words) == ("1", {"a.txt#3": 1}, True, "the  words")
    assert (two.id, two.grades, two.by_page, two.kind) == ("second", {"a.txt": 1, "sub/b.txt": 1}, False, "plain")
    assert three.grades == {"sub/b.txt#1": 1, "sub/b.txt#2": 1}


def test_questions_may_lie_elsewhere(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.txt").write_text("Words.")
    questions = tmp_path / "asked.jsonl"
    write_lines(questions, {"question": "One?", "path": "a.txt"})
    dataset = open_dataset(questions, documents)
    assert (dataset.name, dataset.documents, dataset.source) == ("asked", documents, questions)
    assert refused(questions).code == "path-missing"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("corpus.jsonl", '{"id": "x"}'),
        ("corpus.jsonl", "no JSON"),
        ("corpus.jsonl", "[" * 100_000),
        ("queries.jsonl", '["a list"]'),
        ("queries.jsonl", '{"text": "no id"}'),
        ("qrels.tsv", "q 1\ta/b"),
        ("qrels.tsv", "q 1\ta/b\tmuch"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, name: str, line: str) -> None:
    path = beir(tmp_path) / name
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:1], "", line, *lines[1:]]), encoding="utf-8")
    error = refused(tmp_path)
    assert (error.code, error.arguments) == ("dataset-damaged", {"path": str(path), "line": 3})


@pytest.mark.parametrize(
    "line",
    [
        {"question": "?", "path": "a.txt", "page": 0},
        {"question": "?", "path": "a.txt", "page": "3"},
        {"question": "?", "path": ["a.txt", "a.txt"], "page": 3},
        {"question": "?", "path": [3]},
        {"path": "a.txt"},
    ],
)
def test_a_damaged_question_is_named(tmp_path: Path, line: dict[str, Any]) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    write_lines(tmp_path / "questions.jsonl", line)
    assert refused(tmp_path).code == "dataset-damaged"


@pytest.mark.parametrize(
    "content", ["", "{}", '{"data": 3}', '{"data": [{"paragraphs": [{"qas": [{}]}]}]}', "[" * 99_999]
)
def test_any_other_file_is_no_dataset(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    assert refused(path).code == "dataset-unknown"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path).code == "dataset-unknown"
    assert refused(tmp_path / "nothing").code == "path-missing"
    (beir(tmp_path) / "qrels.tsv").unlink()
    error = refused(tmp_path)
    assert (error.code, error.arguments["path"]) == ("dataset-missing", str(tmp_path / "qrels.tsv"))
