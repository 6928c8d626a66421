"""What is left of a question when the words that only ask are gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.text.questions import subject
from rag_desktop.text.words import terms


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("연차 휴가는 며칠인가요?", "연차 휴가는"),
        ("연차는 며칠이에요?", "연차는"),
        ("월드컵에서 누가 우승했나요?", "월드컵에서 우승했"),
        ("대한민국의 수도는 어디인가요?", "대한민국의 수도는"),
        ("계약 기간", "계약 기간"),
        ("며느리의 어디서나 문화원", "며느리의 어디서나 문화원"),
    ],
)
def test_words_that_ask_are_no_subject(question: str, about: str) -> None:
    assert terms(subject(question)) == terms(about)


def test_a_question_of_such_words_alone_stays() -> None:
    assert subject("왜?") == "왜?"


@given(st.text(max_size=100))
def test_other_scripts_come_through(text: str) -> None:
    if not any("가" <= char <= "힣" for char in text):
        assert subject(text).strip() == text.strip()
