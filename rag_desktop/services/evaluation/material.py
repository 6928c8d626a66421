"""Makes files of a collection's records, once, in the program's caches, so that they are read as any others are."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag_desktop.services.evaluation.datasets import Collection, Dataset, Record
from rag_desktop.services.tasks import Task
from rag_desktop.store.connection import worded

PREPARING = "preparing"
_VERSION = 1
"""Raised when the same record becomes another file."""
_DOCUMENTS, _IDS, _LIBRARY = "documents", "ids.json", "library"
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where an evaluation keeps what it makes: a library of its own, and the documents of a collection."""

    folder: Path

    @property
    def library(self) -> Path:
        return self.folder / _LIBRARY

    @property
    def documents(self) -> Path:
        return self.folder / _DOCUMENTS

    @property
    def ids(self) -> Path:
        return self.folder / _IDS


def place_for(dataset: Dataset, chunker: str, caches: Path) -> Place:
    """The place of a dataset: the same as long as a collection's bytes, or the path of a folder, are the same.

    Each chunker has its own, so that two can be compared again and again.
    """
    digest = hashlib.blake2b(f"{_VERSION} {chunker} ".encode(), digest_size=8)
    if isinstance(dataset.documents, Path):
        digest.update(os.fsencode(dataset.documents))
    else:
        with worded(dataset.documents.file), dataset.documents.file.open("rb") as file:
            while part := file.read(_READ_AT_ONCE):
                digest.update(part)
    return Place(caches / "evaluation" / digest.hexdigest())


def clear(place: Place) -> None:
    """Forget all that earlier evaluations made here."""
    with worded(place.folder):
        if place.folder.exists():
            shutil.rmtree(place.folder)


def materialise(collection: Collection, place: Place, task: Task) -> dict[str, str]:
    """Write each record as a file, where that was not done whole before; returns the records' ids by file name.

    A record without a word becomes none: there is nothing in it to be found.
    The names of the files say nothing, since names are searched too and an id is no part of a document. The ids are
    written last: while they are missing, so may be files.
    """
    with worded(place.ids):
        known = _known(place)
        if known is not None:
            return known
        shutil.rmtree(place.documents, ignore_errors=True)
        place.documents.mkdir(parents=True)
        ids: dict[str, str] = {}
        for number, record in enumerate(collection.records(), start=1):
            if not record.title.strip() and not record.text.strip():
                continue
            name, content = as_file(record, number)
            (place.documents / name).write_bytes(content)
            ids[name] = record.id
            task.at(PREPARING, 0, 1, name)  # how many there will be is not known
        unfinished = place.ids.with_suffix(".new")
        unfinished.write_text(json.dumps(ids), encoding="utf-8")
        os.replace(unfinished, place.ids)
    return ids


def _known(place: Place) -> dict[str, str] | None:
    """What an earlier run wrote, if all of it is still there."""
    try:
        ids = json.loads(place.ids.read_bytes())
        is_whole = isinstance(ids, dict) and ids.keys() == set(os.listdir(place.documents))
    except (FileNotFoundError, ValueError):
        return None
    return ids if is_whole else None


def as_file(record: Record, number: int) -> tuple[str, bytes]:
    """A record's file name and bytes: Markdown under its title, or plain text where it has none.

    The text is never changed: Markdown is read word for word, though lines that look like its signs give it structure.
    """
    title = " ".join(record.title.split())
    suffix = ".md" if title else ".txt"
    text = f"# {title}\n\n{record.text}" if title else record.text
    return f"d{number:07}{suffix}", text.encode("utf-8", "replace")


def name_by_id(ids: Mapping[str, str], path: str) -> str:
    """The id of the record that became the file at `path`."""
    return ids[os.path.basename(path)]
