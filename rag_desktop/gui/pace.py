"""How fast a task goes and how long it will take, from what it reports: plain arithmetic, no clock of its own."""

from collections import deque

_WINDOW_S = 30.0
"""What happened longer ago says little of what comes: documents differ."""
_LEAST_S = 2.0
_LEAST_DONE = 2


class Pace:
    """Rate and time left of one stage of one task. Times are seconds of a monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._left = 0

    def at(self, now: float, done: int, total: int) -> None:
        """Note that `done` of `total` were done at `now`. Going backwards begins anew."""
        if self._marks and done < self._marks[-1][1]:
            self._marks.clear()
        self._marks.append((now, done))
        self._left = max(0, total - done)
        while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW_S:
            self._marks.popleft()

    def hold(self) -> None:
        """Forget the past: after a pause it would count as slowness."""
        self._marks.clear()

    @property
    def rate(self) -> float | None:
        """Steps a second, or None while too little was seen to say."""
        if len(self._marks) < 2:
            return None
        (began, before), (now, done) = self._marks[0], self._marks[-1]
        if now - began < _LEAST_S or done - before < _LEAST_DONE:
            return None
        return (done - before) / (now - began)

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all is done at this rate, or None while that cannot be said."""
        rate = self.rate
        return None if rate is None else self._left / rate
