"""Opens compound files, the small file system that Office 97-2003 keeps its streams in ([MS-CFB]).

Every chain of sectors is followed no further than the file has sectors, so that none goes round in circles.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from sys import byteorder

from rag_desktop.domain.errors import UnreadableError

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_END = 0xFFFFFFFA
"""From here on a sector's number means something else: free, the end of a chain."""
_ENTRY = 128
_HEADER = 512
_LISTED = 109
"""Sectors of the allocation table that the header itself lists."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A stream (2), a storage (1) or the root (5), in a binary tree with those beside it."""

    name: str
    kind: int
    left: int
    right: int
    below: int
    start: int
    size: int


class CompoundFile:
    """The streams of one compound file. Every method raises UnreadableError: file-damaged (reason)."""

    def __init__(self, content: bytes) -> None:
        try:
            self._open(content)
        except (struct.error, IndexError, ValueError) as error:
            raise _damaged(type(error).__name__) from error

    def stream(self, *path: str) -> bytes | None:
        """The bytes of a stream, by its storages' names and its own, or None; case does not matter."""
        at = 0
        for name in path:
            found = (each for each in self._children(at) if self._entries[each].name.lower() == name.lower())
            place = next(found, None)
            if place is None:
                return None
            at = place
        entry = self._entries[at]
        if entry.kind != 2:
            return None
        if entry.size >= self._least_size:
            return self._bytes(entry.start)[: entry.size]
        return b"".join(
            self._small[place << self._small_shift : (place + 1) << self._small_shift]
            for place in _chain(self._small_table, entry.start)
        )[: entry.size]

    def _open(self, content: bytes) -> None:
        if not content.startswith(SIGNATURE):
            raise _damaged("no compound file")
        shift, self._small_shift = struct.unpack_from("<HH", content, 30)
        first, _, self._least_size, small, _, listed, _ = struct.unpack_from("<7I", content, 48)
        if shift not in {9, 12} or self._small_shift != 6:
            raise _damaged("sectors of a size that is not allowed")
        self._content, self._size = content, 1 << shift
        self._count = max(0, len(content) - 1) // self._size
        self._table = array("I")
        for place in self._tables(listed):
            self._table.extend(_numbers(self._sector(place)))
        self._entries = list(_entries(self._bytes(first)))
        root = self._entries[0]
        self._small = self._bytes(root.start) if root.size else b""
        self._small_table = _numbers(self._bytes(small)) if root.size else array("I")

    def _tables(self, listed: int) -> Iterator[int]:
        """The sectors that the allocation table is in."""
        seen = 0
        numbers = list(_numbers(self._content[_HEADER - 4 * _LISTED : _HEADER]))
        while True:
            for place in numbers:
                if place < _END:
                    seen += 1
                    yield place
            if listed >= _END or seen > self._count:
                return
            *numbers, listed = _numbers(self._sector(listed))
            seen += 1

    def _sector(self, place: int) -> bytes:
        if place >= self._count:
            raise _damaged("a sector outside the file")
        return self._content[(place + 1) * self._size : (place + 2) * self._size].ljust(self._size, b"\0")

    def _bytes(self, start: int) -> bytes:
        return b"".join(self._sector(place) for place in _chain(self._table, start))

    def _children(self, place: int) -> Iterator[int]:
        """The entries in a storage, in no order."""
        waiting, seen = [self._entries[place].below], set[int]()
        while waiting:
            at = waiting.pop()
            if at < len(self._entries) and at not in seen:
                seen.add(at)
                waiting += self._entries[at].left, self._entries[at].right
                yield at


def _chain(table: "array[int]", start: int) -> Iterator[int]:
    place = start
    for _ in range(len(table) + 1):
        if place >= _END:
            return
        if place >= len(table):
            break
        yield place
        place = table[place]
    raise _damaged("a chain of sectors without end")


def _entries(directory: bytes) -> Iterator[_Entry]:
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        left, right, below = struct.unpack_from("<3I", directory, at + 68)
        start, size = struct.unpack_from("<2I", directory, at + 116)
        name = directory[at : at + min(max(length - 2, 0), 64)].decode("utf-16-le", "replace")
        yield _Entry(name, kind, left, right, below, start, size)


def _numbers(content: bytes) -> "array[int]":
    numbers = array("I", content[: len(content) // 4 * 4])
    if byteorder == "big":
        numbers.byteswap()
    return numbers


def _damaged(reason: str) -> UnreadableError:
    return UnreadableError("file-damaged", reason=reason)
