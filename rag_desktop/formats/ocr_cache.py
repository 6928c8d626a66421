"""Keeps what was recognised: a page takes seconds, and a document is read again whenever anything in it changes."""

import json
import logging
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rag_desktop.formats.ocr_order import Line

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 256 * 1024 * 1024
"""Of all entries: some fifty thousand pages."""
_LARGEST = 4 * 1024 * 1024
_LOOK_EVERY = 200
"""Entries written between two looks at the size of all."""


class RecognitionCache:
    """Small JSON files in `folder`, named by a key of hexadecimal digits. May be deleted at any time, in whole or part.

    Several processes may share it. Where it cannot be written nothing is kept, and nothing fails.
    """

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._written = 0

    def get(self, key: str) -> tuple[Line, ...] | None:
        """What was kept under this key; None where there is nothing, or nothing that can be understood."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                rows = json.loads(file.read(_LARGEST))
            lines = tuple(_line(row) for row in rows)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            _LOG.debug("recognised anew, for %s is damaged: %s", path, error)
            return None
        with suppress(OSError):
            os.utime(path)  # the oldest go first
        return lines

    def put(self, key: str, lines: Sequence[Line]) -> None:
        """Keep lines under a key; whole or not at all."""
        path = self._path(key)
        rows = [[line.text, line.left, line.top, line.right, line.bottom, round(line.score, 3)] for line in lines]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
                json.dump(rows, file, ensure_ascii=False, separators=(",", ":"))
            os.replace(file.name, path)
        except OSError as error:
            _LOG.debug("not kept: %s", error)
            return
        if self._written % _LOOK_EVERY == 0:
            self._shrink()
        self._written += 1

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"

    def _shrink(self) -> None:
        """Delete the entries that were not asked for the longest, down to three quarters of what may be kept."""
        entries = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                about = path.stat()
                entries.append((about.st_mtime, about.st_size, path))
        left = sum(size for _, size, _ in entries)
        if left <= self._most_bytes:
            return
        for _, size, path in sorted(entries):
            if left <= self._most_bytes * 3 // 4:
                return
            with suppress(OSError):
                path.unlink()
                left -= size


def _line(row: object) -> Line:
    """Raises ValueError or TypeError for what `put` has not written."""
    if not isinstance(row, list) or len(row) != 6:
        raise ValueError("no line")
    text, left, top, right, bottom, score = row
    if not isinstance(text, str) or not all(isinstance(edge, int) for edge in (left, top, right, bottom)):
        raise ValueError("no line")
    return Line(text, left, top, right, bottom, float(score))
