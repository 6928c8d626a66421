"""Conversations in a file of their own: they cannot be rebuilt, so nothing that happens to the index touches them."""

import dataclasses
import json
import os
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
from rag_desktop.store.connection import reading_connection, worded

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
            self._connection = self._opened()
            version = int(self._connection.pragma("user_version") or 0)
            if version > VERSION:
                self._connection.close()
                raise UserFacingError("library-newer", path=str(self._path))
            if version == 0:
                begin_conversations(self._connection)

    def _opened(self) -> apsw.Connection:
        """A connection that writes; where nothing may be written, one that reads what is there."""
        if self._path.exists() and not os.access(self._path.parent, os.W_OK):
            return reading_connection(self._path)
        connection = apsw.Connection(str(self._path))
        connection.set_busy_timeout(10_000)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "FULL")  # few and small writes, and no second copy elsewhere
        connection.pragma("foreign_keys", True)
        return connection

    @property
    def connection(self) -> apsw.Connection:
        """The connection itself, for looking after the file."""
        return self._connection

    def all(self) -> list[ConversationRow]:
        """All conversations, the last one that was changed first."""
        # Turns are numbered as they come: where the clock was set back, their order is still the true one.
        with worded(self._path):
            rows = list(
                self._connection.execute(
                    "SELECT id, title, changed_at FROM conversations c"
                    " ORDER BY (SELECT max(t.id) FROM turns t WHERE t.conversation_id = c.id) DESC, id DESC"
                )
            )
        return [ConversationRow(*row) for row in rows]

    def begin(self, title: str) -> int:
        """A new conversation; returns its id."""
        now = time.time()
        with worded(self._path):
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
        with worded(self._path):
            rows = list(
                self._connection.execute(
                    "SELECT answer FROM turns WHERE conversation_id = ? ORDER BY id", (conversation,)
                )
            )
            try:
                return [answer_from_json(row[0]) for row in rows]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise UserFacingError("library-damaged", path=str(self._path)) from error

    def forget(self, conversation: int) -> None:
        """Delete a conversation."""
        with worded(self._path), self._connection:
            self._connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def begin_conversations(connection: apsw.Connection) -> None:
    """Make the tables of a new file."""
    with connection:
        connection.execute(_SCHEMA)
        connection.pragma("user_version", VERSION)


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
