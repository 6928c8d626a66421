"""Folding copies: what differs only in its typography is one, what differs in a word, a number or a place is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.answers import Passage
from rag_desktop.ranking.folding import fold
from tests.ranking.passages import passage

CLAUSE = (
    "The tenant may end this agreement at any time with a notice period of two months, counted from the end of the"
    " month in which the notice was received by the landlord. The notice must be given in writing. A deposit of 1.5"
    " monthly rents is due."
)
KOREAN = (
    "임차인은 언제든지 2개월 전에 서면으로 통지하여 이 계약을 해지할 수 있다. 통지 기간은 임대인이 통지를 받은 달의"
    " 말일부터 계산한다. 보증금은 계약이 끝난 날부터 14일 안에 돌려준다."
)
HTML = (
    "When the remainder is zero in the first while statement, Octave immediately breaks out of the loop. This means"
    " that Octave proceeds immediately to the statement following the loop and continues processing.\n\nSee also:"
    " “continue”."
)
PDF = (
    "When the remainder is zero in the ﬁrst while statement, Octave immediately breaks\nout of the loop. This means"
    " that Octave proceeds imme-\ndiately to the statement following\nthe loop and continues processing."
    " See also: ‘continue’, page 51."
)


def numbers(found: tuple[Passage, ...]) -> list[int]:
    return [each.chunk.id for each in found]


def twins(found: Passage) -> list[int]:
    return [each.id for each in found.twins]


def folds(one: str, other: str, **more: tuple[str, ...]) -> bool:
    first = passage(1, one, headings=more.get("first", ()))
    return len(fold([first, passage(2, other, headings=more.get("second", ()))])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HTML, PDF),
        (PDF, HTML),
        (CLAUSE, CLAUSE),
        (CLAUSE, CLAUSE.replace(" ", "\n")),
        (CLAUSE, CLAUSE.upper()),
        (CLAUSE, "• " + CLAUSE.replace("agreement", "agree-\nment")),
        (CLAUSE, CLAUSE.split(". ", maxsplit=1)[0] + "."),
        (CLAUSE.split(". ", 1)[1], CLAUSE.split(". ", 1)[1] + " It bears no interest."),
        (KOREAN, KOREAN.replace(" ", "\n")),
        (KOREAN, KOREAN.split(". ", maxsplit=1)[0]),
        ("x", "x"),
        ("", ""),
    ],
)
def test_the_same_words_are_folded(one: str, other: str) -> None:
    assert folds(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CLAUSE, CLAUSE.replace("two months", "three months")),
        (CLAUSE, CLAUSE.replace("may end", "may not end")),
        (CLAUSE, CLAUSE.replace("1.5", "15")),
        (CLAUSE, CLAUSE.replace("1.5", "2.5")),
        (CLAUSE, CLAUSE.replace("1.5", "1,5")),
        (KOREAN, KOREAN.replace("2개월", "3개월")),
        (KOREAN, KOREAN.replace("해지할 수 있다", "해지할 수 없다")),
        (CLAUSE + " x = -5", CLAUSE + " x = 5"),
        (CLAUSE + " within 2", CLAUSE + " within 20 days"),
        (CLAUSE + " if a < 3", CLAUSE + " if a > 3"),
        (CLAUSE + " of the month", CLAUSE + " of the months"),
        (CLAUSE + " times 2*3", CLAUSE + " times 2-3"),
        (CLAUSE + " at 10:30", CLAUSE + " at 10.30"),
        (CLAUSE + " between 10 and 5", CLAUSE + " between 105"),
        ("Kim | Seoul | engineer | 2021-04-01 | 4,100", "Kim | Seoul | engineer | 2021-04-01 | 4,200"),
        ("The node you are looking for is at XREFaxestick.", "The node you are looking for is at XREFaxestickdir."),
        ("month", "a month"),
        (">>>>" * 20, ">>>>" * 21),
        ("", "x"),
    ],
)
def test_what_differs_is_kept(one: str, other: str) -> None:
    assert not folds(one, other)
    assert not folds(other, one)


@pytest.mark.parametrize(
    ("first", "second", "is_folded"),
    [
        (("Lease",), ("Lease",), True),
        (("4 Statements", "4.2 The break Statement"), ("The break Statement",), True),
        (("Appendix G Licence",), ("G Licence", "Terms"), True),
        (("Licence", "Terms"), ("Licence",), True),
        (("Office lease",), ("Flat lease",), False),
        (("3 Months",), ("2 Months",), False),
        (("Class A rooms",), ("Class rooms",), False),
        (("crypt — Check passwords",), ("asyncio — Asynchronous I/O",), False),
        (("A", "Parameters"), ("B", "Parameters"), True),
        ((), ("Flat lease",), True),
    ],
)
def test_the_same_words_under_another_heading_are_kept(
    first: tuple[str, ...], second: tuple[str, ...], is_folded: bool
) -> None:
    assert folds(CLAUSE, CLAUSE, first=first, second=second) is is_folded


def test_the_best_one_is_shown_and_names_the_others() -> None:
    found = fold([passage(1, HTML), passage(2, CLAUSE), passage(3, PDF), passage(4, HTML)])
    assert numbers(found) == [1, 2]
    assert twins(found[0]) == [3, 4]
    assert found[1] == passage(2, CLAUSE)


def test_a_copy_in_the_same_document_is_no_twin() -> None:
    found = fold([passage(1, HTML, document=9), passage(2, PDF, document=9), passage(3, HTML, document=8)])
    assert numbers(found) == [1]
    assert twins(found[0]) == [8]


def test_a_copy_that_can_be_reached_stands_before_one_that_cannot() -> None:
    found = fold([passage(1, CLAUSE, is_away=True), passage(2, HTML), passage(3, CLAUSE), passage(4, CLAUSE)])
    assert numbers(found) == [3, 2]
    assert found[0].score == passage(1).score
    assert found[0].document == passage(3).document
    assert twins(found[0]) == [4, 1]
    assert [each.is_away for each in found[0].twins] == [False, True]


def test_of_two_that_cannot_be_reached_the_better_one_is_shown() -> None:
    found = fold([passage(1, CLAUSE, is_away=True), passage(2, CLAUSE, is_away=True)])
    assert (numbers(found), twins(found[0])) == ([1], [2])


def test_a_longer_one_that_cannot_be_reached_hides_nothing_and_loses_nothing() -> None:
    shorter = CLAUSE.split(". ", maxsplit=1)[0]
    assert numbers(fold([passage(1, CLAUSE, is_away=True), passage(2, shorter)])) == [1, 2]
    assert numbers(fold([passage(1, shorter), passage(2, CLAUSE, is_away=True)])) == [1, 2]


def test_one_that_goes_on_a_little_is_shown_in_the_better_one_s_place() -> None:
    longer = CLAUSE + " It bears no interest."
    found = fold([passage(1, CLAUSE), passage(2, HTML), passage(3, longer)])
    assert numbers(found) == [3, 2]
    assert (found[0].text, found[0].score, twins(found[0])) == (longer, passage(1).score, [1])
    both = passage(2, CLAUSE + " " + CLAUSE.replace("two", "three"))
    assert numbers(fold([passage(1, CLAUSE), both])) == [1, 2]
    assert numbers(fold([both, passage(3, CLAUSE)])) == [2]


def test_the_copies_of_what_is_shown_instead_are_found_too() -> None:
    first, middle, last = (CLAUSE + " " + HTML.split(". ", maxsplit=1)[0], HTML, CLAUSE + " " + HTML)
    found = fold([passage(1, first), passage(2, middle), passage(3, last)])
    assert numbers(found) == [3]
    assert sorted(twins(found[0])) == [1, 2]


PIECES = [CLAUSE, HTML, PDF, KOREAN, CLAUSE.replace("two", "three"), CLAUSE + " Yes.", "", "short", CLAUSE[:90]]
FOUND = st.lists(
    st.tuples(
        st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map(" ".join),
        st.integers(1, 4),
        st.booleans(),
        st.sampled_from([(), ("A",), ("B",)]),
    ),
    max_size=12,
)


@given(FOUND)
def test_nothing_is_lost_the_order_stays_and_folding_again_changes_nothing(
    rows: list[tuple[str, int, bool, tuple[str, ...]]],
) -> None:
    found = [
        passage(place, text, document=document * 2 + is_away, headings=headings, is_away=is_away)
        for place, (text, document, is_away, headings) in enumerate(rows)
    ]
    folded = fold(found)
    shown = {each.document.id for each in folded} | {twin.id for each in folded for twin in each.twins}
    assert shown == {each.document.id for each in found}
    scores = [each.score for each in folded]
    assert scores == sorted(scores, reverse=True)
    assert {each.chunk.id for each in folded} <= {each.chunk.id for each in found}
    assert fold(folded) == folded
    for each in folded:
        assert each.document.id not in twins(each)
        assert not each.document.is_away or all(twin.is_away for twin in each.twins)
