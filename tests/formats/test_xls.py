"""Excel 97-2003, and the compound file around it."""

import random
import struct
from contextlib import suppress
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import biff
from rag_desktop.formats.compound_file import CompoundFile
from rag_desktop.formats.reader import OpenedFile
from rag_desktop.formats.xls import READER
from tests.formats.make_ooxml import staff
from tests.formats.make_xls import compound, number, record, shared, stock, text, workbook


def lines(content: bytes) -> list[str]:
    return [block.text.strip() for block in READER.contents(OpenedFile(Path("a.xls"), content)).blocks]


def code_for(content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        lines(content)
    return failure.value.code


def test_strings_go_on_in_other_records() -> None:
    strings = [f"문자열 {number} " + "x" * 300 for number in range(100)]
    cells = b"".join(shared(at, 0, at) for at in range(100))
    assert lines(compound(Workbook=workbook(strings, ("S", cells))))[1:] == [
        f"A{at + 1} | {each.strip()}" for at, each in enumerate(strings)
    ]


def test_a_string_is_narrow_or_wide_anew_in_each_record() -> None:
    first = struct.pack("<II", 1, 1) + struct.pack("<HB", 8, 0) + b"abcd"
    rest = b"\x01" + "나머지글".encode("utf-16-le")
    table = record(0xFC, first) + record(0x3C, rest)
    stream = workbook(["x"], ("S", shared(0, 0, 0)))
    old = record(0xFC, struct.pack("<II", 1, 1) + text("x"))
    assert old in stream
    moved = stream.replace(old, table)
    start = moved.index(record(0x85)[:2], 20)
    place = struct.unpack_from("<I", moved, start + 4)[0] + len(table) - len(old)
    moved = moved[: start + 4] + struct.pack("<I", place) + moved[start + 8 :]
    assert lines(compound(Workbook=moved)) == ["S", "A1 | abcd나머지글"]


def test_old_strings_are_read_in_their_code_page() -> None:
    name = "시트".encode("cp949")
    start = record(0x809, struct.pack("<HH", 0x500, 5) + bytes(4)) + record(0x42, struct.pack("<H", 949))
    label = "한글".encode("cp949")
    body = record(0x809, struct.pack("<HH", 0x500, 0x10)) + record(
        0x204, struct.pack("<4H", 0, 0, 0, len(label)) + label
    )
    place = len(start) + 4 + 7 + len(name) + 4
    stream = start + record(0x85, struct.pack("<IHB", place, 0, len(name)) + name) + record(0x0A) + body + record(0x0A)
    assert lines(compound(Book=stream)) == ["시트", "A1 | 한글"]


@pytest.mark.parametrize(
    ("packed", "value"),
    [((500 << 2) | 2, 500), (((-3 << 2) | 2) & 0xFFFFFFFF, -3), ((1250 << 2) | 3, 12.5), (0x3FF00000, 1.0)],
)
def test_numbers_in_thirty_bits(packed: int, value: float) -> None:
    assert biff._unpacked(packed) == value


def test_a_small_and_a_large_stream() -> None:
    large = b"large" * 2000
    found = CompoundFile(compound(Small=b"small", Large=large))
    assert (found.stream("small"), found.stream("Large"), found.stream("none")) == (b"small", large, None)


def test_chains_of_sectors_that_go_in_circles_end() -> None:
    whole = compound(Workbook=workbook(["x" * 4000], ("S", shared(0, 0, 0))))
    table = whole.rindex(struct.pack("<I", 0xFFFFFFFD)) // 512 * 512
    for place in range(table, table + 64, 4):
        for target in (0, 1, 2, (place - table) // 4):
            circle = whole[:place] + struct.pack("<I", target) + whole[place + 4 :]
            with suppress(UnreadableError):
                lines(circle)


def test_a_claim_of_billions_of_strings_is_not_believed() -> None:
    stream = workbook(["x"], ("S", shared(0, 0, 0) + shared(1, 0, 4_000_000_000)))
    claimed = stream.replace(struct.pack("<IIHB", 1, 1, 1, 1), struct.pack("<IIHB", 0xFFFFFFFF, 0xFFFFFFFF, 1, 1))
    assert claimed != stream
    assert lines(compound(Workbook=claimed)) == ["S", "A1 | x"]


def test_the_same_sheet_many_times_is_one_sheet() -> None:
    stream = workbook([], *[("S", number(0, 0, 1.0))] * 200)
    places = [at for at in range(len(stream) - 4) if stream[at : at + 4] == struct.pack("<HH", 0x85, 10)]
    first = stream[places[0] + 4 : places[0] + 8]
    for place in places:
        stream = stream[: place + 4] + first + stream[place + 8 :]
    assert len(lines(compound(Workbook=stream))) == 2


def test_records_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(biff, "MOST_RECORDS", 10)
    assert code_for(stock()) == "file-too-large"


def test_what_other_programs_call_by_this_name() -> None:
    assert lines(staff())[1].startswith("A1 | 직원 명부")
    assert "A | B" in "\n".join(
        lines(b"<html><body><table><tr><td>A<td>B</tr><tr><td>1<td>2</tr></table></body></html>")
    )
    assert lines(b"Name\tAge\nKim\t31\nLee\t28\n") == ["Name: Kim | Age: 31", "Name: Lee | Age: 28"]
    assert code_for(b"<?xml version='1.0'?><Workbook/>") == "file-damaged"
    assert code_for(bytes(2000)) == "file-damaged"


def test_other_compound_files_are_no_workbooks() -> None:
    assert code_for(compound(WordDocument=b"words")) == "file-damaged"
    assert code_for(compound(EncryptedPackage=b"x", EncryptionInfo=b"y")) == "file-encrypted"


def test_a_broken_workbook_fails_in_one_way() -> None:
    chance = random.Random(5)
    whole = stock()
    for _ in range(1500):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(8, len(broken))] = chance.choice([0, 1, 255, chance.randrange(256)])
        end = chance.choice([len(broken), len(broken), chance.randrange(8, len(broken))])
        with suppress(UnreadableError):
            lines(bytes(broken[:end]))
