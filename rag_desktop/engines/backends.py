"""What runs an embedding model, and the least each way of running it must do."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag_desktop.engines.tokenising import Tokeniser, Tokens

Matrix = npt.NDArray[np.float32]
LEAST_COSINE = 0.999
"""Two ways of running a model give the same vectors where none is further from the other's than this."""


class Backend(Protocol):
    """A loaded model. All its vectors have length one."""

    name: str
    tokeniser: Tokeniser
    prompt: str
    """What the model's own configuration puts before every text."""
    budget: int
    """Tokens of a batch beyond which its rate grows no more."""

    def sentences(self, batch: Sequence[Tokens]) -> Matrix:
        """The texts' vectors, shape (len(batch), dimension)."""

    def tokens(self, batch: Sequence[Tokens]) -> list[Matrix]:
        """The last hidden state of each text's own tokens, shape (own tokens, dimension) each."""


def unit(vectors: npt.NDArray[np.floating]) -> Matrix:
    """The vectors along the last axis, each brought to length one."""
    found = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(found, axis=-1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)


def own_rows(hidden: npt.NDArray[np.floating], batch: Sequence[Tokens]) -> list[Matrix]:
    """Of a batch's hidden states, shape (texts, width, dimension), each text's own tokens at length one."""
    return [unit(rows[: len(tokens.ids)][tokens.is_own]) for rows, tokens in zip(hidden, batch, strict=True)]


def cosines(left: Matrix, right: Matrix) -> Matrix:
    """Row by row, the cosine of two matrices of unit vectors."""
    return np.asarray((left * right).sum(axis=1), np.float32)
