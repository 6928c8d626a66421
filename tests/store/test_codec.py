"""What is written in a column comes back as it was."""

import os

from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Run
from rag_desktop.store.codec import (
    path_from_blob,
    path_to_blob,
    words_from_json,
    words_to_json,
)
from rag_desktop.text.runs import pack_runs, unpack_runs

positions = st.integers(0, 2**31 - 2)
runs = st.builds(Run, positions, st.none() | positions, st.none() | st.integers(1, 2**31 - 2))
words = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_a_file_name_of_any_bytes_comes_back(name: bytes) -> None:
    path = os.fsdecode(b"/" + name)
    assert path_from_blob(path_to_blob(path)) == path


def test_a_path_is_stored_as_the_bytes_it_has_on_disk() -> None:
    assert path_to_blob("/한글/ä") == "/한글/ä".encode()


@given(st.lists(runs, max_size=50))
def test_runs_come_back(given_runs: list[Run]) -> None:
    assert unpack_runs(pack_runs(given_runs)) == tuple(given_runs)


def test_runs_of_a_long_book_are_small() -> None:
    book = [Run(page * 3_000 + line * 80, line * 81, page + 1) for page in range(500) for line in range(37)]
    assert len(pack_runs(book)) < 40_000


@given(st.lists(words, max_size=8))
def test_words_come_back(given_words: list[str]) -> None:
    assert words_from_json(words_to_json(given_words)) == tuple(given_words)


def test_no_words_are_null() -> None:
    assert words_to_json(()) is None
    assert words_from_json(None) == ()
