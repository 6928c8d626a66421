"""The records of an Excel 97-2003 or Excel 95 workbook: strings, formats of numbers, and the cells of its sheets.

[MS-XLS], versions BIFF8 and BIFF5. Nothing is allocated by what a record claims; a claim that is not true is damage.
"""

import codecs
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.number_formats import BUILT_IN, GENERAL, shown
from rag_desktop.formats.sheets import MOST_COLUMNS, Area, Cells, Row, Sheet

MOST_RECORDS = 16_000_000
"""Of all sheets together; a real file has about one for each cell."""

_BOF, _EOF, _CONTINUE, _FILEPASS, _CODEPAGE, _DATEMODE = 0x809, 0x0A, 0x3C, 0x2F, 0x42, 0x22
_BOUNDSHEET, _SST, _FORMAT, _XF = 0x85, 0xFC, 0x41E, 0xE0
_NUMBER, _RK, _MULRK, _LABELSST, _LABEL, _RSTRING = 0x203, 0x27E, 0xBD, 0xFD, 0x204, 0xD6
_FORMULA, _STRING, _BOOLERR, _MERGED = 0x06, 0x207, 0x205, 0xE5
_BIFF5, _BIFF8 = 0x500, 0x600
_UTF16 = 0x01
_EXTENDED = 0x04
_RICH = 0x08
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_CODECS = {10000: "mac_roman", 32768: "mac_roman", 32769: "cp1252", 1200: "utf-16-le", 65001: "utf-8"}

Record = tuple[int, bytes]


@dataclass(slots=True)
class _Place:
    """Where a sheet begins in the stream, and its name."""

    start: int
    name: str


@dataclass(slots=True)
class Workbook:
    """What the sheets share. `cells` counts those of all sheets."""

    stream: bytes
    version: int = _BIFF8
    codec: str = "cp1252"
    is_1904: bool = False
    strings: list[str] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    formats: list[int] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)
    cells: Cells = field(default_factory=Cells)
    count: int = 0


def opened(stream: bytes) -> Workbook:
    """A workbook with all but its sheets. Raises UnreadableError: file-encrypted, file-damaged (reason)."""
    book = Workbook(stream)
    kind, about = next(_records(book, 0), (0, b""))
    if kind != _BOF:
        raise _damaged("no workbook")
    book.version = struct.unpack_from("<H", about)[0]
    if book.version not in {_BIFF5, _BIFF8}:
        raise _damaged("an older workbook than that of Excel 95")
    segments: list[bytes] = []
    last = 0
    for kind, content in _records(book, 0):
        if kind == _EOF:
            break
        if kind == _CONTINUE and last == _SST:
            segments.append(content)
            continue
        last = kind
        if kind == _SST:
            segments = [content]
        else:
            _globals(book, kind, content)
    book.strings = list(_shared_strings(segments)) if segments else []
    return book


def sheets(book: Workbook) -> Iterator[Sheet]:
    """The sheets in their order, each read when it is asked for."""
    seen = set()
    for place in book.places:
        if place.start not in seen:
            seen.add(place.start)
            yield _sheet(book, place)


def _records(book: Workbook, start: int) -> Iterator[Record]:
    stream, at = book.stream, start
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        book.count += 1
        if book.count > MOST_RECORDS:
            raise UnreadableError("file-too-large", size=book.count, limit=MOST_RECORDS)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _globals(book: Workbook, kind: int, content: bytes) -> None:
    if kind == _FILEPASS:
        raise UnreadableError("file-encrypted")
    if kind == _CODEPAGE:
        book.codec = _codec(struct.unpack_from("<H", content)[0])
    elif kind == _DATEMODE:
        book.is_1904 = content[:1] == b"\x01"
    elif kind == _XF:
        book.formats.append(struct.unpack_from("<H", content, 2)[0])
    elif kind == _FORMAT:
        number = struct.unpack_from("<H", content)[0]
        book.codes[number] = _text(book, content, 2, wide=book.version == _BIFF8)
    elif kind == _BOUNDSHEET and content[5:6] == b"\0":  # a worksheet
        start = struct.unpack_from("<I", content)[0]
        book.places.append(_Place(start, _text(book, content, 6, wide=False)))


def _codec(page: int) -> str:
    name = _CODECS.get(page, f"cp{page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


def _text(book: Workbook, content: bytes, at: int, *, wide: bool) -> str:
    """A string with its length before it, in two bytes where it is `wide`."""
    length = struct.unpack_from("<H" if wide else "<B", content, at)[0]
    at += 2 if wide else 1
    if book.version == _BIFF5:
        return content[at : at + length].decode(book.codec, "replace")
    flags = content[at]
    at += 1 + (2 if flags & _RICH else 0) + (4 if flags & _EXTENDED else 0)
    if flags & _UTF16:
        return content[at : at + 2 * length].decode("utf-16-le", "replace")
    return content[at : at + length].decode("latin-1")


def _shared_strings(segments: Sequence[bytes]) -> Iterator[str]:
    """The strings of the SST record, which goes on in others; in each of them a string's flag is said anew."""
    place, at = 0, 8
    count = struct.unpack_from("<I", segments[0], 4)[0]
    for _ in range(count):
        while place < len(segments) and at >= len(segments[place]):
            place, at = place + 1, at - len(segments[place])
        if place == len(segments):
            return
        length, flags = struct.unpack_from("<HB", segments[place], at)
        at += 3
        runs = struct.unpack_from("<H", segments[place], at)[0] if flags & _RICH else 0
        at += 2 if flags & _RICH else 0
        extra = struct.unpack_from("<I", segments[place], at)[0] if flags & _EXTENDED else 0
        at += 4 if flags & _EXTENDED else 0
        found = []
        while True:
            width = 2 if flags & _UTF16 else 1
            piece = segments[place][at : at + width * length]
            found.append(piece.decode("utf-16-le" if width == 2 else "latin-1", "replace"))
            at += len(piece)
            length -= len(piece) // width
            if length <= 0 or place + 1 == len(segments):
                break
            place, at = place + 1, 1
            flags = segments[place][0] if segments[place] else 0
        yield "".join(found)
        at += 4 * runs + extra


def _sheet(book: Workbook, place: _Place) -> Sheet:
    sheet = Sheet(place.name)
    rows: dict[int, dict[int, str]] = {}
    depth, waiting = 0, (0, 0)
    for kind, content in _records(book, place.start):
        if kind in {_BOF, _EOF}:  # a chart within the sheet has its own
            depth += 1 if kind == _BOF else -1
            if depth <= 0:
                break
        elif depth > 1:
            continue
        elif kind == _MERGED:
            _merge(sheet, content)
        elif kind == _STRING:
            _put(book, rows, *waiting, _text(book, content, 0, wide=True))
        else:
            for row, column, text in _cells(book, kind, content):
                waiting = row, column
                _put(book, rows, row, column, text)
    sheet.rows = [Row(number + 1, cells) for number, cells in rows.items()]
    return sheet


def _put(book: Workbook, rows: dict[int, dict[int, str]], row: int, column: int, text: str) -> None:
    if text and not text.isspace() and column < MOST_COLUMNS:
        book.cells.add()
        rows.setdefault(row, {})[column] = text


def _cells(book: Workbook, kind: int, content: bytes) -> Iterator[tuple[int, int, str]]:
    """Rows and columns from 0 with what they show; a formula whose result is a string shows it later."""
    if kind == _MULRK:
        row, column = struct.unpack_from("<HH", content)
        for at in range(4, len(content) - 7, 6):
            style, packed = struct.unpack_from("<HI", content, at)
            yield row, column + (at - 4) // 6, _number(book, _unpacked(packed), style)
    elif kind in {_NUMBER, _RK, _LABELSST, _LABEL, _RSTRING, _FORMULA, _BOOLERR}:
        row, column, style = struct.unpack_from("<3H", content)
        yield row, column, _shown(book, kind, content, style)


def _shown(book: Workbook, kind: int, content: bytes, style: int) -> str:
    if kind == _NUMBER:
        return _number(book, struct.unpack_from("<d", content, 6)[0], style)
    if kind == _RK:
        return _number(book, _unpacked(struct.unpack_from("<I", content, 6)[0]), style)
    if kind == _LABELSST:
        place = struct.unpack_from("<I", content, 6)[0]
        return book.strings[place] if place < len(book.strings) else ""
    if kind in {_LABEL, _RSTRING}:
        return _text(book, content, 6, wide=True)
    if kind == _BOOLERR:
        value, is_error = struct.unpack_from("<BB", content, 6)
        return _ERRORS.get(value, "") if is_error else _truth(value)
    if content[12:14] != b"\xff\xff":
        return _number(book, struct.unpack_from("<d", content, 6)[0], style)
    return {1: _truth(content[8]), 2: _ERRORS.get(content[8], "")}.get(content[6], "")


def _truth(value: int) -> str:
    return "TRUE" if value else "FALSE"


def _unpacked(packed: int) -> float:
    """A number in 30 bits: a whole number or the upper half of a double, whole or in hundredths (2.5.217, RkNumber)."""
    if packed & 2:
        number = float((packed >> 2) - (1 << 30 if packed >> 31 else 0))
    else:
        number = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0]
    return number / 100 if packed & 1 else number


def _number(book: Workbook, number: float, style: int) -> str:
    form = book.formats[style] if style < len(book.formats) else 0
    return shown(number, book.codes.get(form) or BUILT_IN.get(form, GENERAL), is_1904=book.is_1904)


def _merge(sheet: Sheet, content: bytes) -> None:
    for at in range(2, len(content) - 7, 8):
        first_row, last_row, first_column, last_column = struct.unpack_from("<4H", content, at)
        sheet.merge(Area(first_row + 1, last_row + 1, first_column, last_column))


def _damaged(reason: str) -> UnreadableError:
    return UnreadableError("file-damaged", reason=reason)
