"""A second look at passages: through a real child, with a tiny cross-encoder, and where it fails."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.domain.messages import MaxSimRequest, RerankRequest, ScoresReply
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.engines import reranking as engine
from rag_desktop.services.reranking import late_interaction, rerank, suits
from rag_desktop.workers.child import Child
from tests.engines import crossing


def passages(*texts: str) -> tuple[Passage, ...]:
    return tuple(passage(number, text, 1.0 - number / 10) for number, text in enumerate(texts))


def passage(number: int, text: str, score: float, headings: tuple[str, ...] = ()) -> Passage:
    chunk = Chunk(ChunkId(number), DocumentId(number), 0, None, Span(0, len(text)), None, None, headings)
    document = Document(DocumentId(number), f"/{number}.txt", "text", None)
    return Passage(chunk, document, text, score, (StageScore("fused", score),))


def texts(found: tuple[Passage, ...]) -> list[str]:
    return [each.text for each in found]


@pytest.fixture(scope="module")
def counting() -> Iterator[Child]:
    """A child that counts the words of each text that the question has too."""
    child = Child("embedder", _counting)
    yield child
    child.close()


@pytest.fixture(scope="module")
def failing() -> Iterator[Child]:
    child = Child("embedder", _failing)
    yield child
    child.close()


@pytest.mark.filterwarnings("default")  # the libraries' own deprecations are theirs
def test_a_cross_encoder_changes_the_order(tmp_path: Path) -> None:
    child = Child("embedder", partial(_crossing, crossing.write(tmp_path / "tiny")))
    found = passages("zebra grass river boiler", "boiler invoice river", "holiday lease notice zebra")
    try:
        by_lease = rerank(child, "lease", found)
        by_invoice = rerank(child, "invoice", found)
    finally:
        child.close()
    assert by_lease.missed is None
    assert by_lease.passages[0].text == "holiday lease notice zebra"
    assert by_invoice.passages[0].text == "boiler invoice river"
    assert by_lease.passages[0].score > 0.9
    assert by_lease.passages[0].trace == (StageScore("fused", 0.8), StageScore("rerank", by_lease.passages[0].score))


def test_only_the_first_are_read_and_the_others_stay_behind_them(counting: Child) -> None:
    found = passages("x", "lease", "y", "lease lease")
    ranked = rerank(counting, "lease", found, most=3).passages
    assert texts(ranked) == ["lease", "x", "y", "lease lease"]
    assert ranked[3] is found[3]


def test_equal_scores_keep_their_order(counting: Child) -> None:
    assert texts(rerank(counting, "lease", passages("c", "b", "a")).passages) == ["c", "b", "a"]


def test_headings_are_read_too(counting: Child) -> None:
    found = (passage(0, "x", 1.0), passage(1, "three months", 0.9, ("Lease",)))
    assert texts(rerank(counting, "Lease", found).passages) == ["three months", "x"]


def test_late_interaction_moves_a_passage_as_far_as_its_weight_allows(counting: Child) -> None:
    found = passages("x", "y", "lease", "lease lease", "lease lease lease")
    assert texts(late_interaction(counting, "lease", found, most=3, weight=1.0).passages)[0] == "lease"
    assert texts(late_interaction(counting, "lease", found, most=3, weight=0.01).passages) == texts(found)
    ranked = late_interaction(counting, "lease", found, most=3, weight=1.0).passages
    assert ranked[0].score == pytest.approx(1.8)
    assert ranked[0].trace[-1] == StageScore("late", 1.0)
    assert ranked[3:] == found[3:]
    assert [each.score for each in ranked] == sorted((each.score for each in ranked), reverse=True)


def test_nothing_to_look_at(failing: Child) -> None:
    assert rerank(failing, "lease", ()).passages == ()
    assert late_interaction(failing, "lease", passages("x"), most=0).passages == passages("x")


def test_a_failure_is_told_and_leaves_the_order(failing: Child, caplog: pytest.LogCaptureFixture) -> None:
    found = passages("x", "lease")
    with caplog.at_level(logging.WARNING):
        for ranked in (rerank(failing, "lease", found), late_interaction(failing, "lease", found)):
            assert ranked.passages == found
            assert isinstance(ranked.missed, UserFacingError)
            assert (ranked.missed.code, ranked.missed.arguments) == ("model-damaged", {"name": "tiny"})
    assert len([record for record in caplog.records if "model-damaged" in record.message]) == 2


@pytest.mark.parametrize(
    ("mode", "question", "languages", "is_suited"),
    [
        ("off", "lease", ("en",), False),
        ("on", "임대차 계약", ("en",), True),
        ("auto", "lease", ("en",), True),
        ("auto", "임대차 계약", ("en",), False),
        ("auto", "임대차 계약", ("*",), True),
        ("auto", "임대차 계약 lease term of the agreement in Seoul", ("en",), True),
    ],
)
def test_which_questions_a_cross_encoder_reads(
    mode: str, question: str, languages: tuple[str, ...], is_suited: bool
) -> None:
    assert suits(mode, question, languages) is is_suited


def _counting(_stop: StopSign) -> Serve:
    def serve(request: RerankRequest | MaxSimRequest) -> Iterator[ScoresReply]:
        wanted = set(request.question.split())
        yield ScoresReply(tuple(float(sum(word in wanted for word in text.split())) for text in request.texts))

    return serve


def _failing(_stop: StopSign) -> Serve:
    def serve(request: RerankRequest | MaxSimRequest) -> Iterator[ScoresReply]:
        if request.texts:
            raise UserFacingError("model-damaged", name="tiny")
        yield ScoresReply(())

    return serve


def _crossing(folder: Path, stop: StopSign) -> Serve:
    score = engine.load(folder, 1, stop)

    def serve(request: RerankRequest) -> Iterator[ScoresReply]:
        yield ScoresReply(score(request.question, request.texts))

    return serve
