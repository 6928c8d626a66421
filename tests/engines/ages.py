"""Files that were last changed a while ago; for tests."""

import os
import time
from pathlib import Path


def age(path: Path, *, hours: float = 0, days: float = 0) -> None:
    """Have a path last changed so long ago."""
    then = time.time() - 3600 * (hours + 24 * days)
    os.utime(path, (then, then))
