"""A state machine over a real library: documents come, change, move and go, the program is killed, files are damaged.

The model is a plain dict of documents. After every step the library, its full text and its nearest neighbours must be
what the model says.
"""

import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rag_desktop.domain.documents import Chunk
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.services.neighbours import Neighbours, reading_index
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.words import QueryTerm
from rag_desktop.vectors.index import ExactIndex, HnswIndex
from tests.store import material

WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
PARAGRAPHS = tuple(f"{word} stands here with {WORDS[(place * 3 + 1) % 8]}." for place, word in enumerate(WORDS))
NAMES = ("uno", "duo", "tres", "quattuor", "quinque")
HEADINGS: tuple[tuple[str, ...], ...] = ((), ("Above",), ("Top", "Middle", "Above"), ("Base", "Middle", "Above"))

_MEMORY = "/dev/shm"

paragraphs = st.lists(st.sampled_from(PARAGRAPHS), min_size=1, max_size=5)
names = st.sampled_from(NAMES)


class _Killed(Exception):  # noqa: N818 - what a test does to the program
    """The program ends here, at once."""


@dataclass(frozen=True)
class Expected:
    """What the model knows of a document; `paragraphs` is None for one that could not be read."""

    paragraphs: tuple[str, ...] | None
    headings: tuple[str, ...] = ()


class LibraryMachine(RuleBasedStateMachine):
    """Drives one writer; looks at the library as readers do."""

    damages: ClassVar[tuple[str, ...]] = ("truncate", "flip", "delete", "swap")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="library-machine-", dir=_MEMORY if Path(_MEMORY).is_dir() else None))
        self.lives = count(1)
        self.model: dict[str, Expected] = {}
        self.seen: dict[int, bytes | None] = {}
        self.older_snapshots: list[bytes] = []
        self.folder = self.home / "life-0"
        self.library = Library.writer(self.folder)
        self.prepare(self.library)
        self.watched = material.watched(self.library)
        self.space: SpaceRow = material.begun_space(self.library)
        self.neighbours = Neighbours(self.library, self.space)

    def prepare(self, library: Library) -> None:
        """For mutants: what is wrong with the file from the start."""

    @initialize(words=paragraphs)
    def begin(self, words: list[str]) -> None:
        self.put("uno", words, (), parent=False)

    # Documents

    @rule(name=names, words=paragraphs, headings=st.sampled_from(HEADINGS), parent=st.booleans())
    def put(self, name: str, words: list[str], headings: tuple[str, ...], parent: bool) -> None:
        with self.library.transaction():
            material.put(self.library, self.watched.id, _path(name), words, headings, parent=parent)
        self.model[name] = Expected(tuple(words), headings)
        self.neighbours.follow()

    @rule(name=names)
    def fail(self, name: str) -> None:
        with self.library.transaction():
            error = UserFacingError("file-damaged", path=_path(name))
            material.fail(self.library, self.watched.id, _path(name), error)
        self.model[name] = Expected(None)
        self.neighbours.follow()

    @precondition(lambda self: self.readable and len(self.model) < len(NAMES))
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.readable))
        to = data.draw(st.sampled_from([free for free in NAMES if free not in self.model]))
        row = self.library.documents.at(_path(name))
        assert row, "documents"
        with self.library.transaction():
            self.library.documents.move(row.id, self.watched.id, FileState(_path(to), row.file.size, 2))
            self.library.documents.name_words(row.id, f"{to}.txt", None)
        self.model[to] = self.model.pop(name)

    @rule(name=names)
    def remove(self, name: str) -> None:
        row = self.library.documents.at(_path(name))
        assert (row is not None) == (name in self.model), "documents"
        if row is None:
            return
        with self.library.transaction():
            self.library.chunks.forget(row.id)
            self.library.documents.forget(row.id)
        del self.model[name]
        self.neighbours.follow()

    # Vectors

    @rule(limit=st.sampled_from([1, 3, 100]))
    def embed(self, limit: int) -> None:
        material.embed_pending(self.library, self.space, limit)
        self.neighbours.follow()

    @rule()
    def embed_around_snapshots(self) -> None:
        for _ in range(2):
            self.embed(1)
            self.snapshot()
        self.embed(1)

    @rule(limit=st.sampled_from([1, 100]))
    def embed_and_die_before_the_index_follows(self, limit: int) -> None:
        material.embed_pending(self.library, self.space, limit)
        self.kill(keep_shared_memory=True)

    @rule()
    def snapshot(self) -> None:
        if self.snapshot_file and self.snapshot_file.exists():
            self.older_snapshots = [*self.older_snapshots[-1:], self.snapshot_file.read_bytes()]
        self.neighbours.snapshot()

    @property
    def snapshot_file(self) -> Path | None:
        row = self.library.vectors.snapshot(self.space.id)
        return self.folder / "vectors" / row.file if row else None

    # What can happen to a program and its files

    @rule(keep_shared_memory=st.booleans())
    def kill(self, keep_shared_memory: bool) -> None:
        """Go on with a copy of the files as they lie there now, nothing closed or flushed."""
        self.resume(self.copied(keep_shared_memory=keep_shared_memory))

    @rule(name=names, words=paragraphs, flushed=st.booleans())
    def kill_while_a_document_is_written(self, name: str, words: list[str], flushed: bool) -> None:
        copy = None
        with suppress(_Killed), self.library.transaction():
            material.put(self.library, self.watched.id, _path(name), words)
            if flushed:  # pages of an open transaction may reach the disk
                self.library._connection.cache_flush()
            copy = self.copied()
            raise _Killed
        assert copy
        self.resume(copy)

    @rule()
    def kill_while_vectors_are_written(self) -> None:
        pending = self.library.vectors.pending(self.space.id, ChunkId(0), 100)
        copy = None
        with suppress(_Killed), self.library.transaction():
            self.library.vectors.add(self.space.id, [(each.id, material.vector_of(each.digest)) for each in pending])
            copy = self.copied()
            raise _Killed
        assert copy
        self.resume(copy)

    @rule(is_recorded=st.booleans())
    def kill_in_the_midst_of_a_snapshot(self, is_recorded: bool) -> None:
        """Before the new file is recorded, or after that and before the old one goes."""
        copies: list[Path] = []

        def killed(*_: Any) -> None:
            copies.append(self.copied())
            raise _Killed

        if is_recorded:
            self.neighbours._sweep = killed  # type: ignore[method-assign, assignment]
        else:
            self.library.vectors.record = killed  # type: ignore[method-assign, assignment]
        with suppress(_Killed):
            self.neighbours.snapshot()
        self.resume(copies[0] if copies else self.copied())

    @precondition(lambda self: self.snapshot_file is not None)
    @rule(data=st.data())
    def damage_the_snapshot(self, data: st.DataObject) -> None:
        file = self.snapshot_file
        how = data.draw(st.sampled_from(self.damages))
        whole = file.read_bytes() if file and file.exists() else b""
        if file is None or not whole:
            return
        if how == "truncate":
            file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
        elif how == "flip":
            place = data.draw(st.integers(0, len(whole) - 1))
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        elif how == "swap" and self.older_snapshots:
            file.write_bytes(data.draw(st.sampled_from(self.older_snapshots)))
        else:
            file.unlink()
        self.reopen()

    @rule()
    def reopen(self) -> None:
        self.library.close()
        self.open()

    # The library is what the model says

    @invariant()
    def documents_are_those_of_the_model(self) -> None:
        rows = {row.file.path: row for row in self.library.documents.of_folder(self.watched.id)}
        assert rows.keys() == {_path(name) for name in self.model}, "documents"
        for name, expected in self.model.items():
            row = rows[_path(name)]
            assert (row.error is not None) == (expected.paragraphs is None), "documents"
            assert (self.library.documents.get(row.id) is None) == (expected.paragraphs is None), "documents"
            text = self.library.documents.text(row.id)
            assert text == material.joined(expected.paragraphs or ()), "texts"
            leaves = [chunk for chunk in self.library.chunks.of_document(row.id) if self.digest(chunk.id)]
            assert tuple(chunk.span.of(text) for chunk in leaves) == (expected.paragraphs or ()), "chunks"
            assert {chunk.headings for chunk in leaves} <= {expected.headings}, "headings"
            self.parents_hold_their_leaves(leaves)

    def parents_hold_their_leaves(self, leaves: list[Chunk]) -> None:
        for leaf in leaves:
            if leaf.parent_id is not None:
                parent = self.library.chunks.get([leaf.parent_id])[leaf.parent_id]
                assert parent.span.covers(leaf.span), "parents"
                assert parent.document_id == leaf.document_id, "parents"

    @invariant()
    def nothing_is_left_of_documents_that_went(self) -> None:
        ids = {row.id for row in self.library.documents.of_folder(self.watched.id)}
        for table in ("texts", "source_runs", "chunks"):
            found = self.library._connection.execute(f"SELECT DISTINCT document_id FROM {table}")
            assert {row[0] for row in found} <= ids, "left-overs"

    @invariant()
    def an_id_is_never_given_to_other_words(self) -> None:
        for id_, digest in self.library._connection.execute("SELECT id, digest FROM chunks"):
            assert self.seen.setdefault(id_, digest) == digest, "chunk id reused"

    @invariant()
    def full_text_holds_every_leaf_and_nothing_else(self) -> None:
        leaves = self.leaves()
        rows = self.library._connection.execute("SELECT rowid FROM passage_words")
        assert {row[0] for row in rows} == set(leaves), "full text"
        for word in WORDS:
            hits = {id_ for id_, _ in self.library.fulltext.passages([QueryTerm((word,))], [], 1000)}
            assert hits == {id_ for id_, words in leaves.items() if word in words}, "full text"

    @invariant()
    def names_find_their_documents(self) -> None:
        for name in NAMES:
            hits = {id_ for id_, _ in self.library.fulltext.documents([QueryTerm((name,))], 10)}
            readable = name in self.model and self.model[name].paragraphs is not None
            assert hits == ({self.id_of(name)} if readable else set()), "names"

    @invariant()
    def every_vector_is_that_of_its_words(self) -> None:
        for labels, vectors in self.library.vectors.all(self.space):
            for label, vector in zip(labels, vectors, strict=True):
                digest = self.digest(label)
                assert digest, "vector without a leaf"
                assert np.array_equal(vector, material.as_vector(material.vector_of(digest))), "vector of other words"

    @invariant()
    def the_writers_index_holds_all_vectors(self) -> None:
        self.check_index(self.neighbours.index, self.library)

    @invariant()
    def a_reader_finds_the_same(self) -> None:
        with Library.reader(self.folder) as reader:
            exact = reading_index(reader, self.space, exact=True)
            caught_up = reading_index(reader, self.space, exact=False)
            assert isinstance(exact, ExactIndex)
            if isinstance(caught_up, HnswIndex):
                self.check_index(caught_up, reader)
            for word in PARAGRAPHS[:3]:
                query = material.as_vector(material.vector_of(material.digest_of(word)))
                truth, found = ([score for _, score in index.search(query, 5)] for index in (exact, caught_up))
                assert np.allclose(truth, found, atol=1e-4), "exact and graph differ"

    def check_index(self, index: HnswIndex, library: Library) -> None:
        assert index.labels == library.vectors.chunk_ids(self.space.id), "members of the index"
        for labels, vectors in library.vectors.all(self.space):
            place_of = {label: place for place, label in enumerate(labels)}
            for vector in vectors:
                [(label, _)] = index.search(vector, 1)
                assert float(vectors[place_of[ChunkId(label)]] @ vector) >= 0.999, "nearest neighbour"

    # Steps that rules share

    @property
    def readable(self) -> list[str]:
        return [name for name, expected in self.model.items() if expected.paragraphs is not None]

    def leaves(self) -> dict[int, str]:
        """Text of every leaf, by id."""
        found = {}
        for row in self.library.documents.of_folder(self.watched.id):
            text = self.library.documents.text(row.id)
            for chunk in self.library.chunks.of_document(row.id):
                if self.digest(chunk.id):
                    found[int(chunk.id)] = chunk.span.of(text)
        return found

    def digest(self, chunk: ChunkId) -> bytes | None:
        found: bytes | None = self.library._connection.execute("SELECT digest FROM chunks WHERE id = ?", (chunk,)).get
        return found

    def id_of(self, name: str) -> DocumentId:
        row = self.library.documents.at(_path(name))
        assert row, "documents"
        return row.id

    def copied(self, *, keep_shared_memory: bool = True) -> Path:
        """The library's files as a killed program leaves them; the shared memory is lost with a restarted machine."""
        copy = self.home / f"life-{next(self.lives)}"
        shutil.copytree(self.folder, copy, ignore=None if keep_shared_memory else shutil.ignore_patterns("*-shm"))
        return copy

    def resume(self, copy: Path) -> None:
        self.library.close()
        shutil.rmtree(self.folder)
        self.folder = copy
        self.open()

    def open(self) -> None:
        self.library = Library.writer(self.folder)
        self.neighbours = Neighbours(self.library, self.space)

    def teardown(self) -> None:
        connection = self.library._connection
        try:
            assert connection.execute("PRAGMA integrity_check").get == "ok"
            assert not connection.execute("PRAGMA foreign_key_check").fetchall()
            connection.execute("INSERT INTO passage_words (passage_words) VALUES ('integrity-check')")
        finally:
            self.library.close()
            shutil.rmtree(self.home)


def _path(name: str) -> str:
    return f"/docs/{name}.txt"
