"""Leaves end where sentences, rows and parts of code end, and stand under the headings they name."""

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import BlockKind, ChunkDraft, PlacedBlock, Span
from rag_desktop.text.chunks import chunk
from rag_desktop.text.units import LEAF_LIMIT, LEAF_TOKENS
from rag_desktop.text.words import count_tokens
from tests.text.material import Made, content, documents, leaves_of, placed, prose

SENTENCE = "Every tenant may end the lease in writing at the end of a quarter. "
PROSE, HEADING, TABLE, CODE = BlockKind.PROSE, BlockKind.HEADING, BlockKind.TABLE, BlockKind.CODE


def cut(*made: Made) -> list[tuple[str, tuple[str, ...]]]:
    """The leaves of some blocks: their words and headings."""
    text, blocks = placed(*made)
    return [(draft.span.of(text), draft.headings) for draft in leaves_of(chunk(text, blocks))]


@given(documents())
def test_a_leaf_stands_under_all_the_headings_it_names(document: tuple[str, list[PlacedBlock]]) -> None:
    text, blocks = document
    for draft in chunk(text, blocks):
        held = content(blocks, text, draft.span)
        assert all(block.headings[: len(draft.headings)] == draft.headings for block in held)
        written = {block.headings[:1] for block in held if block.kind is not HEADING and block.kind is not CODE}
        assert len(written) < 2 or not draft.is_leaf


@given(documents())
def test_a_leaf_names_all_headings_that_its_words_share(document: tuple[str, list[PlacedBlock]]) -> None:
    text, blocks = document
    for draft in leaves_of(chunk(text, blocks)):
        paths = {block.headings for block in content(blocks, text, draft.span)}
        assert len(paths) > 1 or {draft.headings} == paths


def test_leaves_end_where_sentences_end() -> None:
    text = SENTENCE * 40
    for draft in leaves_of(chunk(text, prose(text))):
        assert draft.span.of(text).endswith("quarter.")


def test_a_leaf_does_not_run_over_a_heading() -> None:
    first = second = SENTENCE * 3
    text, blocks = placed(
        (first + "\n", PROSE, ("Old part",), 1),
        ("New part\n", HEADING, ("New part",), 1),
        (second, PROSE, ("New part",), 2),
    )
    one, two = leaves_of(chunk(text, blocks))
    assert (one.headings, one.page_start, one.page_end) == (("Old part",), 1, 1)
    assert (two.headings, two.page_start, two.page_end) == (("New part",), 1, 2)
    assert two.span.of(text).startswith("New part\n")


def test_short_slides_and_sheets_stay_apart() -> None:
    found = cut(
        ("Goals\n\n", HEADING, ("Goals",), 1), ("Grow.\n\n", PROSE, ("Goals",), 1),
        ("Costs\n\n", HEADING, ("Costs",), 2), ("Two pence.\n\n", PROSE, ("Costs",), 2),
        ("Thanks\n\n", HEADING, ("Thanks",), 3),
        ("North\n\n", HEADING, ("North",), 4), ("A2 | Sales: 7\n", TABLE, ("North",), 4),
    )  # fmt: skip
    assert [headings for _, headings in found] == [("Goals",), ("Costs",), ("Thanks",), ("North",)]
    assert [words for words, _ in found][1:3] == ["Costs\n\nTwo pence.", "Thanks"]


def test_small_sections_side_by_side_share_a_leaf_under_the_heading_above_them() -> None:
    found = cut(
        ("Lease\n", HEADING, ("Lease",), None),
        ("Term\n", HEADING, ("Lease", "Term"), None), ("A year.\n", PROSE, ("Lease", "Term"), None),
        ("Rent\n", HEADING, ("Lease", "Rent"), None), ("Ten pounds.\n", PROSE, ("Lease", "Rent"), None),
        ("Sale\n", HEADING, ("Sale",), None), ("None.\n", PROSE, ("Sale",), None),
    )  # fmt: skip
    assert found == [
        ("Lease\nTerm\nA year.\nRent\nTen pounds.", ("Lease",)),
        ("Sale\nNone.", ("Sale",)),
    ]


def test_a_title_goes_with_what_stands_below_it() -> None:
    long = "Each of these words counts as one token here and there are many of them in a row "  # no sentence ends
    for repeats in range(1, 14):
        found = cut(
            ("Book\n", HEADING, ("Book",), None),
            ("Small.\n", PROSE, ("Book",), None),
            ("Part\n", HEADING, ("Book", "Part"), None),
            (long * repeats + ".", PROSE, ("Book", "Part"), None),
        )
        assert not any(words.endswith("Part") for words, _ in found)


def test_a_small_end_of_a_section_goes_back_to_it() -> None:
    found = cut(
        (SENTENCE * 8 + "\n", PROSE, ("A",), None),
        ("One more word.\n", PROSE, ("A",), None),
        (SENTENCE * 8, PROSE, ("B",), None),
    )
    assert [headings for _, headings in found] == [("A",), ("B",)]
    assert found[0][0].endswith("One more word.")


@given(st.integers(1, 60))
def test_a_table_is_whole_where_it_fits(rows: int) -> None:
    row = "Cranfield | wind tunnel | 1962 | 17.5\n"
    table = row * rows
    found = [words for words, _ in cut((SENTENCE * 5 + "\n", PROSE, (), None), (table, TABLE, (), None))]
    if count_tokens(table) <= LEAF_LIMIT:
        assert any(table.strip() in words for words in found)
    for words in found:
        assert all(line in row or line in SENTENCE * 5 for line in words.splitlines())


def test_rows_of_data_stand_alone_unless_they_are_small() -> None:
    row = "Name: Aurora kettle | Price: 89.90 | Colour: midnight blue | Stock: 14 | Supplier: North Star | Id: 7\n"
    assert count_tokens(row) > 24
    assert len(cut(*[(row, TABLE, (), None)] * 5)) == 5
    assert len(cut(*[("Id: 7\n", TABLE, (), None)] * 5)) == 1


def function(name: str, lines: int) -> str:
    body = "".join(f"    value = compute(value, {number})\n" for number in range(lines))
    return f"def {name}(value):\n{body}    return value\n"


@given(st.lists(st.integers(1, 22), min_size=1, max_size=12), st.sampled_from(["\n", "\n\n", ""]))
def test_a_function_is_whole_where_it_fits(sizes: list[int], between: str) -> None:
    functions = [function(f"name_{number}", size) for number, size in enumerate(sizes)]
    found = [words for words, _ in cut((between.join(functions), CODE, (), None))]
    for each in functions:
        assert count_tokens(each) > LEAF_LIMIT or any(each.strip() in words for words in found)


def test_methods_of_a_long_class_are_whole() -> None:
    methods = [function(f"name_{number}", 5).replace("\n", "\n    ").rstrip() for number in range(20)]
    text = "class Long:\n\n    " + "\n\n    ".join(methods) + "\n"
    found = [words for words, _ in cut((text, CODE, ("Long",), None))]
    assert all(any(method in words for words in found) for method in methods)
    assert all(count_tokens(words) <= LEAF_LIMIT for words in found)


def test_braces_stay_with_what_they_close() -> None:
    body = "".join(f"  total += weights[{number}] * values[{number}];\n" for number in range(10))
    text = "".join(f"int sum_{number}(void) {{\n{body}}}\n" for number in range(6))
    assert count_tokens(body) > LEAF_TOKENS // 2
    for words, _ in cut((text, CODE, (), None)):
        assert words.startswith("int sum_")
        assert words.endswith("}")


def test_statements_in_a_row_are_cut_between_lines() -> None:
    text = "".join(f"value_{number} = compute(value_{number - 1})\n" for number in range(200))
    found = [words for words, _ in cut((text, CODE, (), None))]
    assert all(words.startswith("value_") and words.endswith(")") for words in found)
    assert all(LEAF_TOKENS * 0.8 < count_tokens(words) < LEAF_TOKENS * 1.1 for words in found[:-1])


def test_small_definitions_share_a_leaf_that_names_none_of_them() -> None:
    found = cut(*[(f"def name_{number}(): ...\n", CODE, (f"name_{number}",), None) for number in range(6)])
    assert {headings for _, headings in found[:-1]} == {()}
    assert len(found) < 4


def test_prose_is_not_drawn_to_code_of_another_section() -> None:
    found = cut(
        ("a = 1\n", CODE, ("A",), None), ("b = 2\n", CODE, ("B",), None), ("So it is.\n", PROSE, ("B",), None)
    )  # fmt: skip
    assert found == [("a = 1\nb = 2", ()), ("So it is.", ("B",))]


def test_pages_are_those_of_the_words() -> None:
    drafts: tuple[ChunkDraft, ...] = chunk(*placed((SENTENCE, PROSE, (), 3), (SENTENCE, PROSE, (), 4)))
    assert [(draft.span, draft.page_start, draft.page_end) for draft in drafts] == [
        (Span(0, 2 * len(SENTENCE) - 1), 3, 4)
    ]
