"""XML, YAML, logs and notebooks: what becomes records, what stays lines, and under which headings."""

import json
from pathlib import Path

import pytest

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import ipynb
from rag_desktop.formats.reader import Contents, OpenedFile
from rag_desktop.formats.registry import format_of, reader_of


def read(name: str, text: str | bytes) -> Contents:
    reader = reader_of(name)
    assert reader is not None
    return reader.contents(OpenedFile(Path(name), text.encode() if isinstance(text, str) else text))


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<r><a>1</a><b>2</b></r>", ["a: 1 | b: 2"]),
        ("<r><a x='1'>2</a><b/></r>", ["a: 2 | a.x: 1"]),
        ("<r><i><n>a</n></i><i><n>b</n></i></r>", ["n: a", "n: b"]),
        ("<r><i k='1'>one</i><i k='2'>two</i></r>", ["k: 1 | one", "k: 2 | two"]),
        ("<r><a>1 &lt; 2 &nbsp;&amp; 3</a><c>x</c></r>", ["a: 1 < 2 & 3 | c: x"]),
        ("<n:r xmlns:n='u'><n:a>1</n:a><n:b>2</n:b></n:r>", ["a: 1 | b: 2"]),
    ],
)
def test_data_in_xml_becomes_records(xml: str, expected: list[str]) -> None:
    assert [block.text.strip() for block in read("a.xml", xml).blocks] == expected


def test_words_beside_elements_make_prose_of_xml() -> None:
    found = read("a.xml", "<d><head>T</head><x>One <b>two</b> three.</x><x>Four.</x></d>")
    assert [(block.kind, block.text, block.headings) for block in found.blocks] == [
        (BlockKind.HEADING, "T\n\n", ("T",)),
        (BlockKind.PROSE, "One two three.\n\n", ("T",)),
        (BlockKind.PROSE, "Four.\n\n", ("T",)),
    ]


def test_atom() -> None:
    feed = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title><entry><title>One</title>"
        "<link href='http://a'/><updated>2026</updated><content type='html'>&lt;p&gt;Words&lt;/p&gt;</content>"
        "</entry></feed>"
    )
    found = read("a.atom", feed)
    assert [(block.headings, block.text.strip()) for block in found.blocks[1:]] == [
        (("News", "One"), "One"),
        (("News", "One"), "updated: 2026 | link: http://a"),
        (("News", "One"), "Words"),
    ]


def test_yaml_stands_under_its_keys() -> None:
    text = "# about\na: 1\nb:\n  # inner\n  c:\n    - d: |\n        e: no key\n  f: 2\ng: &x\n  h: 3\n"
    assert [(block.headings, block.text) for block in read("a.yml", text).blocks] == [
        ((), "# about\na: 1\n"),
        (("b",), "b:\n"),
        (("b", "c"), "  # inner\n  c:\n"),
        (("b", "c", "d"), "    - d: |\n        e: no key\n"),
        (("b",), "  f: 2\n"),
        (("g",), "g: &x\n  h: 3\n"),
    ]


def test_a_document_of_yaml_ends_all_keys() -> None:
    found = read("a.yaml", "a:\n  b: 1\n---\nc: 2\n").blocks
    assert [block.headings for block in found] == [("a",), ()]


@pytest.mark.parametrize(
    ("times", "expected"), [(4, "".join(["12:00:01 no\n"] * 4)), (6, "12:00:01 no\n[… ×4]\n12:00:01 no\n")]
)
def test_a_line_said_again_and_again_stands_twice(times: int, expected: str) -> None:
    assert "".join(block.text for block in read("a.log", "12:00:01 no\n" * times).blocks) == expected


@pytest.mark.parametrize(
    "stamp", ["2026-01-0{} 10:00:00,123 ", "[2026-01-0{}T10:00:00Z] ", "Jan  {} 10:00:00 ", "[   1{}.5] ", "10:00:0{} "]
)
def test_time_stamps_do_not_make_lines_differ(stamp: str) -> None:
    text = "".join(f"{stamp.format(day)}refused\n" for day in range(1, 9))
    assert len(read("a.log", text).blocks) == 3
    assert len(read("a.log", text.replace("refused\n", "{}\n")).blocks) == 3


def test_lines_that_differ_all_stay() -> None:
    text = "".join(f"2026-01-01 request {number}\n" for number in range(50))
    assert [block.text for block in read("a.log", text).blocks] == [text]


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("app.log.1", "log"),
        ("app.log-20260131", "log"),
        ("app.log.2026-01-31", "log"),
        ("syslog", "log"),
        ("syslog.12", "log"),
        ("notes.txt.1", None),
        (".1", None),
        ("page.2026", None),
    ],
)
def test_old_logs_keep_their_format(name: str, format_name: str | None) -> None:
    assert format_of(name) == format_name


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"cells": cells, "nbformat": 4})


def test_headings_of_a_notebook_hold_the_cells_below() -> None:
    found = read(
        "a.ipynb",
        notebook({"cell_type": "markdown", "source": "# A"}, {"cell_type": "code", "source": "x"}),
    )
    assert [block.headings for block in found.blocks] == [("A",), ("A",)]


def test_long_outputs_of_a_notebook_are_cut_and_said_to_be() -> None:
    outputs = [{"output_type": "stream", "text": ["line\n"] * 10_000}]
    found = read("a.ipynb", notebook({"cell_type": "code", "source": "x", "outputs": outputs}))
    assert found.warnings == (ipynb.OUTPUTS_CUT,)
    assert sum(len(block.text) for block in found.blocks) < ipynb.LONGEST_OUTPUT + 10


@pytest.mark.parametrize("text", ["[]", "{}", "7", '{"cells": {}}', '{"worksheets": [7]}', "{"])
def test_what_is_no_notebook(text: str) -> None:
    with pytest.raises(UnreadableError) as failure:
        read("a.ipynb", text)
    assert failure.value.code == "file-damaged"
