"""Libraries of as many passages as wanted: a folder's own documents first, then such as are composed of their halves.

A composed passage is the first half of one real passage and the second half of another, so that words stay as common
and as rare, and as long, as in real text, and no passage is there twice. The first vectors are the model's own; each of
the others lies between one of those and one of its nearest. All is drawn with a seed, and kept in a folder for the next
run.
"""

import hashlib
import json
import pickle
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from rag_desktop.app import build
from rag_desktop.domain.documents import ChunkDraft, Metadata, Reading, Span
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import ChunkId
from rag_desktop.domain.messages import EmbedRequest, ReadRequest
from rag_desktop.formats.reading import read
from rag_desktop.formats.registry import format_of
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.chunks import embedded_words
from rag_desktop.text.words import keywords
from rag_desktop.workers.child import Child

SEED = 7
EMBEDDED = 20_000
"""Passages with vectors of the model's own."""
_WORDED = frozenset({"html", "markdown", "text", "rst", "pdf"})
_IN_ONE = 20
"""Passages of a composed document."""
_IN_PARENT = 5
_AT_ONCE = 200
"""Documents in one transaction."""
_VECTORS_AT_ONCE = 8192
_TEXTS_AT_ONCE = 64
_NEAREST = 10
_BLOCK = 2048
_NOISE = 0.25
"""Length of the noise on a vector of length one."""

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Source:
    """A document as a reader gave it."""

    path: str
    title: str | None
    text: str
    chunks: tuple[ChunkDraft, ...]

    @property
    def leaves(self) -> list[ChunkDraft]:
        return [chunk for chunk in self.chunks if chunk.is_leaf]


def sources(data: Path, work: Path, passages: int) -> list[Source]:
    """Documents of `data` in a seeded order, until they have so many passages or there are no more."""
    kept = work / "sources.pickle"
    if kept.exists():
        found: list[Source] = pickle.loads(kept.read_bytes())
        return found
    paths = sorted(str(path) for path in data.rglob("*") if format_of(path) in _WORDED)
    random.Random(SEED).shuffle(paths)
    found, seen, count = [], set(), 0
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for source in pool.map(_source, paths, chunksize=8):
            if source is None or (digest := hashlib.sha256(source.text.encode()).digest()) in seen:
                continue
            seen.add(digest)
            found.append(source)
            count += len(source.leaves)
            if count >= passages:
                pool.shutdown(cancel_futures=True)
                break
    work.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(found))
    return found


def _source(path: str) -> Source | None:
    try:
        reading = read(ReadRequest(path, "leaves")).reading
    except UnreadableError:
        return None
    return Source(path, reading.metadata.title, reading.text, reading.chunks)


def composed(real: Sequence[Source]) -> Iterator[Source]:
    """Documents without end, each of the halves of two runs of real passages."""
    drawn = random.Random(SEED)
    leaves = [(source, leaf) for source in real for leaf in source.leaves]
    number = 0
    while True:
        one, other = (drawn.randrange(max(1, len(leaves) - _IN_ONE)) for _ in range(2))
        pairs = list(zip(leaves[one : one + _IN_ONE], leaves[other : other + _IN_ONE], strict=False))
        words = [_halved(a.text, x.span)[0] + _halved(b.text, y.span)[1] for (a, x), (b, y) in pairs]
        headings = [leaf.headings for (_, leaf), _ in pairs]
        first, second = leaves[one][0], leaves[other][0]
        name = f"/composed/{number:06d} {Path(first.path).stem} {Path(second.path).stem}.txt"
        yield Source(name, first.title, "\n\n".join(words), tuple(_drafts(words, headings)))
        number += 1


def _halved(text: str, span: Span) -> tuple[str, str]:
    """The words of a passage up to its middle, and those after."""
    middle = text.find(" ", (span.start + span.end) // 2, span.end)
    middle = (span.start + span.end) // 2 if middle < 0 else middle + 1
    return text[span.start : middle], text[middle : span.end]


def _drafts(words: Sequence[str], headings: Sequence[tuple[str, ...]]) -> Iterator[ChunkDraft]:
    start, parent, spans = 0, -1, []
    for text in words:
        spans.append(Span(start, start + len(text)))
        start += len(text) + 2
    for place, span in enumerate(spans):
        if place % _IN_PARENT == 0:
            parent = place + place // _IN_PARENT
            end = spans[min(place + _IN_PARENT, len(spans)) - 1].end
            yield ChunkDraft(Span(span.start, end), None, None, None, headings[place], b"")
        embedded = embedded_words(headings[place], words[place])
        digest = hashlib.blake2b(embedded.encode(), digest_size=16).digest()
        yield ChunkDraft(span, parent, None, None, headings[place], digest, keywords(words[place]))


def library_of(
    size: int, data: Path, work: Path, largest: int, embedded: int = EMBEDDED
) -> tuple[Path, dict[str, Any]]:
    """The folder of a library of at least `size` passages, made where it is not there yet, and what making it took."""
    folder, facts = work / str(size), work / f"{size}.json"
    if not facts.exists():
        shutil.rmtree(folder, ignore_errors=True)
        real = sources(data, work, largest)
        made = _make(folder, size, real, _embedded(real, work, embedded))
        facts.write_text(json.dumps(made), encoding="utf-8")
    return folder, json.loads(facts.read_text(encoding="utf-8"))


def _make(folder: Path, size: int, real: Sequence[Source], vectors: Matrix) -> dict[str, Any]:
    program = build(folder)
    assert program.embedder is not None
    embedder = program.embedder.embedder
    program.close()
    with Library.writer(folder) as library:
        began = time.perf_counter()
        own = _store(library, size, real)
        rows_s = time.perf_counter() - began
        space = _store_vectors(library, embedder, vectors)
        before, began = psutil.Process().memory_info().rss, time.perf_counter()
        neighbours = Neighbours(library, space)
        build_s = time.perf_counter() - began
        held = psutil.Process().memory_info().rss - before
        began = time.perf_counter()
        neighbours.snapshot()
        saved_s = time.perf_counter() - began
        passages = library.chunks.leaves()
    return {
        "passages": passages,
        "real_passages": own,
        "composed_passages": passages - own,
        "real_vectors": min(passages, len(vectors)),
        "rows_s": rows_s,
        "hnsw_build_s": build_s,
        "hnsw_memory": held,
        "hnsw_save_s": saved_s,
    }


def _store(library: Library, size: int, real: Sequence[Source]) -> int:
    """Store documents up to `size` passages, and tell how many of those are of real documents."""
    with library.transaction():
        home = library.folders.add("/composed", is_file=False, chunker="leaves").id
    count = own = 0
    made = composed(real)
    waiting = iter(real)
    while count < size:
        with library.transaction():
            some = list(islice(waiting, _AT_ONCE))
            is_own = bool(some)
            for source in some or islice(made, _AT_ONCE):
                if count >= size:
                    break
                store(library, home, source)
                count += len(source.leaves)
        own = count if is_own else own
    return own


def store(library: Library, folder: Any, source: Source) -> None:
    """Store one document as the reading line does, in the transaction of the caller."""
    sha256 = hashlib.sha256(source.text.encode()).digest()
    document = library.documents.put(folder, FileState(source.path, len(source.text), 1), sha256, "1/leaves")
    metadata = Metadata(title=source.title)
    library.documents.set_reading(document, Reading("text", source.text, (), (), (), metadata))
    library.documents.name_words(document, Path(source.path).stem, source.title)
    library.chunks.replace(document, source.text, source.chunks)


def _embedded(real: Sequence[Source], work: Path, count: int) -> Matrix:
    """The model's vectors of the first leaves, shape (at most `count`, dimension)."""
    kept = work / "vectors.npy"
    if not kept.exists():
        leaves = ((source, leaf) for source in real for leaf in source.leaves)
        texts = [embedded_words(leaf.headings, leaf.span.of(source.text)) for source, leaf in islice(leaves, count)]
        program = build(work / "none")
        assert program.embedder is not None
        try:
            child = program.embedder.embedder.child
            found = [vectors_of(child, texts[n : n + _TEXTS_AT_ONCE]) for n in range(0, len(texts), _TEXTS_AT_ONCE)]
        finally:
            program.close()
        np.save(kept, np.concatenate(found))
    matrix: Matrix = np.load(kept)
    return matrix


def vectors_of(child: Child, texts: Sequence[str]) -> Matrix:
    """Vectors in the order of `texts`, whatever the order they came in."""
    found: dict[int, Matrix] = {}
    for reply in child.stream(EmbedRequest(tuple(texts), is_query=False), deadline_s=600):
        rows = np.frombuffer(reply.vectors, dtype="<f2").astype(np.float32).reshape(-1, reply.dimension)
        found.update(zip(reply.places, rows, strict=True))
    return np.stack([found[place] for place in range(len(texts))])


def _store_vectors(library: Library, embedder: Embedder, vectors: Matrix) -> SpaceRow:
    with library.transaction():
        space = library.vectors.space(embedder.key, "composed", vectors.shape[1])
    ids = [row[0] for row in library.connection.execute("SELECT id FROM chunks WHERE digest IS NOT NULL ORDER BY id")]
    between = Between(vectors)
    for start in range(0, len(ids), _VECTORS_AT_ONCE):
        some = ids[start : start + _VECTORS_AT_ONCE]
        own = vectors[start : start + len(some)]
        matrix = np.concatenate([own, between.draw(len(some) - len(own))]).astype("<f2")
        with library.transaction():
            library.vectors.add(
                space.id, [(ChunkId(id_), row.tobytes()) for id_, row in zip(some, matrix, strict=True)]
            )
    return space


class Between:
    """Draws vectors that lie between one of the model's own and one of its nearest, with some noise.

    Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 16 (2002). Vectors between any two would
    fill the space, and be found by a graph with far more trouble than those of real text.
    """

    def __init__(self, vectors: Matrix, seed: int = SEED) -> None:
        self._vectors = vectors
        self._drawn = np.random.default_rng(seed)
        blocks = (vectors[start : start + _BLOCK] @ vectors.T for start in range(0, len(vectors), _BLOCK))
        nearest = min(_NEAREST + 1, len(vectors))
        self._nearest = np.concatenate([np.argpartition(-block, nearest - 1)[:, :nearest] for block in blocks])

    def draw(self, count: int) -> Matrix:
        """`count` vectors of length one."""
        one = self._drawn.integers(0, len(self._vectors), count)
        other = self._nearest[one, self._drawn.integers(0, self._nearest.shape[1], count)]
        share = self._drawn.uniform(0.3, 0.7, (count, 1)).astype(np.float32)
        mixed = _unit(share * self._vectors[one] + (1 - share) * self._vectors[other])
        return _unit(mixed + _NOISE * _unit(self._drawn.normal(size=mixed.shape)))


def _unit(vectors: npt.NDArray[Any]) -> Matrix:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
