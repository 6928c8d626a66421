"""GGUF headers: read right, and any file at all gives one of two errors at most."""

import struct
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import gguf
from rag_desktop.engines.gguf import Header, read_header


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, offset: int) -> bytes:
    return text(name) + struct.pack("<IQQIQ", 2, 4, 8, 0, offset)


def array(kind: int, items: list[bytes]) -> bytes:
    return struct.pack("<IQ", kind, len(items)) + b"".join(items)


ENTRIES = [
    entry("general.architecture", 8, text("llama")),
    entry("general.name", 8, text("Tiny Mistral")),
    entry("llama.context_length", 4, struct.pack("<I", 2048)),
    entry("general.file_type", 4, struct.pack("<I", 10)),
    entry("rope.scale", 6, struct.pack("<f", 0.5)),
    entry("add_bos", 7, b"\x01"),
    entry("tokenizer.ggml.tokens", 9, array(8, [text("a"), text("한글"), text("")])),
    entry("tokenizer.ggml.scores", 9, array(6, [struct.pack("<f", 1.0)] * 5)),
    entry("nested", 9, array(9, [array(0, [b"\x01", b"\x02"])])),
    entry("tokenizer.chat_template", 8, text("{{ bos }}[INST]")),
]


def make(entries: list[bytes] = ENTRIES, version: int = 3, data: bytes = bytes(300), counts: Any = None) -> bytes:
    tensors = [tensor("a", 0), tensor("b", 256)]
    kv, tn = counts or (len(entries), len(tensors))
    head = b"GGUF" + struct.pack("<IQQ", version, tn, kv) + b"".join(entries) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + data


REAL = make()


def read(content: bytes) -> Header:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.gguf"
        path.write_bytes(content)
        return read_header(path)


def code(content: bytes) -> str:
    with pytest.raises(UserFacingError) as caught:
        read(content)
    assert caught.value.arguments == {"name": "x.gguf"}
    return caught.value.code


def outcome(content: bytes) -> str:
    """The code of the error, or "" where there is a header, which then names an architecture."""
    try:
        return "" if read(content).architecture else "no architecture"
    except UserFacingError as error:
        return error.code


@pytest.mark.parametrize("version", [2, 3])
def test_reads_what_a_file_says_of_itself(version: int) -> None:
    header = read(make(version=version))
    assert (header.version, header.tensor_count, header.architecture) == (version, 2, "llama")
    assert (header.name, header.context_length, header.file_type) == ("Tiny Mistral", 2048, 10)
    assert header.chat_template == "{{ bos }}[INST]"
    assert header.metadata["rope.scale"] == 0.5
    assert header.metadata["add_bos"] is True
    assert (header.metadata["tokenizer.ggml.tokens"], header.metadata["tokenizer.ggml.scores"]) == (3, 5)
    assert header.metadata["nested"] == 1
    assert header.number("add_bos") is None


def test_a_key_of_the_wrong_kind_is_no_answer() -> None:
    header = read(make([ENTRIES[0], entry("llama.context_length", 8, text("many"))]))
    assert header.context_length is None
    assert header.licence is None


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04" + bytes(99), make(version=1), make(version=4)])
def test_other_files_are_not_gguf(content: bytes) -> None:
    assert code(content) == "model-not-gguf"


@pytest.mark.parametrize(
    "content",
    [
        REAL[:-100],
        REAL[:60],
        make(counts=(2**63, 2)),
        make(counts=(len(ENTRIES), 2**40)),
        make(counts=(len(ENTRIES) + 1, 2)),
        make([entry("general.architecture", 8, struct.pack("<Q", 2**62))]),
        make([entry("general.architecture", 13, b"")]),
        make([ENTRIES[0], ENTRIES[0]]),
        make(ENTRIES[1:]),
        make([ENTRIES[0], entry("a", 9, struct.pack("<IQ", 0, 2**60))]),
        make(
            [ENTRIES[0], entry("a", 9, b"".join(struct.pack("<IQ", 9, 1) for _ in range(9)) + struct.pack("<IQ", 0, 0))]
        ),
        make([ENTRIES[0], entry("general.alignment", 4, struct.pack("<I", 2**31))]),
    ],
)
def test_files_that_contradict_themselves_are_damaged(content: bytes) -> None:
    assert code(content) == "model-damaged"


@given(st.binary(max_size=600))
def test_random_bytes_give_a_plain_error(content: bytes) -> None:
    for whole in (content, REAL[:24] + content):
        assert outcome(whole) in {"", "model-not-gguf", "model-damaged"}


@given(st.integers(0, len(REAL) - 1), st.binary(min_size=1, max_size=9), st.integers(0, len(REAL)))
def test_mutations_of_a_real_header_give_a_header_or_a_plain_error(at: int, bite: bytes, end: int) -> None:
    for whole in (REAL[:at] + bite + REAL[at + len(bite) :], REAL[:at] + bite + REAL[at:], REAL[:end]):
        assert outcome(whole) in {"", "model-not-gguf", "model-damaged"}


def test_no_more_than_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf, "_MAX_HEADER", 200)
    assert code(REAL) == "model-damaged"
    monkeypatch.setattr(gguf, "_MAX_HEADER", len(REAL))
    assert read(REAL).tensor_count == 2
