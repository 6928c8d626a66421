"""Ways to break a file, shared by the tests of the formats."""

import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress

from rag_desktop.domain.errors import UnreadableError
from tests.formats.make_docx import package


def broken(whole: bytes, seed: int, times: int = 200) -> Iterator[bytes]:
    """`whole` with a few bytes changed, or cut short: the same each time."""
    chance = random.Random(seed)
    for _ in range(times):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        yield bytes(content[: chance.choice([len(content), chance.randrange(len(content))])])


def broken_parts(whole: bytes, seed: int, times: int = 200) -> Iterator[bytes]:
    """A ZIP file's parts with markup swapped, bytes changed, or cut short, in a ZIP file that is sound."""
    chance = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for _ in range(times):
        name = chance.choice(list(parts))
        pieces = parts[name].split(chance.choice([b'"', b"<", b">"]))
        one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
        pieces[one], pieces[other] = pieces[other], pieces[one]
        swapped = b'"'.join(pieces)
        damaged = next(broken(parts[name], chance.randrange(1000), 1)) if parts[name] else b""
        yield package({**parts, name: chance.choice([swapped, damaged])})


def lying(content: bytes, size: int = 16) -> bytes:
    """A ZIP file whose directory claims that each part is `size` bytes long once it is inflated."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 24 : at + 28] = struct.pack("<I", size)
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def only_refused(read: Callable[[bytes], object], contents: Iterator[bytes]) -> None:
    """Reads all of them; whatever is raised but UnreadableError fails the test."""
    for content in contents:
        with suppress(UnreadableError):
            read(content)
