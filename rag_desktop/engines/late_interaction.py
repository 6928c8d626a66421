"""Late interaction (ColBERT's MaxSim, arXiv 2004.12832) with the token vectors of an ordinary embedding model."""

from collections.abc import Sequence

import numpy as np

from rag_desktop.engines.backends import Matrix


def max_sim(question: Matrix, texts: Sequence[Matrix]) -> tuple[float, ...]:
    """For each text the mean over the question's tokens of the best cosine among the text's, -1 to 1.

    Takes unit vectors, one row to a token. Where either side has no token, the score is 0.
    """
    return tuple(
        float(np.mean((question @ text.T).max(axis=1))) if len(question) and len(text) else 0.0 for text in texts
    )
