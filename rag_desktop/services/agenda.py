"""The files that wait to be read, in an order that any thread may change while they are being read."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import FolderId


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file, the folder it belongs to, the scheme that cuts it, its format's name, and which attempt this is."""

    folder: FolderId
    file: FileState
    chunker: str
    format: str = ""
    attempt: int = 1


_SLOW = frozenset({"image"})


class Agenda:
    """Waiting files by folder. The folder that the person touched last comes first; in it, the file changed last.

    Pictures come after all else: recognising the text of one takes seconds.
    """

    def __init__(self, items: Iterable[FileToRead] = (), touched: Iterable[FolderId] = ()) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[FolderId, deque[FileToRead]] = {}
        for item in sorted(items, key=lambda each: (each.format in _SLOW, -each.file.mtime_ns)):
            self._waiting.setdefault(item.folder, deque()).append(item)
        self._total = sum(map(len, self._waiting.values()))
        self._sizes: dict[str, tuple[int, int]] = {}
        for queue in self._waiting.values():
            for item in queue:
                self._count(item, 1)
        for folder in touched:
            self.touch(folder)

    @property
    def total(self) -> int:
        """Files that were to be read at first, without those that were left since."""
        return self._total

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def next(self) -> FileToRead | None:
        """Take the next file, or None where none waits."""
        with self._lock:
            queue = next(iter(self._waiting.values()), None)
            if queue is None:
                return None
            item = queue.popleft()
            self._count(item, -1)
            if not queue:
                del self._waiting[item.folder]
            return item

    def again(self, item: FileToRead) -> None:
        """Put a file back, at the front of its folder."""
        with self._lock:
            self._waiting.setdefault(item.folder, deque()).appendleft(item)
            self._count(item, 1)

    def touch(self, folder: FolderId) -> None:
        """Bring a folder's files to the front."""
        with self._lock:
            queue = self._waiting.pop(folder, None)
            if queue:
                self._waiting = {folder: queue, **self._waiting}

    def leave(self, folder: FolderId) -> int:
        """Drop a folder's files unread. Returns how many there were."""
        with self._lock:
            left = self._waiting.pop(folder, ())
            for item in left:
                self._count(item, -1)
            self._total -= len(left)
            return len(left)

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Waiting files and their bytes, by format."""
        with self._lock:
            return {format_: each for format_, each in self._sizes.items() if each[0]}

    def _count(self, item: FileToRead, sign: int) -> None:
        files, size = self._sizes.get(item.format, (0, 0))
        self._sizes[item.format] = files + sign, size + sign * item.file.size
