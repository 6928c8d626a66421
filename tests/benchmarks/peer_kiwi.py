"""BM25 over Korean morphemes, as Kiwi finds them. Run in the environment of that peer: it knows nothing of ours.

Its argument is a JSON file with `documents` and `queries`, both texts by id; it prints the ids of the best documents of
each query. Content morphemes are what people index in Korean: nouns, verbs and adjectives, roots, adverbs, and all that
is no Hangul. Scores are those of Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
(2009), with k1 = 1.2 and b = 0.75.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import log
from pathlib import Path

from kiwipiepy import Kiwi, Token  # type: ignore[import-not-found]

_CONTENT = ("NN", "NR", "NP", "VV", "VA", "XR", "MAG", "SL", "SH", "SN")
_K1, _B = 1.2, 0.75
_BEST = 100


class Bm25:
    """Scores documents, each a list of terms by its id."""

    def __init__(self, documents: Mapping[str, list[str]]) -> None:
        self._lengths = {id_: len(terms) for id_, terms in documents.items()}
        self._mean = sum(self._lengths.values()) / max(1, len(documents))
        self._postings: dict[str, dict[str, int]] = defaultdict(dict)
        for id_, terms in documents.items():
            for term, count in Counter(terms).items():
                self._postings[term][id_] = count

    def best(self, terms: Iterable[str]) -> list[str]:
        """Ids of the best documents, best first; of two that are equal the one that came first."""
        scores: dict[str, float] = defaultdict(float)
        for term in terms:
            postings = self._postings.get(term, {})
            rarity = log(1 + (len(self._lengths) - len(postings) + 0.5) / (len(postings) + 0.5))
            for id_, count in postings.items():
                length = self._lengths[id_] / self._mean
                scores[id_] += rarity * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length))
        return sorted(scores, key=lambda id_: -scores[id_])[:_BEST]


def content(tokens: Iterable[Token]) -> list[str]:
    """Content morphemes, each with its part of speech, so that a noun is not taken for a verb that sounds like it."""
    return [f"{token.form.lower()}/{token.tag[:2]}" for token in tokens if token.tag.startswith(_CONTENT)]


def morphemes(kiwi: Kiwi, texts: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Content morphemes by the ids of the texts."""
    return zip(texts, map(content, kiwi.tokenize(list(texts.values()))), strict=True)


def main() -> None:
    """Print the rankings as one JSON object."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    kiwi = Kiwi(num_workers=1)
    index = Bm25(dict(morphemes(kiwi, given["documents"])))
    print(json.dumps({id_: index.best(terms) for id_, terms in morphemes(kiwi, given["queries"])}))


if __name__ == "__main__":
    main()
