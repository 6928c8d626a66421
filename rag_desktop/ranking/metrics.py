"""Measures of one ranking against judgements, their means over questions, and how sure a mean is.

A judgement is a grade: 0 is not relevant, 1 and more is relevant, a higher one more so. What nobody judged counts as 0.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log2

import numpy as np

Grades = Mapping[str, int]
"""Grades of what was judged for one question, by name."""

Measure = Callable[[Sequence[str], Grades, int], float]
"""Of a ranking, best first, against grades, down to a rank."""

RESAMPLES = 2000
_SEED = 7


def ndcg(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Normalised discounted cumulative gain of the first `k`, 0 to 1; 0 where nothing relevant was judged.

    The gain is the grade itself, discounted by log2(rank + 1), as trec_eval's `ndcg_cut` and BEIR have it; source:
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20 (2002).
    """
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(name, 0) for name in ranked[:k]]) / ideal if ideal else 0.0


def _dcg(gains: Sequence[int]) -> float:
    return sum(max(0, gain) / log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def recall(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """Share of all that is relevant which stands among the first `k`, 0 to 1 (trec_eval's `recall`)."""
    wanted = _relevant(grades)
    return len(wanted.intersection(ranked[:k])) / len(wanted) if wanted else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """One over the rank of the first that is relevant, 0 where none is among the first `k`; its mean is MRR@k.

    Source: Voorhees, "The TREC-8 question answering track report", TREC (1999).
    """
    wanted = _relevant(grades)
    return next((1.0 / rank for rank, name in enumerate(ranked[:k], start=1) if name in wanted), 0.0)


def hit(ranked: Sequence[str], grades: Grades, k: int) -> float:
    """1 where anything relevant is among the first `k`, else 0 (trec_eval's `success`)."""
    return float(not _relevant(grades).isdisjoint(ranked[:k]))


def _relevant(grades: Grades) -> set[str]:
    return {name for name, grade in grades.items() if grade > 0}


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; 0 of none."""
    return sum(values) / len(values) if values else 0.0


def bootstrap_interval(values: Sequence[float], share: float = 0.95) -> tuple[float, float]:
    """Bounds between which the mean of such values lies in `share` of all cases, by resampling the questions.

    Percentile bootstrap with `RESAMPLES` resamples and a fixed seed: the same values give the same bounds. Source:
    Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; for retrieval: Sakai, "Evaluating
    evaluation metrics based on the bootstrap", SIGIR (2006).
    """
    if not values:
        return 0.0, 0.0
    sample, chance = np.asarray(values, dtype=np.float64), np.random.default_rng(_SEED)
    means = [sample[chance.integers(len(sample), size=len(sample))].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
