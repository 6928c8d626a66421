"""Where the second suite finds real weights: the folder that RAG_DESKTOP_MODELS names."""

import os
from pathlib import Path

import pytest


def weights_file(folder: str, name: str = "") -> Path:
    """A file (or the folder) of an installed model; the test is skipped where it is not there."""
    models = os.environ.get("RAG_DESKTOP_MODELS")
    path = Path(models or "", folder, name)
    if not models or not path.exists():
        pytest.skip(f"RAG_DESKTOP_MODELS holds no {folder}")
    return path
