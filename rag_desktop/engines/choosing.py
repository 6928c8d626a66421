"""Chooses what runs an embedding model on this machine: the fastest backend that gives the same vectors as torch."""

import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines.attempts import RefusedError
from rag_desktop.engines.backends import LEAST_COSINE, Backend, cosines
from rag_desktop.engines.openvino_backend import OpenVinoBackend, convert, errors, is_installed, loaded
from rag_desktop.engines.preparing import Preparations
from rag_desktop.engines.quantising import Quantiser
from rag_desktop.engines.tokenising import Tokens
from rag_desktop.engines.torch_backend import TorchBackend

_LOG = logging.getLogger(__name__)
PLAIN = "plain"
_SAMPLES = (
    "The lease runs for three years and may be ended with a notice of one month.",
    "SHORT",
    "",
    "def area(r: float) -> float:\n    return math.pi * r ** 2  # in m²",
    "| year | price |\n|---|---|\n| 2023 | 1,299.00 € |",
    "임대차 계약의 해지 통보는 한 달 전에 서면으로 하여야 한다.",
    "Zażółć gęślą jaźń; naïve façade, 東京都 – “quoted” … 🙂",
    "A sentence that is said again and again. " * 80,
)
"""Texts of all kinds and lengths, the longest beyond what most models read."""


class Chosen:
    """The backends in use. Questions keep the more exact one: theirs is little work, and they meet every passage."""

    def __init__(self, asking: Backend, quantiser: Quantiser | None = None) -> None:
        self.asking = asking
        self._quantiser = quantiser

    def indexing(self, texts: Sequence[Tokens]) -> Backend:
        """What these texts are to be embedded with as passages; they may serve to prepare something faster."""
        if self._quantiser is None:
            return self.asking
        self._quantiser.see(texts)
        return self._quantiser.made or self.asking


def choose(folder: Path, caches: Path | None, threads: int) -> Chosen:
    """Load the model. What is worth keeping for the next start is kept below `caches`.

    Raises UserFacingError `model-missing`, `model-damaged` or `model-memory` (name); `child-memory`.
    """
    if not folder.is_dir():
        raise UserFacingError("model-missing", name=folder.name)
    if not (folder / "modules.json").is_file():  # the library would make up a pooling of its own, and other vectors
        raise UserFacingError("model-damaged", name=folder.name)
    preparations = _preparations(folder, caches)
    if preparations and (plain := _found(preparations, threads)):
        return Chosen(plain, Quantiser(preparations, plain, threads))
    torch = TorchBackend(folder, threads)
    if preparations and torch.device == "cpu" and (plain := _converted(preparations, torch, threads)):
        return Chosen(plain, Quantiser(preparations, plain, threads))
    torch.lower(torch.tokeniser(_SAMPLES[:-1], torch.prompt))
    return Chosen(torch)


def _preparations(folder: Path, caches: Path | None) -> Preparations | None:
    if caches is None or not is_installed():
        return None
    try:
        preparations = Preparations(caches, folder)
    except (OSError, PackageNotFoundError) as error:
        _LOG.warning("nothing is prepared: %s", error)
        return None
    preparations.sweep()
    return preparations


def _found(preparations: Preparations, threads: int) -> OpenVinoBackend | None:
    """What an earlier start prepared."""
    prepared = preparations.find(PLAIN)
    return loaded(prepared, threads, PLAIN) if prepared else None


def _converted(preparations: Preparations, torch: TorchBackend, threads: int) -> OpenVinoBackend | None:
    """The model as OpenVINO runs it, checked against torch; None where that failed or its vectors are others."""
    if preparations.attempts(PLAIN).are_used_up:
        return None
    try:
        with preparations.making(PLAIN, torch.tokeniser, torch.prompt) as place:
            convert(torch, place.graph)
            plain = OpenVinoBackend(place, threads, PLAIN)
            _check(plain, torch)
    except RefusedError as refused:
        _LOG.warning("OpenVINO gives this model's vectors differently; torch serves: %s", refused)
        return None
    except errors() as error:
        _LOG.warning("OpenVINO does not run this model now; torch does", exc_info=error)
        return None
    return _found(preparations, threads)  # the graph has moved to its place since


def _check(made: Backend, exact: Backend) -> None:
    """Raises RefusedError where the two give other vectors for the same texts, alone or together."""
    texts = exact.tokeniser(_SAMPLES, exact.prompt)
    wanted = exact.sentences(texts)
    worst = float(min(cosines(made.sentences(texts), wanted).min(), cosines(made.sentences(texts[:1]), wanted[:1])[0]))
    if not worst >= LEAST_COSINE:
        raise RefusedError(f"worst cosine {worst:.4f}")
