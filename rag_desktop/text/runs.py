"""Source runs as packed integers: a long PDF has tens of thousands, too many to be sent or kept one by one."""

import zlib
from collections.abc import Sequence

import numpy as np

from rag_desktop.domain.documents import Run

_NOTHING = -1


def pack_runs(runs: Sequence[Run]) -> bytes:
    """Runs as three columns of little-endian int32, each as differences, deflated: a page costs a few hundred bytes."""
    columns = np.array(
        [(run.start, _NOTHING if run.source_start is None else run.source_start, run.page or _NOTHING) for run in runs],
        dtype="<i4",
    ).reshape(-1, 3)
    return zlib.compress(np.diff(columns, axis=0, prepend=np.zeros((1, 3), "<i4")).T.tobytes(), 1)


def unpack_runs(packed: bytes) -> tuple[Run, ...]:
    """Inverse of `pack_runs`."""
    columns = np.frombuffer(zlib.decompress(packed), dtype="<i4").reshape(3, -1).cumsum(axis=1)
    return tuple(
        Run(start, None if source == _NOTHING else source, None if page == _NOTHING else page)
        for start, source, page in zip(*columns.tolist(), strict=True)
    )
