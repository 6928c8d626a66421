"""Telling "nothing relevant" apart: by meaning, or by the question's rare words."""

import pytest

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.ranking.relevance import any_relevant, cover, relevant


def passage(text: str, cosine: float | None = None, headings: tuple[str, ...] = ()) -> Passage:
    chunk = Chunk(ChunkId(1), DocumentId(1), 0, None, Span(0, len(text)), None, None, headings)
    trace = () if cosine is None else (StageScore("vector", cosine),)
    return Passage(chunk, Document(DocumentId(1), "/a.txt", "text", None), text, 1.0, trace)


def test_near_in_meaning_is_relevant() -> None:
    assert relevant(passage("x", 0.5), "How long is the notice period?", {}, 0.3)
    assert not relevant(passage("x", 0.2), "How long is the notice period?", {}, 0.3)
    assert not relevant(passage("x", 0.9), "How long is the notice period?", {}, None)


def test_enough_of_the_rare_words_is_relevant() -> None:
    text = "The notice period is three months."
    assert relevant(passage(text), "How long is the notice period?", {}, 0.3)
    assert not relevant(passage(text), "Who repairs the notice board heating?", {}, 0.3)
    assert relevant(passage("three months", headings=("Notice period",)), "notice period", {}, 0.3)


def test_rare_words_weigh_more() -> None:
    rarity = {"zebra": 10.0, "animal": 1.0}
    assert cover("zebra animal", "a zebra", rarity) == pytest.approx(10 / 11)
    assert cover("zebra animal", "an animal", rarity) == pytest.approx(1 / 11)
    assert cover("the of", "anything", rarity) == 0.0


def test_one_is_enough() -> None:
    assert any_relevant([passage("x"), passage("y", 0.9)], "q", {}, 0.3)
    assert not any_relevant([], "q", {}, 0.3)


def test_a_korean_question_needs_fewer_of_its_pairs() -> None:
    text = "1년 이상 근무한 직원의 연차 휴가는 15일이다."
    assert relevant(passage(text), "연차 휴가는 며칠인가요?", {}, None)
    assert not relevant(passage(text), "월드컵에서 누가 우승했나요?", {}, None)
