"""Vectors, the ledger that names every change of them, and the record of a snapshot."""

import numpy as np
import pytest

from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SnapshotRow, SpaceRow
from tests.store import material
from tests.store.material import as_vector, digest_of, vector_of


@pytest.fixture
def space(library: Library) -> SpaceRow:
    return material.begun_space(library)


def put(library: Library, *paragraphs: str, path: str = "/docs/a") -> DocumentId:
    with library.transaction():
        return material.put(library, material.watched(library).id, path, paragraphs)


def entries(library: Library) -> list[tuple[str, int, int]]:
    return list(library._connection.execute("SELECT op, space_id, chunk_id FROM ledger ORDER BY seq"))


def test_a_space_is_begun_once(library: Library, space: SpaceRow) -> None:
    assert library.vectors.space("key", "other name", 999) == space
    other = library.vectors.space("other", "model", 16)
    assert library.vectors.spaces() == [space, other]


def test_the_ledger_names_what_was_added_replaced_and_dropped(library: Library, space: SpaceRow) -> None:
    document = put(library, "Alpha.", "Bravo.", "Charlie.")
    first, second, third = material.embed_pending(library, space)
    assert entries(library) == [("add", space.id, id_) for id_ in (first, second, third)]
    library._connection.execute("UPDATE vectors SET vector = vector WHERE chunk_id = ?", (second,))
    put(library, "Alpha.", "Delta.")
    assert entries(library)[3:] == [("add", space.id, second), ("drop", space.id, second), ("drop", space.id, third)]
    library.chunks.forget(document)
    assert entries(library)[-1] == ("drop", space.id, first)
    assert library.vectors.count(space.id) == 0
    assert not library.vectors.has_any(space.id)


def test_changes_give_the_last_word_on_each_chunk(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.", "Bravo.")
    alpha, bravo = material.embed_pending(library, space)
    start = library.vectors.seq()
    put(library, "Alpha.", "Charlie.")
    [charlie] = material.embed_pending(library, space)
    put(library, "Alpha.", "Delta.")
    [delta] = material.embed_pending(library, space)
    changes = library.vectors.changes(space, start)
    assert (changes.added, set(changes.dropped)) == ((delta,), {bravo, charlie})
    assert changes.seq == library.vectors.seq()
    assert np.array_equal(changes.vectors, [as_vector(vector_of(digest_of("Delta.")))])
    whole = library.vectors.changes(space, 0)
    assert (set(whole.added), set(whole.dropped)) == ({alpha, delta}, {bravo, charlie})
    nothing = library.vectors.changes(space, changes.seq)
    assert (nothing.added, nothing.dropped, nothing.vectors.shape) == ((), (), (0, material.DIMENSION))


def test_spaces_do_not_mix(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.")
    other = library.vectors.space("other", "model", material.DIMENSION)
    [chunk] = material.embed_pending(library, space)
    assert library.vectors.pending_count(other.id) == 1
    assert library.vectors.changes(other, 0).added == ()
    library.vectors.add(other.id, [(chunk, vector_of(b"another model"))])
    assert np.array_equal(library.vectors.changes(space, 0).vectors[0], as_vector(vector_of(digest_of("Alpha."))))
    library.vectors.record(space.id, SnapshotRow("file", library.vectors.seq(), b"hash", 1))
    assert entries(library) == [("add", other.id, chunk)]


def test_a_vector_for_a_chunk_that_went_away_is_passed_over(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.")
    [pending] = library.vectors.pending(space.id, ChunkId(0), 9)
    put(library, "Bravo.")
    with library.transaction():
        library.vectors.add(space.id, [(pending.id, vector_of(pending.digest))])
    assert library.vectors.count(space.id) == 0
    assert entries(library) == []


def test_a_vector_is_added_once(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.")
    [chunk] = material.embed_pending(library, space)
    library.vectors.add(space.id, [(chunk, vector_of(b"late and different"))])
    assert library.vectors.with_digests(space.id, [digest_of("Alpha.")]) == {
        digest_of("Alpha."): vector_of(digest_of("Alpha."))
    }
    assert len(entries(library)) == 1


def test_pending_leaves_come_in_order_and_in_portions(library: Library, space: SpaceRow) -> None:
    put(library, *[f"Paragraph {n}." for n in range(10)])
    first = library.vectors.pending(space.id, ChunkId(0), 4)
    rest = library.vectors.pending(space.id, first[-1].id, 100)
    ids = [chunk.id for chunk in (*first, *rest)]
    assert ids == sorted(ids)
    assert len(ids) == library.vectors.pending_count(space.id) == library.vectors.pending_count(None) == 10
    material.embed_pending(library, space, limit=4)
    assert library.vectors.pending(space.id, ChunkId(0), 100) == rest


def test_nothing_is_pending_in_a_removed_folder(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.")
    library.folders.mark_removed(material.watched(library).id)
    assert library.vectors.pending(space.id, ChunkId(0), 9) == []
    assert library.vectors.pending_count(space.id) == 0


def test_words_that_have_a_vector_can_be_copied(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.", "Bravo.")
    material.embed_pending(library, space)
    known = library.vectors.with_digests(space.id, [digest_of("Alpha."), digest_of("Charlie.")])
    assert known == {digest_of("Alpha."): vector_of(digest_of("Alpha."))}
    assert library.vectors.with_digests(space.id, []) == {}


def test_all_vectors_come_in_blocks(library: Library, space: SpaceRow) -> None:
    put(library, *[f"Paragraph {n}." for n in range(7)])
    ids = material.embed_pending(library, space)
    blocks = list(library.vectors.all(space, size=3))
    assert [len(labels) for labels, _ in blocks] == [3, 3, 1]
    assert [label for labels, _ in blocks for label in labels] == ids
    assert np.allclose(np.linalg.norm(np.concatenate([vectors for _, vectors in blocks]), axis=1), 1.0, atol=1e-3)


def test_recording_a_snapshot_lets_the_ledger_forget_what_it_holds(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.", "Bravo.")
    material.embed_pending(library, space, limit=1)
    seq = library.vectors.seq()
    material.embed_pending(library, space)
    row = SnapshotRow("1-1-ab.hnsw", seq, b"hash", 1)
    library.vectors.record(space.id, row)
    assert library.vectors.snapshot(space.id) == row
    assert library.vectors.oldest_seq() == seq + 1
    library.vectors.record(space.id, SnapshotRow("2.hnsw", seq + 1, b"other", 2))
    assert library.vectors.snapshot(space.id) == SnapshotRow("2.hnsw", seq + 1, b"other", 2)
    assert entries(library) == []
    assert (library.vectors.seq(), library.vectors.oldest_seq()) == (seq + 1, seq + 2)
    library.vectors.forget_snapshot(space.id)
    assert library.vectors.snapshot(space.id) is None


def test_numbers_of_the_ledger_go_on_after_it_was_emptied(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.")
    material.embed_pending(library, space)
    seq = library.vectors.seq()
    library.vectors.record(space.id, SnapshotRow("x", seq, b"", 1))
    library.close()
    with Library.writer(library.folder) as again:
        put(again, "Bravo.")
        material.embed_pending(again, space)
        assert again.vectors.seq() > seq


def test_vectors_of_given_chunks(library: Library, space: SpaceRow) -> None:
    put(library, "Alpha.", "Bravo.", "Charlie.")
    alpha, bravo, charlie = material.embed_pending(library, space)
    put(library, "Delta.", path="/docs/pending")
    labels, vectors = library.vectors.of(space, np.array([charlie, 10**9, alpha, charlie + 1]))
    assert labels.tolist() == [alpha, charlie]
    assert np.array_equal(vectors, [as_vector(vector_of(digest_of(words))) for words in ("Alpha.", "Charlie.")])
    labels, vectors = library.vectors.of(space, np.zeros(0, np.int64))
    assert (labels.shape, vectors.shape) == ((0,), (0, material.DIMENSION))
    assert library.vectors.of(library.vectors.space("other", "model", 16), np.array([bravo]))[1].shape == (0, 16)
