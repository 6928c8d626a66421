"""Where torch computes and in which numbers: cards that do not compute, memory that ends, weights that are pickles."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import accelerator, loading
from rag_desktop.engines.backends import cosines
from rag_desktop.engines.torch_backend import TorchBackend
from tests.engines import tiny_bert

pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own deprecations are theirs
TEXTS = ("lease notice year", "", "zebra grass river")
NO_MEMORY = "CUDA out of memory. Tried to allocate 20.00 MiB."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.mark.parametrize("error", [RuntimeError("no kernel image is available"), RuntimeError(NO_MEMORY)])
def test_a_card_that_does_not_compute_is_passed_over(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", failing)
    assert accelerator.device(torch) != "cuda"


def test_without_room_on_the_card_the_cpu_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "device", lambda _: "cuda")
    asked = []

    def make(on: str) -> str:
        asked.append(on)
        if on == "cuda":
            raise RuntimeError(NO_MEMORY)
        return "model"

    assert loading.placed(None, tmp_path, make) == ("model", "cpu")
    assert asked == ["cuda", "cpu"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
            "model-memory",
        ),
        (MemoryError(), "model-memory"),
        (RuntimeError("size mismatch for embeddings.weight"), "model-damaged"),
        (ZeroDivisionError(), "model-damaged"),
        (IndexError(), "model-damaged"),
        (AttributeError(), "model-damaged"),
    ],
)
def test_loading_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str) -> None:
    def make(_: str) -> Any:
        raise error

    monkeypatch.setattr(accelerator, "device", lambda _: "cpu")
    with pytest.raises(UserFacingError) as caught:
        loading.placed(None, tmp_path, make)
    assert (caught.value.code, caught.value.arguments) == (code, {"name": tmp_path.name})


def test_memory_that_ends_while_serving() -> None:
    with pytest.raises(UserFacingError) as caught, loading.within_memory("tiny"):
        raise RuntimeError(NO_MEMORY)
    assert caught.value.code == "child-memory"
    with pytest.raises(RuntimeError, match="shape"), loading.within_memory("tiny"):
        raise RuntimeError("shape")


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    copy = Path(shutil.copytree(folder, tmp_path / "pickled"))
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    TorchBackend(copy, 1)  # the safe weights are there too, and are the ones that are read
    (copy / "model.safetensors").unlink()
    with pytest.raises(UserFacingError) as caught:
        TorchBackend(copy, 1)
    assert (caught.value.code, caught.value.arguments) == ("model-damaged", {"name": "pickled"})


@pytest.mark.parametrize("kept", [True, False])
def test_16_bits_only_where_the_vectors_stay(folder: Path, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    import torch

    monkeypatch.setattr(accelerator, "dtype", lambda *_: torch.bfloat16)
    if not kept:
        monkeypatch.setattr("rag_desktop.engines.torch_backend.LEAST_COSINE", 1.1)
    backend = TorchBackend(folder, 1)
    texts = backend.tokeniser(TEXTS)
    exact = backend.sentences(texts)
    backend.lower(texts)
    assert {each.dtype for each in backend.model.parameters()} == {torch.bfloat16 if kept else torch.float32}
    assert cosines(backend.sentences(texts), exact).min() > 0.999
