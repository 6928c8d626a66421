"""Spreads the first results of a broad question over documents; a specific one comes through as it is."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from rag_desktop.domain.answers import Passage
from rag_desktop.domain.ids import DocumentId

NEAR = 0.2
"""Scores, 0 to 1, that differ by this much at most are nearly the same."""
BROAD = 3
"""Documents with a passage nearly as good as the best one, from which on a question is broad."""


def spread(passages: Sequence[Passage], first: int) -> tuple[Passage, ...]:
    """The same passages; of a broad question the first `first` come from more documents.

    passages: best first. One of a document that has its place already steps behind those of other documents, but only
    behind those that are at most `NEAR` worse. The first passages of the documents keep their order among themselves.
    Likeness of words or of vectors instead of documents (Carbonell and Goldstein's MMR, SIGIR 1998) lost nDCG on every
    English test set.
    """
    if len({each.document.id for each in _near_best(passages)}) < BROAD:
        return tuple(passages)
    left, taken = list(passages), list[Passage]()
    places = Counter[DocumentId]()
    while left and len(taken) < first:
        following = min(_near_best(left), key=lambda each: places[each.document.id])
        left.remove(following)
        taken.append(following)
        places[following.document.id] += 1
    return (*taken, *left)


def _near_best(passages: Sequence[Passage]) -> list[Passage]:
    """The passages from the first on that are nearly as good; one that an earlier stage left behind ends them."""
    best = passages[0].score if passages else 0.0
    return list(takewhile(lambda each: best - NEAR <= each.score <= best, passages))
