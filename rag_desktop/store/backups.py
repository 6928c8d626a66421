"""Copies of what cannot be made anew: conversations, settings, the list of folders; the last few of each.

A copy's name holds its number and the SHA-256 of its bytes: a copy is whole or it is none, and the newest is the one
with the highest number, whatever the clock said.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from rag_desktop.store.connection import worded
from rag_desktop.store.exchange import sync_file, sync_folder
from rag_desktop.store.holder import HOLDER
from rag_desktop.store.salvage import FolderValues, Known

_FOLDER = "backups"
_KEPT = 3
_NAME = re.compile(r"([a-z]+)-(\d{6,})-([0-9a-f]{64})\.(sqlite|json)")


class Kind(StrEnum):
    """What a copy is of."""

    CONVERSATIONS = "conversations"
    SETTINGS = "settings"
    FOLDERS = "folders"


@dataclass(frozen=True, slots=True, order=True)
class Backup:
    """A copy, sound or not. `made_at`: seconds since 1970, for people."""

    number: int
    path: Path
    kind: str
    sha256: str

    @property
    def is_sound(self) -> bool:
        """Whether its bytes are still those that were verified when it was made."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False

    @property
    def made_at(self) -> float:
        with suppress(OSError):
            return self.path.stat().st_mtime
        return 0.0


class Backups:
    """The copies of one library. One program makes them at a time: the one that holds the writer's lock."""

    def __init__(self, library: Path) -> None:
        self._folder = library / _FOLDER

    def all(self) -> list[Backup]:
        """All copies, the oldest first."""
        if not self._folder.is_dir():
            return []
        named = ((path, _NAME.fullmatch(path.name)) for path in self._folder.iterdir())
        return sorted(Backup(int(name[2]), path, name[1], name[3]) for path, name in named if name)

    def strays(self) -> list[Path]:
        """Files that a killed program left half written."""
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if not _NAME.fullmatch(path.name))

    def sweep(self) -> None:
        """Delete `strays`."""
        for path in self.strays():
            with suppress(OSError):
                path.unlink()

    def newest(self, kind: Kind) -> Backup | None:
        """The newest sound copy."""
        return next((each for each in reversed(self.all()) if each.kind == kind and each.is_sound), None)

    def put(self, kind: Kind, write: Callable[[Path], None], *, alone: bool = False) -> bool:
        """Make a copy with what `write` writes and has verified; False where the newest is the same already.

        alone: keep no earlier copies. Raises UserFacingError `disk-full`…; what was there then stays as it was.
        """
        with worded(self._folder / kind):
            self._folder.mkdir(parents=True, exist_ok=True)
            self.sweep()
            temporary = self._folder / f"{kind}-{secrets.token_hex(4)}.part"
            try:
                write(temporary)
                sync_file(temporary)
                return self._keep(kind, temporary, alone=alone)
            finally:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def _keep(self, kind: Kind, temporary: Path, *, alone: bool) -> bool:
        with temporary.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        earlier = [each for each in self.all() if each.kind == kind]
        newest = self.newest(kind)
        is_new = newest is None or newest.sha256 != digest
        if newest is None or newest.sha256 != digest:
            number = 1 + max((each.number for each in earlier), default=0)
            suffix = "sqlite" if kind is Kind.CONVERSATIONS else "json"
            temporary.replace(self._folder / f"{kind}-{number:06}-{digest}.{suffix}")
            sync_folder(self._folder)
        spent = earlier[: -_KEPT + is_new]
        for old in [each for each in earlier if is_new or each != newest] if alone else spent:
            with suppress(OSError):  # it goes with a later round
                old.path.unlink()
        return is_new


def known_out(known: Known) -> bytes:
    """The list of folders, and the spaces, as they are kept."""
    rows = [{key: _out(value) for key, value in each.items()} for each in known.folders if _is_kept(each)]
    return json.dumps({"folders": rows, "spaces": [list(each) for each in known.spaces]}, indent=1).encode()


def known_in(content: bytes) -> Known:
    """Inverse of `known_out`."""
    found = json.loads(content)
    folders = [{key: _in(value) for key, value in row.items()} for row in found["folders"]]
    return Known(folders, [tuple(row) for row in found["spaces"]])


def _is_kept(values: FolderValues) -> bool:
    return values.get("removed_at") is None and values["path"] != HOLDER


def _out(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _in(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
