"""The embedding child: order, length, prefixes, batches, stopping, late interaction, and folders that are no model."""

import shutil
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import (
    EmbedderOptions,
    EmbedReply,
    EmbedRequest,
    MaxSimRequest,
    RerankRequest,
    ScoresReply,
)
from rag_desktop.domain.roles import Serve
from rag_desktop.engines import embedding
from rag_desktop.engines.embedding import micro_batches, role
from rag_desktop.engines.late_interaction import max_sim
from rag_desktop.engines.openvino_backend import is_installed
from tests.engines import tiny_bert
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


@pytest.mark.weights
@pytest.mark.skipif(not is_installed(), reason="OpenVINO is not made for this system")
def test_what_is_prepared_gives_the_same_vectors(folder: Path, tmp_path: Path) -> None:
    exact = embedded(role(EmbedderOptions(folder, batch_size=2), lambda: False), TEXTS)
    for _ in range(2):
        serve = role(EmbedderOptions(folder, batch_size=2, caches=tmp_path), lambda: False)
        assert (embedded(serve, TEXTS) * exact).sum(axis=1).min() > 0.998


@pytest.mark.weights
def test_late_interaction_prefers_the_text_that_answers(serve: Serve) -> None:
    (reply,) = serve(MaxSimRequest("How long does the lease run?", TEXTS))
    assert isinstance(reply, ScoresReply)
    assert max(range(4), key=reply.scores.__getitem__) == 0
    assert min(range(4), key=reply.scores.__getitem__) == 2


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(
    scope="module",
    params=[
        "torch",
        pytest.param("openvino", marks=pytest.mark.skipif(not is_installed(), reason="not made for this system")),
    ],
)
def tiny_options(
    request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> EmbedderOptions:
    caches = tmp_path_factory.mktemp("caches") if request.param == "openvino" else None
    return EmbedderOptions(tiny, query_prefix="notice one ", passage_prefix="ends ", threads=1, caches=caches)


def token_vectors(folder: Path, text: str) -> np.ndarray:
    """Of all tokens, special ones too."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    found = model.encode([text], output_value="token_embeddings", show_progress_bar=False)[0].numpy()
    unit: np.ndarray = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def test_late_interaction_counts_the_words_of_question_and_text_alone(
    tiny: Path, tiny_options: EmbedderOptions
) -> None:
    question, texts = "lease zebra", ("zebra grass", "one three boiler year river", "")
    asked = token_vectors(tiny, "notice one " + question)[3:-1]
    wanted = [
        float((asked @ token_vectors(tiny, "ends " + text)[2:-1].T).max(axis=1).mean()) if text else 0.0
        for text in texts
    ]
    (reply,) = role(tiny_options, lambda: False)(MaxSimRequest(question, texts))
    assert reply.scores == pytest.approx(wanted, abs=0.02)


def test_late_interaction_that_is_stopped(tiny_options: EmbedderOptions) -> None:
    assert list(role(tiny_options, lambda: True)(MaxSimRequest("lease", ("zebra",)))) == [ScoresReply(())]
    assert list(role(tiny_options, lambda: False)(MaxSimRequest("lease", ()))) == [ScoresReply(())]


def test_without_a_reranker(tiny_options: EmbedderOptions) -> None:
    with pytest.raises(UserFacingError) as caught:
        list(role(tiny_options, lambda: False)(RerankRequest("lease", ("zebra",))))
    assert caught.value.code == "reranker-missing"


def test_batches_are_small_while_somebody_asks(tiny_options: EmbedderOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_SMALL_BUDGET", 40)
    serve = role(tiny_options, lambda: False)
    many = EmbedRequest(("zebra grass river lease",) * 30, is_query=False)
    before = len(list(serve(many)))
    list(serve(EmbedRequest(("lease",), is_query=True)))
    assert len(list(serve(many))) > before


@given(
    question=st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=5),
    texts=st.lists(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=5), max_size=4),
)
def test_max_sim_is_the_mean_of_the_best(
    question: list[tuple[float, ...]], texts: list[list[tuple[float, ...]]]
) -> None:
    found = max_sim(np.array(question, np.float32), [np.array(text, np.float32) for text in texts])
    wanted = [
        sum(max(sum(a * b for a, b in zip(asked, said, strict=True)) for said in text) for asked in question)
        / len(question)
        for text in texts
    ]
    assert found == pytest.approx(tuple(wanted), abs=1e-5)


def test_max_sim_of_nothing() -> None:
    nothing, something = np.zeros((0, 3), np.float32), np.ones((2, 3), np.float32)
    assert max_sim(something, [nothing, something]) == (0.0, 3.0)
    assert max_sim(nothing, [something]) == (0.0,)


@given(st.lists(st.integers(1, 300), max_size=200), st.integers(1, 3000), st.integers(1, 64))
def test_every_text_is_in_one_batch(lengths: list[int], budget: int, most: int) -> None:
    batches = list(micro_batches(lengths, lambda: budget, most))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    in_order = [lengths[place] for batch in batches for place in batch]
    assert all(left <= right for left, right in pairwise(in_order))
    for batch in batches:
        assert 1 <= len(batch) <= most
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or sum(lengths[place] for place in batch) <= 1.5 * budget + longest
