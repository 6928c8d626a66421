"""Recognised lines come in the order in which a person reads them."""

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.formats.ocr_order import Line, text_in_order

HEIGHT, STEP = 20, 30


def column(left: int, top: int, texts: list[str], width: int = 400) -> list[Line]:
    return [
        Line(text, left, top + STEP * number, left + width, top + STEP * number + HEIGHT)
        for number, text in enumerate(texts)
    ]


def prose(name: str, count: int) -> list[str]:
    return [f"{name} line number {number} of some words" for number in range(count)]


def test_the_left_column_comes_before_the_right_one() -> None:
    left, right = prose("left", 8), prose("right", 8)
    lines = column(500, 10, right) + column(0, 0, left)
    assert text_in_order(lines) == "\n".join(left) + "\n\n" + "\n".join(right)


def test_a_title_over_two_columns_parts_them() -> None:
    first, second, third, fourth = (prose(name, 5) for name in ("first", "second", "third", "fourth"))
    titles = [Line("A title over both columns", 100, 0, 800, 20), Line("Another such title", 100, 400, 800, 420)]
    lines = [
        *titles,
        *column(0, 50, first),
        *column(500, 50, second),
        *column(0, 450, third),
        *column(500, 450, fourth),
    ]
    parts = [[titles[0].text], first, second, [titles[1].text], third, fourth]
    assert text_in_order(lines) == "\n\n".join("\n".join(part) for part in parts)


def test_three_columns() -> None:
    columns = [prose(name, 6) for name in "abc"]
    lines = [line for number, texts in enumerate(columns) for line in column(450 * number, 0, texts)]
    assert text_in_order(lines) == "\n\n".join("\n".join(texts) for texts in columns)


def test_a_table_is_read_row_by_row() -> None:
    rows = [
        ["Hammer", "12.50", "wood"],
        ["Nail", "0.10", "steel"],
        ["Screw", "0.30", "brass"],
        ["Saw", "20", "steel"],
    ] * 2
    lines = [
        Line(cell, 300 * place, STEP * number, 300 * place + 100, STEP * number + HEIGHT)
        for number, row in enumerate(rows)
        for place, cell in enumerate(row)
    ]
    assert text_in_order(lines) == "\n".join(" ".join(row) for row in rows)


def test_paragraphs_are_parted_and_broken_words_marked_for_joining() -> None:
    lines = column(0, 0, ["The infor-", "mation desk is", "open."]) + column(0, 200, ["UTF-", "8 is not a word."])
    assert text_in_order(lines) == "The infor\ufffemation desk is\nopen.\n\nUTF-\n8 is not a word."


def test_words_of_one_row_stand_side_by_side() -> None:
    lines = [Line("row.", 300, 3, 400, 22), Line("One", 0, 0, 100, 20), Line("long", 150, -2, 250, 19)]
    assert text_in_order(lines) == "One long row."


EDGE = st.integers(0, 3000)


@given(st.lists(st.builds(Line, st.text("abc -", min_size=1, max_size=40), EDGE, EDGE, EDGE, EDGE), max_size=40))
def test_no_word_is_lost_wherever_boxes_stand(lines: list[Line]) -> None:
    found = text_in_order(lines).replace("\ufffe", "-")
    assert sorted("".join(found.split())) == sorted("".join("".join(line.text for line in lines).split()))
