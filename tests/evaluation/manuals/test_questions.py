"""The questions about the manuals are what their README says; that the words stand in the manuals, `pages` checks."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def asked(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["questions.jsonl", "questions-ko.jsonl"])
def test_each_question_says_where_its_answer_stands(name: str) -> None:
    for row in asked(name):
        assert row.keys() == {"question", "path", "page", "words", "kind"}
        assert row["question"].strip() == row["question"] != ""
        assert row["path"].endswith(".pdf")
        assert row["page"] >= 1
        assert 1 <= len(row["words"].split()) <= 25


def test_half_of_each_manuals_questions_are_paraphrased() -> None:
    kinds = Counter((row["path"].partition("/")[0], row["kind"]) for row in asked("questions.jsonl"))
    assert kinds == {(manual, kind): 20 for manual in ("octave", "r") for kind in ("plain", "paraphrased")}


def test_no_page_is_asked_about_twice() -> None:
    pages = [(row["path"], row["page"]) for row in asked("questions.jsonl")]
    assert len(set(pages)) == len(pages)


def test_korean_questions_ask_about_the_same_pages() -> None:
    english = {(row["path"], row["page"], row["words"]) for row in asked("questions.jsonl")}
    korean = [(row["path"], row["page"], row["words"]) for row in asked("questions-ko.jsonl")]
    assert len(korean) == 10
    assert english.issuperset(korean)
