"""Seconds from a folder of PDF files to vectors of all its passages, beside LlamaIndex's own pipeline.

Both are whole commands in fresh processes, on the same files and with the same weights on the processor: our `add` into
an empty library, and SimpleDirectoryReader, SentenceSplitter, HuggingFaceEmbedding and VectorStoreIndex as they come.
What ours does beside (full text, parents, a library on disk that survives a crash) is in its time. They take turns. Of
the program's own time, what is not embedding is told too: the same texts are embedded once more by the child alone.
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rag_desktop.app import build
from rag_desktop.domain.ids import ChunkId
from rag_desktop.domain.messages import EmbedRequest
from rag_desktop.services.embedding import BATCH
from rag_desktop.store.library import Library
from rag_desktop.text.chunks import embedded_words
from tests.benchmarks import peers, report

FEW = ("R-exts.pdf", "R-admin.pdf", "R-intro.pdf")
"""Manuals of about 430 pages together, which are taken where not all are wanted."""
SIZE, OVERLAP = 256, 0
"""Tokens of LlamaIndex's chunks, and of ours where they are cut the same way."""
_SCRIPT = Path(__file__).with_name("peer_llamaindex.py")
_WINDOW = 1024
"""Leaves that are sorted by length together, as when a library is embedded."""
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One command on the same files. passages: chunks that got a vector. Seconds by the clock and of the processor."""

    who: str
    passages: int
    wall: float
    cpu: float
    load: float
    steps: dict[str, float]
    embedding_alone: float | None = None

    @property
    def overhead(self) -> float | None:
        """The part of the clock's time that embedding the same texts alone would not have taken."""
        return None if self.embedding_alone is None else (self.wall - self.embedding_alone) / self.wall


def ours(folder: Path, chunker: str) -> Turn:
    """`add` into an empty library, then the same texts through a fresh embedder's child."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        library = Path(scratch) / "library"
        command = [
            sys.executable,
            "-m",
            "rag_desktop",
            "--library",
            str(library),
            "--json",
            "add",
            "--chunker",
            chunker,
        ]
        said = peers.run_command([*command, str(folder)], {})
        (added,) = said.answer["folders"]
        if said.answer["embedding_error"] or added["failed"]:
            raise SystemExit(f"not all was indexed: {said.answer}")
        alone = embedding_alone(library)
    return Turn(f"ours, {chunker}", added["passages"], said.wall, said.cpu, load, said.answer["seconds"], alone)


def embedding_alone(library: Path) -> float:
    """Seconds that the embedder's child takes for the texts of a library, each once, after it has loaded its model."""
    with closing(build(library)) as program, Library.reader(library) as reader:
        if program.embedder is None:
            raise SystemExit("no embedder is installed")
        child = program.embedder.embedder.child
        sorted_batches = list(batches(texts(reader)))
        child.call(EmbedRequest(("warm",), is_query=True), deadline_s=_DEADLINE_S)
        began = time.perf_counter()
        for batch in sorted_batches:
            for _ in child.stream(EmbedRequest(tuple(batch), is_query=False), deadline_s=_DEADLINE_S):
                pass
        return time.perf_counter() - began


def texts(library: Library) -> list[str]:
    """What was embedded: words of leaves that differ, in the order of the leaves."""
    (space,) = library.vectors.spaces()
    leaves = library.chunks.get([ChunkId(id_) for id_ in sorted(library.vectors.chunk_ids(space.id))])
    words = (
        embedded_words(leaf.headings, library.documents.text(leaf.document_id, leaf.span)) for leaf in leaves.values()
    )
    return list(dict.fromkeys(words))


def batches(words: Sequence[str]) -> Iterator[list[str]]:
    """Batches as the program makes them: neighbours sorted by length, longest first."""
    for start in range(0, len(words), _WINDOW):
        window = sorted(words[start : start + _WINDOW], key=len, reverse=True)
        for first in range(0, len(window), BATCH):
            yield window[first : first + BATCH]


def llama_index(folder: Path, python: Path, model: Path) -> Turn:
    """The peer's whole pipeline in its own environment."""
    load = os.getloadavg()[0]
    said = peers.run(python, _SCRIPT, str(folder), str(model), str(SIZE), str(OVERLAP))
    return Turn("LlamaIndex", said.answer["nodes"], said.wall, said.cpu, load, said.answer["seconds"])


def chosen(data: Path, *, is_all: bool) -> list[Path]:
    """PDF files below `data`: all, or the few manuals."""
    found = sorted(path for path in data.rglob("*.pdf") if is_all or path.name in FEW)
    if not found:
        raise SystemExit(f"none of {', '.join(FEW)} in {data}: --all takes any PDF file")
    return found


def pages(files: Sequence[Path]) -> int:
    """Pages of PDF files together."""
    import pypdfium2

    count = 0
    for file in files:
        with closing(pypdfium2.PdfDocument(file)) as document:
            count += len(document)
    return count


def _medians(turns: Sequence[Turn]) -> dict[str, dict[str, float]]:
    """By who took the turns: median seconds, and the ratio to LlamaIndex's."""
    by = {who: [turn for turn in turns if turn.who == who] for who in dict.fromkeys(turn.who for turn in turns)}
    found = {
        who: {key: median(getattr(each, key) for each in own) for key in ("wall", "cpu")} for who, own in by.items()
    }
    peer = found["LlamaIndex"]
    return {
        who: {**own, "wall ratio": own["wall"] / peer["wall"], "cpu ratio": own["cpu"] / peer["cpu"]}
        for who, own in found.items()
    }


def _lines(result: dict[str, Any]) -> list[str]:
    header = ("who", "load before", "passages", "wall s", "processor s", "embedding alone s", "overhead", "steps")
    rows = []
    for turn in result["turns"]:
        steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in turn["steps"].items())
        keys = ("who", "load", "passages", "wall", "cpu", "embedding_alone", "overhead")
        rows.append((*(turn[key] for key in keys), steps))
    ratios = [(who, *each.values()) for who, each in result["medians"].items()]
    return [
        f"{result['machine']}; {result['files']} files, {result['pages']} pages",
        *report.titled("From PDF files to vectors", report.table(header, rows)),
        *report.titled("Medians", report.table(("", "wall s", "processor s", "÷ wall", "÷ processor"), ratios)),
    ]


def main() -> None:
    """Print each turn, the medians and their ratio."""
    parser = report.options(__doc__)
    peers.add_option(parser)
    parser.add_argument("--all", action="store_true", help="every PDF file, not the few manuals")
    parser.add_argument("--turns", type=int, default=1, help="of each pipeline")
    options = parser.parse_args()
    python = peers.environment(peers.LLAMA_INDEX, options.peers)
    model = build().models.embedder().installed.folder
    files = chosen(options.data, is_all=options.all)
    machine = report.machine()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        folder.mkdir()
        for number, file in enumerate(files):  # read once too, so that all find them in the page cache
            shutil.copyfile(file, folder / f"{number:04d} {file.name}")
        turns = []
        for _ in range(options.turns):
            turns.append(llama_index(folder, python, model))
            turns += [ours(folder, chunker) for chunker in ("leaves", f"tokens:{SIZE}/{OVERLAP}")]
    result = {
        "machine": machine,
        "peer": peers.LLAMA_INDEX.requirements,
        "files": len(files),
        "pages": pages(files),
        "turns": [{**asdict(turn), "overhead": turn.overhead} for turn in turns],
        "medians": _medians(turns),
    }
    report.show(result, _lines(result), is_json=options.json)


if __name__ == "__main__":
    main()
