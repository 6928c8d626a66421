"""Which searches measure the stages, and what must not pass as a figure."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag_desktop.domain.answers import Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines import scripted
from rag_desktop.services.evaluation import stages
from rag_desktop.services.evaluation.stages import Recipe
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.retrieval import Mode, Retrieval
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.services.stages import STAGES
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child, Limits

BOTH = frozenset(stages.SIGNALS)


ON = [stage.name for stage in STAGES if stage.is_on]
NONE: frozenset[str] = frozenset()


def test_each_stage_that_is_on_is_a_search_that_ends_after_it() -> None:
    recipes = stages.recipes(NONE, NONE, has_vectors=True)
    assert [each.stage for each in recipes] == ["keyword", "vector", "fused", *ON]
    assert [each.mode for each in recipes] == [Mode.KEYWORD, Mode.VECTOR, *[Mode.HYBRID] * (len(ON) + 1)]
    assert [each.steps.until for each in recipes] == ["fused", "fused", "fused", *ON]


def test_a_stage_that_is_off_is_measured_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    off = replace(STAGES[1], is_on=False)
    monkeypatch.setattr(stages, "STAGES", (STAGES[0], off, *STAGES[2:]))
    assert off.name not in [each.stage for each in stages.recipes(NONE, NONE, has_vectors=True)]
    wanted = stages.recipes(NONE, frozenset({off.name}), has_vectors=True)
    assert off.name in [each.stage for each in wanted]
    assert all(each.steps.also == {off.name} for each in wanted)


def test_a_stage_that_is_left_out_is_left_out_of_all_searches() -> None:
    recipes = stages.recipes(frozenset({ON[0]}), NONE, has_vectors=True)
    assert [each.stage for each in recipes] == ["keyword", "vector", "fused", *ON[1:]]
    assert all(each.steps.without == {ON[0]} for each in recipes)


@pytest.mark.parametrize(("left_out", "mode"), [("keyword", Mode.VECTOR), ("vector", Mode.KEYWORD)])
def test_without_a_signal_the_other_one_is_the_search(left_out: str, mode: Mode) -> None:
    recipes = stages.recipes(frozenset({left_out}), NONE, has_vectors=True)
    assert left_out not in [each.stage for each in recipes]
    assert {each.mode for each in recipes} == {mode}


def test_without_vectors_words_are_searched_and_nothing_is_no_search() -> None:
    assert {each.mode for each in stages.recipes(NONE, NONE, has_vectors=False)} == {Mode.KEYWORD}
    for without, has_vectors in ((BOTH, True), (frozenset({"keyword"}), False)):
        with pytest.raises(UserFacingError, match="stages-none"):
            stages.recipes(without, NONE, has_vectors=has_vectors)


@pytest.fixture
def retrieval(tmp_path: Path) -> Iterator[Retrieval]:
    """Over a library without vectors though there is a model: what a search by meaning that fails looks like."""
    Library.writer(tmp_path).close()
    child = Child("embedder", scripted.embedding_role, Limits(start_s=60))
    choice = EmbedderChoice(Embedder(child, "key", "scripted", scripted.DIMENSION), ("*",), None)
    with Library.reader(tmp_path) as library:
        yield Retrieval(library, [choice])
    child.close()


def test_half_a_search_is_not_measured(retrieval: Retrieval) -> None:
    with pytest.raises(UserFacingError, match="evaluation-partial"):
        stages.search(retrieval, Question("lease"), Recipe("fused"), exact=False)


def test_a_question_without_words_finds_nothing(retrieval: Retrieval) -> None:
    assert stages.search(retrieval, Question("?!"), Recipe("keyword"), exact=False).passages == ()


def test_what_a_search_spent_is_told_by_stage(retrieval: Retrieval) -> None:
    found = stages.search(retrieval, Question("lease"), Recipe("keyword"), exact=False)
    spent = stages.milliseconds(found)
    assert spent["total"] >= spent["keyword"] > 0
