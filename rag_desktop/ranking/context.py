"""Looks at passages in what stands around them: a leaf whose parent is about the question is likelier to answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_desktop.ranking.relevance import cover_of
from rag_desktop.text.words import terms

WORDS_WEIGHT = 0.3
"""What the question's rare words count that stand anywhere in the parent, beside a fused score of 0 to 1."""
MEANING_WEIGHT = 0.1
"""What the mean cosine of the parent's leaves counts, scaled to 0..1 over the passages that are compared."""
OWN_WEIGHT = 0.1
"""The same for the passage's own cosine: a keyword candidate has none in its fused score."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A passage's fused score, the text of its parent, its own cosine and the mean of its parent's leaves.

    Cosines are None where the passage has no vector, or the model cannot read the question.
    """

    fused: float
    text: str
    cosine: float | None = None
    around: float | None = None


def in_context(passages: Sequence[Surroundings], rarity: Mapping[str, float]) -> list[float]:
    """New scores in the order given; the weights were fitted on sets of questions that no figure is reported of."""
    wanted = frozenset(rarity)
    covers = [cover_of(wanted.intersection(terms(each.text)), rarity) for each in passages]
    around, own = _scaled([each.around for each in passages]), _scaled([each.cosine for each in passages])
    return [
        each.fused + WORDS_WEIGHT * covers[place] + MEANING_WEIGHT * around[place] + OWN_WEIGHT * own[place]
        for place, each in enumerate(passages)
    ]


def _scaled(values: Sequence[float | None]) -> list[float]:
    """Values as 0..1 from the lowest to the highest; 0 where there is none."""
    known = [value for value in values if value is not None]
    if not known or max(known) == min(known):
        return [0.0] * len(values)
    low, spread = min(known), max(known) - min(known)
    return [0.0 if value is None else (value - low) / spread for value in values]
