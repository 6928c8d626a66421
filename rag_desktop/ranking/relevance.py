"""Tells whether anything that was found is about the question at all."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rag_desktop.domain.answers import Passage
from rag_desktop.domain.models import Relevance
from rag_desktop.text.words import terms

RELEVANT = 0.185
"""Relevance from which on passages are worth answering from. With MiniLM, of squad2-dev, cranfield and cisi asked their
own questions and each other's, it refuses 1 % of their own and 95 % of the others'. Questions about a library's subject
that no passage answers are not told apart by it."""
RELEVANT_BY_WORDS = 0.5
"""The same where only words can tell: KorQuAD and autorag-ko refuse 2 and 0 % of their own questions and 95 and 98 % of
each other's."""
_COVER = 6.9
_WORDS_STEEPNESS = 17.0
_MOST_COVER, _COVER_OF_ONE = 0.6, 1.2
"""Share of the rare words that is as likely as not where there are n of them: at most .6, else 1.2 / √n, for of many
words (and of pairs of Korean syllables, which hold particles and endings) passages word most otherwise."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the first passages have of a question.

    cosine: the highest; None where cosines say nothing, as those of a model that cannot read the question. cover: the
    largest share, 0 to 1, of the question's words in one of them, each by its rarity. terms: how many words those are.
    """

    cosine: float | None
    cover: float
    terms: int


def evidence_in(passages: Iterable[Passage], question: str, rarity: Mapping[str, float]) -> Evidence:
    """What `passages` have of `question`. rarity: of its terms, by term."""
    found = tuple(passages)
    cosines = [score.score for each in found for score in each.trace if score.stage == "vector"]
    covers = (cover(question, " ".join((*each.chunk.headings, each.text)), rarity) for each in found)
    return Evidence(max(cosines, default=None), max(covers, default=0.0), len(rarity))


def relevance(found: Evidence, calibration: Relevance | None) -> float:
    """How likely the library is about the question, 0 to 1: a logistic function of what was found.

    calibration: what the cosines of the Space say; None where that is not known. The part of the words was fitted with
    MiniLM.
    """
    if found.cosine is not None and calibration is not None:
        return _logistic((found.cosine - calibration.midpoint) / calibration.width + _COVER * found.cover)
    least = min(_MOST_COVER, _COVER_OF_ONE / math.sqrt(max(1, found.terms)))
    return _logistic(_WORDS_STEEPNESS * (found.cover - least))


def is_relevant(found: Evidence, calibration: Relevance | None) -> bool:
    """Whether the passages are worth answering from."""
    has_cosine = found.cosine is not None and calibration is not None
    return relevance(found, calibration) >= (RELEVANT if has_cosine else RELEVANT_BY_WORDS)


def cover(question: str, text: str, rarity: Mapping[str, float]) -> float:
    """Share, 0 to 1, of the question's terms that stand in `text`, each weighted by its rarity (1 where unknown)."""
    wanted = frozenset(terms(question))
    return cover_of(wanted.intersection(terms(text)), rarity, wanted)


def cover_of(there: Collection[str], rarity: Mapping[str, float], wanted: Collection[str] | None = None) -> float:
    """The share that `there` have of the weight of all `wanted` terms, which are those of `rarity` where not given."""
    total = sum(rarity.get(term, 1.0) for term in (rarity if wanted is None else wanted))
    return sum(rarity.get(term, 1.0) for term in there) / total if total else 0.0


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, value))))
