"""Tells whether anything that was found is about the question at all."""

from collections.abc import Iterable, Mapping

from rag_desktop.domain.answers import Passage
from rag_desktop.text.words import hangul_share, terms

KEYWORD_COVER = 0.6
"""Share of the question's words, each by its rarity, that a passage must have to count as relevant by words alone."""


KEYWORD_COVER_KOREAN = 0.35
"""The same for a Korean question: its pairs of syllables hold particles and endings, which passages word otherwise."""
_KOREAN_SHARE = 0.3


def least_cover(question: str) -> float:
    """Share of the question's words that makes a passage relevant by words alone."""
    return KEYWORD_COVER_KOREAN if hangul_share(question) >= _KOREAN_SHARE else KEYWORD_COVER


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
    """Whether a passage is near enough in meaning, or has enough of the question's rare words.

    least_cosine: None where cosines say nothing, as those of a model that cannot read the question.
    """
    cosine = next((score.score for score in passage.trace if score.stage == "vector"), None)
    if cosine is not None and least_cosine is not None and cosine >= least_cosine:
        return True
    return cover(question, " ".join((*passage.chunk.headings, passage.text)), rarity) >= least_cover(question)


def any_relevant(
    passages: Iterable[Passage], question: str, rarity: Mapping[str, float], least_cosine: float | None
) -> bool:
    """Whether at least one passage is relevant."""
    return any(relevant(passage, question, rarity, least_cosine) for passage in passages)
