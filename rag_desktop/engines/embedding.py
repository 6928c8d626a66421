"""The embedding child: a sentence-transformers folder on disk, never the network, in small batches."""

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import (
    EmbedderOptions,
    EmbedReply,
    EmbedRequest,
    MaxSimRequest,
    RerankRequest,
    ScoresReply,
)
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.engines.backends import Backend
from rag_desktop.engines.choosing import Chosen, choose
from rag_desktop.engines.cores import threads
from rag_desktop.engines.late_interaction import max_sim
from rag_desktop.engines.tokenising import Tokens

_SMALL_BUDGET = 512
"""Tokens of a micro-batch at most while somebody asks: a question waits until the one in work is done."""
_ASKING_S = 5.0
"""Seconds for which somebody is taken to ask after a question came."""

Request = EmbedRequest | MaxSimRequest | RerankRequest


def role(options: EmbedderOptions, stop: StopSign) -> Serve:
    """Serves EmbedRequest with an EmbedReply for each micro-batch, shortest texts first; MaxSimRequest and
    RerankRequest with a ScoresReply each, of no scores where the request was stopped.

    Use as `functools.partial(role, options)`. Raises UserFacingError `model-missing`, `model-damaged` or
    `model-memory` (name) at loading; `model-damaged` where a vector is not of numbers, `child-memory`; for a
    RerankRequest `reranker-missing`, or what engines.reranking raises.
    """
    return _Engine(options, stop).serve


class _Engine:
    def __init__(self, options: EmbedderOptions, stop: StopSign) -> None:
        self._options, self._stop = options, stop
        self._chosen: Chosen = choose(options.folder, options.caches, threads(options.threads))
        self._score: Callable[[str, Sequence[str]], tuple[float, ...]] | None = None
        self._asked = -math.inf

    def serve(self, request: Request) -> Iterator[EmbedReply | ScoresReply]:
        match request:
            case EmbedRequest():
                yield from self._embedded(request)
            case MaxSimRequest():
                yield ScoresReply(self._max_sims(request))
            case RerankRequest():
                yield ScoresReply(self._reranked(request))

    def _embedded(self, request: EmbedRequest) -> Iterator[EmbedReply]:
        texts = self._tokens(request.texts, is_query=request.is_query)
        if request.is_query:
            self._asked = time.monotonic()
        backend = self._chosen.asking if request.is_query else self._chosen.indexing(texts)
        for places in self._micro_batches(texts, backend):
            if self._stop():
                return
            vectors = backend.sentences([texts[place] for place in places])
            if not np.isfinite(vectors).all():  # stored, they would be found for no question or for every one
                raise UserFacingError("model-damaged", name=self._options.folder.name)
            yield EmbedReply(tuple(places), vectors.shape[1], vectors.astype("<f2").tobytes())

    def _max_sims(self, request: MaxSimRequest) -> tuple[float, ...]:
        self._asked = time.monotonic()
        backend = self._chosen.asking
        question = backend.tokens(self._tokens((request.question,), is_query=True))[0]
        texts = self._tokens(request.texts, is_query=False)
        scores: dict[int, float] = {}
        for places in self._micro_batches(texts, backend):
            if self._stop():
                return ()
            found = backend.tokens([texts[place] for place in places])
            scores.update(zip(places, max_sim(question, found), strict=True))
        return tuple(scores[place] for place in range(len(texts)))

    def _reranked(self, request: RerankRequest) -> tuple[float, ...]:
        self._asked = time.monotonic()
        if self._score is None:
            if self._options.reranker is None:
                raise UserFacingError("reranker-missing")
            from rag_desktop.engines import reranking

            self._score = reranking.load(self._options.reranker, self._options.threads, self._stop)
        return self._score(request.question, request.texts)

    def _tokens(self, texts: Sequence[str], *, is_query: bool) -> list[Tokens]:
        backend = self._chosen.asking
        prefix = self._options.query_prefix if is_query else self._options.passage_prefix
        return backend.tokeniser(texts, backend.prompt + prefix)

    def _micro_batches(self, texts: Sequence[Tokens], backend: Backend) -> Iterator[list[int]]:
        def budget() -> int:
            is_asking = time.monotonic() - self._asked < _ASKING_S
            return min(_SMALL_BUDGET, backend.budget) if is_asking else backend.budget

        return micro_batches([len(text.ids) for text in texts], budget, self._options.batch_size)


def micro_batches(lengths: Sequence[int], budget: Callable[[], int], most: int) -> Iterator[list[int]]:
    """Places of texts, shortest first so that little of a batch is padding: about `budget` tokens and at most `most`
    texts at a time, and what is left shared out evenly. `budget` is asked anew for each."""
    rest = sorted(range(len(lengths)), key=lengths.__getitem__)
    while rest:
        total = sum(lengths[place] for place in rest)
        share = total / max(1, round(total / budget()))
        taken, count = 0, 0
        for place in rest[:most]:
            if count and taken + lengths[place] / 2 > share:
                break
            taken, count = taken + lengths[place], count + 1
        yield rest[:count]
        rest = rest[count:]
