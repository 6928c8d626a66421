"""How values are written in columns: paths as bytes, headings as JSON."""

import json
import os
from collections.abc import Sequence


def path_to_blob(path: str) -> bytes:
    """File names are bytes on some systems: one that is no Unicode must come back as it was."""
    return os.fsencode(path)


def path_from_blob(blob: bytes) -> str:
    """Inverse of `path_to_blob`."""
    return os.fsdecode(blob)


def words_to_json(words: Sequence[str]) -> str | None:
    """A sequence of strings as JSON, or None for an empty one."""
    return json.dumps(words, ensure_ascii=False) if words else None


def words_from_json(text: str | None) -> tuple[str, ...]:
    """Inverse of `words_to_json`."""
    return tuple(json.loads(text)) if text else ()
