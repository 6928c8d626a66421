"""What every format that is a ZIP of XML withstands: bombs, entities, depth, gaps, circles and random damage."""

import io
import random
import struct
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import odp, ods, odt, pptx, xlsx
from rag_desktop.formats import package as packages
from rag_desktop.formats.reader import OpenedFile, Reader
from tests.formats.make_docx import package
from tests.formats.make_odf import ledger, report, talk
from tests.formats.make_ooxml import quarter, staff

KINDS = {
    "pptx": (pptx.READER, quarter(), "ppt/slides/slide1.xml"),
    "xlsx": (xlsx.READER, staff(), "xl/worksheets/sheet0.xml"),
    "odt": (odt.READER, report(), "content.xml"),
    "odp": (odp.READER, talk(), "content.xml"),
    "ods": (ods.READER, ledger(), "content.xml"),
}
every = pytest.mark.parametrize(("reader", "whole", "main"), KINDS.values(), ids=KINDS)


def parts_of(content: bytes) -> dict[str, str]:
    with ZipFile(io.BytesIO(content)) as zip_:
        return {name: zip_.read(name).decode() for name in zip_.namelist()}


def code_for(reader: Reader, content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        reader.contents(OpenedFile(Path("a"), content))
    return failure.value.code


def changed(whole: bytes, name: str, text: str) -> bytes:
    return package({**parts_of(whole), name: text})


@every
def test_a_bomb_is_stopped_by_what_comes_out(
    reader: Reader, whole: bytes, main: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "MOST_INFLATED", 1 << 20)
    start, _, rest = parts_of(whole)[main].partition(">")
    bomb = changed(whole, main, f"{start}>{' ' * (2 << 20)}{rest}")
    assert len(bomb) < 20_000
    assert code_for(reader, bomb) == "file-too-large"
    size = struct.pack(
        "<I", next(info.file_size for info in ZipFile(io.BytesIO(bomb)).infolist() if info.filename == main)
    )
    assert size in bomb
    assert code_for(reader, bomb.replace(size, struct.pack("<I", 100))) in {"file-too-large", "file-damaged"}


@every
def test_no_document_type_is_accepted(reader: Reader, whole: bytes, main: str) -> None:
    part = parts_of(whole)[main]
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    for declaration in (laughs, outside):
        assert code_for(reader, changed(whole, main, declaration + part)) == "file-damaged"


@every
def test_depth_is_bounded(reader: Reader, whole: bytes, main: str) -> None:
    start, _, rest = parts_of(whole)[main].partition(">")
    deep = f"{start}>{'<a>' * 100_000}{'</a>' * 100_000}{rest}"
    assert code_for(reader, changed(whole, main, deep)) == "file-damaged"


@every
@pytest.mark.parametrize(("limit", "code"), [("MOST_ELEMENTS", "file-too-large"), ("MOST_ENTRIES", "file-damaged")])
def test_counts_are_bounded(
    reader: Reader, whole: bytes, main: str, limit: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, limit, 3)
    assert code_for(reader, whole) == code


@every
def test_no_part_is_taken_for_granted(reader: Reader, whole: bytes, main: str) -> None:
    parts = parts_of(whole)
    for gone in parts:
        with suppress(UnreadableError):
            reader.contents(
                OpenedFile(Path("a"), package({name: text for name, text in parts.items() if name != gone}))
            )
        with suppress(UnreadableError):
            reader.contents(OpenedFile(Path("a"), changed(whole, gone, "<a/>")))


@every
def test_names_that_leave_the_package_lead_nowhere(reader: Reader, whole: bytes, main: str) -> None:
    parts = {f"../../../../{name}": text for name, text in parts_of(whole).items()}
    parts["/etc/passwd"] = "<a/>"
    assert code_for(reader, package(parts)) == "file-damaged"


@every
def test_a_broken_package_fails_in_one_way(reader: Reader, whole: bytes, main: str) -> None:
    chance = random.Random(3)
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        end = chance.choice([len(broken), chance.randrange(len(broken))])
        with suppress(UnreadableError):
            reader.contents(OpenedFile(Path("a"), bytes(broken[:end])))


@every
def test_broken_markup_fails_in_one_way(reader: Reader, whole: bytes, main: str) -> None:
    chance = random.Random(9)
    parts = parts_of(whole)
    for _ in range(250):
        name = chance.choice([main, *parts])
        mark = chance.choice(['"', "<", ">"])
        pieces = parts[name].split(mark)
        one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
        pieces[one], pieces[other] = pieces[other], chance.choice([pieces[one], "-1", "99999999999", "x", ""])
        with suppress(UnreadableError):
            reader.contents(OpenedFile(Path("a"), package({**parts, name: mark.join(pieces)})))
