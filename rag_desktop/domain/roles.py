"""What a child process runs: a role. Children are built by `workers`, roles by `formats` and `engines`."""

from collections.abc import Callable, Iterator
from typing import Any

StopSign = Callable[[], bool]
"""True once the request in hand is no longer wanted. Cheap: an engine may ask it thousands of times a second."""

Serve = Callable[[Any], Iterator[Any]]
"""Takes one request (domain.messages) and yields its replies. Every `yield` is a point at which an urgent request may
be served in between, or the request be stopped: yield at least every 100 ms of work where that is possible.

A `UserFacingError` it raises is carried to the asker whole; any other exception is a bug, and is carried as text."""

Role = Callable[[StopSign], Serve]
"""Called once in the new process; loads what the role needs. Must be picklable: a top-level function, or a
`functools.partial` of one."""
