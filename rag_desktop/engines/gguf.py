"""Reads the header of a GGUF file, bounded in every direction, without loading or running anything.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rag_desktop.domain.errors import UserFacingError

Scalar = str | int | float | bool

_MAGIC = b"GGUF"
_MAX_HEADER = 128 * 2**20
"""Bytes; vocabularies of 256,000 tokens with merges take about 20 MiB."""
_MAX_KEYS = 4096
_MAX_TENSORS = 65_536
_MAX_STRING = 4 * 2**20
_MAX_ELEMENTS = 2**22
_MAX_DEPTH = 3
_DEFAULT_ALIGNMENT = 32
_STRING, _ARRAY, _BOOL = 8, 9, 7
_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<B", 10: "<Q", 11: "<q", 12: "<d"}


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself. `metadata` holds its scalars; of an array only the length is kept."""

    version: int
    tensor_count: int
    metadata: Mapping[str, Scalar]

    def text(self, key: str) -> str | None:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | None:
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def architecture(self) -> str:
        return self.text("general.architecture") or ""

    @property
    def name(self) -> str | None:
        return self.text("general.name")

    @property
    def licence(self) -> str | None:
        return self.text("general.license")

    @property
    def chat_template(self) -> str | None:
        """A Jinja template of the file's author: text to look at, never to execute."""
        return self.text("tokenizer.chat_template")

    @property
    def context_length(self) -> int | None:
        """Tokens."""
        return self.number(f"{self.architecture}.context_length")

    @property
    def file_type(self) -> int | None:
        """The kind of quantisation of most tensors, a number of llama.cpp's `llama_ftype`."""
        return self.number("general.file_type")


def read_header(path: Path) -> Header:
    """Read the header of the file at `path`; at most 128 MiB of it are looked at.

    Raises UserFacingError: `model-not-gguf` (name) where it is another kind of file or version, `model-damaged` (name)
    where the header is broken or says more than the file holds; OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        try:
            return _header(_Reader(file, min(size, _MAX_HEADER)), size)
        except _Not as error:
            raise UserFacingError("model-not-gguf", name=path.name) from error
        except _Broken as error:
            raise UserFacingError("model-damaged", name=path.name) from error


class _Not(Exception):  # noqa: N818 - never leaves this module
    """This is no GGUF file of a known version."""


class _Broken(Exception):  # noqa: N818 - never leaves this module
    """This GGUF file contradicts itself."""


class _Reader:
    """Takes bytes off a file, and never more than `limit` in all."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.position = 0

    def take(self, count: int) -> bytes:
        self._advance(count)
        taken = self._file.read(count)
        if len(taken) < count:
            raise _Broken
        return taken

    def skip(self, count: int) -> None:
        self._advance(count)
        self._file.seek(count, 1)

    def number(self, form: str) -> int | float:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return value  # type: ignore[no-any-return]

    def count(self, form: str, most: int) -> int:
        """A whole number that says how much follows."""
        value = int(self.number(form))
        if value > most:
            raise _Broken
        return value

    def text(self) -> str:
        return self.take(self.count("<Q", _MAX_STRING)).decode("utf-8", "replace")

    def _advance(self, count: int) -> None:
        if self.position + count > self._limit:
            raise _Broken
        self.position += count


def _header(reader: _Reader, size: int) -> Header:
    version = _version(reader)
    tensor_count = reader.count("<Q", _MAX_TENSORS)
    key_count = reader.count("<Q", _MAX_KEYS)
    metadata: dict[str, Scalar] = {}
    for _ in range(key_count):
        key = reader.text()
        if key in metadata:
            raise _Broken
        metadata[key] = _value(reader, reader.count("<I", 12))
    header = Header(version, tensor_count, metadata)
    if not header.architecture:
        raise _Broken
    _check_tensors(reader, header, size)
    return header


def _version(reader: _Reader) -> int:
    try:
        magic, version = reader.take(4), reader.count("<I", 3)
    except _Broken as error:
        raise _Not from error
    if magic != _MAGIC or version < 2:
        raise _Not
    return version


def _value(reader: _Reader, kind: int) -> Scalar:
    if kind == _STRING:
        return reader.text()
    if kind == _ARRAY:
        return _skip_array(reader, 1)
    value = reader.number(_NUMBERS[kind])
    return bool(value) if kind == _BOOL else value


def _skip_array(reader: _Reader, depth: int) -> int:
    """Step over an array and return its length: vocabularies are large, and nothing here needs them."""
    kind = reader.count("<I", 12)
    length = reader.count("<Q", _MAX_ELEMENTS)
    if kind == _STRING:
        for _ in range(length):
            reader.skip(reader.count("<Q", _MAX_STRING))
    elif kind == _ARRAY:
        if depth == _MAX_DEPTH:
            raise _Broken
        for _ in range(length):
            _skip_array(reader, depth + 1)
    else:
        reader.skip(length * struct.calcsize(_NUMBERS[kind]))
    return length


def _check_tensors(reader: _Reader, header: Header, size: int) -> None:
    """Every tensor must begin inside the file: this finds downloads that stopped early."""
    last = 0
    for _ in range(header.tensor_count):
        reader.skip(reader.count("<Q", _MAX_STRING))
        reader.skip(8 * reader.count("<I", 4))
        reader.skip(4)
        last = max(last, int(reader.number("<Q")))
    alignment = header.number("general.alignment") or _DEFAULT_ALIGNMENT
    if alignment < 1 or alignment > 2**20:
        raise _Broken
    start = -(-reader.position // alignment) * alignment
    if header.tensor_count and start + last >= size:
        raise _Broken
