"""The trail of titles down to where a reader stands, shared by the formats that have headings."""


class Trail:
    """Titles by level. A title closes all of its own level and below; levels may be skipped."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Begins a section. A title without words only closes; white space inside it becomes single spaces."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        if words := " ".join(title.split()):
            self._open.append((level, words))

    @property
    def path(self) -> tuple[str, ...]:
        """Titles from the outermost to the innermost."""
        return tuple(title for _, title in self._open)
