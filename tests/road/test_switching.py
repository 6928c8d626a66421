"""Going over to another embedding model, with kill -9 on the way: at no moment does search by meaning lose anything."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from rag_desktop.domain.messages import EmbedReply, EmbedRequest
from rag_desktop.engines import scripted as engine
from rag_desktop.services.embedding import BATCH
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.neighbours import FollowingIndex
from rag_desktop.services.spaces import EmbedderChoice, Serving
from rag_desktop.settings.declarations import EMBEDDER
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child
from tests.road.conftest import CommandLine
from tests.road.counted import role_of
from tests.road.test_kill import ROOT, counts

DOCUMENTS, PARAGRAPHS = 12, 16
KILLS = 4
LOOK_S = 0.1
OLD, NEW, THIRD = 64, 96, 128
"""Dimensions: each stands for a model."""


def write_folder(folder: Path) -> list[str]:
    """Paragraphs that all differ."""
    folder.mkdir()
    chance = random.Random(11)
    told = []
    for number in range(DOCUMENTS):
        paragraphs = [" ".join(f"word{chance.randrange(10**6)}" for _ in range(70)) + "." for _ in range(PARAGRAPHS)]
        (folder / f"document-{number}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
        told += paragraphs
    return told


def choice(dimension: int) -> EmbedderChoice:
    name = f"scripted-{dimension}"
    return EmbedderChoice(Embedder(Child("none", engine.embedding_role), name, name, dimension), ("*",), None)


class Searcher:
    """Searches by meaning as a reader beside the indexing program."""

    def __init__(self, library: Path, *dimensions: int) -> None:
        self.reader = Library.reader(library)
        self.serving = Serving(self.reader, [choice(dimension) for dimension in dimensions])
        self.indexes: dict[str, FollowingIndex] = {}

    def finds(self, words: str) -> bool:
        """Whether the passage that has these words comes first."""
        now = self.serving.choice()
        assert now is not None
        space = next(space for space in self.reader.vectors.spaces() if space.key == now.embedder.key)
        following = self.indexes.setdefault(space.key, FollowingIndex(self.reader, space, exact=False))
        ((best, _), *_) = following.current().search(embedded(words, now.embedder.dimension), 3)
        row = self.reader.connection.execute("SELECT document_id FROM chunks WHERE id = ?", (best,)).get
        return words.split()[7] in self.reader.documents.text(row)

    @property
    def answers(self) -> int:
        now = self.serving.choice()
        return now.embedder.dimension if now else 0


def embedded(words: str, dimension: int) -> np.ndarray:
    serve = role_of(dimension)(lambda: False)
    (reply,) = serve(EmbedRequest((words,), is_query=True))
    assert isinstance(reply, EmbedReply)
    return np.frombuffer(reply.vectors, "<f2").astype(np.float32)


def index(library: Path, folder: Path, notes: Path, dimension: int) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "tests.road.counted", str(library), str(folder), str(notes), str(dimension)]
    return subprocess.Popen(arguments, cwd=ROOT)


def stored(library: Path) -> dict[int, int]:
    with Library.reader(library) as reader:
        return {space.dimension: reader.vectors.count(space.id) for space in reader.vectors.spaces()}


def test_search_loses_nothing_while_a_model_takes_over(tmp_path: Path) -> None:
    library, folder, notes = tmp_path / "library", tmp_path / "folder", tmp_path / "notes"
    told = write_folder(folder)
    assert index(library, folder, notes, OLD).wait() == 0
    leaves = stored(library)[OLD]
    searcher = Searcher(library, NEW, OLD)
    chance = random.Random(3)
    killed = searches = 0
    before = counts(notes)["embedded"]
    while searcher.answers == OLD:
        process = index(library, folder, notes, NEW)
        looks = chance.randrange(20, 40) if killed < KILLS else 10**6
        while process.poll() is None and looks:
            assert searcher.finds(chance.choice(told))
            searches, looks = searches + 1, looks - 1
            try:
                process.wait(LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert process.wait() == 0, "it takes over when it is complete, and not before"
    assert all(searcher.finds(words) for words in told)
    assert searcher.answers == NEW
    assert stored(library) == {OLD: leaves, NEW: leaves}, "the model before keeps its vectors"
    print(f"{killed} kills, {searches} searches while {leaves} leaves were embedded")
    assert killed, "the program was too fast for the kills: nothing was shown"
    assert counts(notes)["embedded"] - before <= leaves + killed * BATCH

    assert index(library, folder, notes, THIRD).wait() == 0
    assert stored(library) == {NEW: leaves, THIRD: leaves}, "the model before that loses them"
    with Library.reader(library) as reader:
        recorded = {row.file for space in reader.vectors.spaces() if (row := reader.vectors.snapshot(space.id))}
    assert {path.name for path in (library / "vectors").glob("*.hnsw")} == recorded


def test_status_says_which_model_answers_until_the_other_has_taken_over(scripted: CommandLine, sample: Path) -> None:
    def spaces() -> list[tuple[str, bool, bool]]:
        found = scripted("status", "--json").json["spaces"]
        return [(space["model"], space["pending"] == 0, space["serving"]) for space in found]

    scripted("add", str(sample))
    assert spaces() == [("scripted", True, True)]
    SettingsFile(Path(scripted.environment["RAG_DESKTOP_CONFIG"])).set(EMBEDDER, "scripted-wide")
    assert spaces() == [("scripted", True, True)]
    assert "answers now" not in scripted("status").out, "there is no other"
    scripted("add", str(sample))
    assert spaces() == [("scripted", True, False), ("scripted-wide", True, True)]
    assert "(answers now)" in scripted("status").out
    assert scripted("search", "lease", "--mode", "vector", "--json").json["passages"]
