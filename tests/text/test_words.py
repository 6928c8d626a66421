"""Words for searching: pairs of signs, particles, quotes, stop words, counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.text.words import (
    QueryTerm,
    count_tokens,
    hangul_share,
    keywords,
    query_terms,
    quoted_phrases,
    stem,
    terms,
    words,
)


def test_text_without_unspaced_scripts_is_indexed_as_it_is() -> None:
    assert keywords("Plain words, 12 of them.") is None
    assert keywords("Füße und Straße") is None


def test_korean_is_indexed_in_pairs_and_its_last_sign() -> None:
    assert (keywords("계약서를 쓴다") or "").split() == ["계약", "약서", "서를", "를", "쓴다", "다"]
    assert (keywords("제3조 AI가") or "").split() == ["제", "3", "조", "AI", "가"]


def test_ligatures_and_full_width_signs_are_made_plain() -> None:
    assert keywords("the ﬁrst ﬂoor") == "the first floor"
    assert keywords("ＡＢＣ１２") == "ABC12"


def test_question_words_are_left_out_unless_nothing_else_is_there() -> None:
    assert query_terms("What is the notice period?") == [QueryTerm(("notice",)), QueryTerm(("period",))]
    assert query_terms("what is it") == [QueryTerm(("what",)), QueryTerm(("is",)), QueryTerm(("it",))]


def test_a_sign_before_a_particle_is_looked_for_as_a_prefix() -> None:
    assert query_terms("법은") == [QueryTerm(("법은",)), QueryTerm(("법",), is_prefix=True)]
    assert query_terms("법") == [QueryTerm(("법",), is_prefix=True)]
    assert QueryTerm(("약서",)) in query_terms("계약서의 내용")


def test_quoted_phrases_of_several_kinds_of_quotes() -> None:
    assert quoted_phrases('find "exact words" and “more of them”') == [("exact", "words"), ("more", "of", "them")]
    assert quoted_phrases("「계약서」") == [("계약", "약서")]
    assert quoted_phrases("no quotes here") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("running", "run"), ("filters", "filter"), ("policies", "policy"), ("changed", "change"), ("cats'", "cat")],
)
def test_forms_of_a_word_share_their_stem(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize("word", ["ing", "bus", "analysis", "Größe", "123", "a1b2"])
def test_what_is_no_english_ending_stays(word: str) -> None:
    assert stem(word) == word


def test_tokens_are_counted_about_as_common_tokenizers_do() -> None:
    prose = "The quick brown fox jumps over the lazy dog, again and again. " * 10
    assert 0.75 < count_tokens(prose) / 150 < 1.25  # 150 by MiniLM's own tokenizer
    assert count_tokens("") == 0


def test_the_share_of_hangul_tells_the_language() -> None:
    assert hangul_share("연차 휴가는 며칠인가요?") == 1.0
    assert hangul_share("Plain English") == 0.0
    assert 0 < hangul_share("GPU 메모리") < 1


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert words(text) == words(text.upper().lower()) or not text.isascii()
    assert all(term for term in terms(text))
    assert all(token.strip() for term in query_terms(text) for token in term.tokens)
    assert count_tokens(text) <= len(text)
    for phrase in quoted_phrases(text):
        assert phrase
    keywords(text)
