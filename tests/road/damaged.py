"""Damages the files of a small library in one way after another, lets the program mend them, and looks what is left.

python -m tests.road.damaged WORK FILE…   (a line for each damage; "ok", or what is wrong)
python -m tests.road.damaged HOME --work  (mends a library for ever, to be killed)
"""

import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from rag_desktop.domain.answers import Answer, Ended, Timing
from rag_desktop.domain.care import Severity
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import ChunkId
from rag_desktop.services import care, opening
from rag_desktop.services import library as libraries
from rag_desktop.services.neighbours import Neighbours, reading_index
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.settings.declarations import TOP_K
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.library import Library
from rag_desktop.text.words import query_terms
from tests.store import material

FLIPS = 50
WORDS = (
    "anchor", "basket", "candle", "dagger", "ember", "falcon", "garden", "harbour", "island", "jacket", "kettle",
    "lantern",
)  # fmt: skip
Results = list[tuple[object, ...]]


def texts() -> dict[str, list[str]]:
    """Twelve documents by path, each of some paragraphs; no two paragraphs are equal."""
    chance = random.Random(5)
    found = {}
    for number, name in enumerate(WORDS):
        found[f"/docs/{name}.txt"] = [
            f"Paragraph {number}-{part}: " + " ".join(chance.choices(WORDS, k=30)) + " 계약서를." for part in range(8)
        ]
    return found


def an_answer(question: str) -> Answer:
    return Answer(question, f"About {question}.", (), (), Ended.COMPLETE, "scripted", "CPU", Timing(0.1, None, 1.0))


def build(home: Path, *, is_killed: bool) -> None:
    """A library with vectors, a snapshot, conversations, settings, and a backup of each.

    is_killed: with the logs that a killed program leaves.
    """
    made = home.with_name("made")
    library, settings = made / "library", SettingsFile(made / "config")
    settings.set(TOP_K, 11)
    safe = Safekeeping(library, settings)
    writer = Library.writer(library)
    writer.connection.pragma("wal_autocheckpoint", 40)  # some of it is in the log, some is in the file
    rescan(writer, register=True)
    with writer.transaction():
        gone = material.put(writer, writer.folders.all()[0].id, "/docs/gone", ["Gone."])
    with writer.transaction():
        writer.chunks.forget(gone)
        writer.documents.forget(gone)
    talks = Conversations(library)
    for number in range(3):
        talks.add(talks.begin(f"Talk {number}"), an_answer(f"question {number}"))
    safe.folders(writer)
    safe.conversations(talks)
    safe.settings()
    talks.add(1, an_answer("a newer question"))
    if is_killed:
        shutil.copytree(made, home)
    talks.close()
    writer.close()
    if not is_killed:
        shutil.copytree(made, home)
    shutil.rmtree(made)


def rescan(library: Library, *, register: bool = False) -> int:
    """What the program does at start: purge, read what is new or changed, embed. Returns how many were embedded."""
    libraries.purge(library)
    if register:
        material.watched(library)
    (folder,) = library.folders.all()
    assert folder.path == "/docs"
    wanted = texts()
    for row in list(library.documents.of_folder(folder.id)):
        if row.file.path not in wanted:
            with library.transaction():
                library.chunks.forget(row.id)
                library.documents.forget(row.id)
    for path, paragraphs in wanted.items():
        known = library.documents.at(path)
        size = len(material.joined(paragraphs))
        if known is None or known.reader != material.READER or known.error or known.file.size != size:
            with library.transaction():
                material.put(library, folder.id, path, paragraphs, ("Top", "Words"), parent=True)
    with library.transaction():
        library.folders.scanned(folder.id)
    return embed(library)


def embed(library: Library) -> int:
    space = material.begun_space(library)
    pending = library.vectors.pending(space.id, ChunkId(0), 10_000)
    known = library.vectors.with_digests(space.id, [each.digest for each in pending])
    with library.transaction():
        library.vectors.add(
            space.id, [(each.id, known.get(each.digest) or material.vector_of(each.digest)) for each in pending]
        )
    Neighbours(library, space).snapshot()
    libraries.purge(library)
    Neighbours(library, space).snapshot()
    return sum(each.digest not in known for each in pending)


def results(library: Library) -> Results:
    """What searches find, by words, by names and by meaning."""
    found: Results = []
    (space,) = [each for each in library.vectors.spaces() if each.key == "key"]
    for word in (*WORDS[:6], "paragraph", "계약", "words"):
        for chunk, score in library.fulltext.passages(query_terms(word), [], 1000):
            found.append((word, *place(library, chunk), round(score, 5)))
        for id_, score in library.fulltext.documents(query_terms(word), 5):
            document = library.documents.get(id_)
            found.append((word, document and document.path, round(score, 5)))
    for index in (reading_index(library, space, exact=True), reading_index(library, space, exact=False)):
        for number in range(6):
            query = material.as_vector(material.vector_of(bytes([number])))
            found += [("near", *place(library, ChunkId(hit)), round(score, 3)) for hit, score in index.search(query, 5)]
    return sorted(found, key=repr)


def place(library: Library, chunk: ChunkId) -> tuple[str, str]:
    (stored,) = library.chunks.get([chunk]).values()
    document = library.documents.get(stored.document_id)
    assert document
    return document.path, library.documents.text(stored.document_id, stored.span)


def damages(content: bytes, chance: random.Random) -> Iterator[tuple[str, bytes | None]]:
    """Each way a file may be damaged, and what is then in it (None: it is gone)."""
    for share in (0.0, 0.1, 0.5, 0.9, 0.999):
        cut = int(len(content) * share)
        yield f"cut to {cut}", content[:cut]
    yield "cut by a page", content[: max(0, len(content) // 4096 * 4096 - 4096)]
    yield "zeroes", bytes(len(content))
    yield "garbage", chance.randbytes(len(content))
    yield "deleted", None
    for _ in range(FLIPS if content else 0):
        bit = chance.randrange(len(content) * 8)
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit}", bytes(flipped)
    pages = len(content) // 4096
    for page in chance.sample(range(pages), min(12, pages)):
        yield f"page {page} zeroed", content[: page * 4096] + bytes(4096) + content[page * 4096 + 4096 :]


def outcome(home: Path, oracle: Results) -> str:
    """Open, check, repair, look again at the folder; "ok", or what is wrong."""
    library, settings = home / "library", SettingsFile(home / "config")
    writer, _ = opening.open_writer(library)
    writer.close()
    opening.repair(library, settings)
    with closing(opening.open_writer(library)[0]) as writer:
        embedded = rescan(writer)
    with Library.reader(library) as reader:
        found = results(reader)
        left = [each for each in care.check(reader, settings) if each.severity is Severity.DAMAGED]
    if found != oracle:
        return f"results differ: {[each for each in found if each not in oracle][:2]}"
    if left:
        return f"still damaged: {left[0].error}"
    talks, _ = opening.open_conversations(library)
    turns = [answer.question for row in sorted(talks.all(), key=lambda row: row.id) for answer in talks.turns(row.id)]
    talks.close()
    if not {f"question {number}" for number in range(3)} <= set(turns):
        return f"turns are lost: {turns}"
    return f"ok {embedded} {len(turns)} {settings.get(TOP_K)}"


def main(work: Path, names: list[str]) -> None:
    """Damage each of these files of a library in every way; "killed:FILE" for those that a killed program left."""
    for is_killed in (False, True):
        build(work / f"whole-{is_killed}", is_killed=is_killed)
    shutil.copytree(work / "whole-False", work / "read")
    with Library.reader(work / "read" / "library") as reader:
        oracle = results(reader)
    assert len(oracle) > 100
    home, chance = work / "home", random.Random(int(os.environ.get("DAMAGE_SEED", "99")))
    for name in names:
        killed, _, pattern = name.rpartition(":")
        whole = work / f"whole-{bool(killed)}"
        (file,) = whole.glob(pattern)
        content = file.read_bytes()
        for how, damaged in damages(content, chance):
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(whole, home)
            target = home / file.relative_to(whole)
            target.unlink()
            if damaged is not None:
                target.write_bytes(damaged)
            print(f"{name}: {how}: ", end="", flush=True)
            print(attempt(lambda: outcome(home, oracle)), flush=True)


def attempt(act: Callable[[], str]) -> str:
    try:
        return act()
    except UserFacingError as error:
        return f"refused: {error} from {error.__cause__}"


def work_on(home: Path) -> None:
    """What the kill test interrupts: mend, back up, look again, write snapshots; over and over."""
    library, settings = home / "library", SettingsFile(home / "config")
    safe = Safekeeping(library, settings, every_s=0)
    while True:
        opening.repair(library, settings)
        talks, _ = opening.open_conversations(library)
        safe.conversations(talks)
        talks.close()
        with closing(opening.open_writer(library)[0]) as writer:
            rescan(writer)
            safe.folders(writer)
            writer.connection.execute("DELETE FROM passage_words WHERE rowid = 2")
            writer.connection.execute("UPDATE texts SET text = 'x' WHERE document_id = 2")
            writer.connection.execute("DELETE FROM snapshots")
        print("round", flush=True)


if __name__ == "__main__":
    if sys.argv[2:] == ["--work"]:
        work_on(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]), sys.argv[2:])
