"""Which characters of which PDF pages a span covers."""

from rag_desktop.domain.documents import Run, Span
from rag_desktop.domain.status import Mark
from rag_desktop.services.viewing import _found_again, marks_of

# Page 1: "ab\r\ncd", page 2: "ef", then text that has no place in the source.
RUNS = (Run(0, 0, 1), Run(3, 4, 1), Run(6, 0, 2), Run(9, None, None))


def test_a_span_within_a_line() -> None:
    assert list(marks_of(RUNS, Span(0, 2))) == [Mark(1, 0, 2)]


def test_a_span_over_a_line_end_takes_the_dropped_character_in() -> None:
    assert list(marks_of(RUNS, Span(1, 5))) == [Mark(1, 1, 5)]


def test_a_span_over_pages_has_a_mark_on_each() -> None:
    assert list(marks_of(RUNS, Span(4, 8))) == [Mark(1, 5, 2), Mark(2, 0, 2)]


def test_text_without_a_place_has_no_mark() -> None:
    assert list(marks_of(RUNS, Span(9, 12))) == []
    assert list(marks_of((), Span(0, 1))) == []


def test_words_of_a_changed_document_are_found_again_or_not_marked() -> None:
    assert _found_again("New first line. The notice period is long.", "The notice period") == Span(16, 33)
    assert _found_again("Everything is different now.", "The notice period") is None
