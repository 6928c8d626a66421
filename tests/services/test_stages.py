"""The line of stages: which run, what they say when they do not, and what each does to passages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag_desktop.domain.answers import Passage, Question
from rag_desktop.engines import scripted
from rag_desktop.ranking.context import Surroundings, in_context
from rag_desktop.services import retrieval as retrieving
from rag_desktop.services import stages
from rag_desktop.services.retrieval import USUAL, Found, Mode, Steps
from rag_desktop.services.stages import STAGES, AbsentError, Scene, Stage
from rag_desktop.workers.child import Child
from tests.services.searched import Searched, searched

LEASE = (
    "The lease begins in March and runs for three years.",
    "The rent of the workshop is due each month.",
    "The deposit is three rents, and the tenant pays it before the lease begins.",
)
GARDEN = (
    "Roses are cut in March, before they begin to grow.",
    "The shed holds spades and a rake.",
    "Apples are picked in autumn.",
)


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child("embedder", scripted.embedding_role)
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path, child: Child) -> Iterator[Searched]:
    with searched(tmp_path / "library", child) as made:
        folder = made.folder()
        made.put(folder, "lease.txt", *LEASE, parent=True)
        made.put(folder, "garden.txt", *GARDEN, parent=True)
        made.embed()
        yield made


def search(world: Searched, question: Question, steps: Steps = USUAL, mode: Mode = Mode.HYBRID) -> Found:
    with world.retrieval() as retrieval:
        return retrieval.search(question, mode, steps=steps)


def ran(found: Found) -> list[str]:
    return [each.stage for each in found.stages if each.absent is None]


def traced(found: Found) -> set[str]:
    return {score.stage for each in found.passages for score in each.trace}


def test_all_stages_report_in_order(world: Searched) -> None:
    found = search(world, Question("rent of the workshop"))
    assert [each.stage for each in found.stages] == ["keyword", "vector", "fused", *(stage.name for stage in STAGES)]
    assert all(each.seconds >= 0 for each in found.stages)
    assert found.seconds["total"] >= found.seconds["keyword"] > 0
    assert found.seconds.keys() >= set(ran(found))
    assert found.absent == {"rerank": "reranker-missing"}


def test_a_search_ends_where_it_is_told_to(world: Searched) -> None:
    fused = search(world, Question("rent"), Steps(until="fused"))
    assert [each.stage for each in fused.stages] == ["keyword", "vector", "fused"]
    assert traced(fused) == {"keyword", "vector", "fused"}
    context = search(world, Question("rent"), Steps(until="context"))
    assert [each.stage for each in context.stages][-1] == "context"
    assert "context" in traced(context)


def test_stages_are_left_out_and_put_in(world: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    off = Stage("off", lambda _, passages: passages[::-1], is_on=False)
    monkeypatch.setattr(retrieving, "STAGES", (*STAGES, off))
    usual, without = (
        search(world, Question("rent")),
        search(world, Question("rent"), Steps(without=frozenset({"context"}))),
    )
    also = search(world, Question("rent"), Steps(also=frozenset({"off"})))
    assert usual.absent["off"] == "off"
    assert (without.absent["context"], "context" in traced(without)) == ("left-out", False)
    assert "off" in ran(also)
    assert also.passages == usual.passages[::-1]


def test_typing_waits_for_no_slow_stage_unless_it_is_told_to(world: Searched) -> None:
    typed = Question("rent of the worksho", is_typing=True)
    found = search(world, typed)
    assert {"late", "rerank"} <= {stage for stage, why in found.absent.items() if why == "typing"}
    assert found.passages[0].text == LEASE[1]
    assert "late" in ran(search(world, typed, Steps(also=frozenset({"late"}))))


def test_a_stage_that_cannot_run_says_so_and_the_others_go_on(world: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Scene, __: tuple[Passage, ...]) -> tuple[Passage, ...]:
        raise AbsentError("model-damaged")

    first, *others = STAGES
    monkeypatch.setattr(retrieving, "STAGES", (replace(first, act=failing), *others))
    found = search(world, Question("rent of the workshop"))
    assert found.absent == {"context": "model-damaged", "rerank": "reranker-missing"}
    assert "late" in traced(found)
    assert found.passages[0].text == LEASE[1]


def test_a_passage_whose_parent_has_the_words_goes_before_its_equal(world: Searched) -> None:
    folder = world.folder("/more")
    world.put(folder, "a.txt", "Nothing is said of spiders.", "Bats sleep by day.", parent=True)
    world.put(folder, "b.txt", "Nothing is said of spiders here.", "Whales and dolphins are mammals.", parent=True)
    world.embed()
    query = Question("spiders dolphins")
    order = [each.text for each in search(world, query, Steps(until="context"), Mode.KEYWORD).passages]
    assert order.index("Nothing is said of spiders here.") < order.index("Nothing is said of spiders.")


def test_a_passage_far_into_a_large_parent_has_its_own_cosine(world: Searched, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Surroundings] = []

    def watched(passages: Sequence[Surroundings], rarity: Mapping[str, float]) -> list[float]:
        seen.extend(passages)
        return in_context(passages, rarity)

    paragraphs = [f"Ferns, {number}." for number in range(90)]
    world.put(world.folder("/large"), "ferns.txt", *paragraphs, "Moss grows on the stone wall.", parent=True)
    world.embed()
    monkeypatch.setattr(stages, "in_context", watched)
    found = search(world, Question("moss on the stone wall"))
    assert found.passages[0].text == "Moss grows on the stone wall."
    assert max(each.cosine or 0.0 for each in seen) > 0.5


def test_identifiers_go_before_scores_of_any_scale(world: Searched) -> None:
    """A cross-encoder's scores may lie far below those of passages that it did not read."""
    world.put(world.folder("/more"), "order.txt", "Paid: INV-2024-31.")
    found = search(world, Question("rent INV-2024-31"), Steps(until="fused"), Mode.KEYWORD)
    odd = tuple(replace(each, score=float(place)) for place, each in enumerate(found.passages))
    with world.retrieval() as retrieval:
        asked = retrieval._taken_apart(Question("rent INV-2024-31"))
    ordered = stages.identified(Scene(world.library, asked, (("inv", "2024", "31"),), {}, None, None, "off"), odd)
    assert "INV-2024-31" in ordered[0].text
    others = [each for each in odd if "INV-2024-31" not in each.text]
    assert [each.text for each in ordered[1:]] == [each.text for each in others]


def test_the_same_paragraph_of_two_files_is_one_passage_with_its_twin(world: Searched) -> None:
    world.put(world.folder("/copies"), "copy.txt", LEASE[1], "Something else stands here.")
    world.embed()
    found = search(world, Question("rent of the workshop"))
    first, *others = found.passages
    assert first.text == LEASE[1]
    assert {first.document.path, *(twin.path for twin in first.twins)} == {"/docs/lease.txt", "/copies/copy.txt"}
    assert LEASE[1] not in [each.text for each in others]
    unfolded = search(world, Question("rent of the workshop"), Steps(without=frozenset({"fold"})))
    assert [each.text for each in unfolded.passages].count(LEASE[1]) == 2


def test_merged_passages_are_their_parent_with_the_best_leafs_page(world: Searched) -> None:
    query = "The deposit is three rents, the lease begins and the tenant pays"
    apart, merged = search(world, Question(query, 3)), search(world, Question(query, 3, merges=True))
    assert apart.passages[0].leaf is None
    parent = merged.passages[0]
    assert parent.text == "\n\n".join(LEASE)
    assert parent.leaf == apart.passages[0].chunk
    assert parent.leaf.page_start == 3
    assert parent.trace[-1].stage == "merged"


def test_no_words_come_twice_where_passages_were_merged(world: Searched) -> None:
    """The places that merging freed are not filled with what lies in a parent."""
    for top_k in (2, 3, 4):
        found = search(world, Question("lease rent deposit March", top_k, merges=True)).passages
        spans = [(each.document.id, each.chunk.span) for each in found]
        for place, (document, span) in enumerate(spans):
            for other, inner in spans[place + 1 :]:
                assert document != other or not (span.covers(inner) or inner.covers(span))


def test_late_interaction_needs_the_question_vector(world: Searched) -> None:
    found = search(world, Question("rent"), mode=Mode.KEYWORD)
    assert (found.absent["vector"], found.absent["late"]) == ("not-asked", "vector-absent")


def test_late_interaction_runs_where_it_helps_or_is_asked_for(world: Searched) -> None:
    folder = world.folder()
    world.put(folder, "lease.txt", "The notice period is three months.", "The deposit is two rents.")
    world.embed()
    plain = replace(world.choice, is_late=False)
    with world.retrieval([plain]) as retrieval:
        usual = retrieval.search(Question("notice period"))
        asked = retrieval.search(Question("notice period"), steps=Steps(also=frozenset({"late"})))
    assert usual.absent["late"] == "late-unhelpful"
    assert "late" not in asked.absent
