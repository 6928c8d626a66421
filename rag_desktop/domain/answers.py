"""What comes back to a person: passages with their scores, citations, answers."""

from dataclasses import dataclass
from enum import StrEnum

from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.filters import EVERYTHING, Filters


@dataclass(frozen=True, slots=True)
class StageScore:
    """What one stage of retrieval thought of a passage, on that stage's own scale."""

    stage: str
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was retrieved. `text` is exactly `document text[chunk.span]`; `score` is the last stage's."""

    chunk: Chunk
    document: Document
    text: str
    score: float
    trace: tuple[StageScore, ...] = ()
    leaf: Chunk | None = None
    """Where `chunk` is a parent: the best of its leaves that were found. Its page is the passage's."""
    twins: tuple[Document, ...] = ()
    """Other documents that hold nearly the same words; their passages are folded into this one."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for.

    text: as typed, in the query syntax (text.queries). top_k: passages that are wanted. filters: chosen beside the
    text; what the text itself names goes before them. is_typing: the last word may not be finished yet.
    merges: a parent takes the place of its leaves where enough of them were found.
    """

    text: str
    top_k: int = 8
    filters: Filters = EVERYTHING
    is_typing: bool = False
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """`number` as printed in the answer; `quoted` is a span of the document's text, inside the passage's span."""

    number: int
    passage: Passage
    quoted: Span | None = None
    page: int | None = None
    """1-based page on which the quoted words begin."""

    @property
    def quoted_text(self) -> str | None:
        if self.quoted is None:
            return None
        offset = self.passage.chunk.span.start
        return self.passage.text[self.quoted.start - offset : self.quoted.end - offset]


class Ended(StrEnum):
    """Why an answer ended."""

    COMPLETE = "complete"
    LENGTH = "length"
    STOPPED = "stopped"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of the answer: its span in the answer's text, the numbers it cites, how well they support it."""

    span: Span
    citations: tuple[int, ...] = ()
    support: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds by the monotonic clock, each from the moment the question was taken."""

    retrieve: float
    first_token: float | None
    total: float


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of the generating model: in the prompt, of those taken from an earlier state, and written."""

    prompt: int = 0
    reused: int = 0
    generated: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with all that is needed to check it."""

    question: str
    text: str
    citations: tuple[Citation, ...]
    sentences: tuple[AnswerSentence, ...]
    ended: Ended
    model: str | None
    device: str | None
    timing: Timing
    tokens: TokenCount = TokenCount()

    @property
    def refused(self) -> bool:
        return self.ended is Ended.REFUSED
