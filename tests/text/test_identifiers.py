"""What counts as an identifier, and what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.text.identifiers import identifiers


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Who paid INV-2024-0031?", [("inv", "2024", "0031")]),
        ("What does match.arg do?", [("match", "arg")]),
        ("R_init and DllInfo", [("r", "init")]),
        ("송장 INV-77을 보여줘", [("inv", "77")]),
        ("the package e1071", [("e1071",)]),
        ("CVE-2023-4863 in libwebp", [("cve", "2023", "4863")]),
    ],
)
def test_names_meant_letter_by_letter(text: str, tokens: list[tuple[str, ...]]) -> None:
    assert list(identifiers(text)) == tokens


@pytest.mark.parametrize(
    "text",
    [
        "How long is the notice period?",
        "a state-of-the-art method of 1998",
        "the 21st century, 10-year bonds, at 5pm",
        "e.g. the U.S. economy",
        "임대차 계약의 해지 통보 기간",
        "It ended in 2020.",
        "p53 and the G20, 2.5km and 30mg, an iPhone of YouTube",
    ],
)
def test_ordinary_words_are_none(text: str) -> None:
    assert identifiers(text) == ()


@given(st.text(max_size=200))
def test_anything_may_be_asked(text: str) -> None:
    found = identifiers(text)
    assert len(found) <= 5
    assert all(found)
