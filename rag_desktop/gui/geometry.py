"""What the window remembers of its looks between two starts: one small JSON file beside the settings."""

import base64
import binascii
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow, QSplitter

NAME = "window.json"
_MAX_BYTES = 1 << 16


class Memory:
    """Remembered values by key. What cannot be read counts as never remembered; what cannot be written is let go."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._kept = self._read()

    def keep(self, key: str, value: object) -> None:
        """Remember a JSON value until `save` writes it."""
        self._kept[key] = value

    def text(self, key: str, default: str) -> str:
        """A remembered text."""
        value = self._kept.get(key)
        return value if isinstance(value, str) else default

    def numbers(self, key: str, default: Iterable[int]) -> list[int]:
        """Remembered whole numbers; the default where their count differs."""
        value, usual = self._kept.get(key), list(default)
        is_sound = isinstance(value, list) and len(value) == len(usual) and all(type(each) is int for each in value)
        return list(value) if is_sound and isinstance(value, list) else usual

    def save(self) -> None:
        """Write everything, whole or not at all."""
        new = self._path.with_name(f"{NAME}.{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(self._kept), encoding="utf-8")
            new.replace(self._path)
        except OSError:
            return  # a window that opens at its usual place is no reason to bother anyone

    def _read(self) -> dict[str, Any]:
        try:
            with self._path.open("rb") as file:
                kept = json.loads(file.read(_MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) else {}


def save_place(window: QMainWindow, memory: Memory) -> None:
    """Remember where the window is and how large."""
    memory.keep("geometry", base64.b64encode(window.saveGeometry().data()).decode("ascii"))


def restore_place(window: QMainWindow, memory: Memory, width: int, height: int) -> None:
    """Put the window where it was; Qt moves it back onto a screen where that one is gone."""
    window.resize(width, height)
    try:
        kept = base64.b64decode(memory.text("geometry", ""), validate=True)
    except binascii.Error:
        return
    window.restoreGeometry(QByteArray(kept))


def save_splitter(splitter: QSplitter, memory: Memory) -> None:
    """Remember the sizes of a splitter, which must have an object name."""
    memory.keep(splitter.objectName(), splitter.sizes())


def restore_splitter(splitter: QSplitter, memory: Memory, usual: Iterable[int]) -> None:
    """Give a splitter the sizes it had, or the usual ones."""
    splitter.setSizes(memory.numbers(splitter.objectName(), usual))
