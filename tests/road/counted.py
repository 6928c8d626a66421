"""An indexing program for the kill tests: the real services and children, each unit of work noted in a file.

python -m tests.road.counted LIBRARY FOLDER NOTES [DIMENSION]
"""

import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rag_desktop.domain.roles import Role, Serve, StopSign
from rag_desktop.engines import scripted
from rag_desktop.formats import reading, registry
from rag_desktop.services.bounds import Bounds, Caps
from rag_desktop.services.indexing import Embedder, Indexing, Means
from rag_desktop.services.power import Power
from rag_desktop.services.room import Room
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child

PAUSE_S = 0.1
"""Real models are slower than the scripted one: the kill must be able to strike between two batches."""


def note(path: str, kind: str, count: int) -> None:
    """Append one short line; a single write is whole even if the process is killed right after."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{kind} {count}\n".encode())
    os.close(file)


def reading_role(notes: str, stop: StopSign) -> Serve:
    """The readers' role, noting each document that was begun."""
    serve = reading.role(stop)

    def counted(request: Any) -> Iterator[Any]:
        note(notes, "read", 1)
        threading.Event().wait(PAUSE_S)
        yield from serve(request)

    return counted


def role_of(dimension: int) -> Role:
    """The scripted embedder of this dimension."""
    return partial(scripted.embedding_role, dimension=dimension)


def embedding_role(notes: str, dimension: int, stop: StopSign) -> Serve:
    """The scripted embedder's role, noting how many texts each part held."""
    serve = role_of(dimension)(stop)

    def counted(request: Any) -> Iterator[Any]:
        for part in serve(request):
            note(notes, "embedded", len(part.places))
            threading.Event().wait(PAUSE_S)
            yield part

    return counted


def main(library: str, folder: str, notes: str, dimension: str = str(scripted.DIMENSION)) -> None:
    """Index `folder` into `library` once. dimension: stands for the embedding model."""
    readers = [Child(f"reader {number}", partial(reading_role, notes)) for number in (1, 2)]
    child = Child("embedder", partial(embedding_role, notes, int(dimension)))
    name = f"scripted-{dimension}"
    embedder = Embedder(child, name, name, int(dimension))
    with Library.writer(Path(library)) as opened:
        bounds = Bounds(Caps(), Room(Path(library)), Power(lambda: "full"))
        indexing = Indexing(opened, Means(readers, embedder, registry.format_of, bounds))
        note(notes, "started", 1)
        indexing.run(indexing.register([folder]), Task(lambda _: None))
    for each in (*readers, child):
        each.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
