"""A new reading keeps the ids, and so the vectors, of leaves whose words did not change."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag_desktop.domain.documents import BlockKind, PlacedBlock, Span
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.store.library import Library
from rag_desktop.text.chunks import chunk
from rag_desktop.text.words import query_terms
from tests.store import material

PATH = "/docs/a.txt"
reusing = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def put(library: Library, *paragraphs: str, headings: tuple[str, ...] = (), parent: bool = False) -> DocumentId:
    folder = material.watched(library)
    with library.transaction():
        return material.put(library, folder.id, PATH, paragraphs, headings, parent=parent)


def leaf_ids(library: Library, document: DocumentId) -> list[ChunkId]:
    parents = {chunk.parent_id for chunk in library.chunks.of_document(document)}
    return [chunk.id for chunk in library.chunks.of_document(document) if chunk.id not in parents]


def found(library: Library, question: str) -> list[ChunkId]:
    return [id_ for id_, _ in library.fulltext.passages(query_terms(question), [], 50)]


def test_unchanged_leaves_keep_id_and_vector(library: Library) -> None:
    document = put(library, "Alpha one.", "Bravo two.", "Charlie three.")
    space = material.begun_space(library)
    before = material.embed_pending(library, space)
    put(library, "New first.", "Alpha one.", "Charlie three, changed.", "Bravo two.")
    after = leaf_ids(library, document)
    assert (after[1], after[3]) == (before[0], before[1])
    assert set(after).isdisjoint({before[2]})
    assert library.vectors.chunk_ids(space.id) == {before[0], before[1]}
    assert [chunk.id for chunk in library.vectors.pending(space.id, ChunkId(0), 9)] == sorted({after[0], after[2]})


def test_an_identical_reading_changes_nothing(library: Library) -> None:
    document = put(library, "Alpha.", "Bravo.", headings=("Top",))
    before, seq = library.chunks.of_document(document), library.vectors.seq()
    put(library, "Alpha.", "Bravo.", headings=("Top",))
    assert library.chunks.of_document(document) == before
    assert library.vectors.seq() == seq


def test_words_of_the_full_text_follow(library: Library) -> None:
    document = put(library, "Alpha one.", "Bravo two.")
    put(library, "Alpha one.", "Charlie two.")
    first, second = leaf_ids(library, document)
    assert found(library, "alpha") == [first]
    assert found(library, "charlie") == [second]
    assert found(library, "bravo") == []


def test_an_outer_heading_may_change_without_a_new_vector(library: Library) -> None:
    document = put(library, "Alpha.", headings=("Cats", "Middle", "Inner"))
    before = leaf_ids(library, document)
    put(library, "Alpha.", headings=("Dogs", "Middle", "Inner"))
    assert leaf_ids(library, document) == before
    assert found(library, "dogs") == before
    assert found(library, "cats") == []
    assert found(library, "alpha") == before
    assert library.chunks.of_document(document)[0].headings == ("Dogs", "Middle", "Inner")


def test_an_embedded_heading_makes_a_new_leaf(library: Library) -> None:
    document = put(library, "Alpha.", headings=("Old",))
    before = leaf_ids(library, document)
    put(library, "Alpha.", headings=("New",))
    assert set(leaf_ids(library, document)).isdisjoint(before)


def test_leaves_with_the_same_words_stay_apart(library: Library) -> None:
    document = put(library, "Same.", "Other.", "Same.")
    before = leaf_ids(library, document)
    assert len(set(before)) == 3
    put(library, "Same.", "Same.", "Same.")
    after = leaf_ids(library, document)
    assert after[:2] == [before[0], before[2]]
    assert len(set(after)) == 3
    assert sorted(found(library, "same")) == sorted(after)


def test_parents_are_stored_but_never_searched(library: Library) -> None:
    document = put(library, "Alpha one.", "Bravo two.", parent=True)
    parent, first, second = library.chunks.of_document(document)
    assert (first.parent_id, second.parent_id, parent.parent_id) == (parent.id, parent.id, None)
    assert found(library, "alpha") == [first.id]
    assert library.chunks.leaves() == library.chunks.count() == 2
    put(library, "Alpha one.", "Charlie.", parent=True)
    renewed, same, _ = library.chunks.of_document(document)
    assert same.id == first.id
    assert same.parent_id == renewed.id
    assert library.chunks.get([parent.id]) == ({} if renewed.id != parent.id else {parent.id: renewed})


def test_an_id_is_not_used_again_after_all_chunks_went(library: Library) -> None:
    document = put(library, "Alpha.", "Bravo.")
    before = leaf_ids(library, document)
    library.chunks.forget(document)
    assert library.chunks.get(before) == {}
    put(library, "Alpha.", "Bravo.")
    assert min(leaf_ids(library, document)) > max(before)


@reusing
@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), min_size=2, max_size=4))
def test_any_row_of_readings(library: Library, readings: list[list[str]]) -> None:
    for signs in readings:
        paragraphs = [f"Paragraph {sign * 3} here." for sign in signs]
        document = put(library, *paragraphs, parent=True)
        text = library.documents.text(document)
        leaves = library.chunks.of_document(document)[1:]
        assert [chunk.span.of(text) for chunk in leaves] == paragraphs
        for sign in "abcdef":
            wanted = {chunk.id for chunk, each in zip(leaves, signs, strict=True) if each == sign}
            assert set(found(library, sign * 3)) == wanted


def test_families_are_all_that_stands_above(library: Library) -> None:
    folder = material.watched(library)
    text = " ".join(f"Sentence {number} of many words that stand here in a row." for number in range(700))
    drafts = chunk(text, [PlacedBlock(Span(0, len(text)), BlockKind.PROSE, (), None)])
    with library.transaction():
        put(library, "Alpha.", "Bravo.", parent=True)
        document = library.documents.put(folder.id, FileState("/docs/long.txt", 1, 1), b"", material.READER)
        library.documents.set_reading(document, material.reading(text, drafts))
        library.chunks.replace(document, text, drafts)
    stored = {chunk.id: chunk for chunk in library.chunks.of_document(document)}
    counted = Counter(chunk.parent_id for chunk in stored.values() if chunk.parent_id is not None)
    assert len({chunk.parent_id for chunk in stored.values() if chunk.id in counted}) > 2
    found = library.chunks.families(list(stored))
    assert {id_: family.children for id_, family in found.items()} == counted
    assert {id_: family.parent for id_, family in found.items()} == {id_: stored[id_] for id_ in counted}
    leaf = max(id_ for id_ in stored if id_ not in counted)
    chain = []
    above = stored[leaf].parent_id
    while above is not None:
        chain.append(above)
        above = stored[above].parent_id
    assert set(library.chunks.families([leaf])) == set(chain)
    assert library.chunks.families([]) == library.chunks.families([ChunkId(10**9)]) == {}
