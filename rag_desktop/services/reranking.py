"""A second look at the first passages: by a cross-encoder, or by late interaction of the embedding model's tokens."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import MaxSimRequest, RerankRequest, ScoresReply
from rag_desktop.ranking.blend import LATE_WEIGHT, blended
from rag_desktop.ranking.fuse import reads_korean
from rag_desktop.text.chunks import embedded_words
from rag_desktop.text.words import hangul_share
from rag_desktop.workers.child import Child

_LOG = logging.getLogger(__name__)
RERANKED = 30
"""Passages that a cross-encoder reads: a short second of two cores."""
LATE = 20
_DEADLINE_S = 60.0
"""The first request loads the model."""
_KOREAN_SHARE = 0.3
"""Share of Hangul from which on a question is one for models that read Korean."""


@dataclass(frozen=True, slots=True)
class Reranked:
    """Passages after a second look. `missed` says why there was none; the passages are then as they came."""

    passages: tuple[Passage, ...]
    missed: UserFacingError | None = None


def suits(mode: str, question: str, languages: Sequence[str]) -> bool:
    """Whether a cross-encoder of these languages is to read the passages found for `question`.

    mode: a value of the setting `reranking`. `auto` leaves out questions in a language that the model cannot read.
    """
    if mode == "auto":
        return hangul_share(question) < _KOREAN_SHARE or reads_korean(languages)
    return mode == "on"


def rerank(child: Child, question: str, passages: tuple[Passage, ...], most: int = RERANKED) -> Reranked:
    """The first `most` passages in the order of a cross-encoder's scores, 0 to 1; the others behind them."""
    scores = _scores(child, RerankRequest(question, _worded(passages[:most])))
    if isinstance(scores, UserFacingError):
        return Reranked(passages, scores)
    return Reranked(_reordered(passages, "rerank", scores, scores))


def late_interaction(
    child: Child, question: str, passages: tuple[Passage, ...], most: int = LATE, weight: float = LATE_WEIGHT
) -> Reranked:
    """The first `most` passages by their fused score and, added to it, their late one (MaxSim).

    Source: Khattab and Zaharia, "ColBERT" (SIGIR 2020), here with the tokens of a model that was not trained for it.
    """
    head = passages[:most]
    scores = _scores(child, MaxSimRequest(question, _worded(head)))
    if isinstance(scores, UserFacingError):
        return Reranked(passages, scores)
    return Reranked(_reordered(passages, "late", scores, blended([each.score for each in head], scores, weight)))


def _worded(passages: Sequence[Passage]) -> tuple[str, ...]:
    return tuple(embedded_words(each.chunk.headings, each.text) for each in passages)


def _scores(child: Child, request: RerankRequest | MaxSimRequest) -> tuple[float, ...] | UserFacingError:
    if not request.texts:
        return ()
    try:
        reply: ScoresReply = child.call(request, deadline_s=_DEADLINE_S, urgent=True)
    except UserFacingError as error:
        _LOG.warning("passages keep their order: %s", error)
        return error
    return reply.scores


def _reordered(
    passages: tuple[Passage, ...], stage: str, found: Sequence[float], scores: Sequence[float]
) -> tuple[Passage, ...]:
    """The first passages by `scores`, which become theirs, with what the stage found in their trace."""
    head = [
        replace(passage, score=score, trace=(*passage.trace, StageScore(stage, each)))
        for passage, each, score in zip(passages, found, scores, strict=False)
    ]
    head.sort(key=lambda passage: -passage.score)
    return (*head, *passages[len(head) :])
