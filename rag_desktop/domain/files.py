"""What the file system says of a file without reading it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileState:
    """A file's path, its bytes, and its times in nanoseconds since 1970.

    ctime_ns: when its contents or attributes last changed by the system's own clock (Windows: when it was made), which
    tells an edit that kept size and modification time; 0 where nobody looked.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
