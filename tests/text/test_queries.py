"""The query syntax: what is recognised, what stays text, and that nothing typed can fail."""

import unicodedata
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.text.queries import PieceKind, Query, day_named, formats_named, parsed

WORD = ("docx", "doc", "odt", "rtf")


def test_all_of_it_at_once() -> None:
    query = parsed('type:pdf in:Contracts notice period after:2023 "exact words" -word -"two words"')
    assert query.text == 'notice period "exact words"'
    assert query.filters == Filters(folders=("Contracts",), formats=("pdf",), after=date(2023, 1, 1))
    assert query.phrases == (("exact", "words"),)
    assert query.without == (("word",), ("two", "words"))
    assert [(piece.kind, piece.value) for piece in query.pieces] == [
        (PieceKind.TYPE, "pdf"),
        (PieceKind.FOLDER, "Contracts"),
        (PieceKind.AFTER, "2023"),
        (PieceKind.PHRASE, "exact words"),
        (PieceKind.WITHOUT, "word"),
        (PieceKind.WITHOUT, "two words"),
    ]


def test_spans_are_of_the_text_as_typed() -> None:
    typed = '  임대차 형식：pdf,"docx" -초안, “그 말”'
    query = parsed(typed)
    assert [piece.span.of(typed) for piece in query.pieces] == ['형식：pdf,"docx"', "-초안,", "“그 말”"]
    assert query.text == "임대차 “그 말”"
    assert [piece.value for piece in query.pieces] == ["pdf, docx", "초안", "그 말"]
    assert query.without == (("초안",),)


@pytest.mark.parametrize(
    ("typed", "filters"),
    [
        ("type:pdf,docx", Filters(formats=("pdf", "docx"))),
        ("type:pdf type:docx type:PDF", Filters(formats=("pdf", "docx"))),
        ("TYPE:.MD", Filters(formats=("md",))),
        ("type:word", Filters(formats=WORD)),
        ("type:pdf, ", Filters(formats=("pdf",))),
        ('in:"My Contracts",Other', Filters(folders=("My Contracts", "Other"))),
        ("in:“My Contracts”", Filters(folders=("My Contracts",))),
        ("in:~/Docs/a,", Filters(folders=("~/Docs/a",))),
        ("in:Contracts?", Filters(folders=("Contracts",))),
        ("폴더:계약", Filters(folders=("계약",))),
        (unicodedata.normalize("NFD", "폴더:계약"), Filters(folders=("계약",))),
        ("저자:김 경로:*.md 형식:한글", Filters(authors=("김",), globs=("*.md",), formats=("hwpx", "hwp"))),
        ("path:*.p? path:docs/**", Filters(globs=("*.p?", "docs/**"))),
        ('author:"Kim, J."', Filters(authors=("Kim, J.",))),
        ("after:2023 before:2024", Filters(after=date(2023, 1, 1), before=date(2023, 12, 31))),
        ("after:2023-05", Filters(after=date(2023, 5, 1))),
        ("before:2024-03-01", Filters(before=date(2024, 2, 29))),
        (
            "after:2022 after:2023-02 before:2025 before:2024",
            Filters(after=date(2023, 2, 1), before=date(2023, 12, 31)),
        ),
        ("이후:2023년5월17일 이전:2024.1.", Filters(after=date(2023, 5, 17), before=date(2023, 12, 31))),
    ],
)
def test_filters(typed: str, filters: Filters) -> None:
    assert parsed(typed).filters == filters
    assert parsed(typed).text == ""
    assert parsed(f"rent {typed} lease").text == "rent lease"


@pytest.mark.parametrize(
    "typed",
    [
        "std::vector", "http://x/type:pdf", "12:30 at noon", "note: this", "type: pdf", "type:", "type:,", "in:",
        "type:(a)", "unknown:pdf", "before:2023-02-30", "after:soon", "after:2023,2024", "after:23", 'in:"My Contr',
        "state-of-the-art", "- item\n- other", "-5 degrees", "x -1", "--verbose", "tar -x", "a-type:pdf", "-type:pdf x",
        "-in:Archive x", "the plan -as agreed- failed", "-draft", '-draft -"old words"', "5\" pipe and 6\" pipe",
        '""', '"?!"', "what? - nothing", "−minus",
    ],
)  # fmt: skip
def test_what_stays_text(typed: str) -> None:
    assert parsed(typed) == Query(typed)


def test_quotation_marks_make_anything_text() -> None:
    assert parsed('"type:pdf -word"').filters == EVERYTHING
    assert parsed('"type:pdf -word"').phrases == (("type", "pdf", "word"),)
    assert parsed('title:"net 30" x').phrases == (("net", "30"),)


def test_exclusions_beside_filters_alone() -> None:
    query = parsed("in:Contracts -draft ?")
    assert (query.text, query.without) == ("", (("draft",),))


def test_an_excluded_korean_word_is_its_index_tokens() -> None:
    assert parsed("임대차 -계약서").without == (("계약", "약서"),)
    assert parsed("임대차 -법").without == (("법",),)


def test_formats_by_the_names_people_use() -> None:
    assert formats_named("Word") == WORD
    assert formats_named("ＰＤＦ") == ("pdf",)
    assert formats_named("*.tar.gz") == ("tar.gz",)
    assert formats_named(".") == formats_named("a b") == ()


def test_days_as_people_write_them() -> None:
    assert [day_named(day) for day in ("2023", "2023-5", "2023/05/17", "2023.5.17", "2023년", "2023년5월")] == [
        date(2023, 1, 1), date(2023, 5, 1), date(2023, 5, 17), date(2023, 5, 17), date(2023, 1, 1), date(2023, 5, 1),
    ]  # fmt: skip
    assert not any(map(day_named, ("", "1023", "2023-13", "2023-05/17", "20230517", "May 2023")))


@given(st.text())
@example('type:"')
@example('in:"\ud800"')
@example("-\u0301a x")
@example("이후:２０２３ x")
@example('"a" -b- "c')
def test_nothing_typed_can_fail(typed: str) -> None:
    query = parsed(typed)
    assert query.text in typed or query.pieces
    if not any(piece.kind is not PieceKind.PHRASE for piece in query.pieces):
        assert query.text == typed.strip()


ORDINARY = st.text(st.characters(exclude_characters=':："“”「」『』-'))
OPERATORS = st.sampled_from(
    ["type:pdf", 'in:"a b"', "after:2023", "before:2024-02", "author:kim,lee", "path:**/x?", "-word", '-"two words"']
)


@given(ORDINARY)
def test_text_without_operators_comes_back_as_it_was(typed: str) -> None:
    assert parsed(typed) == Query(typed.strip())


@given(st.lists(OPERATORS | st.just("rent") | st.just('"exact words"'), min_size=1, max_size=8))
def test_pieces_and_text_make_up_what_was_typed(parts: list[str]) -> None:
    typed = " ".join(["lease", *parts])
    query = parsed(typed)
    spans = [piece.span for piece in query.pieces]
    assert [span.of(typed) for span in spans] == [part for part in parts if part != "rent"]
    assert spans == sorted(spans)
    assert query.text.split() == [
        word for part in ["lease", *parts] if part in ("lease", "rent") or part[0] == '"' for word in part.split()
    ]
    operators = [part for part in parts if part[0] != '"' and part != "rent"]
    again = parsed(" ".join([query.text, *reversed(operators)]))
    assert (again.text, set(again.without)) == (query.text, set(query.without))
    assert set(again.filters.formats) == set(query.filters.formats)


@given(st.sampled_from(['"', "-a ", "type:", 'a:"', "in:,", "in:a,", '-a"', "a- -", ' type:"a', "“「", ' in:"a ']))
def test_long_texts_are_taken_apart_all_the_same(part: str) -> None:
    parsed(part * 5_000)


def test_exclusions_stand_beside_chosen_filters_too() -> None:
    assert parsed("-draft").text == "-draft"
    narrowed = parsed("-draft", is_narrowed=True)
    assert (narrowed.text, narrowed.without) == ("", (("draft",),))
