"""Runs a sentence-transformers folder with torch: on a graphics card, where nothing is prepared, and to prepare."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import accelerator
from rag_desktop.engines.backends import Matrix, own_rows, unit
from rag_desktop.engines.tokenising import Tokeniser, Tokens

_USUAL_LENGTH = 512


class TorchBackend:
    """A SentenceTransformer with all its modules: float16 on a graphics card, bfloat16 where the CPU multiplies it."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Loads in float32. Raises UserFacingError `model-damaged` (name)."""
        accelerator.go_offline()
        import torch

        torch.set_num_threads(threads)
        self._torch: Any = torch
        self.device = accelerator.device(torch)
        self.model = _loaded(folder, self.device)
        self.tokeniser = _tokeniser(self.model, folder)
        self.prompt = self.model.prompts.get(self.model.default_prompt_name or "", "")
        self.name = f"torch {self.device}"
        self.budget = 2048 if self.device == "cpu" else 16_384

    def lower(self) -> None:
        """Compute with 16 bits from now on where this device is faster so."""
        if self.device != "cpu":
            self.model.half()
        else:
            self.model.to(accelerator.dtype(self._torch, self.device))

    def sentences(self, batch: Sequence[Tokens]) -> Matrix:
        return unit(self._run(batch)["sentence_embedding"].float().cpu().numpy())

    def tokens(self, batch: Sequence[Tokens]) -> list[Matrix]:
        return own_rows(self._run(batch)["token_embeddings"].float().cpu().numpy(), batch)

    def _run(self, batch: Sequence[Tokens]) -> Any:
        ids, mask = (self._torch.from_numpy(each).to(self.device) for each in self.tokeniser.padded(batch))
        with self._torch.inference_mode():
            return self.model({"input_ids": ids, "attention_mask": mask})


def _loaded(folder: Path, device: str) -> Any:
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": torch.float32},  # not what the file happens to be stored in
        )
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        # What the libraries raise for a file that is cut short, empty, not JSON or of another shape.
        raise UserFacingError("model-damaged", name=folder.name) from error
    return model.eval()


def _tokeniser(model: Any, folder: Path) -> Tokeniser:
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:  # a tokenizer in Python code of its own kind: nothing in the catalogue has one
        raise UserFacingError("model-damaged", name=folder.name)
    return Tokeniser(tokenizer.to_str(), model.max_seq_length or _USUAL_LENGTH, model.tokenizer.pad_token_id or 0)
