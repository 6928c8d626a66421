"""How values are written in columns: paths as bytes, headings as JSON, source runs as packed integers."""

import json
import os
import zlib
from collections.abc import Sequence

import numpy as np

from rag_desktop.domain.documents import Run

_NOTHING = -1


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


def runs_to_blob(runs: Sequence[Run]) -> bytes:
    """Runs as three columns of int32, each as differences: a page of text costs a few hundred bytes."""
    columns = np.array(
        [(run.start, _NOTHING if run.source_start is None else run.source_start, run.page or _NOTHING) for run in runs],
        dtype="<i4",
    ).reshape(-1, 3)
    return zlib.compress(np.diff(columns, axis=0, prepend=np.zeros((1, 3), "<i4")).T.tobytes(), 1)


def runs_from_blob(blob: bytes) -> tuple[Run, ...]:
    """Inverse of `runs_to_blob`."""
    columns = np.frombuffer(zlib.decompress(blob), dtype="<i4").reshape(3, -1).cumsum(axis=1)
    return tuple(
        Run(start, None if source == _NOTHING else source, None if page == _NOTHING else page)
        for start, source, page in zip(*columns.tolist(), strict=True)
    )
