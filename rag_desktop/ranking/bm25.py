"""BM25 over a few passages whose words were counted, each together with what stands around it.

Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond" (2009), with the constants of FTS5, so
that these scores go on from those that chose the passages.
"""

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_K1 = 1.2
_B = 0.75


def bm25(counts: Matrix, lengths: Matrix, average: float, rarity: Matrix) -> Matrix:
    """The score of each passage, shape (passages,).

    counts: of each term in each passage, shape (passages, terms). lengths: tokens, shape (passages,), and their
    average. rarity: what a term counts, such as its inverse document frequency, shape (terms,).
    """
    share = lengths / average if average else np.ones_like(lengths)
    damped = counts + (_K1 * (1 - _B + _B * share))[:, None]
    return np.asarray((rarity * counts * (_K1 + 1) / damped).sum(axis=1), np.float32)


def family_bm25(counts: Matrix, lengths: Matrix, families: Places, rarity: Matrix) -> Matrix:
    """What `bm25` gives the families that the passages belong to, shape (passages,); arguments as there.

    families: equal numbers for passages that stand under one parent. lengths: tokens of the whole family, as each of
    its passages tells them; their mean counts. A family has the words of those of its passages that are given.
    """
    _, family, members = np.unique(families, return_inverse=True, return_counts=True)
    together = np.zeros((len(members), counts.shape[1]), np.float32)
    np.add.at(together, family, counts)
    whole = (np.bincount(family, lengths, len(members)) / members).astype(np.float32)
    return bm25(together, whole, float(whole.mean()) if len(whole) else 0.0, rarity)[family]
