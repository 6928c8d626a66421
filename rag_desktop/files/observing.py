"""Watching where the system watches a tree as a whole (Windows, macOS), through watchdog's observer."""

import os

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from rag_desktop.files.source import Keeps, Lost, Seen
from rag_desktop.files.walking import is_within

_HAPPENINGS: list[type[FileSystemEvent]] = [
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
"""Not opening and closing: a look at a file must not be the reason for the next. Nor a folder's new time, which only
says that something in it happened, as that itself does."""


class Observed:
    """A `Source`. Raises OSError where the system gives no means to watch. observer: None is the system's own."""

    def __init__(self, seen: Seen, lost: Lost, observer: BaseObserver | None = None) -> None:
        self._seen = seen
        self._lost = lost
        self._observer = observer or Observer()
        self._observer.start()
        self._watches: dict[str, ObservedWatch] = {}

    def add(self, root: str, keeps: Keeps) -> None:
        """Begin to watch a root with all below it. Raises OSError; nothing is watched then."""
        self.remove(root)
        told = _Told(root, keeps, self._seen, self._lost)
        self._watches[root] = self._observer.schedule(told, root, recursive=True, event_filter=_HAPPENINGS)

    def remove(self, root: str) -> None:
        """Watch a root no longer; one that is not watched is no error."""
        watch = self._watches.pop(root, None)
        if watch:
            self._observer.unschedule(watch)

    def is_alive(self) -> bool:
        """Whether all its threads run. One ends when its root is deleted."""
        return self._observer.is_alive() and all(emitter.is_alive() for emitter in list(self._observer.emitters))

    def close(self) -> None:
        """Watch nothing any more, and end the threads."""
        self._observer.stop()
        self._observer.join()


class _Told(FileSystemEventHandler):
    """Told by watchdog what happens below one root."""

    def __init__(self, root: str, keeps: Keeps, seen: Seen, lost: Lost) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._is_file = os.path.isfile(root)
        self._keeps = keeps
        self._seen = seen
        self._lost = lost

    def dispatch(self, event: FileSystemEvent) -> None:
        """Both ends of a move changed."""
        for end in (event.src_path, event.dest_path):
            if end:
                self._happened(os.fsdecode(end), event)

    def _happened(self, path: str, event: FileSystemEvent) -> None:
        if not is_within(path, [self._root]) and is_within(path, [self._real_root]):
            path = self._root + path[len(self._real_root) :]  # macOS tells where a link leads
        if path == self._root:
            lost = isinstance(event, DirDeletedEvent | DirMovedEvent)
            (self._lost(self._root) if lost else self._seen(self._root, self._root))
        elif is_within(path, [self._root]) and not self._is_file and self._keeps(path, event.is_directory):
            self._seen(self._root, path)
