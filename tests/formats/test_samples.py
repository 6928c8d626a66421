"""One golden pair for each format: a file in samples/ and, beside it, what must be read from it."""

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest

from rag_desktop.domain.documents import Reading
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats.reading import read
from rag_desktop.formats.registry import readers
from rag_desktop.text.normalise import source_of

SAMPLES = Path(__file__).parent / "samples"
EXPECTED = ".expected.json"
PAIRS = sorted(SAMPLES.glob(f"*{EXPECTED}"))


def shown(reading: Reading) -> dict[str, object]:
    metadata = reading.metadata
    return {
        "format": reading.format,
        "title": metadata.title,
        "author": metadata.author,
        "page_count": metadata.page_count,
        "page_labels": list(metadata.page_labels),
        "warnings": list(reading.warnings),
        "blocks": [
            [block.kind.value, list(block.headings), block.page, block.span.of(reading.text)]
            for block in reading.blocks
        ],
    }


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name.removesuffix(EXPECTED))
def test_a_sample_reads_as_expected(pair: Path) -> None:
    sample = SAMPLES / pair.name.removesuffix(EXPECTED)
    expected = json.loads(pair.read_text("utf-8"))
    if "error" in expected:
        with pytest.raises(UnreadableError) as failure:
            read(ReadRequest(str(sample), "leaves"))
        assert failure.value.code == expected["error"]
        return
    reply = read(ReadRequest(str(sample), "leaves"))
    assert shown(reply.reading) == expected
    assert [block.span.start for block in reply.reading.blocks[1:]] == [b.span.end for b in reply.reading.blocks[:-1]]
    assert (reply.sha256, reply.size) == (hashlib.sha256(sample.read_bytes()).digest(), sample.stat().st_size)
    assert reply.reading.chunks


def test_every_sample_is_expected_and_every_format_is_sampled() -> None:
    samples = {path.name for path in SAMPLES.iterdir() if not path.name.startswith(".")}
    assert samples == {pair.name for pair in PAIRS} | {pair.name.removesuffix(EXPECTED) for pair in PAIRS}
    read_well = {json.loads(pair.read_text("utf-8")).get("format") for pair in PAIRS} - {None}
    assert read_well == {reader.name for reader in readers()}


@pytest.mark.parametrize("name", ["plain.txt", "notes.md", "shop.py", "cp949.txt", "decomposed.txt"])
def test_the_runs_of_a_text_file_point_into_the_decoded_file(name: str) -> None:
    encoding = "cp949" if name.startswith("cp949") else "utf-8-sig"
    source = (SAMPLES / name).read_bytes().decode(encoding)
    reading = read(ReadRequest(str(SAMPLES / name), "leaves")).reading
    for offset, character in enumerate(reading.text):
        place, page = source_of(reading.runs, offset)
        assert page is None
        assert place is not None
        assert source[place] in {character, unicodedata.normalize("NFD", character)[0]}
