"""What a way of watching offers, whatever the system."""

from collections.abc import Callable
from typing import Protocol

Keeps = Callable[[str, bool], bool]
"""Whether a path below the root, a folder or not, is looked at at all."""
Seen = Callable[[str, str], None]
"""Told a root and a path in it that changed, in a thread of the source."""
Lost = Callable[[str], None]
"""Told a root of which changes were missed, or which is not where it was; it is to be added again."""


class Source(Protocol):
    """Tells what changes below some roots, folders or single files, until it is closed."""

    def add(self, root: str, keeps: Keeps) -> None:
        """Begin to watch a root. Raises OSError; nothing is watched then."""

    def remove(self, root: str) -> None:
        """Watch a root no longer; one that is not watched is no error."""

    def is_alive(self) -> bool:
        """Whether its threads run."""

    def close(self) -> None:
        """Watch nothing any more, and end its threads."""
