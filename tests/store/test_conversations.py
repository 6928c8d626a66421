"""Conversations come back whole, in order, from a file of their own."""

from pathlib import Path

import apsw
import pytest

from rag_desktop.domain.answers import (
    Answer,
    AnswerSentence,
    Citation,
    Ended,
    Passage,
    StageScore,
    Timing,
    TokenCount,
)
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.store.conversations import FILE_NAME, Conversations, answer_from_json, answer_to_json


def an_answer(question: str = "How long?") -> Answer:
    chunk = Chunk(ChunkId(5), DocumentId(2), 1, ChunkId(4), Span(10, 30), 3, 3, ("계약", "Notice"))
    document = Document(DocumentId(2), "/docs/caf\udce9.pdf", "pdf", "Lease", ("i", "ii", "1"))
    passage = Passage(chunk, document, "three months, at most", 0.9, (StageScore("vector", 0.7),))
    return Answer(
        question,
        "Three months [1].",
        (Citation(1, passage, Span(10, 22), 3), Citation(2, passage)),
        (AnswerSentence(Span(0, 17), (1,), None, None),),
        Ended.COMPLETE,
        "scripted",
        "CPU",
        Timing(0.1, 0.5, 1.0),
        TokenCount(100, 20, 8),
    )


def test_an_answer_comes_back_as_it_was() -> None:
    assert answer_from_json(answer_to_json(an_answer())) == an_answer()


def test_conversations_survive_and_the_last_changed_is_first(tmp_path: Path) -> None:
    kept = Conversations(tmp_path)
    first, second = kept.begin("first"), kept.begin("second")
    kept.add(first, an_answer("one"))
    kept.add(second, an_answer("two"))
    kept.add(first, an_answer("three"))
    kept.close()

    opened = Conversations(tmp_path)
    assert [row.title for row in opened.all()] == ["first", "second"]
    assert [answer.question for answer in opened.turns(first)] == ["one", "three"]
    opened.forget(first)
    assert [row.title for row in opened.all()] == ["second"]
    assert opened.turns(first) == []
    opened.close()


def test_a_clock_that_was_set_back_changes_no_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Conversations(tmp_path)
    for when, title in ((2000.0, "first"), (1000.0, "second"), (1500.0, "third")):
        monkeypatch.setattr("time.time", lambda when=when: when)
        opened.add(opened.begin(title), an_answer(title))
    assert [row.title for row in opened.all()] == ["third", "second", "first"]
    opened.close()


def test_an_answer_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    opened = Conversations(tmp_path)
    opened.add(conversation := opened.begin("one"), an_answer())
    for damage in ("{", "[]", '{"question": "?"}'):
        opened.connection.execute("UPDATE turns SET answer = ?", (damage,))
        with pytest.raises(UserFacingError) as caught:
            opened.turns(conversation)
        assert caught.value.code == "library-damaged"
    opened.close()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    Conversations(tmp_path).close()
    connection = apsw.Connection(str(tmp_path / FILE_NAME))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(UserFacingError) as refused:
        Conversations(tmp_path)
    assert refused.value.code == "library-newer"
