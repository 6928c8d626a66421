"""Which model answers while another embeds, what becomes of old vectors, and which model the documents ask for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag_desktop.domain.ids import ChunkId
from rag_desktop.domain.models import Model, ModelFile, ModelKind
from rag_desktop.domain.status import ListedModel
from rag_desktop.engines import scripted
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.library import mark_removed, restore, status
from rag_desktop.services.neighbours import FollowingIndex, Neighbours
from rag_desktop.services.retiring import retire
from rag_desktop.services.spaces import EmbedderChoice, Serving, recommended, scripts_of
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.scripts import Script
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child
from tests.store import material

OLD, NEW, THIRD = (
    EmbedderChoice(Embedder(Child("none", scripted.embedding_role), name, name, material.DIMENSION), ("*",), None)
    for name in ("old", "new", "third")
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as one:
        put(one, *(f"Paragraph {number}." for number in range(20)))
        yield one


def put(library: Library, *paragraphs: str, path: str = "/docs/a", folder: str = "/docs") -> None:
    with library.transaction():
        material.put(library, material.watched(library, folder).id, path, paragraphs)


def space_of(library: Library, choice: EmbedderChoice) -> SpaceRow:
    with library.transaction():
        return library.vectors.space(choice.embedder.key, choice.embedder.model, choice.embedder.dimension)


def embed(library: Library, choice: EmbedderChoice, limit: int = 1000) -> None:
    material.embed_pending(library, space_of(library, choice), limit)


# serving


def test_without_a_model_none_answers(library: Library) -> None:
    assert Serving(library, ()).choice() is None


def test_one_model_answers_from_its_first_vector(library: Library) -> None:
    assert Serving(library, [NEW]).choice() is NEW
    assert Serving(library, [NEW, OLD]).choice() is NEW, "nothing is there: none is better than the other"


def test_the_old_model_answers_until_the_last_leaf_is_embedded(library: Library) -> None:
    embed(library, OLD)
    with Library.reader(library.folder) as reader:
        serving = Serving(reader, [NEW, OLD])
        assert serving.choice() is OLD
        for _ in range(19):
            embed(library, NEW, 1)
            assert serving.choice() is OLD
        embed(library, NEW, 1)
        assert serving.choice() is NEW
        assert Serving(reader, [NEW, OLD]).choice() is NEW
        assert Serving(reader, [OLD, NEW]).choice() is OLD, "going back costs nothing"


def test_leaves_that_come_meanwhile_are_the_new_model_s(library: Library) -> None:
    embed(library, OLD)
    serving = Serving(library, [NEW, OLD])
    assert serving.choice() is OLD
    put(library, "Come later.", path="/docs/b")
    embed(library, NEW, 20)
    assert serving.choice() is NEW, "all that the old one finds, the new one does"


def test_leaves_embedded_in_any_order_are_found_out(library: Library) -> None:
    embed(library, OLD)
    serving = Serving(library, [NEW, OLD])
    space = space_of(library, NEW)
    for chunk in reversed(library.vectors.pending(space.id, ChunkId(0), 1000)):
        assert serving.choice() is OLD
        with library.transaction():
            library.vectors.add(space.id, [(chunk.id, material.vector_of(chunk.digest))])
    assert serving.choice() is NEW


def test_what_may_not_be_shown_keeps_no_model_in_office(library: Library) -> None:
    put(library, "Elsewhere.", path="/away/a", folder="/away")
    embed(library, OLD)
    mark_removed(library, "/away")
    embed(library, NEW)
    assert Serving(library, [NEW, OLD]).choice() is NEW
    row = library.folders.at("/away")
    assert row is not None
    restore(library, row)
    assert Serving(library, [NEW, OLD]).choice() is OLD


def test_a_few_leaves_that_wait_keep_no_model_in_office_that_finds_less(library: Library) -> None:
    put(library, "Paused.", path="/paused/a", folder="/paused")
    embed(library, OLD)
    with library.transaction():
        row = library.folders.at("/paused")
        assert row is not None
        library.folders.set_paused(row.id, paused=True)
    embed(library, NEW)
    assert Serving(library, [NEW, OLD]).choice() is OLD
    put(library, "One.", "Two.", path="/docs/b")
    embed(library, NEW)
    assert Serving(library, [NEW, OLD]).choice() is NEW


def test_of_several_others_the_fullest_answers(library: Library) -> None:
    embed(library, THIRD, 12)
    embed(library, OLD, 15)
    assert Serving(library, [NEW, THIRD, OLD]).choice() is OLD


def test_a_model_that_is_not_installed_cannot_answer(library: Library) -> None:
    embed(library, OLD)
    embed(library, NEW, 3)
    assert Serving(library, [NEW]).choice() is NEW


def test_status_says_who_answers(library: Library) -> None:
    embed(library, OLD)
    embed(library, NEW, 3)
    look = status(library, [NEW, OLD])
    assert [(space.model, space.pending, space.is_serving) for space in look.spaces] == [
        ("old", 0, True),
        ("new", 17, False),
    ]
    assert not any(space.is_serving for space in status(library).spaces)
    assert look.recommended is None


# a reader's index


def test_an_index_follows_its_own_space_and_heeds_no_other(library: Library) -> None:
    embed(library, OLD)
    Neighbours(library, space_of(library, OLD)).snapshot()
    with Library.reader(library.folder) as reader:
        following = FollowingIndex(reader, space_of(library, OLD), exact=False)
        index = following.current()
        assert isinstance(index, HnswIndex)
        embed(library, NEW)
        assert following.current() is index
        put(library, *(f"Paragraph {number}." for number in range(19)), "Other words.")
        embed(library, OLD)
        assert following.current() is index, "changes are replayed"
        assert index.labels == library.vectors.chunk_ids(space_of(library, OLD).id)
        put(library, "More.", path="/docs/b")
        embed(library, OLD)
        Neighbours(library, space_of(library, OLD)).snapshot()
        put(library, "Still more.", path="/docs/c")
        embed(library, OLD)
        again = following.current()
        assert again is not index, "the ledger forgot what the snapshot holds"
        assert isinstance(again, HnswIndex)
        assert again.labels == library.vectors.chunk_ids(space_of(library, OLD).id)


def test_an_exact_index_is_read_again_when_its_space_changed(library: Library) -> None:
    embed(library, OLD, 10)
    following = FollowingIndex(library, space_of(library, OLD), exact=True)
    index = following.current()
    assert len(index) == 10
    embed(library, NEW)
    assert following.current() is index
    embed(library, OLD)
    assert len(following.current()) == 20
    assert following.current().search(np.ones(material.DIMENSION, np.float32), 3)


# retiring


def spaces(library: Library) -> dict[str, int]:
    return {space.key: library.vectors.count(space.id) for space in library.vectors.spaces()}


def test_the_model_before_keeps_its_vectors_and_earlier_ones_lose_theirs(library: Library) -> None:
    embed(library, THIRD)
    Neighbours(library, space_of(library, THIRD)).snapshot()
    put(library, "Later.", path="/docs/b")
    for choice in (OLD, NEW):
        embed(library, choice)
        Neighbours(library, space_of(library, choice)).snapshot()
    third = space_of(library, THIRD)
    retire(library, space_of(library, NEW))
    assert spaces(library) == {"old": 21, "new": 21}
    assert library.vectors.snapshot(third.id) is None
    assert not list((library.folder / "vectors").glob(f"{third.id}-*"))
    assert len(list((library.folder / "vectors").glob("*.hnsw"))) == 2
    assert not list(library.connection.execute("SELECT 1 FROM ledger WHERE space_id = ?", (third.id,)))
    retire(library, space_of(library, OLD))
    assert spaces(library) == {"old": 21, "new": 21}
    assert library.vectors.space("fourth", "fourth", 8).id > max(third.id, space_of(library, NEW).id)


def test_other_work_goes_first_and_the_rest_follows(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag_desktop.store.vectors._DROPPED_AT_A_TIME", 4)
    for choice in (THIRD, OLD, NEW):
        embed(library, choice, 10 if choice is THIRD else 1000)
    asked = iter([False, False, True])
    retire(library, space_of(library, NEW), lambda: next(asked))
    assert spaces(library) == {"third": 2, "old": 20, "new": 20}
    retire(library, space_of(library, NEW))
    assert spaces(library) == {"old": 20, "new": 20}


# recommending


def listed(
    name: str, *languages: str, kind: ModelKind = ModelKind.EMBEDDER, installed: bool = False, used: bool = False
) -> ListedModel:
    model = Model(name, name.title(), kind, (ModelFile("x", 1, "0" * 64, ()),), "MIT", 128, languages)
    return ListedModel(model, installed, used)


ENGLISH = listed("english", "en", installed=True, used=True)
MANY = listed("many", "*")
KOREAN = listed("korean", "ko", "en", installed=True)
WRITER = listed("writer", "*", kind=ModelKind.GENERATOR, installed=True, used=True)


def test_english_documents_ask_for_nothing_else(library: Library) -> None:
    assert scripts_of(library) == {Script.LATIN: 20}
    assert recommended(library, [WRITER, ENGLISH, MANY]) is None


def test_a_script_that_the_model_cannot_read_asks_for_one_that_can(library: Library) -> None:
    put(library, "임대차 계약은 2031년에 끝난다.", "연못이 두 개 있다.", path="/docs/계약")
    found = recommended(library, [WRITER, ENGLISH, MANY])
    assert found is not None
    assert (found.model.name, found.is_installed, found.used.name) == ("many", False, "english")
    assert found.scripts == ("Hangul",)
    assert found.share == pytest.approx(2 / 22)
    assert (found.note.code, found.note.arguments["percent"]) == ("embedder-better", 9)
    here = recommended(library, [ENGLISH, MANY, KOREAN])
    assert here is not None
    assert (here.model.name, here.note.code) == ("korean", "embedder-better-here")
    put(library, "Договор аренды заканчивается.", path="/docs/договор")
    for_all = recommended(library, [ENGLISH, MANY, KOREAN])
    assert for_all is not None
    assert (for_all.model.name, for_all.scripts) == ("many", ("Hangul", "Cyrillic")), "one for all that is there"
    assert recommended(library, [ENGLISH, KOREAN]) is None


def test_a_few_foreign_passages_ask_for_nothing(library: Library) -> None:
    put(library, "계약서", path="/docs/b")
    assert recommended(library, [ENGLISH, MANY]) is None


def test_a_model_for_all_languages_is_left_alone(library: Library) -> None:
    put(library, *["계약서를 쓴다."] * 9, path="/docs/b")
    assert recommended(library, [replace(MANY, in_use=True), KOREAN]) is None


def test_where_no_model_is_in_use_the_default_is_what_is_bettered(library: Library) -> None:
    put(library, *(f"계약서를 쓴다 {number}." for number in range(9)), path="/docs/b")
    default = replace(ENGLISH, in_use=False, is_installed=False, model=replace(ENGLISH.model, default=True))
    found = recommended(library, [default, MANY])
    assert found is not None
    assert found.model.name == "many"


def test_an_empty_library_asks_for_nothing(tmp_path: Path) -> None:
    with Library.writer(tmp_path / "empty") as empty:
        assert recommended(empty, [ENGLISH, MANY]) is None
