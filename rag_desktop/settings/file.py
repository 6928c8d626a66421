"""The settings file: one JSON object, written whole or not at all; bad values become defaults and are reported."""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.settings.declarations import ALL, Setting, T, Value, by_key

NAME = "settings.json"
_MAX_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class SettingsWarning:
    """What was wrong with the file: `settings-damaged` (key is empty) or `setting-ignored` (key names it)."""

    code: str
    key: str = ""


class SettingsFile:
    """Settings stored in `folder`. Every call reads the file: it is small, and another program may have written it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def get(self, setting: Setting[T]) -> T:
        """The stored value, or the default where there is none, or none that is allowed."""
        stored, _ = self._read()
        value = setting.accept(stored[setting.key]) if setting.key in stored else None
        return setting.default if value is None else value

    def values(self) -> tuple[tuple[str, Value], ...]:
        """All settings as (key, value), in the order of their declaration."""
        return tuple((setting.key, self.get(setting)) for setting in ALL)

    def warnings(self) -> tuple[SettingsWarning, ...]:
        """What had to be replaced by defaults. Keys nobody knows are kept and not warned of."""
        stored, is_sound = self._read()
        if not is_sound:
            return (SettingsWarning("settings-damaged"),)
        bad = (setting.key for setting in ALL if setting.key in stored and setting.accept(stored[setting.key]) is None)
        return tuple(SettingsWarning("setting-ignored", key) for key in bad)

    def set(self, setting: Setting[T], value: T) -> None:
        """Store a value, durably. Everything else in the file stays; a damaged file is set aside first.

        Raises UserFacingError: `setting-refused` (key, value), `settings-unwritable` (file).
        """
        accepted = setting.accept(value)
        if accepted is None:
            raise UserFacingError("setting-refused", key=setting.key, value=value)
        stored, is_sound = self._read()
        try:
            if not is_sound:
                self._path.replace(self._path.with_name(NAME + ".damaged"))
            self._write(stored | {setting.key: accepted})
        except OSError as error:
            raise UserFacingError("settings-unwritable", file=str(self._path)) from error

    def set_text(self, key: str, text: str) -> None:
        """Store a value given as a person types it. Raises UserFacingError: as `set`, and `setting-unknown` (key)."""
        setting = by_key(key)
        if setting is None:
            raise UserFacingError("setting-unknown", key=key)
        try:
            value = type(setting.default)(text)
        except ValueError as error:
            raise UserFacingError("setting-refused", key=key, value=text) from error
        self.set(setting, value)

    def content(self) -> bytes | None:
        """The bytes of a sound file, for a backup; None where there is no file, or a damaged one."""
        stored, is_sound = self._read()
        return json.dumps(stored, ensure_ascii=False, indent=1).encode() if stored and is_sound else None

    @property
    def is_damaged(self) -> bool:
        """Whether there is a file that cannot be read as settings."""
        return not self._read()[1]

    def restore(self, content: bytes) -> None:
        """Put a backup in the place of a damaged file, of which a copy stays. Raises UserFacingError as `set`."""
        try:
            shutil.copyfile(self._path, self._path.with_name(NAME + ".damaged"))
            self._write(json.loads(content))
        except (OSError, ValueError) as error:
            raise UserFacingError("settings-unwritable", file=str(self._path)) from error

    def _read(self) -> tuple[dict[str, Any], bool]:
        """The stored values, and whether the file was sound (no file at all is)."""
        try:
            with self._path.open("rb") as file:
                stored = json.loads(file.read(_MAX_BYTES))
        except FileNotFoundError:
            return {}, True
        except (OSError, ValueError, RecursionError):
            return {}, False
        return (stored, True) if isinstance(stored, dict) else ({}, False)

    def _write(self, stored: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=NAME, suffix=".new", dir=self._path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(stored, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        finally:
            temporary.unlink(missing_ok=True)
