"""Where a model that was prepared once for this machine is kept: written whole or not at all, verified when read.

Several programs may share it: a kind is prepared by one at a time, and is there only whole.
"""

import hashlib
import json
import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock

from rag_desktop.engines.attempts import Attempts
from rag_desktop.engines.tokenising import Tokeniser

_LOG = logging.getLogger(__name__)
_FORMAT = 1
"""Grows with every change of what is prepared, or how."""
GRAPH, WEIGHTS = "model.xml", "model.bin"
_TOKENIZER, _RECORD = "tokenizer.json", "prepared.json"
_DAMAGES = (OSError, ValueError, KeyError, TypeError)
"""What reading prepared files raises where they are not as they were written."""
_HOUR_S = 3600.0
_WEEK_S = 7 * 24 * _HOUR_S
_LIBRARIES = ("openvino", "torch", "transformers", "sentence-transformers")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model in OpenVINO's format with its tokenizer; `prompt` goes before every text."""

    graph: Path
    tokeniser: Tokeniser
    prompt: str


class Preparations:
    """What was prepared from one model folder, by kind. A change of the model, the machine or a library begins anew."""

    def __init__(self, caches: Path, model: Path) -> None:
        """Raises OSError where the model's folder cannot be looked at, PackageNotFoundError where a library's version
        is not on record, as in a frozen program."""
        self._home = caches / "embedders" / _digest(str(model.resolve()))
        self._folder = self._home / _digest(*_signature(model))

    def attempts(self, kind: str) -> Attempts:
        """Attempts at preparing `kind`."""
        return Attempts(self._folder / f"{kind}.attempts")

    def find(self, kind: str) -> Prepared | None:
        """What was prepared as `kind`; None where it was not, or is damaged, and then it is removed."""
        folder = self._folder / kind
        if not folder.is_dir():
            return None
        try:
            found = _verified(folder)
        except _DAMAGES as error:
            _LOG.warning("%s is prepared anew: %s", folder, error)
            with suppress(OSError), self._locked(kind):  # who holds the lock is about to replace it
                self._drop(kind)
            return None
        with suppress(OSError):
            os.utime(self._folder)  # it is in use
        return found

    def drop(self, kind: str) -> None:
        """Forget what was prepared as `kind`; where another program prepares it at this moment, that stays."""
        with suppress(OSError), self._locked(kind):
            self._drop(kind)

    @contextmanager
    def making(self, kind: str, tokeniser: Tokeniser, prompt: str) -> Iterator[Prepared]:
        """A place to put the graph and its weights. It becomes `kind` where the block ends well, and is gone else.

        An attempt, unless another program is at it: then Timeout (filelock's, an OSError). Raises OSError.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._locked(kind), self.attempts(kind).trying():
            place = Path(tempfile.mkdtemp(prefix=f"{kind}.", dir=self._folder))
            try:
                yield Prepared(place / GRAPH, tokeniser, prompt)
                _write_record(place, tokeniser, prompt)
                self._put(place, kind)
            finally:
                shutil.rmtree(place, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what preparations left that were killed, and what nobody has used for a week: it was prepared for an
        earlier state of the model, the machine or a library."""
        for folder in _older(self._home, _WEEK_S):
            if folder != self._folder:
                shutil.rmtree(folder, ignore_errors=True)
        for left in _older(self._folder, _HOUR_S):
            kind, dot, _ = left.name.partition(".")
            if dot:
                with suppress(OSError), self._locked(kind):
                    shutil.rmtree(left, ignore_errors=True)

    def _put(self, place: Path, kind: str) -> None:
        self._drop(kind)
        try:
            place.replace(self._folder / kind)
        except OSError:
            with suppress(*_DAMAGES):  # where locks do not hold, another program may have been faster
                _verified(self._folder / kind)
                return
            raise

    def _drop(self, kind: str) -> None:
        shutil.rmtree(self._folder / kind, ignore_errors=True)

    @contextmanager
    def _locked(self, kind: str) -> Iterator[None]:
        """Raises OSError: Timeout while another program has the lock, others where there are no locks."""
        lock = FileLock(self._folder / f"{kind}.lock")
        try:
            lock.acquire(timeout=0)
        except NotImplementedError as error:
            raise OSError(str(error)) from error
        try:
            yield
        finally:
            lock.release()


def _verified(folder: Path) -> Prepared:
    """Raises one of _DAMAGES where a file is not as it was written."""
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    for name in (GRAPH, WEIGHTS, _TOKENIZER):
        if _sha256(folder / name) != record["files"][name]:
            raise ValueError(f"{name} is not what was written")
    return _prepared(folder, record)


def _older(home: Path, age_s: float) -> list[Path]:
    """Folders in `home` that nothing was put into for so long."""
    before = time.time() - age_s
    try:
        return [path for path in home.iterdir() if path.is_dir() and path.stat().st_mtime < before]
    except OSError:
        return []


def _prepared(folder: Path, record: dict[str, Any]) -> Prepared:
    serialised = (folder / _TOKENIZER).read_text(encoding="utf-8")
    tokeniser = Tokeniser(serialised, int(record["max_length"]), int(record["pad_id"]))
    return Prepared(folder / GRAPH, tokeniser, str(record["prompt"]))


def _write_record(folder: Path, tokeniser: Tokeniser, prompt: str) -> None:
    (folder / _TOKENIZER).write_text(tokeniser.serialised, encoding="utf-8", newline="")
    record = {
        "files": {name: _sha256(folder / name) for name in (GRAPH, WEIGHTS, _TOKENIZER)},
        "max_length": tokeniser.max_length,
        "pad_id": tokeniser.pad_id,
        "prompt": prompt,
    }
    (folder / _RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def _signature(model: Path) -> Iterator[str]:
    """What the prepared files depend on. Of the model's files size and time: reading gigabytes would delay each start.

    Which instructions the processor knows is in the name that the system gives it.
    """
    yield str(_FORMAT)
    yield from (platform.machine(), _processor())
    yield from (f"{library} {metadata.version(library)}" for library in _LIBRARIES)
    for path in sorted(path for path in model.rglob("*") if path.is_file()):
        state = path.stat()
        yield f"{path.relative_to(model).as_posix()} {state.st_size} {state.st_mtime_ns}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
