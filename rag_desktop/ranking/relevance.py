"""Tells whether anything that was found is about the question at all."""

from collections.abc import Iterable, Mapping

from rag_desktop.domain.answers import Passage
from rag_desktop.text.words import terms

KEYWORD_COVER = 0.6
"""Share of the question's words, each by its rarity, that a passage must have to count as relevant by words alone."""


def cover(question: str, text: str, rarity: Mapping[str, float]) -> float:
    """Share, 0 to 1, of the question's terms that stand in `text`, each weighted by its rarity (1 where unknown)."""
    wanted = set(terms(question))
    weight = {term: rarity.get(term, 1.0) for term in wanted}
    total = sum(weight.values())
    if not total:
        return 0.0
    there = wanted.intersection(terms(text))
    return sum(weight[term] for term in there) / total


def relevant(passage: Passage, question: str, rarity: Mapping[str, float], least_cosine: float | None) -> bool:
    """Whether a passage is near enough in meaning, or has enough of the question's rare words."""
    cosine = next((score.score for score in passage.trace if score.stage == "vector"), None)
    if cosine is not None and least_cosine is not None and cosine >= least_cosine:
        return True
    return cover(question, " ".join((*passage.chunk.headings, passage.text)), rarity) >= KEYWORD_COVER


def any_relevant(
    passages: Iterable[Passage], question: str, rarity: Mapping[str, float], least_cosine: float | None
) -> bool:
    """Whether at least one passage is relevant."""
    return any(relevant(passage, question, rarity, least_cosine) for passage in passages)
