"""The trail of titles down to where a reader stands, shared by the formats that have headings."""

_LONGEST_TITLE = 300
_MOST_OPEN = 24
"""Titles above one another: each goes with every passage below it, so a document may not make them endless."""


class Trail:
    """Titles by level. A title closes all of its own level and below; levels may be skipped."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Begins a section. A title without words only closes; white space inside it becomes single spaces."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        if words := " ".join(title.split()):
            del self._open[_MOST_OPEN - 1 :]
            self._open.append((level, words if len(words) <= _LONGEST_TITLE else words[: _LONGEST_TITLE - 1] + "…"))

    @property
    def path(self) -> tuple[str, ...]:
        """Titles from the outermost to the innermost."""
        return tuple(title for _, title in self._open)
