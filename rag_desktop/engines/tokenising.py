"""Text to tokens as the model's own tokenizer does it, without the libraries that train models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text's token ids, and of each whether it is the text's own: no special token and no part of the prefix."""

    ids: list[int]
    is_own: list[bool]


class Tokeniser:
    """A Hugging Face tokenizer in its serialised form (`tokenizer.json`), cutting texts at `max_length` tokens."""

    def __init__(self, serialised: str, max_length: int, pad_id: int) -> None:
        """Raises ValueError or another built-in error where `serialised` is no tokenizer."""
        from tokenizers import Tokenizer

        self.serialised, self.max_length, self.pad_id = serialised, max_length, pad_id
        self._tokenizer: Any = Tokenizer.from_str(serialised)
        self._tokenizer.enable_truncation(max_length)
        self._tokenizer.no_padding()

    def __call__(self, texts: Sequence[str], prefix: str = "") -> list[Tokens]:
        """The tokens of each text with `prefix` before it."""
        return [
            Tokens(
                encoding.ids,
                [
                    not special and start >= len(prefix)
                    for special, (start, _) in zip(encoding.special_tokens_mask, encoding.offsets, strict=True)
                ],
            )
            for encoding in self._tokenizer.encode_batch([prefix + text for text in texts])
        ]

    def padded(self, batch: Sequence[Tokens], step: int = 1) -> tuple[Integers, Integers]:
        """Token ids and attention mask of a batch, shape (len(batch), width); the width is a multiple of `step`."""
        width = -(-max(len(tokens.ids) for tokens in batch) // step) * step
        ids = np.full((len(batch), width), self.pad_id, np.int64)
        mask = np.zeros((len(batch), width), np.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens.ids)] = tokens.ids
            mask[row, : len(tokens.ids)] = 1
        return ids, mask
