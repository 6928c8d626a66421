"""Writes safetensors files part by part: tensors larger than memory has room for never stand there whole.

https://github.com/huggingface/safetensors#format
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from rag_desktop.engines.downloads import disk_room
from rag_desktop.engines.manifest import sync_file

_BYTES = {"F16": 2, "F32": 4}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: `kind` is F16 or F32, `parts` gives its little-endian bytes in order."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parts: Callable[[], Iterator[bytes]]

    @property
    def size(self) -> int:
        """In bytes."""
        return _BYTES[self.kind] * prod(self.shape)


def write(path: Path, tensors: Sequence[Tensor], tick: Callable[[int, int], None] = lambda *_: None) -> None:
    """Write tensors to a file, in their order. tick: told the bytes written, and of how many.

    Raises UserFacingError `disk-full` (needed bytes); ValueError where the parts of a tensor are not of its size.
    """
    total = sum(tensor.size for tensor in tensors)
    done = 0
    with path.open("wb") as file, disk_room(total):
        file.write(_header(tensors))
        for tensor in tensors:
            expected = done + tensor.size
            for part in tensor.parts():
                file.write(part)
                done += len(part)
                tick(done, total)
            if done != expected:
                raise ValueError(tensor.name)
        sync_file(file)


def _header(tensors: Sequence[Tensor]) -> bytes:
    start, entries = 0, {}
    for tensor in tensors:
        entries[tensor.name] = {
            "dtype": tensor.kind,
            "shape": list(tensor.shape),
            "data_offsets": [start, start + tensor.size],
        }
        start += tensor.size
    text = json.dumps({"__metadata__": {"format": "pt"}, **entries}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers are aligned in memory
    return len(text).to_bytes(8, "little") + text
