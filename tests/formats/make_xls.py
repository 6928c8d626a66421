"""Writes the sample of Excel 97-2003: records of BIFF8 in a compound file, so that what is in them can be read here.

Run once by hand (python -m tests.formats.make_xls); what it writes is committed, and the same each time.
"""

import struct

from tests.formats.make_docx import SAMPLES

_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _SMALL, _LEAST = 512, 64, 4096


def record(kind: int, content: bytes = b"") -> bytes:
    """One record of no more than 8224 bytes."""
    return struct.pack("<HH", kind, len(content)) + content


def text(words: str, *, wide: bool = True) -> bytes:
    """A string with its length in two bytes, or in one."""
    return struct.pack("<HB" if wide else "<BB", len(words), 1) + words.encode("utf-16-le")


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    """A cell with a number; rows and columns count from 0."""
    return record(0x203, struct.pack("<3Hd", row, column, style, value))


def packed(row: int, column: int, *values: int, style: int = 0) -> bytes:
    """A row of whole numbers, each in 30 bits."""
    cells = b"".join(struct.pack("<HI", style, (value << 2 | 2) & 0xFFFFFFFF) for value in values)
    return record(0xBD, struct.pack("<HH", row, column) + cells + struct.pack("<H", column + len(values) - 1))


def shared(row: int, column: int, place: int) -> bytes:
    """A cell that shows one of the shared strings."""
    return record(0xFD, struct.pack("<3HI", row, column, 0, place))


def formula(row: int, column: int, words: str) -> bytes:
    """A formula whose result is a string, which follows it."""
    head = struct.pack("<3H", row, column, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8)
    return record(0x06, head) + record(0x207, text(words))


def _shared_strings(strings: list[str]) -> bytes:
    """The record of the shared strings, which goes on in CONTINUE records, here between two strings."""
    pieces = [struct.pack("<II", len(strings), len(strings))]
    for each in map(text, strings):
        if len(pieces[-1]) + len(each) > 8224:
            pieces.append(b"")
        pieces[-1] += each
    return record(0xFC, pieces[0]) + b"".join(record(0x3C, piece) for piece in pieces[1:])


def workbook(strings: list[str], *sheets: tuple[str, bytes], formats: tuple[str, ...] = (), more: bytes = b"") -> bytes:
    """The stream of a workbook; styles 1, 2, … have these codes of number formats."""
    start = record(0x809, struct.pack("<HH", 0x600, 0x05) + bytes(12)) + more
    start += b"".join(record(0x41E, struct.pack("<H", 164 + at) + text(code)) for at, code in enumerate(formats))
    start += record(0xE0, bytes(20)) + b"".join(
        record(0xE0, struct.pack("<HH", 0, 164 + at) + bytes(16)) for at in range(len(formats))
    )
    table = _shared_strings(strings)
    names = [text(name, wide=False) for name, _ in sheets]
    at = len(start) + sum(4 + 6 + len(name) for name in names) + len(table) + 4
    written, bodies = b"", b""
    for name, (_, cells) in zip(names, sheets, strict=True):
        written += record(0x85, struct.pack("<IH", at + len(bodies), 0) + name)
        bodies += record(0x809, struct.pack("<HH", 0x600, 0x10) + bytes(12)) + cells + record(0x0A)
    return start + written + table + record(0x0A) + bodies


def compound(**streams: bytes) -> bytes:
    """A compound file of these streams; a small one lies in the stream that holds all small ones."""
    small = b"".join(
        content.ljust(-(-len(content) // _SMALL) * _SMALL, b"\0")
        for content in streams.values()
        if len(content) < _LEAST
    )
    small_table: list[int] = []
    starts: dict[str, int] = {}
    sectors: list[bytes] = []
    table: list[int] = []

    def put(content: bytes) -> int:
        count = -(-len(content) // _SECTOR)
        first = len(sectors)
        sectors.extend(content[at * _SECTOR : (at + 1) * _SECTOR].ljust(_SECTOR, b"\0") for at in range(count))
        table.extend([*range(first + 1, first + count), _END])
        return first

    for name, content in streams.items():
        if len(content) < _LEAST:
            starts[name], count = len(small_table), -(-len(content) // _SMALL)
            small_table += [*range(len(small_table) + 1, len(small_table) + count), _END]
        else:
            starts[name] = put(content)
    root = put(small) if small else _END
    small_at = put(struct.pack(f"<{len(small_table)}I", *small_table).ljust(_SECTOR, b"\xff")) if small else _END
    entries = [_entry("Root Entry", 5, _FREE, 1, root, len(small))]
    for at, (name, content) in enumerate(streams.items(), 1):
        entries.append(_entry(name, 2, at + 1 if at < len(streams) else _FREE, _FREE, starts[name], len(content)))
    directory = put(b"".join(entries))
    own = -(-(len(table) + 1) // (_SECTOR // 4 - 1))
    places = list(range(len(sectors), len(sectors) + own))
    table += [_TABLE] * own
    numbers = struct.pack(f"<{len(table)}I", *table)
    sectors += [numbers[at * _SECTOR : (at + 1) * _SECTOR].ljust(_SECTOR, b"\xff") for at in range(own)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, own, directory, 0, _LEAST, small_at, int(bool(small)), _END, 0)
    return head + struct.pack("<109I", *places, *[_FREE] * (109 - own)) + b"".join(sectors)


def _entry(name: str, kind: int, right: int, below: int, start: int, size: int) -> bytes:
    written = name.encode("utf-16-le") + b"\0\0"
    head = written.ljust(64, b"\0") + struct.pack("<HBB", len(written), kind, 1)
    return head + struct.pack("<3I", _FREE, right, below) + bytes(36) + struct.pack("<IQ", start, size)


def stock() -> bytes:
    """A workbook with strings, numbers in several forms, a date, a formula and cells that are one."""
    strings = ["품목", "수량", "단가", "입고일", "종이", "잉크"]
    cells = b"".join(shared(0, column, column) for column in range(4))
    cells += shared(1, 0, 4) + packed(1, 1, 500) + number(1, 2, 12.5, 1) + number(1, 3, 45352, 2)
    cells += packed(2, 1, -3) + formula(2, 2, "없음") + record(0x205, struct.pack("<3HBB", 2, 3, 0, 0x2A, 1))
    cells += shared(3, 0, 5) + packed(3, 1, 7, 8)
    cells += record(0xE5, struct.pack("<H4H", 1, 1, 2, 0, 0))
    return compound(Workbook=workbook(strings, ("재고", cells), formats=('#,##0.00"원"', "yyyy-mm-dd")))


def main() -> None:
    locked = compound(Workbook=workbook([], ("A", b""), more=record(0x2F, bytes(54))))
    for name, content in {"stock.xls": stock(), "locked.xls": locked}.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
