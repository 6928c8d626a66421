"""Which searches measure the stages, and what must not pass as a figure."""

from pathlib import Path

import pytest

from rag_desktop.domain.answers import Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import scripted
from rag_desktop.services.evaluation import stages
from rag_desktop.services.evaluation.stages import Recipe
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.retrieval import Mode, Retrieval
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child, Limits

BOTH = frozenset(stages.SIGNALS)


def test_each_stage_is_a_search_that_ends_after_it() -> None:
    assert [each.stage for each in stages.recipes(frozenset(), has_vectors=True)] == [
        "keyword", "vector", "fused", *stages.LATER
    ]  # fmt: skip
    assert [each.mode for each in stages.recipes(frozenset(), has_vectors=True)][:3] == [
        Mode.KEYWORD,
        Mode.VECTOR,
        Mode.HYBRID,
    ]


@pytest.mark.parametrize(("left_out", "mode"), [("keyword", Mode.VECTOR), ("vector", Mode.KEYWORD)])
def test_without_a_signal_the_other_one_is_the_search(left_out: str, mode: Mode) -> None:
    recipes = stages.recipes(frozenset({left_out}), has_vectors=True)
    assert left_out not in [each.stage for each in recipes]
    assert {each.mode for each in recipes} == {mode}


def test_without_vectors_words_are_searched_and_nothing_is_no_search() -> None:
    assert {each.mode for each in stages.recipes(frozenset(), has_vectors=False)} == {Mode.KEYWORD}
    for without, has_vectors in ((BOTH, True), (frozenset({"keyword"}), False)):
        with pytest.raises(UserFacingError, match="stages-none"):
            stages.recipes(without, has_vectors=has_vectors)


@pytest.fixture
def retrieval(tmp_path: Path) -> Retrieval:
    """Over a library without vectors though there is a model: what a search by meaning that fails looks like."""
    Library.writer(tmp_path).close()
    child = Child("embedder", scripted.embedding_role, Limits(start_s=60))
    return Retrieval(Library.reader(tmp_path), Embedder(child, "key", "scripted", scripted.DIMENSION), ("*",))


def test_half_a_search_is_not_measured(retrieval: Retrieval) -> None:
    with pytest.raises(UserFacingError, match="evaluation-partial"):
        stages.search(retrieval, Question("lease"), Recipe("fused"), exact=False)


def test_a_question_without_words_finds_nothing(retrieval: Retrieval) -> None:
    assert stages.search(retrieval, Question("?!"), Recipe("keyword"), exact=False).passages == ()


def test_what_a_search_spent_is_told_by_stage(retrieval: Retrieval) -> None:
    found = stages.search(retrieval, Question("lease"), Recipe("keyword"), exact=False)
    spent = stages.milliseconds(found)
    assert spent["total"] >= spent["keyword"] > 0
