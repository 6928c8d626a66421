"""The note in each installed model's folder: written last, so that a folder with one is whole."""

import dataclasses
import json
import os
from pathlib import Path
from typing import IO, Any

from rag_desktop.domain.models import InstalledModel, Model, ModelFile, ModelKind
from rag_desktop.engines.catalogue import is_safe_name, is_safe_path

NAME = "model.json"
_FORMAT = 1
_MAX_BYTES = 2**20


def write(folder: Path, model: Model) -> None:
    """Write the note of `model`, durably. Its files must be in `folder` already."""
    fields = dataclasses.asdict(model)
    fields["files"] = [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in model.files]
    text = json.dumps({"format": _FORMAT, "model": fields}, ensure_ascii=False, indent=1)
    temporary = folder / (NAME + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / NAME)
    sync_folder(folder)


def read(folder: Path) -> InstalledModel | None:
    """The model whose note lies in `folder`, or None where there is none, or none that makes sense.

    Looks at nothing but the note: whether the files are as it says is for the asker to see.
    """
    try:
        path = folder / NAME
        if path.stat().st_size > _MAX_BYTES:
            return None
        note = json.loads(path.read_text(encoding="utf-8"))
        if note["format"] != _FORMAT:
            return None
        model = _model(note["model"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return InstalledModel(model, folder) if model.name == folder.name else None


def sync_file(file: IO[bytes]) -> None:
    """Make the bytes of an open file durable."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _model(fields: dict[str, Any]) -> Model:
    known = {field.name: fields[field.name] for field in dataclasses.fields(Model) if field.name in fields}
    known["kind"] = ModelKind(fields["kind"])
    known["files"] = tuple(_file(file) for file in fields["files"])
    known["languages"] = tuple(str(language) for language in fields.get("languages", ()))
    model = Model(**known)
    if not model.files or not is_safe_name(model.name):
        raise ValueError(model.name)
    return model


def _file(fields: dict[str, Any]) -> ModelFile:
    file = ModelFile(str(fields["name"]), int(fields["size"]), str(fields["sha256"]), ())
    if not is_safe_path(file.name):
        raise ValueError(file.name)
    return file
