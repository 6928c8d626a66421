"""Watching on Linux: one inotify watch for each folder that is looked at, none for those that are left out.

watchdog's own recursive watch takes one for every folder, node_modules too, and passes over the system's limit in
silence; so its reader of the inotify descriptor is used and the tree is kept here.
"""

import errno
import os
import threading
from pathlib import Path

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from rag_desktop.files.source import Keeps, Lost, Seen

_HAPPENINGS = (
    InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVE
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_DELETE_SELF
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
)
"""Not opening, reading and closing: a look at a file must not be the reason for the next."""
_ROOT_GONE = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF
_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_SHARE = 0.75
"""Of what the system lets this person's programs have together."""


class Inotify:
    """A `Source`. Raises OSError where the system gives no inotify descriptor."""

    def __init__(self, seen: Seen, lost: Lost) -> None:
        self.seen = seen
        self.lost = lost
        self.most = _most_watches()
        self.descriptor = InotifyFD()
        self.descriptor.start()
        self._trees: dict[str, _Tree] = {}

    @property
    def watches(self) -> int:
        """Folders watched now, each for every root it lies in."""
        return sum(tree.count for tree in list(self._trees.values()))

    def add(self, root: str, keeps: Keeps) -> None:
        """Begin to watch a root, all folders below it too. Raises OSError; nothing is watched then."""
        self.remove(root)
        tree = self._trees[root] = _Tree(self, root, keeps)
        try:
            tree.begin()
        except OSError:
            self.remove(root)
            raise

    def remove(self, root: str) -> None:
        """Watch a root no longer; one that is not watched is no error."""
        tree = self._trees.pop(root, None)
        if tree:
            tree.end()

    def is_alive(self) -> bool:
        """Whether the reading thread runs."""
        return self.descriptor.is_alive()

    def close(self) -> None:
        """Watch nothing any more, and end the thread."""
        for root in list(self._trees):
            self.remove(root)
        self.descriptor.stop()
        self.descriptor.join()


class _Folder:
    """A watched folder; watchdog tells it what happened in it."""

    __slots__ = ("_tree", "above", "children", "path", "watch")

    def __init__(self, tree: "_Tree", path: str, above: "_Folder | None") -> None:
        self._tree = tree
        self.path = path
        self.above = above
        self.children: dict[str, _Folder] = {}
        self.watch = WatchDescriptor(-1)

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened in this folder, or to it."""
        self._tree.happened(self, event)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The folder is gone."""
        if wd == self.watch:
            self._tree.forget(self)

    def on_queue_overflow(self) -> None:
        """The kernel dropped events."""
        self._tree.overflowed()


class _Tree:
    """The watched folders of one root. Added to by who begins it and by the reading thread."""

    def __init__(self, source: Inotify, root: str, keeps: Keeps) -> None:
        self._source = source
        self._root = root
        self._only = "" if os.path.isdir(root) else os.path.basename(root)
        """The one name that counts, where the root is a file."""
        self._keeps = keeps
        self._lock = threading.Lock()
        self._top = _Folder(self, os.path.dirname(root) if self._only else root, None)
        self._is_over = False
        self.count = 0

    def begin(self) -> None:
        """Raises OSError where the root cannot be watched, or a folder below it for want of watches."""
        with self._lock:
            self._watch(self._top, Mask(_HAPPENINGS))
        if self._top.watch == -1:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), self._top.path)
        if not self._only:
            self._watch_below(self._top)

    def end(self) -> None:
        with self._lock:
            self._is_over = True
            self._release(self._top)

    def happened(self, folder: _Folder, event: InotifyEvent) -> None:
        if not event.name:
            self._happened_to(folder, event)
            return
        name = os.fsdecode(event.name)
        path = os.path.join(folder.path, name)
        is_dir = bool(event.mask & InotifyConstants.IN_ISDIR)
        if self._only:
            if name == self._only:
                self._source.seen(self._root, self._root)
            return
        if not self._keeps(path, is_dir):
            return
        try:
            if is_dir and event.mask & (InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVE):
                self._leave(folder, name)
            if is_dir and not event.mask & (InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM):
                self._enter(folder, name)
        except OSError:
            self._source.lost(self._root)
        self._source.seen(self._root, path)

    def _happened_to(self, folder: _Folder, event: InotifyEvent) -> None:
        """Of other folders than the root, what happens to them is told by the folder above."""
        if event.mask & InotifyConstants.IN_UNMOUNT or (folder is self._top and event.mask & _ROOT_GONE):
            self._source.lost(self._root)
        elif folder is self._top and not self._only:
            self._source.seen(self._root, self._root)

    def overflowed(self) -> None:
        self._source.lost(self._root)

    def forget(self, folder: _Folder) -> None:
        """The system ended a watch, for the folder is gone."""
        with self._lock:
            folder.watch = WatchDescriptor(-1)
            self.count -= 1
            if folder.above and folder.above.children.get(os.path.basename(folder.path)) is folder:
                del folder.above.children[os.path.basename(folder.path)]

    def _watch_below(self, start: _Folder) -> None:
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            # Watched first and listed then, so that a folder that is made meanwhile is met in one way or the other.
            for name in _folders_in(folder.path):
                if self._keeps(os.path.join(folder.path, name), True):
                    child = self._adopt(folder, name)
                    if child:
                        waiting.append(child)

    def _enter(self, folder: _Folder, name: str) -> None:
        child = self._adopt(folder, name)
        if child:
            self._watch_below(child)

    def _adopt(self, folder: _Folder, name: str) -> _Folder | None:
        """None where the folder is watched already, gone, or not to be listed (a walk tells which). Raises OSError."""
        with self._lock:
            if self._is_over or name in folder.children:
                return None
            child = _Folder(self, os.path.join(folder.path, name), folder)
            try:
                self._watch(child, Mask(_HAPPENINGS | InotifyConstants.IN_DONT_FOLLOW))
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.ENOMEM):
                    raise
                return None
            if child.watch == -1:
                return None
            folder.children[name] = child
            return child

    def _watch(self, folder: _Folder, mask: Mask) -> None:
        if self._source.watches >= self._source.most:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        key = CallbackId(id(folder))
        folder.watch = self._source.descriptor.add_callback(os.fsencode(folder.path), mask, folder, key)
        if folder.watch == -1:
            # watchdog takes a folder that may not be listed for a watch of this number.
            self._source.descriptor.remove_callbacks([(folder.watch, key)])
        else:
            self.count += 1

    def _leave(self, folder: _Folder, name: str) -> None:
        with self._lock:
            child = folder.children.pop(name, None)
            if child:
                self._release(child)

    def _release(self, folder: _Folder) -> None:
        """End the watches of a folder and all below it."""
        waiting, ended = [folder], []
        while waiting:
            one = waiting.pop()
            waiting.extend(one.children.values())
            if one.watch != -1:
                ended.append((one.watch, CallbackId(id(one))))
                one.watch = WatchDescriptor(-1)
        self.count -= len(ended)
        self._source.descriptor.remove_callbacks(ended)


def _folders_in(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []  # gone, or not to be listed: a walk tells which


def _most_watches() -> float:
    try:
        return int(_LIMIT.read_text(encoding="ascii")) * _SHARE
    except (OSError, ValueError):
        return float("inf")
