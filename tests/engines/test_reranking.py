"""The cross-encoder with a tiny trained one: order, truncation, stopping, two labels, and folders that are no model."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, EmbedRequest, RerankRequest, ScoresReply
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.engines import embedding
from rag_desktop.engines.reranking import Score, load
from rag_desktop.workers.child import Child
from tests.engines import crossing
from tests.engines.weights import weights_file

pytestmark = pytest.mark.filterwarnings("default")  # the libraries' own deprecations are theirs
TEXTS = ("zebra grass river boiler", "holiday lease notice zebra", "boiler invoice river", "river river grass lease")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crossing.write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def score(folder: Path) -> Score:
    return load(folder, 1)


def test_texts_that_answer_score_high_and_keep_their_places(score: Score) -> None:
    found = score("lease", TEXTS)
    assert [each > 0.9 for each in found] == [False, True, False, True]
    assert all(0 <= each <= 1 for each in found)
    assert max(found[0], found[2]) < 0.1


def test_the_order_changes_with_the_question(score: Score) -> None:
    for word in crossing.WORDS:
        found = score(word, TEXTS)
        assert [each > 0.5 for each in found] == [word in text.split() for text in TEXTS]


def test_a_score_does_not_depend_on_its_neighbours(score: Score) -> None:
    many = TEXTS * 5
    assert score("zebra", many) == pytest.approx([score("zebra", [text])[0] for text in many], abs=0.01)


def test_nothing_to_score(score: Score) -> None:
    assert score("lease", ()) == ()
    assert len(score("", ("", "zebra"))) == 2


def test_a_passage_loses_its_end(score: Score) -> None:
    long = "grass " * crossing.LENGTH
    assert score("lease", [long + "lease"]) == score("lease", [long])
    assert score("lease", ["lease " + long]) != score("lease", [long])


def test_a_question_keeps_its_end_beside_a_long_passage(score: Score) -> None:
    asked = "zebra " * 20
    long = "grass " * crossing.LENGTH * 2
    assert score(asked + "lease", [long]) != score(asked + "holiday", [long])


def test_a_question_longer_than_the_model_leaves_room_for_the_passage(score: Score) -> None:
    found = score("lease " * 1000, ["zebra", "lease"])
    assert found[0] != found[1]


def test_stopping_between_batches(folder: Path) -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    assert load(folder, 1, stop)("lease", TEXTS * 10) == ()
    assert len(asked) == 3


def test_two_labels_give_the_second_s_probability(tmp_path: Path) -> None:
    found = load(crossing.write(tmp_path / "two", labels=2), 1)("lease", TEXTS)
    assert [each > 0.9 for each in found] == [False, True, False, True]
    assert max(found[0], found[2]) < 0.1


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "modules.json", "tokenizer.json"])
def test_a_damaged_folder(folder: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "cut"))
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    refused(copy, "model-damaged")


def test_a_folder_without_tokenizer(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "cut"))
    (copy / "tokenizer.json").unlink()
    refused(copy, "model-damaged")


@pytest.mark.parametrize(
    "change", [{"num_labels": 3, "id2label": {"0": "a", "1": "b", "2": "c"}}, {"architectures": ["BertModel"]}]
)
def test_a_model_that_judges_no_pairs(folder: Path, tmp_path: Path, change: dict[str, object]) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "other"))
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | change))
    refused(copy, "model-damaged")


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    copy = Path(shutil.copytree(folder, tmp_path / "pickled"))
    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    load(copy, 1)  # the safe weights are there too, and are the ones that are read
    (copy / "model.safetensors").unlink()
    refused(copy, "model-damaged")


def test_code_beside_the_weights_is_not_run(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "coded"))
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n")
    modules = json.loads((copy / "modules.json").read_text())
    modules[0]["type"] = "evil.Evil"
    (copy / "modules.json").write_text(json.dumps(modules))
    refused(copy, "model-damaged")
    assert not (tmp_path / "ran").exists()


def test_a_missing_folder(tmp_path: Path) -> None:
    refused(tmp_path / "none", "model-missing")


def test_in_a_child_without_a_word_on_stderr(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    child = Child("reranker", partial(_role, folder))
    try:
        reply = child.call(RerankRequest("lease", TEXTS), deadline_s=60, urgent=True)
        assert isinstance(reply, ScoresReply)
        assert [each > 0.9 for each in reply.scores] == [False, True, False, True]
    finally:
        child.close()
    assert capfd.readouterr().err == ""


@pytest.mark.weights
def test_the_embedding_child_reranks_too(folder: Path) -> None:
    options = EmbedderOptions(weights_file("all-MiniLM-L6-v2"), threads=1, reranker=folder)
    child = Child("embedder", partial(embedding.role, options))
    try:
        reply = child.call(RerankRequest("lease", TEXTS), deadline_s=120, urgent=True)
        assert [each > 0.9 for each in reply.scores] == [False, True, False, True]
        assert child.call(EmbedRequest(("lease",), is_query=True), deadline_s=120).dimension == 384
    finally:
        child.close()


def refused(folder: Path, code: str) -> None:
    with pytest.raises(UserFacingError) as caught:
        load(folder, 1)
    assert (caught.value.code, caught.value.arguments) == (code, {"name": folder.name})


def _role(folder: Path, stop: StopSign) -> Serve:
    score = load(folder, 1, stop)

    def serve(request: RerankRequest) -> Iterator[ScoresReply]:
        yield ScoresReply(score(request.question, request.texts))

    return serve
