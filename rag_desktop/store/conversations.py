"""Conversations in a file of their own: they cannot be rebuilt, so nothing that happens to the index touches them."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import apsw

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
from rag_desktop.domain.status import ConversationRow
from rag_desktop.store.connection import worded

FILE_NAME = "conversations.sqlite"
VERSION = 1
_SCHEMA = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    begun_at REAL NOT NULL,
    changed_at REAL NOT NULL
) STRICT;
CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    asked_at REAL NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL
) STRICT;
CREATE INDEX turns_conversation ON turns (conversation_id, id);
"""


class Conversations:
    """Reads and writes conversations. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        with worded(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = apsw.Connection(str(self._path))
            self._connection.set_busy_timeout(10_000)
            self._connection.pragma("journal_mode", "wal")
            self._connection.pragma("synchronous", "FULL")  # few and small writes, and no second copy elsewhere
            self._connection.pragma("foreign_keys", True)
            self._prepare()

    def _prepare(self) -> None:
        version = int(self._connection.pragma("user_version") or 0)
        if version > VERSION:
            raise UserFacingError("library-newer", path=str(self._path))
        if version == 0:
            with self._connection:
                self._connection.execute(_SCHEMA)
                self._connection.pragma("user_version", VERSION)

    def all(self) -> list[ConversationRow]:
        """All conversations, the last one that was changed first."""
        rows = self._connection.execute(
            "SELECT id, title, changed_at FROM conversations ORDER BY changed_at DESC, id DESC"
        )
        return [ConversationRow(*row) for row in rows]

    def begin(self, title: str) -> int:
        """A new conversation; returns its id."""
        now = time.time()
        self._connection.execute(
            "INSERT INTO conversations (title, begun_at, changed_at) VALUES (?, ?, ?)", (title[:200], now, now)
        )
        return self._connection.last_insert_rowid()

    def add(self, conversation: int, answer: Answer) -> bool:
        """Append a question with its answer; False where the conversation was deleted meanwhile."""
        with worded(self._path), self._connection:
            now = time.time()
            self._connection.execute("UPDATE conversations SET changed_at = ? WHERE id = ?", (now, conversation))
            if not self._connection.changes():
                return False
            self._connection.execute(
                "INSERT INTO turns (conversation_id, asked_at, question, answer) VALUES (?, ?, ?, ?)",
                (conversation, now, answer.question, answer_to_json(answer)),
            )
        return True

    def turns(self, conversation: int) -> list[Answer]:
        """The answers of a conversation, in order."""
        rows = self._connection.execute(
            "SELECT answer FROM turns WHERE conversation_id = ? ORDER BY id", (conversation,)
        )
        return [answer_from_json(row[0]) for row in rows]

    def forget(self, conversation: int) -> None:
        """Delete a conversation."""
        self._connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def answer_to_json(answer: Answer) -> str:
    """An answer whole, with the words it cites: it must stay readable when the documents are gone."""
    return json.dumps(dataclasses.asdict(answer))


def answer_from_json(text: str) -> Answer:
    """Inverse of `answer_to_json`."""
    stored = json.loads(text)
    return Answer(
        question=stored["question"],
        text=stored["text"],
        citations=tuple(map(_citation, stored["citations"])),
        sentences=tuple(
            AnswerSentence(_span(each["span"]), tuple(each["citations"]), each["support"], each["reason"])
            for each in stored["sentences"]
        ),
        ended=Ended(stored["ended"]),
        model=stored["model"],
        device=stored["device"],
        timing=Timing(**stored["timing"]),
        tokens=TokenCount(**stored["tokens"]),
    )


def _citation(stored: dict[str, Any]) -> Citation:
    quoted = stored["quoted"]
    return Citation(stored["number"], _passage(stored["passage"]), quoted and _span(quoted), stored["page"])


def _passage(stored: dict[str, Any]) -> Passage:
    chunk, document = dict(stored["chunk"]), dict(stored["document"])
    chunk.update(span=_span(chunk["span"]), headings=tuple(chunk["headings"]))
    document.update(page_labels=tuple(document["page_labels"]))
    trace = tuple(StageScore(**score) for score in stored["trace"])
    return Passage(Chunk(**chunk), Document(**document), stored["text"], stored["score"], trace)


def _span(stored: dict[str, int]) -> Span:
    return Span(**stored)
