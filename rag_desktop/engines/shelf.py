"""The folder of installed models: what is there, whether it is whole, and which one to use."""

import dataclasses
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import InstalledModel, Model, ModelFile, ModelKind
from rag_desktop.engines import manifest
from rag_desktop.engines.catalogue import Catalogue, is_safe_name
from rag_desktop.engines.downloads import BLOCK, Tick, disk_room, sha256_of
from rag_desktop.engines.gguf import read_header
from rag_desktop.engines.imports import describe

Progress = Callable[[int, int, str], None]
"""Told the bytes done, the bytes in all, and what is in hand; raises `Cancelled` where the person pressed stop."""

PARTIAL = ".partial"


class Why(StrEnum):
    """Why a model was chosen."""

    WANTED = "wanted"
    DEFAULT = "default"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Choice:
    """The model to use. `missed` is the title of the one that would have been used, were it installed."""

    installed: InstalledModel
    why: Why
    missed: str | None = None


class Shelf:
    """Installed models under `folder`, each in a folder of its own name; unfinished ones under `.partial`."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self._catalogue = catalogue

    def installed(self) -> list[InstalledModel]:
        """All whole models, by name. Costs one small file and a stat per file of each; hashes are for `verify`."""
        if not self.folder.is_dir():
            return []
        found = (self._at(folder) for folder in sorted(self.folder.iterdir()) if is_safe_name(folder.name))
        return [model for model in found if model is not None]

    def names(self) -> list[str]:
        """Names of all models that were once installed whole, damaged ones included."""
        if not self.folder.is_dir():
            return []
        return [folder.name for folder in sorted(self.folder.iterdir()) if manifest.read(folder) is not None]

    def find(self, name: str) -> InstalledModel | None:
        """The model of that name, where it is installed whole."""
        return self._at(self.folder / name) if is_safe_name(name) else None

    def verify(self, name: str, tick: Tick = lambda _: None) -> list[str]:
        """Names of the model's files that are missing or not what they were when it came. Reads every byte.

        Raises UserFacingError `model-not-installed` (name).
        """
        installed = manifest.read(self.folder / name) if is_safe_name(name) else None
        if installed is None:
            raise UserFacingError("model-not-installed", name=name)
        return [file.name for file in installed.model.files if not _is_right(installed.folder, file, tick)]

    def remove(self, name: str) -> None:
        """Delete a model and whatever was left of an unfinished download of it.

        Raises UserFacingError `model-not-installed` (name).
        """
        folder = self.folder / name
        if not is_safe_name(name) or not (folder.is_dir() or self.staging(name).is_dir()):
            raise UserFacingError("model-not-installed", name=name)
        if folder.is_dir():
            self._set_aside(name)
        shutil.rmtree(self.staging(name), ignore_errors=True)

    def choose(self, kind: ModelKind, wanted: str | None = None) -> Choice:
        """The wanted model if installed, else the catalogue's default if installed, else the best that is.

        The best is the one of the highest rank; of equals, the first by name.
        Raises UserFacingError `model-not-installed` (name) where no model of this kind is installed.
        """
        there = [model for model in self.installed() if model.model.kind is kind]
        default = self._catalogue.default(kind)
        chosen = next((model for model in there if wanted and model.model.name == wanted), None)
        if chosen is not None:
            return Choice(chosen, Why.WANTED)
        missed = self._title(wanted) if wanted else (default.title if default else None)
        usual = next((model for model in there if default and model.model.name == default.name), None)
        if usual is not None:
            return Choice(usual, Why.DEFAULT, missed if wanted else None)
        if there:
            return Choice(max(there, key=lambda model: model.model.rank), Why.BEST, missed)
        raise UserFacingError("model-not-installed", name=missed or kind.value)

    def import_file(self, path: Path, progress: Progress = lambda *_: None) -> InstalledModel:
        """Copy a GGUF file onto the shelf; the original stays. A file the catalogue knows gets the catalogue's name.

        Raises Cancelled; UserFacingError: `model-not-gguf`, `model-damaged`, `model-unsuited` (name, architecture),
        `model-unreadable` (file), `disk-full` (needed bytes).
        """
        staging = self.clean_staging(f"import-{os.getpid()}")
        try:
            return self._import(path, staging, progress)
        except OSError as error:
            raise UserFacingError("model-unreadable", file=path.name) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def install(self, staging: Path, model: Model) -> InstalledModel:
        """Move a folder of whole, verified files into its place. `model.files` must say their sizes and hashes."""
        manifest.write(staging, model)
        target = self.folder / model.name
        if target.exists():
            self._set_aside(model.name)
        staging.replace(target)
        manifest.sync_folder(self.folder)
        shutil.rmtree(self.staging(model.name), ignore_errors=True)
        return InstalledModel(model, target)

    def staging(self, name: str) -> Path:
        """Where a model of that name is put together."""
        return self.folder / PARTIAL / name

    def clean_staging(self, name: str) -> Path:
        """A new, empty folder to put a model together in."""
        staging = self.staging(name)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        return staging

    def _at(self, folder: Path) -> InstalledModel | None:
        installed = manifest.read(folder)
        if installed is None or not all(_is_there(folder, file) for file in installed.model.files):
            return None
        known = self._catalogue.get(installed.model.name)
        if known is None or [file.name for file in known.files] != [file.name for file in installed.model.files]:
            return installed
        # The catalogue may have learned something since; the files are what they were.
        return InstalledModel(dataclasses.replace(known, files=installed.model.files), folder)

    def _import(self, path: Path, staging: Path, progress: Progress) -> InstalledModel:
        described = describe(read_header(path), path.name, self._is_free)
        size = path.stat().st_size
        copy = staging / "import.gguf"
        self._copy(path, copy, size, progress)
        sha256 = sha256_of(copy, lambda done: progress(done, size, path.name))
        model = self._catalogue.with_file(sha256) or described
        file = dataclasses.replace(model.files[0], size=copy.stat().st_size, sha256=sha256, sources=())
        copy.replace(staging / file.name)
        return self.install(staging, dataclasses.replace(model, files=(file,)))

    def _copy(self, path: Path, copy: Path, size: int, progress: Progress) -> None:
        if shutil.disk_usage(copy.parent).free < size:
            raise UserFacingError("disk-full", needed=size)
        with path.open("rb") as source, copy.open("wb") as target:
            while block := source.read(BLOCK * 4):
                with disk_room(size):
                    target.write(block)
                progress(min(target.tell(), size), size, path.name)
            manifest.sync_file(target)

    def _is_free(self, name: str) -> bool:
        return not (self.folder / name).exists() and name not in self._catalogue

    def _title(self, name: str) -> str:
        known = self._catalogue.get(name)
        return known.title if known else name

    def _set_aside(self, name: str) -> None:
        """Take a model's folder out of sight in one step: half a removed model must not look like one."""
        aside = self.clean_staging(name + ".old")
        try:
            (self.folder / name).replace(aside / name)
        except PermissionError as error:  # Windows: a child has the file open
            raise UserFacingError("model-busy", name=name) from error
        shutil.rmtree(aside, ignore_errors=True)


def _is_there(folder: Path, file: ModelFile) -> bool:
    path = folder / file.name
    return path.is_file() and path.stat().st_size == file.size


def _is_right(folder: Path, file: ModelFile, tick: Tick) -> bool:
    try:
        return _is_there(folder, file) and sha256_of(folder / file.name, tick) == file.sha256
    except OSError:  # a disk that cannot give the bytes back has lost them
        return False
