"""Normalising: what holds for every text, and the cases a person can read."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Block, BlockKind, Run
from rag_desktop.text.normalise import Assembled, assemble, page_of, source_of

AWKWARD = "\r\n\t\x00\x02\x0b\x0c\x1c\x85\xad\u2028\ufeff\ufffe\uffff\ud800\udc00"
AWKWARD += "e\u0301\u0323\u0344q가\u1100\u1161\u11a8\u11a7\u212b\u0958\u09c7\u09be-aB 1"
raw_text = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters(categories=None)), max_size=40)


@st.composite
def documents(draw: st.DrawFn) -> list[Block]:
    texts = draw(st.lists(raw_text, max_size=6))
    return [
        Block(text, page=draw(st.sampled_from([None, 1, 2])), source_start=draw(st.sampled_from([None, 0, 7, 5000])))
        for text in texts
    ]


def of(*texts: str) -> Assembled:
    starts = [sum(map(len, texts[:k])) for k in range(len(texts))]
    return assemble([Block(text, source_start=start) for text, start in zip(texts, starts, strict=True)])


@given(documents())
@example([Block("e"), Block("\u0301")])
@example([Block("a\r"), Block("\nb")])
def test_the_text_is_clean_and_stays_so(blocks: list[Block]) -> None:
    text = assemble(blocks).text
    assert unicodedata.is_normalized("NFC", text)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" for c in text)
    assert not set(text) & set("\xad\ufeff\ufffe\uffff\u2028\u2029")
    assert text.splitlines() == text.removesuffix("\n").split("\n") if text else True
    assert assemble([Block(text)]).text == text


@given(documents())
def test_blocks_tile_the_text(blocks: list[Block]) -> None:
    done = assemble(blocks)
    assert [b.span.start for b in done.blocks] == ([0] + [b.span.end for b in done.blocks])[: len(done.blocks)]
    assert (done.blocks[-1].span.end if done.blocks else 0) == len(done.text)
    assert all(len(block.span) > 0 for block in done.blocks)


@given(st.lists(st.tuples(raw_text, st.booleans()), max_size=8), st.integers(0, 900))
def test_each_character_that_is_kept_maps_to_itself(parts: list[tuple[str, bool]], origin: int) -> None:
    """Numbered private characters among the awkward ones: none may move, whatever happens around them."""
    markers = [chr(0xF0000 + k) for k in range(len(parts))]
    pieces = [text.translate({ord(m): "x" for m in markers}) + m for (text, _), m in zip(parts, markers, strict=True)]
    raw = "".join(pieces)
    blocks: list[Block] = []
    for piece, (_, is_new) in zip(pieces, parts, strict=True):
        at = sum(len(block.text) for block in blocks)
        if is_new or not blocks:
            blocks.append(Block(piece, source_start=origin + at))
        else:
            blocks[-1] = Block(blocks[-1].text + piece, source_start=blocks[-1].source_start)
    done = assemble(blocks)
    for marker in markers:
        assert source_of(done.runs, done.text.index(marker)) == (origin + raw.index(marker), None)


@given(documents())
def test_runs_are_ordered_minimal_and_on_the_right_page(blocks: list[Block]) -> None:
    done = assemble(blocks)
    starts = [run.start for run in done.runs]
    assert starts == sorted(set(starts))
    assert (starts[:1] == [0]) == bool(done.text)
    for last, run in zip(done.runs, done.runs[1:], strict=False):
        goes_on = source_of(done.runs[: done.runs.index(run)], run.start)
        assert (run.source_start, run.page) != goes_on, (last, run)
    for block in done.blocks:
        assert {page_of(done.runs, k) for k in range(block.span.start, block.span.end)} == {block.page}


@given(raw_text)
def test_every_offset_points_into_the_source(raw: str) -> None:
    done = assemble([Block(raw, source_start=0)])
    places = [source_of(done.runs, k)[0] for k in range(len(done.text))]
    assert all(place is not None and 0 <= place < len(raw) for place in places)
    assert places == sorted(places, key=lambda place: place or 0)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\r\nb\rc\n\u2028d\x0ce", "a\nb\nc\n\nd\ne"),
        ("infor\ufffemation", "information"),
        ("infor\x02\r\nmation", "information"),
        ("Schwarz\ufffeWeiß, UTF\ufffe8", "Schwarz-Weiß, UTF-8"),
        ("Donau\xaddampf\ufeff\x00schiff", "Donaudampfschiff"),
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
        ("e\xad\u0301", "é"),
        ("\ud83d\ude00", "\ufffd\ufffd"),
    ],
)
def test_named_cases(raw: str, text: str) -> None:
    assert of(raw).text == text


def test_runs_break_where_characters_went() -> None:
    assert of("ab\r\ncd\r\n").runs == (Run(0, 0, None), Run(2, 3, None), Run(5, 7, None))
    assert of("한글\u1112\u1161\u11ab!").runs == (Run(0, 0, None), Run(3, 5, None))
    assert of("plain ", "and more").runs == (Run(0, 0, None),)


def test_a_character_composed_over_a_border_belongs_to_the_first_block() -> None:
    done = assemble([Block("e", page=1, source_start=0), Block("\u0301f", BlockKind.CODE, page=2, source_start=9)])
    assert done.text == "éf"
    assert [block.span.of(done.text) for block in done.blocks] == ["é", "f"]
    assert done.runs == (Run(0, 0, 1), Run(1, 10, 2))


def test_a_clean_text_is_one_run() -> None:
    done = assemble([Block("맑은 글\n", source_start=0), Block("더\n", source_start=5)])
    assert (done.text, done.runs) == ("맑은 글\n더\n", (Run(0, 0, None),))


def test_no_text_has_no_place() -> None:
    done = assemble([Block("\x00")])
    assert (done, source_of(done.runs, 0)) == (Assembled("", (), ()), (None, None))
