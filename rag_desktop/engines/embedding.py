"""The embedding child: a sentence-transformers folder on disk, never the network, in small batches."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, EmbedReply, EmbedRequest
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.engines.cores import threads

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


def role(options: EmbedderOptions, stop: StopSign) -> Serve:
    """Serves EmbedRequest with an EmbedReply for each micro-batch, shortest texts first.

    Use as `functools.partial(role, options)`. Raises UserFacingError `model-missing` or `model-damaged` (name) at
    loading.
    """
    model = _loaded(options)

    def serve(request: EmbedRequest) -> Iterator[EmbedReply]:
        prefix = options.query_prefix if request.is_query else options.passage_prefix
        texts = [prefix + text for text in request.texts]
        # Texts of a length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), options.batch_size):
            if stop():
                return
            places = order[start : start + options.batch_size]
            yield _reply(model, places, [texts[place] for place in places])

    return serve


def _reply(model: Any, places: list[int], texts: list[str]) -> EmbedReply:
    tensor = model.encode(
        texts, batch_size=len(texts), convert_to_numpy=False, convert_to_tensor=True, show_progress_bar=False
    )
    vectors = tensor.float().cpu().numpy()  # numpy knows no bfloat16, and lengths want more than eight bits
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return EmbedReply(tuple(places), int(vectors.shape[1]), vectors.astype("<f2").tobytes())


def _loaded(options: EmbedderOptions) -> Any:
    folder = options.folder
    if not folder.is_dir():
        raise UserFacingError("model-missing", name=folder.name)
    if not (folder / "modules.json").is_file():  # the library would make up a pooling of its own, and other vectors
        raise UserFacingError("model-damaged", name=folder.name)
    os.environ.update(_OFFLINE)
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads(options.threads))
    device = _device(torch)
    dtype = torch.bfloat16 if device == "cpu" and _computes_bfloat16(torch) else torch.float32
    try:
        model = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": dtype},
        )
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        # What the libraries raise for a file that is cut short, empty, not JSON or of another shape.
        raise UserFacingError("model-damaged", name=folder.name) from error
    return model.eval()


def _device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _computes_bfloat16(torch: Any) -> bool:
    """Whether this CPU multiplies bfloat16 natively; elsewhere it is slower than float32 and no better."""
    found = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
