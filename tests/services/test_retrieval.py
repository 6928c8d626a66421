"""Searching a real library with the scripted engine: what may come back, in which order, and what is said of it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_desktop.domain.answers import Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.filters import Filters
from rag_desktop.domain.messages import EmbedReply, EmbedRequest
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.engines import scripted
from rag_desktop.services import signals
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.services.retrieval import Found, Mode, Retrieval, Steps
from rag_desktop.workers.child import Child
from tests.services.searched import Searched, choice_of, searched

EVERY_MODE = (Mode.HYBRID, Mode.KEYWORD, Mode.VECTOR)
NOTICE = "The notice period of the lease is three months to the end of a quarter."
BOILER = "The boiler in the cellar is serviced each May by the Hansen company."
VACATION = "1년 이상 근무한 직원의 연차 휴가는 15일이며 다음 해로 넘길 수 없다."


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    made = Child("embedder", scripted.embedding_role)
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path, child: Child) -> Iterator[Searched]:
    with searched(tmp_path / "library", child) as made:
        yield made


@pytest.fixture
def office(world: Searched) -> Searched:
    """Three documents of a paragraph each, and one of several."""
    folder = world.folder()
    world.put(folder, "lease.txt", NOTICE, day=3)
    world.put(folder, "boiler.txt", BOILER, day=2)
    world.put(folder, "휴가.txt", VACATION, day=1)
    world.put(folder, "orders.txt", "Order INV-2024-31 was paid.", "Order INV-2024-32 was not paid in May.", day=4)
    world.embed()
    return world


@pytest.fixture
def retrieval(office: Searched) -> Iterator[Retrieval]:
    with office.retrieval() as made:
        yield made


def texts(found: Found) -> list[str]:
    return [each.text for each in found.passages]


def names(found: Found) -> list[str]:
    return [Path(each.document.path).name for each in found.passages]


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_the_passage_with_the_words_is_first_and_says_why(retrieval: Retrieval, mode: Mode) -> None:
    found = retrieval.search(Question("How long is the notice period of the lease?"), mode)
    assert texts(found)[0] == NOTICE
    assert found.mode is mode
    seen = {score.stage for score in found.passages[0].trace}
    assert seen >= {"fused", *({"keyword", "vector"} if mode is Mode.HYBRID else {mode.value})}
    assert found.is_relevant


def test_scores_fall_and_no_more_than_wanted_come_back(retrieval: Retrieval) -> None:
    found = retrieval.search(Question("order paid May", top_k=3))
    scores = [each.score for each in found.passages]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_quoted_words_stand_in_every_passage(world: Searched, mode: Mode) -> None:
    folder = world.folder()
    for number in range(150):  # more than a signal puts forward, and all nearer in meaning
        world.put(folder, f"{number}.txt", f"Red bicycle, bicycle red, number {number}.")
    world.put(
        folder, "said.txt", "In a long text about something else entirely somebody once sold a red bicycle of his."
    )
    world.put(folder, "headed.txt", "It was sold.", headings=("The red bicycle of 1950",))
    world.embed()
    with world.retrieval() as retrieval:
        found = retrieval.search(Question('"red bicycle of"'), mode)
    assert sorted(names(found)) == ["headed.txt", "said.txt"]
    assert not found.is_inexact


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_several_phrases_must_all_stand_there_and_filters_hold_too(office: Searched, mode: Mode) -> None:
    with office.retrieval() as retrieval:
        both = retrieval.search(Question('"notice period" "three months"'), mode)
        narrowed = retrieval.search(Question('"paid" -May type:txt'), mode)
    assert texts(both) == [NOTICE]
    assert texts(narrowed) == ["Order INV-2024-31 was paid."]


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_where_quoted_words_stand_nowhere_the_nearest_are_found_and_it_is_said(
    retrieval: Retrieval, mode: Mode
) -> None:
    found = retrieval.search(Question('"period of notice" lease -boiler'), mode)
    elsewhere = retrieval.search(Question('"boiler notice" path:boiler*'), mode)
    assert (texts(found)[0], found.is_inexact) == (NOTICE, True)
    assert BOILER not in texts(found)
    assert (names(elsewhere), elsewhere.is_inexact) == (["boiler.txt"], True)


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_an_excluded_word_stands_in_no_passage(office: Searched, mode: Mode) -> None:
    for number in range(150):
        office.put(office.library.folders.all()[0], f"{number}.txt", f"The draft of a lease, number {number}.")
    office.embed()
    with office.retrieval() as retrieval:
        found = retrieval.search(Question("lease -draft", top_k=50), mode)
        assert NOTICE in texts(found)
        assert not any("draft" in text for text in texts(found))
        assert "draft" in texts(retrieval.search(Question("lease"), mode))[0]


def test_an_identifier_comes_first(retrieval: Retrieval) -> None:
    found = retrieval.search(Question("was order INV-2024-32 paid, order paid, the order was paid"))
    assert "INV-2024-32" in texts(found)[0]
    assert found.passages[0].trace[-1].stage == "identifiers"
    without = Steps(without=frozenset({"identifiers"}))
    kept = retrieval.search(Question("order INV-2024-32"), steps=without)
    assert all(score.stage != "identifiers" for each in kept.passages for score in each.trace)


def test_filters_alone_list_the_newest_documents(retrieval: Retrieval) -> None:
    found = retrieval.search(Question("type:txt", top_k=3))
    assert names(found) == ["orders.txt", "lease.txt", "boiler.txt"]
    assert (found.stages[0].stage, found.is_relevant) == ("newest", False)
    assert names(retrieval.search(Question("", filters=Filters(globs=("boiler*",))))) == ["boiler.txt"]
    without = ["lease.txt", "boiler.txt"]
    assert names(retrieval.search(Question("type:txt -INV", top_k=2))) == without
    assert names(retrieval.search(Question("-INV", top_k=2, filters=Filters(formats=("txt",))))) == without


def test_what_is_typed_goes_before_what_was_chosen(retrieval: Retrieval) -> None:
    chosen = Filters(globs=("boiler*",))
    assert names(retrieval.search(Question("lease", filters=chosen))) == ["boiler.txt"]
    assert names(retrieval.search(Question("lease path:lease*", filters=chosen))) == ["lease.txt"]


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize("query", ["lease type:pdf", "type:pdf", '"notice period" in:nowhere', "lease -draft type:pdf"])
def test_filters_that_leave_nothing_find_nothing(retrieval: Retrieval, mode: Mode, query: str) -> None:
    found = retrieval.search(Question(query), mode)
    assert (found.passages, found.is_relevant) == ((), False)
    assert found.query.filters


@pytest.mark.parametrize("mode", EVERY_MODE)
@pytest.mark.parametrize("query", ["notice period lease", '"notice period"', "type:txt", "lease in:gone"])
def test_a_removed_folder_never_appears(office: Searched, mode: Mode, query: str) -> None:
    gone = office.folder("/gone")
    for number in range(150):
        office.put(gone, f"{number}.txt", f"The notice period of lease {number}.", day=9)
    office.embed()
    with office.retrieval() as retrieval:
        assert any(each.document.path.startswith("/gone") for each in retrieval.search(Question(query), mode).passages)
        with office.library.transaction():
            office.library.folders.mark_removed(gone.id)
        found = retrieval.search(Question(query, top_k=200), mode)
    assert not any(each.document.path.startswith("/gone") for each in found.passages)
    assert (NOTICE in texts(found)) is (query != "lease in:gone")


def test_exact_search_and_the_graph_agree(office: Searched) -> None:
    (space,) = office.library.vectors.spaces()
    graph = Neighbours(office.library, space).index
    with office.retrieval(index=lambda _: graph) as retrieval:
        for query in ("When is the boiler serviced?", "order -INV-2024-31", "lease path:lease*", '"was not"'):
            for mode in (Mode.VECTOR, Mode.HYBRID):
                quick, exact = (retrieval.search(Question(query), mode, exact=each) for each in (False, True))
                assert texts(quick) == texts(exact)
                assert quick.relevance == pytest.approx(exact.relevance, abs=1e-5)


@pytest.mark.parametrize(
    "query", ["When does the Hansen company service the boiler?", "직원의 연차 휴가는 다음 해로 넘길 수 있나?"]
)
def test_a_question_about_the_library_is_relevant(retrieval: Retrieval, query: str) -> None:
    for mode in (Mode.HYBRID, Mode.KEYWORD):
        found = retrieval.search(Question(query), mode)
        assert found.is_relevant
        assert found.relevance > 0.5


@pytest.mark.parametrize(
    "query", ["Who composed the opera about the flying whale?", "월드컵에서 어느 나라가 우승했나요?"]
)
def test_a_question_about_something_else_is_not(retrieval: Retrieval, query: str) -> None:
    for mode in (Mode.HYBRID, Mode.KEYWORD):
        found = retrieval.search(Question(query), mode)
        assert not found.is_relevant
        assert found.relevance < 0.2


def test_a_library_of_one_passage_knows_what_it_is_about(world: Searched) -> None:
    """Nearly every word of any question stands in no passage of it; those that do must not count for little."""
    world.put(world.folder(), "lease.txt", NOTICE)
    with world.retrieval([]) as retrieval:
        assert retrieval.search(Question("How long is the notice period?")).is_relevant
        assert not retrieval.search(Question("Who pays for the red bicycle in the end?")).is_relevant


def test_a_model_that_cannot_read_the_question_is_not_asked(office: Searched, child: Child) -> None:
    with office.retrieval([choice_of(child, ["en"])]) as retrieval:
        found = retrieval.search(Question("연차 휴가는 며칠인가요?"))
    assert texts(found)[0] == VACATION
    assert found.absent["vector"] == "question-unreadable"
    assert found.absent["late"] == "vector-absent"
    assert found.mode is Mode.HYBRID


def test_without_a_model_words_are_searched_and_it_is_said(office: Searched) -> None:
    with office.retrieval([]) as retrieval:
        found = retrieval.search(Question("notice period"))
        with pytest.raises(UserFacingError, match="vectors-missing"):
            retrieval.search(Question("notice period"), Mode.VECTOR)
    assert (texts(found)[0], found.mode, found.absent["vector"]) == (NOTICE, Mode.KEYWORD, "embedder-missing")
    assert found.is_relevant


def test_before_there_are_vectors_words_are_searched_and_it_is_said(world: Searched) -> None:
    world.put(world.folder(), "lease.txt", NOTICE)
    with world.retrieval() as retrieval:
        found = retrieval.search(Question("notice period"))
        with pytest.raises(UserFacingError, match="vectors-missing"):
            retrieval.search(Question("notice period"), Mode.VECTOR)
        world.embed()
        later = retrieval.search(Question("notice period"))
    assert (texts(found), found.mode, found.absent["vector"]) == ([NOTICE], Mode.KEYWORD, "vectors-missing")
    assert later.mode is Mode.HYBRID


def test_a_child_that_fails_leaves_the_words_and_it_is_said(office: Searched, caplog: pytest.LogCaptureFixture) -> None:
    broken = Child("embedder", _broken)
    try:
        with office.retrieval([choice_of(broken)]) as retrieval, caplog.at_level(logging.WARNING):
            found = retrieval.search(Question("notice period"))
            with pytest.raises(UserFacingError, match="model-damaged"):
                retrieval.search(Question("notice period"), Mode.VECTOR)
    finally:
        broken.close()
    assert (texts(found)[0], found.mode, found.absent["vector"]) == (NOTICE, Mode.KEYWORD, "model-damaged")
    assert found.is_relevant
    assert "search by meaning failed" in caplog.text


def test_the_vector_of_a_question_is_kept_a_while(
    office: Searched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counted = Child("embedder", _counted(tmp_path / "asked"))
    monkeypatch.setattr(signals, "_KEPT_VECTORS", 2)
    without = Steps(until="fused")

    def asked() -> int:
        return (tmp_path / "asked").stat().st_size

    try:
        with office.retrieval([choice_of(counted)]) as retrieval:
            first = retrieval.search(Question("notice period"), steps=without)
            again = retrieval.search(Question("notice period"), steps=without)
            narrowed = retrieval.search(Question("notice period path:lease*"), steps=without)
            assert asked() == 1
            assert texts(first) == texts(again)
            assert texts(narrowed) == [NOTICE]
            for query in ("boiler", "order", "notice period"):
                retrieval.search(Question(query), steps=without)
            assert asked() == 4
            retrieval.search(Question("order"), steps=without)
            assert asked() == 4
    finally:
        counted.close()


ODD = ["?!", "😀🙈", " ", "", '""', "-", "…"]


@pytest.mark.parametrize("query", ODD)
@pytest.mark.parametrize("mode", EVERY_MODE)
def test_a_question_without_a_word_is_none(retrieval: Retrieval, query: str, mode: Mode) -> None:
    with pytest.raises(UserFacingError, match="question-empty"):
        retrieval.search(Question(query), mode)


@pytest.mark.parametrize(
    "query", ["the of and", "ㄱㄴㄷ", "ㅎ", "법", "-draft", "a" * 8000, "notice " * 1000, "가나다" * 2000]
)
@pytest.mark.parametrize("is_typing", [False, True])
def test_odd_questions_are_searched(retrieval: Retrieval, query: str, is_typing: bool) -> None:
    for mode in EVERY_MODE:
        assert retrieval.search(Question(query, is_typing=is_typing), mode).query.text


@settings(max_examples=60)
@given(
    st.text(st.characters(codec="utf-8") | st.sampled_from('"-:,“”가 ㄱ.*'), max_size=60), st.sampled_from(EVERY_MODE)
)
def test_nothing_that_is_typed_can_break_a_search(endless: Retrieval, query: str, mode: Mode) -> None:
    try:
        found = endless.search(Question(query), mode)
    except UserFacingError as error:
        if error.code != "question-empty":
            raise
    else:
        assert 0 <= found.relevance <= 1


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory, child: Child) -> Iterator[Retrieval]:
    with searched(tmp_path_factory.mktemp("endless"), child) as world:
        folder = world.folder()
        world.put(folder, "a.txt", NOTICE, BOILER, VACATION, parent=True)
        world.put(folder, "b.txt", BOILER)
        world.embed()
        with world.retrieval() as retrieval:
            yield retrieval


@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.KEYWORD])
def test_an_empty_library_finds_nothing(world: Searched, mode: Mode) -> None:
    with world.retrieval() as retrieval:
        found = retrieval.search(Question("notice period"), mode)
    assert (found.passages, found.is_relevant) == ((), False)


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_one_passage_is_found(world: Searched, mode: Mode) -> None:
    world.put(world.folder(), "lease.txt", NOTICE)
    world.embed()
    with world.retrieval() as retrieval:
        assert texts(retrieval.search(Question("notice period"), mode)) == [NOTICE]


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_a_hundred_copies_are_one_passage_that_names_the_others(world: Searched, mode: Mode) -> None:
    folder = world.folder()
    for number in range(100):
        world.put(folder, f"{number}.txt", NOTICE)
    world.embed()
    with world.retrieval() as retrieval:
        (found,) = retrieval.search(Question("notice period"), mode).passages
    assert len({found.document.id, *(twin.id for twin in found.twins)}) == 100


def test_an_identifier_that_stands_everywhere_names_nothing(world: Searched) -> None:
    folder = world.folder()
    for number in range(25):
        world.put(folder, f"{number}.txt", f"Sample {number} was treated with IL-6 for {number} days, as IL-6 asks.")
    world.put(folder, "rare.txt", "The receptor of IL-77 was never found in any sample at all.")
    world.embed()
    with world.retrieval() as retrieval:
        common, rare = (retrieval.search(Question(f"receptor {name}")) for name in ("IL-6", "IL-77"))
    assert not any(score.stage == "identifiers" for each in common.passages for score in each.trace)
    assert names(rare)[0] == "rare.txt"
    assert any(score.stage == "identifiers" for score in rare.passages[0].trace)


def test_copies_crowd_nothing_out(world: Searched) -> None:
    folder = world.folder()
    for number in range(130):
        world.put(folder, f"{number}.txt", NOTICE)
    world.put(folder, "other.txt", "A period of grace of one week is granted on request, whatever the notice says.")
    world.embed()
    with world.retrieval() as retrieval:
        found = retrieval.search(Question("notice period"))
    assert len(found.passages) == 2
    assert "other.txt" in names(found)


def _broken(_stop: StopSign) -> Serve:
    def serve(request: EmbedRequest) -> Iterator[EmbedReply]:
        if request.texts:
            raise UserFacingError("model-damaged", name="scripted")
        yield EmbedReply((), 1, b"")

    return serve


class _counted:  # noqa: N801 - a role that is picklable
    """The scripted role, which leaves a byte in a file for each request."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, stop: StopSign) -> Serve:
        serve = scripted.embedding_role(stop)

        def counting(request: EmbedRequest) -> Iterator[EmbedReply]:
            with self._file.open("ab") as file:
                file.write(b".")
            yield from serve(request)

        return counting
