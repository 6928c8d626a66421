"""Names of schemes: what there is, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.text.schemes import EXAMPLES, SIZES, Cut, Scheme, is_scheme, scheme


def test_a_name_says_all() -> None:
    assert scheme("leaves") == Scheme(Cut.LEAVES)
    assert scheme("characters:1000/150") == Scheme(Cut.CHARACTERS, 1000, 150)
    assert scheme("tokens:256/0") == Scheme(Cut.TOKENS, 256, 0)
    assert all(map(is_scheme, EXAMPLES))


@pytest.mark.parametrize(
    "name",
    [
        "", "leavez", "Leaves", "characters", "characters:1000", "characters:1000/", "tokens:256/-1", "tokens:0256/20",
        "characters:63/0", "characters:8001/0", "tokens:15/0", "tokens:2049/0", "tokens:256/128", "tokens:٢٥٦/20",
        "tokens:256/20 ", "words:256/20", "characters:1e3/2", "characters:99999999999999999999/1",
    ],
)  # fmt: skip
def test_what_is_no_scheme_is_refused(name: str) -> None:
    assert not is_scheme(name)
    with pytest.raises(ValueError, match="no chunking scheme"):
        scheme(name)


@given(st.sampled_from([Cut.CHARACTERS, Cut.TOKENS]), st.integers(0, 9000), st.integers(0, 5000))
def test_sizes_have_bounds_and_overlap_is_less_than_half(cut: Cut, size: int, overlap: int) -> None:
    least, largest = SIZES[cut]
    assert is_scheme(f"{cut}:{size}/{overlap}") == (least <= size <= largest and 2 * overlap < size)
