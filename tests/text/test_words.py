"""Words for searching: pairs of signs, particles, quotes, stop words, counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.text.queries import parsed
from rag_desktop.text.words import (
    QueryTerm,
    count_tokens,
    hangul_share,
    keywords,
    query_terms,
    stem,
    terms,
    words,
)


def phrases(text: str) -> list[tuple[str, ...]]:
    return list(parsed(text).phrases)


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


def test_pairs_that_reach_into_a_particle_count_less() -> None:
    assert {term.tokens[0]: term.weight for term in query_terms("계약서에서는")} == {
        "계약": 1.0, "약서": 1.0, "서에": 0.5, "에서": 0.5, "서는": 0.5,
    }  # fmt: skip
    assert [term.weight for term in query_terms("국가")] == [1.0, 1.0]  # a noun, or one sign and its particle
    assert query_terms("계약은 약은") == [
        QueryTerm(("계약",)), QueryTerm(("약은",)), QueryTerm(("약",), is_prefix=True)
    ]  # fmt: skip


def test_the_last_word_may_go_on_while_it_is_typed() -> None:
    assert QueryTerm(("notic",), is_prefix=True, weight=0.5) in query_terms("the notic", is_typing=True)
    assert query_terms("notic period", is_typing=True)[0] == QueryTerm(("notic",))
    assert QueryTerm(("running",), weight=0.5) in query_terms("runni", is_typing=True)
    assert query_terms("notice ", is_typing=True) == query_terms("notice") == query_terms("notice?", is_typing=True)
    assert query_terms("no", is_typing=True) == query_terms("no")
    assert query_terms("about", is_typing=True)[0] == QueryTerm(("about",))


def test_half_a_syllable_is_left_out_while_it_is_typed() -> None:
    assert query_terms("계약ㅅ", is_typing=True) == query_terms("계약")
    assert query_terms("ㅅ", is_typing=True)


def test_quoted_phrases_of_several_kinds_of_quotes() -> None:
    assert phrases('find "exact words" and “more of them”') == [("exact", "words"), ("more", "of", "them")]
    assert phrases("「계약서」") == [("계약", "약서")]
    assert phrases("no quotes here") == []


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
    for is_typing in (False, True):
        for term in query_terms(text, is_typing=is_typing):
            assert all(token.strip() for token in term.tokens)
            assert 0 < term.weight <= 1
    assert count_tokens(text) <= len(text)
    for phrase in phrases(text):
        assert phrase
    keywords(text)
