"""Where torch computes, in which numbers, and that nothing it loads asks the network."""

import logging
import os
from typing import Any

_LOG = logging.getLogger(__name__)
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


def go_offline() -> None:
    """Keep the model libraries quiet and off the network; to be called before they are imported."""
    os.environ.update(_OFFLINE)


def device(torch: Any) -> str:
    """What torch computes on here: `cuda`, `mps` or `cpu`."""
    if torch.cuda.is_available() and _computes(torch, "cuda"):
        return "cuda"
    return "mps" if torch.backends.mps.is_available() and _computes(torch, "mps") else "cpu"


def dtype(torch: Any, on: str) -> Any:
    """bfloat16 where the CPU multiplies it natively; elsewhere it is slower than float32 and no better."""
    found = torch.cpu.get_capabilities() if on == "cpu" and hasattr(torch.cpu, "get_capabilities") else {}
    return torch.bfloat16 if found.get("avx512_bf16") or found.get("amx_bf16") else torch.float32


def _computes(torch: Any, on: str) -> bool:
    """A card may be there that this torch has no kernels for, or one whose memory others have taken."""
    try:
        ones = torch.ones(8, 8, dtype=torch.float16, device=on)
        return float((ones @ ones).sum()) == 8**3
    except (RuntimeError, AssertionError) as error:
        _LOG.warning("%s is there and does not compute: %s", on, error)
        return False
