"""How many threads a model should compute with: physical cores that this process may use."""

import os

import psutil


def threads(wanted: int) -> int:
    """`wanted` where it is positive; else the physical cores left to this process (hyper-threads do not help)."""
    if wanted > 0:
        return wanted
    physical = psutil.cpu_count(logical=False) or _usable()
    return max(1, min(physical, _usable()))


def _usable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
