"""Gathers changed paths until it is quiet; pure, its clock is its caller's."""

from collections.abc import Iterable

from rag_desktop.files.walking import outermost, upward

MOST_PATHS = 1_000
"""Below one root; from then on the root itself is what changed."""


class Batch:
    """Paths that changed, by the root they lie in. All times are seconds of one monotonic clock."""

    def __init__(self, quiet_s: float, most_s: float) -> None:
        self._quiet_s = quiet_s
        self._most_s = most_s
        self._paths: dict[str, set[str]] = {}
        self._first = 0.0
        self._last = 0.0

    def add(self, root: str, path: str, now: float) -> None:
        """A path in a root changed, with all that lies below it."""
        if not self._paths:
            self._first = now
        self._last = now
        paths = self._paths.setdefault(root, set())
        if root in paths:
            return
        paths.add(path)
        if path == root or len(paths) > MOST_PATHS:
            self._paths[root] = {root}

    def due(self) -> float | None:
        """When the batch is to be taken: it is quiet, or the first change has waited for long enough."""
        return min(self._last + self._quiet_s, self._first + self._most_s) if self._paths else None

    def drop(self, root: str) -> None:
        """Forget what changed in a root."""
        self._paths.pop(root, None)

    def take(self, roots: Iterable[str] = ()) -> dict[str, frozenset[str]]:
        """All that changed since the last time, by root; no path lies below another one of its root.

        roots: whether they changed or not; one that lies below a path that did is given whole.
        """
        # Not reduced across roots: who looks at a folder passes over the roots in it, and would miss the change there.
        taken = {root: frozenset(outermost(paths)) for root, paths in self._paths.items()}
        everywhere = frozenset().union(*taken.values())
        taken |= {root: frozenset({root}) for root in roots if not everywhere.isdisjoint(upward(root))}
        self._paths.clear()
        return taken
