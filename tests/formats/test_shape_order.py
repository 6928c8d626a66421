"""Reading order of what stands freely on a slide."""

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.formats.shape_order import Box, in_order


def test_columns_are_read_one_after_the_other() -> None:
    left = [Box(0, 10, 40, 20), Box(0, 21, 40, 50)]
    right = [Box(60, 10, 100, 20), Box(60, 21, 100, 50)]
    assert in_order([right[1], left[1], right[0], left[0]]) == [3, 1, 2, 0]


def test_rows_come_first_where_the_gap_between_them_is_wider() -> None:
    above = [Box(0, 0, 40, 10), Box(45, 0, 100, 10)]
    below = [Box(0, 60, 40, 70), Box(45, 60, 100, 70)]
    assert in_order([below[0], below[1], above[1], above[0]]) == [3, 2, 0, 1]


def test_what_reaches_over_two_columns_parts_them() -> None:
    assert in_order([Box(0, 80, 100, 90), Box(60, 10, 100, 70), Box(0, 10, 40, 70), Box(0, 0, 100, 8)]) == [3, 2, 1, 0]


def test_the_order_of_the_file_holds_where_a_place_is_not_known() -> None:
    assert in_order([Box(0, 80, 10, 90), None, Box(0, 0, 10, 10)]) == [0, 1, 2]


@given(st.lists(st.builds(Box, *[st.integers(-99, 99)] * 4), max_size=40))
def test_nothing_is_lost_wherever_it_stands(boxes: list[Box]) -> None:
    assert sorted(in_order(boxes)) == list(range(len(boxes)))


def test_a_drawing_of_many_shapes_is_read_from_the_top() -> None:
    assert in_order([Box(place % 7, -place, 50, 50) for place in range(1000)]) == list(range(999, -1, -1))
