"""Texts in the markup of LaTeX, reStructuredText, Org and BibTeX: what is words, and what is said to a program."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Block
from rag_desktop.formats.latex_text import LatexText
from rag_desktop.formats.reader import OpenedFile
from rag_desktop.formats.registry import reader_of


def blocks(name: str, text: str) -> tuple[Block, ...]:
    reader = reader_of(name)
    assert reader is not None
    return reader.contents(OpenedFile(Path(name), text.encode())).blocks


def shown(name: str, text: str) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text.strip()) for block in blocks(name, text)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (r"\emph{x} and \textbf{\textit{y}}", "x and y"),
        (r"\href{http://a.b/c_d}{the page}", "the page"),
        (r"as shown~\cite[p.~3]{kim2020}", "as shown [kim2020]"),
        (r"caf\'e na\"{\i}ve \c{c}a \v{S} \~n \ss{} \o{} \L{}odz", "café naïve ça Š ñ ß ø Łodz"),
        (r"100\% of \$5 \& \#1 \_ \{a\}", "100% of $5 & #1 _ {a}"),
        (r"$x_1 \leq \frac{a}{b}$ holds", r"$x_1 \leq \frac{a}{b}$ holds"),
        ("costs $5", "costs $5"),
        (r"one\footnote{two \emph{three}} four", "one (two three) four"),
        (r"``good'' --- 1--2 `x'", "“good” — 1–2 ‘x’"),
        (r"\label{a}\vspace{2pt}word\index{word}", "word"),
        (r"\unknown[opt]{a}{b}", "a b"),
        (r"\verb|a_b| \texttt{c\_d}", "a_b c_d"),
        (r"\newcommand{\x}[1]{hidden #1} said", "said"),
        (r"open {brace", "open brace"),
    ],
)
def test_words_out_of_latex(source: str, words: str) -> None:
    assert LatexText().plain(source) == words


@given(st.text(alphabet="\\{}[]$%&~^_'\"`ab \n|", max_size=60))
def test_no_latex_is_too_odd(source: str) -> None:
    LatexText().plain(source)


def test_comments_of_latex_go_but_not_out_of_listings() -> None:
    text = "a % gone\nb 5\\% c\n\\begin{verbatim}\nx % stays\n\\end{verbatim}\n"
    assert shown("a.tex", text) == [("prose", "a b 5% c"), ("code", "x % stays")]


def test_the_preamble_and_what_follows_the_document_are_no_words() -> None:
    text = "\\documentclass{a}\nhidden\n\\begin{document}\nsaid\n\\end{document}\nhidden"
    assert shown("a.tex", text) == [("prose", "said")]


def test_own_commands_without_arguments_are_written_out() -> None:
    assert shown("a.tex", "\\newcommand{\\us}{Our \\emph{Team}}\\us{} wins.") == [("prose", "Our Team wins.")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".. a comment\n   goes\n\nstays", [("prose", "stays")]),
        (".. _target:\n\nstays", [("prose", "stays")]),
        (".. toctree::\n   :maxdepth: 2\n\n   a\n   b\n\nstays", [("prose", "stays")]),
        ("see :ref:`the page <p>` and ``x_y``", [("prose", "see the page and x_y")]),
        ("see `the page <http://a>`__ and `this`_", [("prose", "see the page and this")]),
        ("Title\n=====\nwords", [("heading", "Title"), ("prose", "words")]),
        ("제목\n====\n글", [("heading", "제목"), ("prose", "글")]),
        (
            "words::\n\n  code\n    more\n\nwords",
            [("prose", "words::"), ("code", "code\n    more"), ("prose", "words")],
        ),
        (".. code:: python\n   :name: a\n\n   x = 1", [("code", "x = 1")]),
        (".. note:: first\n   second", [("prose", "first\nsecond")]),
        (".. csv-table:: Prices\n   :header: a\n\n   tea, 3\n", [("prose", "Prices"), ("table", "tea | 3")]),
        ("=====  ==\n가나   1\nb\n=====  ==", [("table", "가나 | 1\nb | ")]),
    ],
)
def test_restructuredtext(text: str, expected: list[tuple[str, str]]) -> None:
    found = shown("a.rst", text)
    assert [(kind, words.strip()) for kind, words in found] == [(kind, words.strip()) for kind, words in expected]


def test_sections_of_restructuredtext_are_told_by_the_order_of_their_adornments() -> None:
    text = "A\n~\n\nB\n=\n\nC\n~\n\n===\nD\n===\n"
    assert [block.headings for block in blocks("a.rst", text)] == [("A",), ("A", "B"), ("C",), ("C", "D")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* TODO [#A] Title :a:b:\nwords", [("heading", "Title"), ("prose", "words")]),
        ("* A\n:PROPERTIES:\n:ID: 1\n:END:\nwords", [("heading", "A"), ("prose", "words")]),
        ("# comment\n#+OPTIONS: x\nwords", [("prose", "words")]),
        ("see [[http://a][the page]]", [("prose", "see the page")]),
        ("#+begin_src c\n* x\n#+end_src\nwords", [("code", "* x"), ("prose", "words")]),
        ("#+begin_comment\nx\n#+end_comment\nwords", [("prose", "words")]),
        ("#+begin_quote\nwords\n#+end_quote", [("prose", "words")]),
        ("| a | b |\n|---+---|\n| 1 | 2 |", [("table", "a | b\n1 | 2")]),
        ("#+begin_src\n", []),
    ],
)
def test_org(text: str, expected: list[tuple[str, str]]) -> None:
    assert shown("a.org", text) == expected


@pytest.mark.parametrize("name", ["a.rst", "a.org", "a.yaml", "a.log"])
@given(text=st.text(alphabet="ab가 \n*:|-=.`[]#+{}'\"", max_size=80))
def test_a_block_with_a_place_stands_there_word_for_word(name: str, text: str) -> None:
    for block in blocks(name, text):
        if block.source_start is not None:
            assert text.startswith(block.text, block.source_start)


def test_bibtex() -> None:
    text = '@string{a = "Press"}\n@book{k, title={A {B} \\"o}, publisher = a # " Inc", year=2020}\n@comment{x}'
    assert shown("a.bib", text) == [
        ("table", "book | key: k | title: A B ö | publisher: Press Inc | year: 2020"),
    ]
