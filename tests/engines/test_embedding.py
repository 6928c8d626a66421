"""The embedding child with real weights: order, length, prefixes, stopping, and folders that are no model."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, EmbedReply, EmbedRequest
from rag_desktop.domain.roles import Serve
from rag_desktop.engines.embedding import role
from tests.engines.weights import weights_file

pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own deprecations are theirs
TEXTS = (
    "The lease runs for three years. " * 9,
    "A lease.",
    "Zebras graze at night.",
    "The rental contract lasts 3 years.",
)


@pytest.fixture(scope="module")
def folder() -> Path:
    return weights_file("all-MiniLM-L6-v2")


@pytest.fixture(scope="module")
def serve(folder: Path) -> Serve:
    return partial(role, EmbedderOptions(folder, query_prefix="query: ", batch_size=2))(lambda: False)


def embedded(serve: Serve, texts: tuple[str, ...], *, is_query: bool = False) -> np.ndarray:
    rows: dict[int, np.ndarray] = {}
    for reply in serve(EmbedRequest(texts, is_query)):
        assert isinstance(reply, EmbedReply)
        assert len(reply.places) <= 2
        vectors = np.frombuffer(reply.vectors, "<f2").reshape(len(reply.places), reply.dimension)
        rows.update(zip(reply.places, vectors.astype(float), strict=True))
    return np.stack([rows[place] for place in range(len(texts))])


@pytest.mark.weights
def test_vectors_come_in_their_places(serve: Serve) -> None:
    vectors = embedded(serve, TEXTS)
    assert vectors.shape == (4, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)
    near = vectors @ vectors[0]
    assert near[3] > 0.5 > near[2]
    for place, text in enumerate(TEXTS):
        assert embedded(serve, (text,))[0] @ vectors[place] > 0.999


@pytest.mark.weights
def test_the_prefix_is_the_query_s_own(serve: Serve) -> None:
    asked = embedded(serve, ("A lease.",), is_query=True)[0]
    assert asked @ embedded(serve, ("query: A lease.",))[0] > 0.999
    assert asked @ embedded(serve, ("A lease.",))[0] < 0.99


@pytest.mark.weights
def test_stopping(folder: Path) -> None:
    replies: list[object] = []
    stopped = role(EmbedderOptions(folder, batch_size=1), lambda: len(replies) >= 2)
    for reply in stopped(EmbedRequest(TEXTS, is_query=False)):
        replies.append(reply)  # noqa: PERF402 - the sign looks at it
    assert len(replies) == 2


@pytest.mark.weights
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "modules.json", "tokenizer.json"])
def test_a_damaged_folder(folder: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "cut"))
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserFacingError) as caught:
        role(EmbedderOptions(copy), lambda: False)
    assert (caught.value.code, caught.value.arguments) == ("model-damaged", {"name": "cut"})


@pytest.mark.weights
def test_no_word_on_stderr(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    embedded(role(EmbedderOptions(folder, batch_size=2), lambda: False), TEXTS)
    assert capfd.readouterr().err == ""


def test_a_folder_without_its_list_of_modules(tmp_path: Path) -> None:
    with pytest.raises(UserFacingError) as caught:
        role(EmbedderOptions(tmp_path), lambda: False)
    assert caught.value.code == "model-damaged"


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserFacingError) as caught:
        role(EmbedderOptions(tmp_path / "none"), lambda: False)
    assert caught.value.code == "model-missing"
