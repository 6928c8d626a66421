"""Folder names and path patterns, held against a plain matcher; what they choose in a library is in test_selection."""

import fnmatch
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.store.codec import path_to_blob
from rag_desktop.store.matching import FolderName, PathPattern, plain


def fits(steps: Sequence[str], names: Sequence[str]) -> bool:
    """The meaning of a pattern from the root, word for word."""
    if not steps:
        return not names
    if steps[0] == "**":
        return any(fits(steps[1:], names[at:]) for at in range(len(names) + 1))
    return bool(names) and fnmatch.fnmatchcase(names[0], steps[0]) and fits(steps[1:], names[1:])


NAMES = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=5)
STEPS = st.lists(st.just("**") | st.text("ab.*?", min_size=1, max_size=3), min_size=1, max_size=4)


@given(STEPS, NAMES)
def test_a_pattern_from_the_root(steps: list[str], names: list[str]) -> None:
    path = path_to_blob("/" + "/".join(names))
    assert PathPattern("/" + "/".join(steps)).matches(path) == fits(steps, names)
    assert PathPattern("/" + "/".join(steps) + "/").matches(path) == fits([*steps, "**"], names)


@given(STEPS, NAMES)
def test_a_pattern_that_begins_anywhere(steps: list[str], names: list[str]) -> None:
    path = path_to_blob("/" + "/".join(names))
    assert PathPattern("/".join(["x", *steps])).matches(path) is False
    if len(steps) > 1:
        assert PathPattern("/".join(steps)).matches(path) == fits(["**", *steps], names)


@given(st.text("ab.*?[", min_size=1, max_size=4), NAMES)
def test_a_pattern_over_the_name(glob: str, names: list[str]) -> None:
    if glob != "**":
        is_part = not set(glob) & set("*?[") and glob in names[-1]
        matches = PathPattern(glob).matches(path_to_blob("/" + "/".join(names)))
        assert matches == (is_part or fnmatch.fnmatchcase(names[-1], glob))


@pytest.mark.parametrize(
    ("name", "root", "directory", "holds"),
    [
        ("b", "/a/b", "/a/b", True),
        ("b", "/a/b", "/a/b/c/d", True),
        ("a", "/a/b", "/a/b/c", False),
        ("c/d", "/a/b", "/a/b/c/d/e", True),
        ("b/d", "/a/b", "/a/b/c/d", False),
        ("/a/b/c", "/a/b", "/a/b/c/d", True),
        ("/a/b/c", "/a/b", "/a/b/cd", False),
        ("/a", "/a/b", "/a/b", True),
        ("b", None, "/a/b", True),
        ("a", None, "/a/b", False),
        ("a", "/", "/a/b", True),
        ("../b", "/a/b", "/a/b", False),
    ],
)
def test_a_folder_by_its_name(name: str, root: str | None, directory: str, holds: bool) -> None:
    watched = None if root is None else path_to_blob(root)
    assert FolderName(name).holds(watched, path_to_blob(directory)) is holds


@given(st.text())
def test_names_are_compared_without_case_and_composition(name: str) -> None:
    assert plain(plain(name)) == plain(name)
