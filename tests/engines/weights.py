"""Where the second suite finds real weights: the models folder of the program itself."""

from pathlib import Path

import pytest

from rag_desktop.settings.places import find_places


def weights_file(folder: str, name: str = "") -> Path:
    """A file (or the folder) of an installed model; the test is skipped where it is not there."""
    path = find_places().models / folder / name
    if not path.exists():
        pytest.skip(f"{folder} is not installed; `make weights` fetches it")
    return path
