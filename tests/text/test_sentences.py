"""Sentences: golden cuts in several languages, and the property that no word is lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Span
from rag_desktop.text.sentences import sentences, trimmed

GOLDEN = [
    ["It rains.", "It snows!", "Does it?", "Yes…", "Fine."],
    ["Dr. Smith and Prof. J. Doe met at 3.5 p.m. in St. Pauls, cf. Fig. 2.", "They left."],
    ['He said "Go."', "She went.", "(It was late.)", "The end"],
    ["See e.g. the appendix, i.e. the last pages.", "It is long."],
    ["임대차는 2024년에 시작된다.", "월 임대료는 1.5배이다.", "끝났는가?", "네!"],
    ["今日は晴れです。", "明日は雨です！", "本当？"],
    ["Rent is due. [1]", "Pets are not allowed [2].", "It ends. [1][3]", "So it is. [1, 2]", "Done."],
    ["임대료는 125만 원이다. [1]", "계약은 끝났다.[2]", "네."],
    ["今日は晴れです。[1][2]", "明日は雨です。 [3]"],
    ["U.S. law applies.", "No other does."],
    ["Version 2.0 is out.", "It costs 1,250.50 euros."],
]


@pytest.mark.parametrize("parts", GOLDEN, ids=lambda parts: parts[0][:20])
def test_golden(parts: list[str]) -> None:
    text = ("" if parts[0][0] == "今" else " ").join(parts)
    assert [span.of(text) for span in sentences(text)] == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A heading\n\nA sentence.", ["A heading", "A sentence."]),
        ("A line\nthat goes on. Next", ["A line\nthat goes on.", "Next"]),
        ("Bring:\n- a coat\n- a hat", ["Bring:", "- a coat", "- a hat"]),
        ("Steps\n1. Open it.\n2. Close it.", ["Steps", "1. Open it.", "2. Close it."]),
        ("| a | b |\n| c | d |", ["| a | b |", "| c | d |"]),
        ("It ends here.\n[12] A. Author, A title.", ["It ends here.", "[12] A. Author, A title."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_lines(text: str, parts: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == parts


WORDS = st.sampled_from(["It rains", ".", " ", "[1]", "\n", "\n\n", "- x", "e.g", "3", "。", "가다", "?", "”", "Dr"])
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=20).map("".join))


@given(TEXTS, st.data())
def test_every_word_is_in_exactly_one_sentence(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    span = Span(start, data.draw(st.integers(start, len(text))))
    found = sentences(text, span)
    assert "".join("".join(each.of(text).split()) for each in found) == "".join(span.of(text).split())
    for each in found:
        assert span.covers(each)
        assert each.of(text) == each.of(text).strip() != ""
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_trimmed() -> None:
    assert trimmed("  a b ", 0, 6) == Span(2, 5)
    assert trimmed("   ", 0, 3) is None


def test_a_row_of_cells_is_one_statement() -> None:
    row = "name: Rain jacket | description: Taped seams. Rolls away. | price: 89.90"
    text = f"A first line.\n{row}\nname: Shell | description: Three layers. | price: 289.00"
    assert [span.of(text) for span in sentences(text)][1] == row
    assert len(sentences(text)) == 3
