"""Engines that play a script: no weights, no chance, the real ones' messages; for tests, demos and screenshots."""

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence

import numpy as np

from rag_desktop.domain.answers import Ended
from rag_desktop.domain.messages import (
    CountReply,
    CountRequest,
    EmbedReply,
    EmbedRequest,
    Generated,
    GenerateRequest,
    GenerationEnded,
    MaxSimRequest,
    RerankRequest,
    ScoresReply,
)
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.prompting.prompt import asked_of
from rag_desktop.prompting.refusal import MARKER
from rag_desktop.text.sentences import sentences
from rag_desktop.text.words import count_tokens, terms, words

DIMENSION, WIDE = 64, 96
"""Dimensions of the two scripted embedding models."""
DEVICE = "scripted"
SLOW_WORD = "slowly"
"""A question with this word is answered a word every `SLOW_SECONDS`, so that a person or a test can press stop."""
SLOW_SECONDS = 0.1
_WORD = re.compile(r"\s*\S+")
_BATCH = 16


_CLOCK = threading.Event()


def generating_role(stop: StopSign) -> Serve:
    """Serves GenerateRequest and CountRequest as engines.generating does.

    Answers with the source sentence that shares most terms with the question, and its number; or that it is not found.
    """

    def serve(request: GenerateRequest | CountRequest) -> Iterator[Generated | GenerationEnded | CountReply]:
        if isinstance(request, CountRequest):
            yield CountReply(tuple(map(count_tokens, request.texts)))
        else:
            yield from _generate(request, stop)

    return serve


def embedding_role(stop: StopSign, dimension: int = DIMENSION) -> Serve:
    """Serves EmbedRequest: each term counts in one of some places, chosen with its sign by BLAKE2b (feature hashing).

    MaxSimRequest and RerankRequest are answered with the share of the question's terms that a text has.
    dimension: the places, 256 at most. Two of them stand for two models, whose vectors have nothing in common.
    """

    def embedded(request: EmbedRequest) -> Iterator[EmbedReply]:
        for start in range(0, len(request.texts), _BATCH):
            if stop():
                return
            texts = request.texts[start : start + _BATCH]
            vectors = np.stack([_vector(text, dimension) for text in texts]).astype("<f2")
            yield EmbedReply(tuple(range(start, start + len(texts))), dimension, vectors.tobytes())

    def serve(request: EmbedRequest | MaxSimRequest | RerankRequest) -> Iterator[EmbedReply | ScoresReply]:
        if isinstance(request, EmbedRequest):
            yield from embedded(request)
        else:
            yield ScoresReply(_shares(request.question, request.texts))

    return serve


def _generate(request: GenerateRequest, stop: StopSign) -> Iterator[Generated | GenerationEnded]:
    question, sources = asked_of(request.prompt)
    is_slow = SLOW_WORD in words(question)
    written = 0
    ended = Ended.COMPLETE
    for word in _WORD.findall(_answer(question, sources)):
        if is_slow:
            _CLOCK.wait(SLOW_SECONDS)
        if stop():
            ended = Ended.STOPPED
            break
        if written == request.max_tokens:
            ended = Ended.LENGTH
            break
        written += 1
        yield Generated(word)
    yield GenerationEnded(ended.value, sum(count_tokens(part.text) for part in request.prompt), 0, written, DEVICE)


def _answer(question: str, sources: Sequence[tuple[int, str]]) -> str:
    wanted = set(terms(question)) - set(terms(SLOW_WORD))
    scored = [
        (len(wanted.intersection(terms(sentence))), -number, sentence)
        for number, text in sources
        for sentence in (" ".join(span.of(text).split()) for span in sentences(text))
    ]
    shared, number, sentence = max(scored, key=lambda each: each[:2], default=(0, 0, ""))
    if not shared:
        return MARKER
    return f"{sentence} [{-number}]"


def _shares(question: str, texts: Sequence[str]) -> tuple[float, ...]:
    wanted = set(terms(question))
    return tuple(len(wanted.intersection(terms(text))) / max(1, len(wanted)) for text in texts)


def _vector(text: str, dimension: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    vector = np.zeros(dimension)
    for term in terms(text):
        digest = hashlib.blake2b(term.encode("utf-8"), digest_size=2).digest()
        vector[digest[0] % dimension] += 1.0 if digest[1] & 1 else -1.0
    length = float(np.linalg.norm(vector))
    if not length:
        vector[0] = length = 1.0
    return vector / length
