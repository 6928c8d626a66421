"""What a model writes becomes HTML of a few known tags, whatever it wrote, also while it still writes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.gui.markdown import Look, cite_number, render

_COLOUR = r"#[0-9a-f]{6}"
_TAGS = re.compile(
    r"</?(?:p|b|i|ul|li|blockquote|tr|td|th|ol|table|pre|code|a|span)>|<(?:br|hr)>"
    r'|<ol start="\d{1,4}">'
    rf'|<table border="1" cellspacing="0" cellpadding="4" style="border-collapse:collapse;border-color:{_COLOUR};">'
    rf'|<(?:pre|code) style="background-color:{_COLOUR};">|<span style="color:{_COLOUR};">'
    rf'|<a href="cite:\d{{1,3}}" style="color:{_COLOUR};background-color:{_COLOUR};text-decoration:none;">'
)
_PIECES = st.sampled_from(
    ["**", "*", "_", "__", "`", "```", "\n", "\n\n", "# ", "- ", "1. ", "  ", "> ", "|", "|--|--|", "[1]", "[2]",
     "[77]", "<", ">", "&", '"', "'", "<img src=x>", "<a href='http://x'>", "![a](http://e/x.png)",
     "[b](javascript:alert(1))",
     "[c](https://example.org)", "\\", "\x00", "\ue000", "cite:1", "계약", "word", " ", "😀", "</p>", "<!--"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=40).map("".join))


@given(_TEXTS, st.sets(st.integers(1, 9)))
def test_only_known_tags_come_out(text: str, numbers: set[int]) -> None:
    html = render(text, numbers)
    rest = _TAGS.sub("", html)
    assert "<" not in rest
    assert ">" not in rest
    assert '"' not in rest
    for tag in _TAGS.findall(html):
        assert "src" not in tag
    for address in re.findall(r'<a href="([^"]*)"', html):
        assert cite_number(address) in numbers


@given(_TEXTS)
def test_tags_are_closed_in_order(text: str) -> None:
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)(\w+)[^>]*>", render(text, {1, 2})):
        if name in ("br", "hr"):
            continue
        if closing:
            assert opened.pop() == name
        else:
            opened.append(name)
    assert opened == []


@given(st.text("abc 계약\U0001f600", min_size=1))
def test_plain_words_stay_as_they_are(text: str) -> None:
    shown = re.sub(r"<[^>]*>", "", render(text))
    assert shown.split() == text.split()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "<p>plain</p>"),
        ("**bold** and *slanted*", "<p><b>bold</b> and <i>slanted</i></p>"),
        ("2 * 3 * 4, snake_case_name, x**2", "<p>2 * 3 * 4, snake_case_name, x**2</p>"),
        ("**not closed yet", "<p><b>not closed yet</b></p>"),
        ("## Title", "<p><b>Title</b></p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("- a\n- b\n  - c\n- d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"),
        ("- a\n1. b", '<ul><li>a</li></ul><ol start="1"><li>b</li></ol>'),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("![x](http://e/x.png)", "<p>x (http://e/x.png)</p>"),
        ("[x](javascript:alert)", "<p>x</p>"),
        ("<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>"),
        ("[7]", "<p>[7]</p>"),
        (r"\*no\*", "<p>*no*</p>"),
    ],
)
def test_what_is_written_is_shown(text: str, html: str) -> None:
    assert render(text) == html


def test_a_known_number_is_a_chip_but_not_in_code() -> None:
    html = render("It is so [1][2]. `[1]`\n```\n[1]", {1})
    assert html.count('<a href="cite:1"') == 1
    assert "[2]" in html
    assert html.endswith("[1]</pre>")


def test_an_open_code_block_takes_the_rest() -> None:
    assert "<pre" in render("```python\nif a < b:")
    assert "a &lt; b" in render("```python\nif a < b:")


def test_a_table_needs_its_line() -> None:
    assert "<td>1</td>" in render("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<table" not in render("a | b\n- | -")


def test_a_sentence_without_support_says_so_in_words() -> None:
    html = render("It is. It is not.", look=Look(note="not supported"), unsupported=[6])
    assert re.sub(r"<[^>]*>", "", html) == "It is. not supported It is not."


@pytest.mark.parametrize(("address", "number"), [("cite:3", 3), ("cite:", None), ("http://cite:3", None)])
def test_only_citations_have_addresses(address: str, number: int | None) -> None:
    assert cite_number(address) == number
