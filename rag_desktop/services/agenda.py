"""The files that wait to be read, in an order that any thread may change while they are being read."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import FolderId

_SLOW = frozenset({"image"})


@dataclass(frozen=True, slots=True)
class FileToRead:
    """A file, the folder it belongs to, the scheme that cuts it, its format's name, and which attempt this is."""

    folder: FolderId
    file: FileState
    chunker: str
    format: str = ""
    attempt: int = 1


class Agenda:
    """Waiting files by folder. The folder that the person touched last comes first; in it, the file changed last.

    Pictures come after all else: recognising the text of one takes seconds.
    """

    def __init__(self, items: Iterable[FileToRead] = (), touched: Iterable[FolderId] = ()) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[FolderId, deque[FileToRead]] = {}
        self._in_hand: dict[str, FileToRead] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._left: dict[FolderId, dict[str, FileState]] = {}
        self._touched: list[FolderId] = []
        self._done = 0
        by_folder: dict[FolderId, list[FileToRead]] = {}
        for item in items:
            by_folder.setdefault(item.folder, []).append(item)
        for folder, some in by_folder.items():
            self.put(folder, some)
        for folder in touched:
            self.touch(folder)

    @property
    def done(self) -> int:
        """Files whose outcome is kept, since there was last nothing to do."""
        return self._done

    @property
    def total(self) -> int:
        """Files that are done, in hand, or waiting."""
        with self._lock:
            return self._done + len(self._in_hand) + self._count()

    def __len__(self) -> int:
        with self._lock:
            return self._count()

    def put(
        self, folder: FolderId, items: Iterable[FileToRead], covers: Callable[[str], bool] = lambda _: True
    ) -> list[FileToRead]:
        """Make these the waiting files of a folder, as far as a look `covers` a path; returns those that are new.

        What is in hand just so stays there and is not read twice; what was left waits again only if it changed.
        """
        with self._lock:
            if not self._in_hand and not self._waiting:
                self._done = 0
            before = {item.file.path: item for item in self._waiting.pop(folder, ())}
            for item in before.values():
                self._weigh(item, -1)
            kept = {path: item for path, item in before.items() if not covers(path)}
            left = self._left.get(folder, {})
            fresh = {item.file.path: item for item in items if not self._is_settled(item, left)}
            merged = sorted({**kept, **fresh}.values(), key=lambda each: (each.format in _SLOW, -each.file.mtime_ns))
            for item in merged:
                self._weigh(item, 1)
            if merged:
                self._waiting[folder] = deque(merged)
                self._order()
            return [item for path, item in fresh.items() if before.get(path) != item]

    def next(self) -> FileToRead | None:
        """Take the next file in hand, or None where none waits."""
        with self._lock:
            queue = next(iter(self._waiting.values()), None)
            if queue is None:
                return None
            item = queue.popleft()
            self._weigh(item, -1)
            self._in_hand[item.file.path] = item
            if not queue:
                del self._waiting[item.folder]
            return item

    def again(self, item: FileToRead) -> None:
        """Put a file in hand back, at the front of its folder; one whose folder was left meanwhile is dropped."""
        with self._lock:
            self._in_hand.pop(item.file.path, None)
            if item.folder in self._left:
                self._left[item.folder][item.file.path] = item.file
                return
            self._waiting.setdefault(item.folder, deque()).appendleft(item)
            self._weigh(item, 1)
            self._order()

    def finished(self, items: Iterable[FileToRead]) -> None:
        """Note that the outcomes of these files are kept."""
        with self._lock:
            for item in items:
                self._done += self._in_hand.pop(item.file.path, None) is not None

    def put_back(self) -> None:
        """Nothing is in hand any more: what was, and whose outcome is not kept, waits again."""
        for item in list(self._in_hand.values()):
            self.again(item)

    def touch(self, folder: FolderId) -> None:
        """Bring a folder's files to the front."""
        with self._lock:
            self._touched = [folder, *(each for each in self._touched if each != folder)]
            self._order()

    def leave(self, folder: FolderId) -> int:
        """Drop a folder's files unread; they are not read before `take_up`, unless they change. Returns how many."""
        with self._lock:
            gone = self._waiting.pop(folder, ())
            for item in gone:
                self._weigh(item, -1)
            left = self._left.setdefault(folder, {})
            left.update((item.file.path, item.file) for item in gone)
            return len(gone)

    def take_up(self, folder: FolderId) -> None:
        """Let what was left of a folder wait again, once a look finds it."""
        with self._lock:
            self._left.pop(folder, None)

    def sizes(self) -> Mapping[str, tuple[int, int]]:
        """Waiting files and their bytes, by format."""
        with self._lock:
            return {format_: each for format_, each in self._sizes.items() if each[0]}

    def _is_settled(self, item: FileToRead, left: Mapping[str, FileState]) -> bool:
        in_hand = self._in_hand.get(item.file.path)
        is_read = in_hand is not None and (in_hand.file, in_hand.chunker) == (item.file, item.chunker)
        return is_read or left.get(item.file.path) == item.file

    def _order(self) -> None:
        first = [folder for folder in self._touched if folder in self._waiting]
        rest = [folder for folder in self._waiting if folder not in first]
        self._waiting = {folder: self._waiting[folder] for folder in (*first, *rest)}

    def _count(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _weigh(self, item: FileToRead, sign: int) -> None:
        files, size = self._sizes.get(item.format, (0, 0))
        self._sizes[item.format] = files + sign, size + sign * item.file.size


def sizes_of(items: Iterable[FileToRead]) -> dict[str, tuple[int, int]]:
    """Files and their bytes, by format."""
    found: dict[str, tuple[int, int]] = {}
    for item in items:
        files, size = found.get(item.format, (0, 0))
        found[item.format] = files + 1, size + item.file.size
    return found
