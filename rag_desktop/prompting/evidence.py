"""Which words of a passage say what a sentence says: covers of weighted terms, in any script."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag_desktop.domain.documents import Span
from rag_desktop.text.sentences import sentences
from rag_desktop.text.words import stem, terms

_NUMERAL = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<=[^\W_] )[A-Z][\w’'-]+|\b[A-Z]{2,}\b")
# fmt: off
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}
# fmt: on
_NUMBER_STEMS = {stem(word): figure for word, figure in _NUMBER_WORDS.items()}
_NUMBER_WEIGHT = 2.0
_NAME_WEIGHT = 1.5
_QUESTION_WEIGHT = 0.5
_SECOND_ADDS = 0.2
"""Least share of the claim's weight that a second sentence must bring to be quoted as well."""
_LENGTH_PENALTY = 0.004
"""Taken off per term of the passage's sentences: of two that say it, the shorter one is quoted."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a passage says what was claimed. `cover` is 0 to 1: the weighted share of the claim's terms found there.

    `span` is one sentence or two consecutive ones, in code points of the passage's text; `shared` counts terms.
    """

    span: Span
    cover: float
    shared: int


class Evidence:
    """The sentences of some texts, with the weight of each term by its rarity among them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(_sentence_terms(text) for text in texts)
        self._count = sum(map(len, self._texts))
        self._found_in: Counter[str] = Counter()
        for sentence in (each for text in self._texts for each in text):
            self._found_in.update(sentence.terms)

    def best(self, place: int, claim: str, question: str = "", required: frozenset[str] = frozenset()) -> Match | None:
        """The best one or two sentences of text `place` for `claim`, or None where they share nothing.

        Only sentences that hold all the `required` terms are considered. The question's terms help to choose among
        sentences (an answer may be one bare number); they are not part of `cover`, which is of the claim alone.
        """
        weights = self._weights(claim)
        helped = {**dict.fromkeys(claim_terms(question), 0.0), **weights}
        for term in helped.keys() - weights.keys():
            helped[term] = _QUESTION_WEIGHT * self._rarity(term)
        text = self._texts[place]
        scored = [
            (_weight(helped, each.terms) - self._penalty(each, helped), i)
            for i, each in enumerate(text)
            if required <= each.terms
        ]
        if not scored:
            return None
        first = max(scored, key=lambda pair: (pair[0], -pair[1]))[1]
        chosen = self._with_neighbour(text, first, weights)
        found = frozenset[str]().union(*(text[i].terms for i in chosen))
        shared = len(weights.keys() & found)
        if not shared:
            return None
        span = Span(text[chosen[0]].span.start, text[chosen[-1]].span.end)
        return Match(span, _weight(weights, found) / sum(weights.values()), shared)

    def terms_in(self, place: int, span: Span) -> frozenset[str]:
        """Terms of the sentences of text `place` that lie in `span`."""
        return frozenset[str]().union(*(each.terms for each in self._texts[place] if span.covers(each.span)))

    def _with_neighbour(self, text: "tuple[_Sentence, ...]", first: int, weights: dict[str, float]) -> list[int]:
        """The sentence `first`, and the one beside it that adds clearly."""
        total = sum(weights.values())
        have = text[first].terms
        adds = [
            (_weight(weights, text[i].terms - have) / total, -i)
            for i in (first - 1, first + 1)
            if 0 <= i < len(text) and total
        ]
        gain, place = max(adds, default=(0.0, 0))
        return sorted([first, -place]) if gain >= _SECOND_ADDS else [first]

    def _penalty(self, sentence: "_Sentence", helped: dict[str, float]) -> float:
        return min(0.1, _LENGTH_PENALTY * len(sentence.terms)) * sum(helped.values())

    def _weights(self, claim: str) -> dict[str, float]:
        names = {term for name in _NAME.findall(claim) for term in terms(name)}
        return {
            term: self._rarity(term) * (_NUMBER_WEIGHT if term[0] == "#" else _NAME_WEIGHT if term in names else 1.0)
            for term in claim_terms(claim)
        }

    def _rarity(self, term: str) -> float:
        return math.log(1 + (self._count + 1) / (self._found_in[term] + 0.5))


@dataclass(frozen=True, slots=True)
class _Sentence:
    span: Span
    terms: frozenset[str]


def added_figures(claim: str, question: str) -> frozenset[str]:
    """Figures that `claim` states and `question` did not: what it is worth nothing without."""
    return frozenset(term for term in claim_terms(claim) - claim_terms(question) if term[0] == "#")


def claim_terms(text: str) -> frozenset[str]:
    """Terms of `text`; numerals stand as one term each (`#8000` for 8,000 and `#8` for eight) and not in pieces."""
    numerals = {"#" + numeral.replace(",", "").rstrip(".") for numeral in _NUMERAL.findall(text)}
    found = set(terms(_NUMERAL.sub(" ", text)))
    spelled = found & _NUMBER_STEMS.keys()
    return frozenset(found - spelled | numerals | {"#" + _NUMBER_STEMS[word] for word in spelled})


@lru_cache(maxsize=64)
def _sentence_terms(text: str) -> tuple[_Sentence, ...]:
    return tuple(_Sentence(span, claim_terms(span.of(text))) for span in sentences(text))


def _weight(weights: dict[str, float], found: Iterable[str]) -> float:
    return sum(weights.get(term, 0.0) for term in found)
