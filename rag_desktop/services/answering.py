"""From a question to a cited answer: retrieve, refuse where nothing is relevant, pack, generate, cite."""

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.answers import Answer, AnswerSentence, Citation, Ended, Passage, Question, Timing, TokenCount
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import AbsentStage, Answered, PassagesFound, Token
from rag_desktop.domain.messages import CountRequest, Generated, GenerateRequest, GenerationEnded
from rag_desktop.prompting import citing, prompt
from rag_desktop.prompting.refusal import NOT_FOUND, NOT_FOUND_KOREAN, is_refusal, may_become_marker
from rag_desktop.services.library import fitting
from rag_desktop.services.retrieval import Found, Mode, Retrieval
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child

_DEADLINE_S = 600.0
_COUNT_DEADLINE_S = 60.0
_FIXED_TOKENS = 512
"""Room in the context for rules, question and markup."""


@dataclass(frozen=True, slots=True)
class Generator:
    """The child that generates, the model it runs, and how it is asked."""

    child: Child
    model: str
    template: str
    n_ctx: int
    max_tokens: int
    temperature: float


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of what was found goes into a prompt: at most so many passages and tokens of the model."""

    passages: int = 6
    tokens: int = 1200


@dataclass(slots=True)
class _Draft:
    """An answer while it comes."""

    question: str
    words: str
    """The question without filters and excluded words: what the model is asked."""
    began: float
    retrieve: float
    text: str = ""
    shown: int = 0
    first_token: float | None = None
    ended: Ended = Ended.COMPLETE
    device: str | None = None
    tokens: TokenCount = field(default_factory=TokenCount)


class Answering:
    """Answers questions from one library, on the generating lane."""

    def __init__(
        self,
        library: Library,
        retrieval: Retrieval,
        generator: Generator | None,
        budget: Budget = Budget(),
    ) -> None:
        self._library = library
        self._retrieval = retrieval
        self._generator = generator
        self._budget = budget

    def ask(self, question: Question, task: Task) -> Answer:
        """Answer a question; its sources and words are published as they come.

        After `task.stop()` the answer so far comes back, ended `stopped`. Raises UserFacingError `generator-missing`
        where no generating model is installed, and what the generating child ended with.
        """
        began = time.monotonic()
        found = self._retrieval.search(question, Mode.HYBRID)
        draft = _Draft(question.text, found.query.text or question.text, began, time.monotonic() - began)
        if not found.is_relevant:
            task.publish(self._told(question, found, found.passages, task))
            draft.ended, draft.text = Ended.REFUSED, _refusal(question.text)
            return self._finish(draft, found.passages, task)
        if self._generator is None:
            raise UserFacingError("generator-missing")
        passages = self._packed(found.passages, self._generator)
        task.publish(self._told(question, found, passages, task))
        self._generate(draft, passages, self._generator, task)
        return self._finish(draft, passages, task)

    def _told(self, question: Question, found: Found, passages: tuple[Passage, ...], task: Task) -> PassagesFound:
        absent = tuple(AbsentStage(*each) for each in found.absent.items())
        return PassagesFound(task.id, passages, absent, fitting(self._library, question), found.is_inexact)

    def _packed(self, passages: Sequence[Passage], generator: Generator) -> tuple[Passage, ...]:
        """Whole passages within the budget and the model's context, in the order of their rank."""

        def count(texts: Sequence[str]) -> Sequence[int]:
            reply = generator.child.call(CountRequest(tuple(texts)), deadline_s=_COUNT_DEADLINE_S)
            counts: Sequence[int] = reply.counts
            return counts

        room = generator.n_ctx - generator.max_tokens - _FIXED_TOKENS
        packed = prompt.pack(passages[: self._budget.passages], max(0, min(self._budget.tokens, room)), count)
        return packed.passages or tuple(passages[:1])

    def _generate(self, draft: _Draft, passages: Sequence[Passage], generator: Generator, task: Task) -> None:
        parts = prompt.build(draft.words, prompt.sources_of(passages), generator.template)
        stops = prompt.answer_stops(generator.template)
        request = GenerateRequest(parts, generator.max_tokens, generator.temperature, stops=stops)
        stream = generator.child.stream(request, deadline_s=_DEADLINE_S)
        try:
            draft.ended = Ended.STOPPED  # until the model says how it ended
            task.when_stopped(stream.stop)
            for part in stream:
                self._take(draft, part, task)
        except UserFacingError as error:
            if error.code != "child-stopped":
                raise

    def _take(self, draft: _Draft, part: Generated | GenerationEnded, task: Task) -> None:
        match part:
            case Generated(text=text):
                if task.is_stopped:
                    return
                if draft.first_token is None:
                    draft.first_token = time.monotonic() - draft.began
                draft.text += text
                if not may_become_marker(draft.text):
                    task.publish(Token(task.id, draft.text[draft.shown :]))
                    draft.shown = len(draft.text)
            case GenerationEnded():
                draft.ended = Ended(part.ended)
                draft.device = part.device
                draft.tokens = TokenCount(part.prompt_tokens, part.reused_tokens, part.generated_tokens)

    def _finish(self, draft: _Draft, passages: Sequence[Passage], task: Task) -> Answer:
        text = citing.clean(draft.text, len(passages)).strip()
        sentences: tuple[AnswerSentence, ...] = ()
        citations: tuple[Citation, ...] = ()
        if draft.ended is not Ended.REFUSED and draft.ended is not Ended.STOPPED and is_refusal(text):
            draft.ended, text = Ended.REFUSED, _refusal(draft.question)
        if draft.ended is not Ended.REFUSED:
            text = citing.corrected(text, passages, draft.question)
            text = citing.completed(text, passages, draft.question)
            sentences, citations = citing.cite(text, passages, self._page_of, draft.question)
        model = self._generator.model if self._generator and draft.tokens.prompt else None
        timing = Timing(draft.retrieve, draft.first_token, time.monotonic() - draft.began)
        answer = Answer(
            draft.question, text, citations, sentences, draft.ended, model, draft.device, timing, draft.tokens
        )
        task.publish(Answered(task.id, answer))
        return answer

    def _page_of(self, passage: Passage, offset: int) -> int | None:
        """The page of a character of a document's text."""
        runs = self._library.documents.runs(passage.chunk.document_id)
        place = bisect_right(runs, offset, key=lambda run: run.start) - 1
        return runs[place].page if place >= 0 else None


def _refusal(question: str) -> str:
    return NOT_FOUND_KOREAN if prompt.is_korean(question) else NOT_FOUND
