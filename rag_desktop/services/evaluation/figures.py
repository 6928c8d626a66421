"""What an evaluation found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from rag_desktop.ranking.metrics import mean


@dataclass(frozen=True, slots=True)
class Figures:
    """nDCG@10, recall@10, MRR@10 and hit@5 of documents or pages, of one question or their means; all 0 to 1.

    words: whether, or how often, one of the first 5 passages holds the words that answer; None where nobody named any.
    """

    ndcg: float
    recall: float
    mrr: float
    hit: float
    words: float | None = None

    @classmethod
    def mean(cls, each: Sequence[Self]) -> Self:
        """The means over questions; of words over those questions that name some."""
        words = [one.words for one in each if one.words is not None]
        return cls(
            mean([one.ndcg for one in each]),
            mean([one.recall for one in each]),
            mean([one.mrr for one in each]),
            mean([one.hit for one in each]),
            mean(words) if words else None,
        )


@dataclass(frozen=True, slots=True)
class StageRow:
    """The ranking after a stage, and what the stage itself takes of a whole search (median milliseconds)."""

    stage: str
    figures: Figures
    milliseconds: float | None


@dataclass(frozen=True, slots=True)
class Ablation:
    """The whole search without one stage. gain: what the stage brings to nDCG@10; interval: 95 %, over questions."""

    without: str
    figures: Figures
    gain: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class KindRow:
    """The whole search for questions of one kind."""

    kind: str
    questions: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well a dataset is searched.

    figures: of the whole search; interval: 95 % of its nDCG@10. documents were indexed, `unread` were not.
    questions were asked; `left_out` have nothing relevant. milliseconds: the median of a whole search. model, space:
    of the vectors; None where there were none.
    """

    dataset: str
    documents: int
    unread: int
    passages: int
    questions: int
    left_out: int
    model: str | None
    space: str | None
    chunker: str
    figures: Figures
    interval: tuple[float, float]
    milliseconds: float | None
    stages: tuple[StageRow, ...]
    ablation: tuple[Ablation, ...]
    also: tuple[StageRow, ...]
    kinds: tuple[KindRow, ...]
    indexing_s: float
    searching_s: float
