"""Runs a sentence-transformers folder with torch: on a graphics card, where nothing is prepared, and to prepare."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import accelerator, loading
from rag_desktop.engines.backends import LEAST_COSINE, Matrix, cosines, own_rows, unit
from rag_desktop.engines.tokenising import Tokeniser, Tokens

_LOG = logging.getLogger(__name__)
_USUAL_LENGTH = 512


class TorchBackend:
    """A SentenceTransformer with all its modules: float16 on a graphics card, bfloat16 where the CPU multiplies it."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Loads in float32. Raises UserFacingError `model-damaged` or `model-memory` (name)."""
        if not loading.holds_safetensors(folder):
            raise UserFacingError("model-damaged", name=folder.name)
        accelerator.go_offline()
        import torch

        torch.set_num_threads(threads)
        self._torch: Any = torch
        self._folder = folder
        self.model: Any
        self.device: str
        self._load()
        self.tokeniser = _tokeniser(self.model, folder)
        self.prompt = self.model.prompts.get(self.model.default_prompt_name or "", "")

    def lower(self, samples: Sequence[Tokens]) -> None:
        """Compute with 16 bits from now on where this device is faster so and the vectors of `samples` stay theirs."""
        lowered = self._torch.float16 if self.device != "cpu" else accelerator.dtype(self._torch, self.device)
        if lowered == self._torch.float32:
            return
        exact = self.sentences(samples)
        self.model.to(lowered)
        worst = float(cosines(self.sentences(samples), exact).min())
        if not worst >= LEAST_COSINE:  # so too where it is no number: float16 ends at 65504
            _LOG.warning("%s changes the vectors (worst cosine %.4f); float32 it is", lowered, worst)
            self.model = None  # it makes room
            self._load()

    def sentences(self, batch: Sequence[Tokens]) -> Matrix:
        return unit(self._run(batch, "sentence_embedding"))

    def tokens(self, batch: Sequence[Tokens]) -> list[Matrix]:
        return own_rows(self._run(batch, "token_embeddings"), batch)

    def _load(self) -> None:
        self.model, self.device = loading.placed(
            self._torch, self._folder, lambda device: _loaded(self._folder, device)
        )
        self.name = f"torch {self.device}"
        self.budget = 2048 if self.device == "cpu" else 16_384

    def _run(self, batch: Sequence[Tokens], wanted: str) -> Matrix:
        with self._torch.inference_mode(), loading.within_memory(self._folder.name):
            ids, mask = (self._torch.from_numpy(each).to(self.device) for each in self.tokeniser.padded(batch))
            found: Matrix = self.model({"input_ids": ids, "attention_mask": mask})[wanted].float().cpu().numpy()
            return found


def _loaded(folder: Path, device: str) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(folder),
        device=device,
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"dtype": torch.float32, "use_safetensors": True},  # not what the file happens to be stored in
    )
    return model.eval()


def _tokeniser(model: Any, folder: Path) -> Tokeniser:
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:  # a tokenizer in Python code of its own kind: nothing in the catalogue has one
        raise UserFacingError("model-damaged", name=folder.name)
    return Tokeniser(tokenizer.to_str(), model.max_seq_length or _USUAL_LENGTH, model.tokenizer.pad_token_id or 0)
