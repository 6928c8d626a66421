"""Files made to hurt: each is read, or refused by name; nothing else comes out, and nothing grows without bounds."""

import io
import random
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats.reader import OpenedFile
from rag_desktop.formats.reading import read
from rag_desktop.formats.registry import reader_of
from tests.formats.make_text import attachment, multipart

SAMPLES = Path(__file__).parent / "samples"
TEN_MB = 10_000_000
TEXTUAL = (
    *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".md", ".html", ".log", ".eml", ".mbox", ".ipynb", ".tex", ".bib"),
    *(".rst", ".org", ".xml", ".yaml", ".toml", ".py"),
)


def outcome(name: str, content: bytes) -> str:
    """`read`, or the code it was refused with."""
    reader = reader_of(name)
    assert reader is not None
    try:
        reader.contents(OpenedFile(Path(name), content))
    except UnreadableError as error:
        return error.code
    return "read"


@pytest.mark.parametrize(
    ("name", "piece", "expected"),
    [
        ("a.txt", b"word ", "read"),
        ("a.md", b"word ", "read"),
        ("a.log", b"word ", "read"),
        ("a.html", b"word ", "read"),
        ("a.csv", b"word,", "csv-too-wide"),
        ("a.json", b"word ", "json-damaged"),
        ("a.tex", b"\\verb|{ ", "read"),
        ("a.rst", b":a:`b` ", "read"),
        ("a.org", b"[[a][b]] ", "read"),
        ("a.yaml", b"a: {b: ", "read"),
        ("a.bib", b"@a{b,c={d", "read"),
        ("a.mbox", b"word ", "file-damaged"),
        ("a.eml", b"a:b ", "read"),
    ],
)
def test_ten_megabytes_on_one_line(name: str, piece: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(piece * (TEN_MB // len(piece)))
    try:
        found = "read" if read(ReadRequest(str(path), "leaves")).reading.chunks else "nothing"
    except UnreadableError as error:
        found = error.code
    assert found == expected or (found == "no-text" and expected == "read")


@pytest.mark.parametrize("suffix", TEXTUAL)
@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40,
        b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(10_000),
        random.Random(2).randbytes(10_000),
        bytes(100_000),
        b"\xff\xfe" + random.Random(3).randbytes(10_000),
        b"\xef\xbb\xbf" + random.Random(4).randbytes(10_000),
    ],
    ids=["elf", "png", "noise", "zeros", "utf-16 noise", "utf-8 noise"],
)
def test_what_is_no_text_never_gets_into_the_index(suffix: str, content: bytes) -> None:
    assert outcome(f"a{suffix}", content) in {"file-binary", "text-undecodable", "file-damaged"}


@pytest.mark.parametrize("suffix", [".txt", ".md", ".log", ".csv", ".rst", ".org", ".tex", ".yaml"])
def test_a_text_with_a_few_zeros_is_read(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"a{suffix}").write_bytes(b"An old program left zeros here: \0\0.\n" + b"The rest is fine.\n" * 20)
    text = read(ReadRequest(str(tmp_path / f"a{suffix}"), "leaves")).reading.text
    assert "zeros here" in text
    assert "\0" not in text


def test_lone_surrogates_come_out_as_replacement_characters(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "\\ud800 lone", "page": "\\udfff"}')
    (tmp_path / "a.ipynb").write_text('{"cells": [{"cell_type": "markdown", "source": "a \\ud800 b"}]}')
    for name in ("a.json", "a.ipynb"):
        assert "\ufffd" in read(ReadRequest(str(tmp_path / name), "leaves")).reading.text


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.json", b"[" * 100_000 + b"]" * 100_000, "json-too-deep"),
        ("a.ipynb", b'{"cells":' * 100_000, "file-damaged"),
        ("a.xml", b"<a>" * 100_000 + b"</a>" * 100_000, "file-damaged"),
        ("a.csv", b"," * 1_000_000 + b"\n" + b"1," * 1_000_000, "csv-too-wide"),
        ("a.ipynb", b'{"cells": 7}', "file-damaged"),
        ("a.ipynb", b'{"cells": [' + b"1" * 10_000 + b"]}", "file-damaged"),
    ],
)
def test_too_deep_or_too_wide(name: str, content: bytes, code: str) -> None:
    assert outcome(name, content) == code


def multiparts(depth: int) -> bytes:
    opened = "".join(f'Content-Type: multipart/mixed; boundary="{k}"\n\n--{k}\n' for k in range(depth))
    return f"Subject: deep\n{opened}Content-Type: text/plain\n\nwords\n".encode()


@pytest.mark.parametrize(("depth", "expected"), [(40, "read"), (200, "file-damaged"), (10_000, "file-damaged")])
def test_multiparts_in_multiparts(depth: int, expected: str) -> None:
    assert outcome("a.eml", multiparts(depth)) == expected


def test_a_damaged_message_does_not_stop_its_folder() -> None:
    reader = reader_of("a.mbox")
    assert reader is not None
    separator = b"From a@b Mon Jan  5 09:00:00 2026\n"
    content = separator + multiparts(10_000) + b"\n" + separator + b"Subject: fine\n\nwords\n"
    found = reader.contents(OpenedFile(Path("a.mbox"), content))
    assert found.warnings == ("messages-unreadable",)
    assert found.blocks[0].headings == ("fine",)


def bomb() -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", b"<Types/>")
        package.writestr("word/document.xml", b"<a>" + b" " * (200 << 20))
    return packed.getvalue()


def test_a_bomb_that_is_attached_is_left_out_and_said() -> None:
    reader = reader_of("a.eml")
    assert reader is not None
    words = "Content-Type: text/plain\n\nHello.\n"
    message = "Subject: bomb\n" + multipart([words, attachment("a.docx", bomb())], "x")
    found = reader.contents(OpenedFile(Path("a.eml"), message.encode()))
    assert found.warnings == ("attachments-unreadable",)
    assert "Hello." in found.blocks[-1].text


def test_messages_in_messages_end_somewhere() -> None:
    message = b"Subject: innermost\n\nwords\n"
    for level in range(12):
        message = f"Subject: level {level}\n{multipart([attachment('a.eml', message)], 'x')}".encode()
    reader = reader_of("a.eml")
    assert reader is not None
    found = reader.contents(OpenedFile(Path("a.eml"), message))
    assert found.warnings == ("attachments-unreadable",)
    assert max(len(block.headings) for block in found.blocks) == 6


def test_a_thousand_attachments_are_not_all_read() -> None:
    parts = [attachment(f"{number}.txt", b"words") for number in range(1000)]
    reader = reader_of("a.eml")
    assert reader is not None
    found = reader.contents(OpenedFile(Path("a.eml"), f"Subject: many\n{multipart(parts, 'x')}".encode()))
    assert found.warnings == ("attachments-unreadable",)
    assert len({block.headings[1:] for block in found.blocks}) == 201


@pytest.mark.parametrize(
    "head",
    [
        b"To: " + b"(" * 50_000,
        b"Subject: =?utf-8?B?!!!?= =?no-such?Q?a?= =?utf-8?Q?=ff=fe?=",
        b"Content-Type: text/plain; charset*0*=%ff''x; name*1*=y",
        b'Content-Type: multipart/mixed; boundary="',
        b"Content-Type: multipart/mixed",
        b"Content-Transfer-Encoding: base64\nContent-Type: text/html; charset=\x00zlib",
        b"From: \xb1\xe8\xc3\xb6\xbc\xf6 <kim@b.example>",
    ],
)
def test_headers_that_are_not_well_formed(head: bytes) -> None:
    assert outcome("a.eml", b"Date: today\n" + head + b"\n\nwords\n") == "read"


LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (96 + k, *[95 + k] * 8) for k in range(2, 20)
)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(LAUGHS + b"]><r><x>word &s;</x><y b='&s;'>&s;</y></r>")
    (tmp_path / "b.xml").write_bytes(
        b'<!DOCTYPE a [<!ENTITY big "' + b"x" * 100_000 + b'">]><r><x>word ' + b"&big;" * 10_000 + b"</x></r>"
    )
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    (tmp_path / "c.xml").write_text(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><r><x>word &x;</x></r>')
    for name in "abc":
        text = read(ReadRequest(str(tmp_path / f"{name}.xml"), "leaves")).reading.text
        assert "word" in text
        assert "hahaha" not in text
        assert "secret" not in text
        assert len(text) < 100_000


MUTABLE = sorted(
    path.name
    for path in SAMPLES.iterdir()
    if path.suffix in {*TEXTUAL, ".1"} and not path.name.endswith(".expected.json")
)


@pytest.mark.parametrize("name", MUTABLE)
def test_a_sample_that_was_tampered_with_is_read_or_refused(name: str) -> None:
    content = (SAMPLES / name).read_bytes()[:4000]
    chance = random.Random(name)
    for _ in range(60):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(broken))
            match chance.randrange(4):
                case 0:
                    broken[at] = chance.randrange(256)
                case 1:
                    del broken[at : at + chance.randrange(1, 40)]
                case 2:
                    broken[at:at] = broken[at : at + 40] * chance.randrange(1, 4)
                case _:
                    broken[at:at] = chance.choice([b"\0", b"{", b"}", b"<", b'"', b"\n", b"\xff", b"%", b":", b"\\"])
            broken = broken or bytearray(b" ")
        outcome(name, bytes(broken))


@pytest.mark.parametrize(
    ("name", "start", "piece"),
    [
        ("a.md", "| a\n|-", " "),
        ("a.md", "# a", " "),
        ("a.rst", "", "`"),
        ("a.rst", "+--+\n", "+--+\n"),
        ("a.rst", "", "::\n "),
        ("a.org", "* a", " "),
        ("a.org", "", ":PROPERTIES:\n"),
        ("a.org", "", "#+begin_src\n"),
        ("a.xml", "<!DOCTYPE ", " "),
        ("a.ipynb", '{"cells":[{"cell_type":"markdown","source":"', "![a"),
        ("a.ipynb", '{"cells":[{"cell_type":"code","outputs":[{"output_type":"stream","text":"', "a"),
        ("a.log", "", "2026-01-01 "),
        ("a.yaml", "a", " "),
        ("a.bib", "@a{b,c=", '"{'),
        ("a.tex", "", "\\begin{tabular}"),
        ("a.eml", "A: b\n\n", "\n"),
    ],
)
def test_time_grows_with_size_and_not_with_its_square(name: str, start: str, piece: str) -> None:
    """Half a megabyte: with the square of it, this would take hours."""
    end = '"}]}' if "markdown" in start else '"}]}]}' if "stream" in start else "x!"
    outcome(name, (start + piece * (500_000 // len(piece)) + end).encode())
