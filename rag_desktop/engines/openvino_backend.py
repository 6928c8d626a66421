"""Runs an embedding model with OpenVINO, and makes what it runs: the same graph as torch, or one of 8-bit integers."""

import logging
import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from rag_desktop.engines.backends import Matrix, own_rows, unit
from rag_desktop.engines.preparing import Prepared
from rag_desktop.engines.tokenising import Tokens
from rag_desktop.engines.torch_backend import TorchBackend

_LOG = logging.getLogger(__name__)
_WIDTH_STEP = 8
"""Widths of batches are multiples of this: the kernels are compiled for each shape that comes."""
_BUILT_IN_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
_ERROR_MODULES = ("openvino.frontend", "openvino.tools.ovc.error", "nncf.errors")
Errors = tuple[type[Exception], ...]


class OpenVinoBackend:
    """A prepared model on the CPU. `exact` computes in float32 where the graph does not say otherwise."""

    budget = 1024

    def __init__(self, prepared: Prepared, threads: int, name: str, *, exact: bool = False) -> None:
        """Raises what `errors` names where the files are none that this OpenVINO can run."""
        ov = _openvino()
        core = ov.Core()
        core.set_property({"ENABLE_MMAP": False})  # a file that is cut short while it is mapped ends the process
        self.prepared, self.name = prepared, name
        self.tokeniser, self.prompt = prepared.tokeniser, prepared.prompt
        is_bfloat16 = not exact and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "bf16" if is_bfloat16 else "f32",
            "ENABLE_CPU_PINNING": False,  # other children compute on the same cores
        }
        self._request: Any = core.compile_model(str(prepared.graph), "CPU", settings).create_infer_request()

    def sentences(self, batch: Sequence[Tokens]) -> Matrix:
        self._infer(batch)
        return unit(self._request.get_output_tensor(0).data)

    def tokens(self, batch: Sequence[Tokens]) -> list[Matrix]:
        self._infer(batch)
        return own_rows(self._request.get_output_tensor(1).data, batch)

    def _infer(self, batch: Sequence[Tokens]) -> None:
        ids, mask = self.tokeniser.padded(batch, _WIDTH_STEP)
        self._request.infer({"input_ids": ids, "attention_mask": mask})


def loaded(prepared: Prepared, threads: int, name: str) -> OpenVinoBackend | None:
    """The backend, or None where this OpenVINO does not run these files."""
    try:
        return OpenVinoBackend(prepared, threads, name)
    except errors() as error:
        _LOG.warning("what was prepared does not load", exc_info=error)
        return None


def is_installed() -> bool:
    """Whether OpenVINO and nncf are there: they are not made for every system."""
    try:
        return all(find_spec(name) is not None for name in ("openvino", "nncf"))
    except (ImportError, ValueError):  # ValueError: half imported
        return False


def errors() -> Errors:
    """What OpenVINO and nncf raise: built-in errors, and their own, which stand straight below Exception.

    Only modules that are loaded can have raised; a broken installation cannot be asked for its errors.
    """
    own = (_own(module) for name in _ERROR_MODULES if (module := sys.modules.get(name)))
    return (*_BUILT_IN_ERRORS, *chain.from_iterable(own))


def convert(source: TorchBackend, graph: Path) -> None:
    """Write the model of `source`, all its modules, as a graph of two inputs (token ids, attention mask) and two
    outputs (the texts' vectors, the last hidden state). Raises what `errors` names."""
    ov = _openvino()
    import torch

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = source.model

        def forward(self, input_ids: Any, attention_mask: Any) -> tuple[Any, Any]:
            features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return features["sentence_embedding"], features["token_embeddings"]

    example = [torch.from_numpy(each) for each in source.tokeniser.padded(source.tokeniser(["a longer text", "b"]))]
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer's advice to the model's authors
        inputs = dict(zip(("input_ids", "attention_mask"), example, strict=True))
        model = ov.convert_model(Pipeline(), example_input=inputs)
    ov.save_model(model, str(graph))


def quantise(plain: Prepared, texts: Sequence[Tokens], graph: Path) -> None:
    """Write `plain` with 8-bit integers in its matrix products, their ranges taken from `texts`.

    SmoothQuant (arXiv 2211.10438), then the least and greatest value of each activation. Raises what `errors` names.
    """
    ov = _openvino()
    import nncf
    import rich

    rich.reconfigure(quiet=True)  # it draws progress on standard output
    nncf.set_log_level(logging.ERROR)

    def fed(tokens: Tokens) -> dict[str, Any]:
        ids, mask = plain.tokeniser.padded([tokens], _WIDTH_STEP)
        return {"input_ids": ids, "attention_mask": mask}

    model = ov.Core().read_model(str(plain.graph))
    dataset = nncf.Dataset(list(texts), fed)
    made = nncf.quantize(model, dataset, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(texts))
    ov.save_model(made, str(graph))


def _openvino() -> Any:
    """The library, kept from calling home: its telemetry is a package of its own, which is not to be found."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # importing it fails from now on
    import openvino

    return openvino


def _own(module: ModuleType) -> Errors:
    return tuple(each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Exception))
