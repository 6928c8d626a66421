"""Tables of any format: merged cells keep their columns, and nothing is lost or written without end."""

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import tables
from rag_desktop.formats.tables import Cell, grid


def test_a_cell_over_rows_stands_in_each_and_pushes_the_others_on() -> None:
    rows = [[Cell("a", rows=2), Cell("b", columns=2)], [Cell("c"), Cell("d")], [Cell("e")]]
    assert grid(rows) == [["a", "b", ""], ["a", "c", "d"], ["e"]]


def test_a_cell_that_goes_on_repeats_the_one_above() -> None:
    assert grid([[Cell("a"), Cell("b")], [Cell("", is_continued=True), Cell("c")]]) == [["a", "b"], ["a", "c"]]


def test_a_long_cell_is_not_repeated() -> None:
    long = "x" * 1000
    assert grid([[Cell(long, rows=2), Cell("b")], [Cell("c")]]) == [[long, "b"], ["", "c"]]


def test_what_stands_too_far_out_is_kept_in_the_last_column() -> None:
    found = grid([[Cell("near", 0), Cell("far", 10**9), Cell("farther", 10**9 + 1)]])
    assert [text for text in found[0] if text] == ["near", "far farther"]


def test_what_is_written_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MOST_WRITTEN", 1000)
    with pytest.raises(UnreadableError) as failure:
        grid([[Cell("x", 200)]] * 10)
    assert failure.value.code == "file-too-large"
