"""JSON: objects that stay whole, nothing that is lost, and bounds."""

import json as stdlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Block
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats import json
from rag_desktop.formats.reader import Contents, OpenedFile
from rag_desktop.formats.reading import read
from rag_desktop.text.units import LEAF_LIMIT
from rag_desktop.text.words import count_tokens


def contents(text: str, name: str = "a.json") -> Contents:
    return json.READER.contents(OpenedFile(Path(name), text.encode()))


def blocks(text: str, name: str = "a.json") -> tuple[Block, ...]:
    return contents(text, name).blocks


def failure_for(text: str, name: str = "a.json") -> UnreadableError:
    with pytest.raises(UnreadableError) as failure:
        blocks(text, name)
    return failure.value


def test_each_object_of_a_list_is_a_block_under_what_leads_to_it() -> None:
    found = blocks('{"data": {"products": [{"name": "A", "price": 1}, {"name": "B", "price": 2}]}}')
    assert [(block.headings, block.text) for block in found] == [
        (("data", "products"), "name: A | price: 1\n"),
        (("data", "products"), "name: B | price: 2\n"),
    ]


def test_objects_by_their_keys() -> None:
    found = blocks('{"P-1": {"name": "A"}, "P-2": {"name": "B"}}')
    assert [(block.headings, block.text) for block in found] == [(("P-1",), "name: A\n"), (("P-2",), "name: B\n")]


def test_values_are_kept_word_for_word() -> None:
    text = '{"a": 89.90, "b": 1e400, "c": 0.1000000000000000055, "d": -0, "e": "\\uae38\\u0041", "f": false, "a": NaN}'
    expected = "a: 89.90 | b: 1e400 | c: 0.1000000000000000055 | d: -0 | e: 길A | f: false | a: NaN\n"
    assert blocks(text)[0].text == expected


def test_a_number_may_have_any_length() -> None:
    assert len(blocks('{"a": ' + "7" * 10_000 + "}")[0].text) > 10_000


def test_a_large_object_is_opened_under_its_title() -> None:
    about = "A sentence that says something. " * 100
    found = blocks(stdlib.dumps([{"title": "Guide", "about": about, "parts": [{"no": 1}, {"no": 2}]}]))
    assert [block.headings for block in found] == [(), ("Guide", "parts"), ("Guide", "parts")]
    assert all(line.startswith("title: Guide | about: A sentence") for line in found[0].text.splitlines())
    assert all(count_tokens(line) <= LEAF_LIMIT for line in found[0].text.splitlines())


def test_an_object_with_objects_inside_stays_whole() -> None:
    order = {"order": 7, "items": [{"sku": "A", "n": 2}, {"sku": "B", "n": 1}]}
    found = blocks(stdlib.dumps([order, order]))
    assert found[0].text == "order: 7 | items.1.sku: A | items.1.n: 2 | items.2.sku: B | items.2.n: 1\n"
    assert len(found) == 2


def test_rows_without_names() -> None:
    assert [block.text for block in blocks('[["name", "price"], ["A", 1.50]]')] == ["name | price\n", "A | 1.50\n"]


@pytest.mark.parametrize(("text", "shown"), [('"word"', "word\n"), ("3.0", "3.0\n"), ('["a", "b"]', "a, b\n")])
def test_scalars(text: str, shown: str) -> None:
    assert "".join(block.text for block in blocks(text)) == shown


def test_long_numbers_and_encoded_data_are_left_out_with_a_warning() -> None:
    found = contents(stdlib.dumps([{"name": "A", "vector": list(range(500)), "photo": "iVBOR" * 400}]))
    assert found.warnings == ("json-data-left-out",)
    assert found.blocks[0].text.startswith("name: A | vector: 0, 1, 2,")
    assert "63, …" in found.blocks[0].text
    assert "iVBOR" not in found.blocks[0].text


def test_a_list_with_one_word_among_numbers_is_kept() -> None:
    found = contents(stdlib.dumps({"mixed": [*range(200), "word"], "deep": [[1, 2], ["Seoul", 3]]}))
    text = "".join(block.text for block in found.blocks)
    assert "199, word" in text
    assert "Seoul" in text
    assert found.warnings == ()


def test_lines_of_json_in_a_file_called_json() -> None:
    assert len(blocks('{"a": 1}\n{"a": 2}\n')) == 2


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ('{"a": 1,\n "b": }', "a.json", 2),
        ('{"a": 1}\n{"a": \n', "a.json", 2),
        ("not json\n", "a.jsonl", 1),
        ("   \n", "a.json", 2),
        ("{'a': 1}", "a.json", 1),
    ],
)
def test_damage_is_reported_with_its_line(text: str, name: str, line: int) -> None:
    failure = failure_for(text, name)
    assert (failure.code, failure.arguments["line"]) == ("json-damaged", line)


@pytest.mark.parametrize("depth", [150, 5_000, 100_000])
@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}"), ('[1,"x",', "]"), ('{"a":1,"b":[', "]}")])
def test_deep_nesting_is_refused(before: str, after: str, depth: int) -> None:
    assert failure_for(before * depth + '"w"' + after * depth).code == "json-too-deep"


def test_nesting_below_the_limit_is_read() -> None:
    assert blocks('{"a":' * 90 + '"word"' + "}" * 90)[0].text.endswith("word\n")


def test_too_many_values_are_refused_before_they_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "MOST_VALUES", 100)
    assert failure_for("[" + "1," * 101 + "1]").code == "json-too-large"


def test_a_long_key_is_not_repeated_without_end() -> None:
    found = blocks(stdlib.dumps({"k" * 100_000: [{"a": number} for number in range(50)]}))
    assert sum(len(heading) for block in found for heading in block.headings) < 50 * 200


def test_the_sample_catalogue_has_one_leaf_for_each_product() -> None:
    path = Path(__file__).parents[2] / "resources" / "sample" / "products.json"
    reading = read(ReadRequest(str(path), "leaves")).reading
    leaves = [chunk.span.of(reading.text) for chunk in reading.chunks if chunk.is_leaf]
    products = [leaf for leaf in leaves if "id: LO-" in leaf]
    assert len(products) == len(stdlib.loads(path.read_text("utf-8"))["products"])
    assert sum("name: Harbour rain jacket" in leaf and "price: 89.90" in leaf for leaf in leaves) == 1


WORD = st.text("abc계약", min_size=1, max_size=6)
VALUES = st.recursive(
    WORD | st.integers(-9, 9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORD, inner, max_size=4),
    max_leaves=30,
)


@given(VALUES)
def test_no_word_is_lost(value: object) -> None:
    def words(each: object) -> list[str]:
        if isinstance(each, dict):
            return [word for member in each.values() for word in words(member)]
        if isinstance(each, list):
            return [word for member in each for word in words(member)]
        return [each] if isinstance(each, str) else []

    text = "".join(block.text for block in blocks(stdlib.dumps(value)))
    assert sorted(word for word in words(value) if word not in text) == []
