"""Passages are merged upward with their parents' own words, the best leaf kept."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.documents import BlockKind, Document, PlacedBlock, Span
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.services.merging import merge_up
from rag_desktop.store.library import Library
from rag_desktop.text.chunks import chunk
from tests.store import material

TEXT = " ".join(f"The clause of number {number} says that every tenant may end the lease." for number in range(300))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def document(library: Library) -> DocumentId:
    """A long text, cut as the chunker does."""
    folder = material.watched(library)
    drafts = chunk(TEXT, [PlacedBlock(Span(0, len(TEXT)), BlockKind.PROSE, ("Lease",), None)])
    with library.transaction():
        made = library.documents.put(folder.id, FileState("/docs/a.txt", 1, 1), b"", material.READER)
        library.documents.set_reading(made, material.reading(TEXT, drafts))
        library.chunks.replace(made, TEXT, drafts)
    return made


def passages(library: Library, ids: list[ChunkId]) -> tuple[Passage, ...]:
    chunks = library.chunks.get(ids)
    about = Document(DocumentId(1), "/docs/a.txt", "text", None)
    return tuple(
        Passage(chunks[id_], about, chunks[id_].span.of(TEXT), 1.0 / place, (StageScore("keyword", 1.0 / place),))
        for place, id_ in enumerate(ids, 1)
    )


def families(library: Library, document: DocumentId) -> list[tuple[ChunkId, list[ChunkId]]]:
    """Parents of leaves, in order, with their leaves."""
    rows = library.chunks.of_document(document)
    above = {row.id: [each.id for each in rows if each.parent_id == row.id] for row in rows}
    return [(id_, parts) for id_, parts in above.items() if parts and not any(above[part] for part in parts)]


def test_enough_leaves_become_their_parent(library: Library, document: DocumentId) -> None:
    (parent, leaves), (_, others), *_ = families(library, document)
    assert len(leaves) > 2
    before = passages(library, [leaves[1], others[0], leaves[0], leaves[2]])
    first, second = merge_up(library, before)
    assert second == before[1]
    assert first.chunk == library.chunks.get([parent])[parent]
    assert first.text == first.chunk.span.of(TEXT)
    assert all(each.text in first.text for each in (before[0], before[2], before[3]))
    assert (first.leaf, first.score) == (before[0].chunk, before[0].score)
    assert first.trace == (*before[0].trace, StageScore("merged", 3.0))


def test_merging_goes_two_levels_up_and_again_finds_nothing_to_do(library: Library, document: DocumentId) -> None:
    wanted = [leaf for _, leaves in families(library, document)[:4] for leaf in leaves]
    (merged,) = merge_up(library, passages(library, wanted))
    assert merged.chunk.parent_id is None
    assert merged.leaf
    assert merged.leaf.id == wanted[0]
    assert merge_up(library, (merged,)) == (merged,)


def test_a_parent_that_was_merged_before_keeps_its_leaf(library: Library, document: DocumentId) -> None:
    (parent, leaves), *_ = families(library, document)
    (found,) = passages(library, [parent])
    (leaf,) = passages(library, leaves[:1])
    before = replace(found, leaf=leaf.chunk)
    assert merge_up(library, (before, leaf)) == (before,)


def test_what_is_not_stored_any_more_stays_as_it_is(library: Library, document: DocumentId) -> None:
    (_, leaves), *_ = families(library, document)
    before = passages(library, leaves)
    with library.transaction():
        library.chunks.forget(document)
    assert merge_up(library, before) == before
