"""kill -9 at random moments of indexing: nothing is lost, and little is done twice."""

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rag_desktop.services.embedding import BATCH
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.store.library import Library

ROOT = Path(__file__).parents[2]
KILLS = 10
DOCUMENTS, PARAGRAPHS = 60, 12


def write_folder(folder: Path) -> dict[str, str]:
    """Documents whose passages all differ, so that none is copied from another."""
    chance = random.Random(7)
    texts = {}
    for number in range(DOCUMENTS):
        paragraphs = [
            f"Paragraph {number}-{part}: " + " ".join(f"word{chance.randrange(10**6)}" for _ in range(60)) + "."
            for part in range(PARAGRAPHS)
        ]
        path = folder / f"document-{number}.txt"
        path.write_text("\n\n".join(paragraphs), encoding="utf-8")
        texts[str(path)] = path.read_text(encoding="utf-8")
    return texts


def counts(notes: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in notes.read_text().splitlines() if notes.exists() else []:
        kind, count = line.split()
        found[kind] += int(count)
    return found


def run(library: Path, folder: Path, notes: Path, kill_after: float | None) -> int:
    arguments = [sys.executable, "-m", "tests.road.counted", str(library), str(folder), str(notes)]
    process = subprocess.Popen(arguments, cwd=ROOT)
    try:
        return process.wait(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


def stored(library: Path) -> tuple[int, int]:
    """Documents and vectors that are in the library, as another process sees it."""
    if not (library / "library.sqlite").exists():
        return 0, 0
    with Library.reader(library) as reader:
        documents = sum(reader.folders.counts(folder.id).documents for folder in reader.folders.all())
        return documents, sum(reader.vectors.count(space.id) for space in reader.vectors.spaces())


def test_ten_kills_lose_nothing_and_repeat_at_most_a_batch_each(tmp_path: Path) -> None:
    folder, library, notes = tmp_path / "folder", tmp_path / "library", tmp_path / "notes"
    folder.mkdir()
    texts = write_folder(folder)
    chance = random.Random(2024)
    killed, before = 0, (0, 0)
    for _ in range(KILLS):
        killed += run(library, folder, notes, 0.5 + chance.random() * 1.5) == -signal.SIGKILL
        after = stored(library)
        assert after[0] >= before[0], "a document was lost"
        assert after[1] >= before[1], "vectors were lost"
        before = after
    assert run(library, folder, notes, None) == 0

    done = counts(notes)
    with Library.writer(library) as reader:
        (space,) = reader.vectors.spaces()
        vectors = reader.vectors.count(space.id)
        assert {path: reader.documents.text(row.id) for path in texts if (row := reader.documents.at(path))} == texts
        assert reader.vectors.pending_count(space.id) == 0
        assert Neighbours(reader, space).index.labels == reader.vectors.chunk_ids(space.id)
    print(f"{killed} kills; {done['read']} readings of {DOCUMENTS}; {done['embedded']} embeddings of {vectors}")
    assert killed >= KILLS // 2, "the program was too fast for the kills: nothing was shown"
    assert done["embedded"] <= vectors + killed * BATCH
    assert done["read"] <= DOCUMENTS + killed * 2
