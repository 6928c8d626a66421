"""Loads what torch runs: no pickles, on a device that has room for it, and failures named."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import accelerator

_LOG = logging.getLogger(__name__)
_NO_MEMORY = re.compile(r"out of memory|not enough memory|(can't|cannot) allocate memory|ALLOC_FAILED", re.IGNORECASE)


def placed(torch: Any, folder: Path, make: Callable[[str], Any]) -> tuple[Any, str]:
    """What `make` gives for a device, and that device: the CPU where the graphics card has no room.

    Raises UserFacingError: `model-damaged`, `model-memory` (name).
    """
    on = accelerator.device(torch)
    with _named(folder.name):
        try:
            return make(on), on
        except RuntimeError as error:
            if on == "cpu" or not _is_out_of_memory(error):
                raise
            _LOG.warning("the model finds no room on %s: %s", on, error)
        return make("cpu"), "cpu"


@contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Raises UserFacingError `child-memory` (name) where torch finds no memory to compute in."""
    try:
        yield
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        raise UserFacingError("child-memory", name=name) from error


def holds_safetensors(folder: Path) -> bool:
    """Whether weights are there, and none only as a pickle: unpickling runs whatever code the file names."""
    pickled = (each.parent for each in folder.rglob("*.bin") if each.name.startswith("pytorch_model"))
    return any(folder.rglob("*.safetensors")) and all(any(place.glob("*.safetensors")) for place in pickled)


@contextmanager
def _named(name: str) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (
        SafetensorError, OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError,
        ImportError, MemoryError,
    ) as error:  # fmt: skip
        # What the libraries raise for a file that is cut short, empty, not JSON or of another shape.
        raise UserFacingError("model-memory" if _is_out_of_memory(error) else "model-damaged", name=name) from error


def _is_out_of_memory(error: BaseException) -> bool:
    """Only CUDA's own shortage has a class in torch; others are known by their words."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error))))
