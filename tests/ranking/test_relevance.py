"""Telling "nothing relevant" apart: by meaning and words together, or by the question's rare words alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.domain.models import Relevance
from rag_desktop.ranking.relevance import Evidence, cover, cover_of, evidence_in, is_relevant, relevance
from rag_desktop.text.words import terms

SAYS = Relevance(0.546, 0.03)
SHARES = st.floats(0, 1)


def passage(text: str, cosine: float | None = None, headings: tuple[str, ...] = ()) -> Passage:
    chunk = Chunk(ChunkId(1), DocumentId(1), 0, None, Span(0, len(text)), None, None, headings)
    trace = () if cosine is None else (StageScore("vector", cosine), StageScore("fused", 1.0))
    return Passage(chunk, Document(DocumentId(1), "/a.txt", "text", None), text, 1.0, trace)


def evidence(question: str, *passages: Passage) -> Evidence:
    """As a search gathers it, where all terms are equally rare."""
    return evidence_in(passages, question, dict.fromkeys(terms(question), 1.0))


def test_evidence_is_the_best_of_all_passages() -> None:
    found = evidence("notice period", passage("the period", 0.2), passage("notice", 0.5), passage("x"))
    assert found == Evidence(0.5, 0.5, 2)
    assert evidence("notice period") == Evidence(None, 0.0, 2)
    assert evidence("notice period", passage("x", headings=("Notice period",))).cover == 1.0


@given(st.floats(-1, 1), SHARES, SHARES, st.integers(0, 40))
def test_more_of_the_words_or_a_nearer_meaning_is_never_less_likely(
    cosine: float, less: float, more: float, words: int
) -> None:
    less, more = sorted((less, more))
    assert 0 <= relevance(Evidence(cosine, less, words), SAYS) <= relevance(Evidence(cosine, more, words), SAYS)
    assert relevance(Evidence(less, 0.3, words), SAYS) <= relevance(Evidence(more, 0.3, words), SAYS) <= 1
    assert relevance(Evidence(None, less, words), None) <= relevance(Evidence(None, more, words), None)


def test_the_midpoint_is_as_likely_as_not_for_passages_without_the_words() -> None:
    assert relevance(Evidence(SAYS.midpoint, 0.0, 5), SAYS) == pytest.approx(0.5)
    assert is_relevant(Evidence(SAYS.midpoint, 0.0, 5), SAYS)
    assert not is_relevant(Evidence(0.3, 0.1, 5), SAYS)
    assert is_relevant(Evidence(0.3, 1.0, 5), SAYS)


@pytest.mark.parametrize(("cosine", "says"), [(None, SAYS), (0.99, None)])
def test_without_a_cosine_that_means_something_words_alone_tell(cosine: float | None, says: Relevance | None) -> None:
    assert is_relevant(Evidence(cosine, 0.7, 6), says)
    assert not is_relevant(Evidence(cosine, 0.2, 6), says)


def test_of_many_words_fewer_need_to_be_there() -> None:
    assert not is_relevant(Evidence(None, 0.4, 3), None)
    assert is_relevant(Evidence(None, 0.4, 16), None)


def test_enough_of_the_rare_words_is_relevant() -> None:
    text = "The notice period is three months."
    assert is_relevant(evidence("How long is the notice period?", passage(text)), None)
    assert not is_relevant(evidence("Who repairs the notice board heating?", passage(text)), None)


def test_a_korean_question_is_told_by_its_pairs() -> None:
    text = "1년 이상 근무한 직원의 연차 휴가는 15일이다."
    assert is_relevant(evidence("근무한 직원의 연차 휴가는 며칠인가요?", passage(text)), None)
    assert not is_relevant(evidence("월드컵에서 누가 우승했나요?", passage(text)), None)


def test_rare_words_weigh_more() -> None:
    rarity = {"zebra": 10.0, "animal": 1.0}
    assert cover("zebra animal", "a zebra", rarity) == pytest.approx(10 / 11)
    assert cover("zebra animal", "an animal", rarity) == pytest.approx(1 / 11)
    assert cover("the of", "anything", rarity) == 0.0


def test_a_share_is_of_what_is_wanted() -> None:
    assert cover_of(["zebra"], {"zebra": 3.0, "lion": 1.0}) == 0.75
    assert cover_of(["zebra"], {"zebra": 3.0, "lion": 1.0}, ["zebra", "ape"]) == 0.75
    assert cover_of([], {}) == 0.0


def test_nothing_found_is_nothing_relevant() -> None:
    assert not is_relevant(evidence("notice period"), SAYS)
    assert not is_relevant(evidence(""), None)
