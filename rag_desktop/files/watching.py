"""Tells which files and folders changed, soon after it is quiet. Network and FUSE file systems often tell nothing, and
nor does a mount: a walk now and then finds what was missed."""

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.files.batching import Batch
from rag_desktop.files.rules import Rules
from rag_desktop.files.source import Keeps, Lost, Seen, Source
from rag_desktop.files.walking import is_within, upward

_LOG = logging.getLogger(__name__)
_LIMITS = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_AWAY = frozenset({errno.ENOENT, errno.ENOTDIR})
_LONGEST_END_S = 5.0
Identity = tuple[int, int]


class Watch:
    """Watches folders, and files that were added by themselves.

    changed: called in a thread of the watch's own with absolute paths, by the innermost root that holds them; each
    stands for itself and all below it, may be gone, and lies in no other one of its root. A root that changed too much,
    of which changes were missed, that went away or came again is given itself, and so is one below a path that changed.
    excluded: never watched or told of, as the library's own folder, whatever way leads there. quiet_s: without a
    further change before they are told; most_s: they wait at most. beat_s: how often roots are looked at: whether they
    are still what was watched, or have come again.
    """

    def __init__(
        self,
        changed: Callable[[Mapping[str, frozenset[str]]], None],
        *,
        excluded: Iterable[str] = (),
        quiet_s: float = 1.0,
        most_s: float = 10.0,
        beat_s: float = 5.0,
    ) -> None:
        self._changed = changed
        self._excluded = tuple({way for path in excluded for way in (path, os.path.realpath(path))})
        self._beat_s = beat_s
        self._ready = threading.Condition()
        self._batch = Batch(quiet_s, most_s)
        self._lost: set[str] = set()
        self._is_closing = False
        self._following = threading.RLock()
        """Held by who changes the three below, or the source."""
        self._rules: dict[str, Rules] = {}
        self._watched: dict[str, Identity] = {}
        self._failed: dict[str, UserFacingError] = {}
        self._source: Source | None = None
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> Mapping[str, UserFacingError]:
        """Roots that cannot be watched, and why. One that is not there is none of these: it is waited for."""
        return dict(self._failed)  # without the lock, which may be held for as long as a large folder is listed

    def follow(self, roots: Mapping[str, Rules]) -> None:
        """Watch these roots and no others. Lists every folder below a new one: about 20 µs each."""
        with self._following:
            if self._is_closing:
                return
            for root in list(self._rules):
                rules = roots.get(root)
                if rules is None or rules.patterns != self._rules[root].patterns:
                    self._leave(root)
            for root, rules in roots.items():
                self._rules[root] = rules
                if root not in self._watched:
                    self._begin(root)

    def close(self) -> None:
        """Tell nothing any more, and end the threads."""
        with self._ready:
            self._is_closing = True
            self._ready.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join(_LONGEST_END_S)
        with self._following:
            if self._source:
                self._source.close()
            self._source = None

    # what is watched

    def _leave(self, root: str) -> None:
        del self._rules[root]
        self._failed.pop(root, None)
        self._end(root)
        with self._ready:
            self._batch.drop(root)
            self._lost.discard(root)

    def _end(self, root: str) -> None:
        if self._watched.pop(root, None) and self._source:
            self._source.remove(root)

    def _begin(self, root: str) -> None:
        self._failed.pop(root, None)
        identity = _identity(root)
        if identity is None:
            return
        try:
            if self._source is None:
                self._source = _new_source(self._seen, self._lose)
            self._source.add(root, self._keeps(root))
            self._watched[root] = identity
        except ImportError:
            self._failed[root] = UserFacingError("watch-missing")
        except OSError as error:
            if error.errno not in _AWAY:
                is_limit = error.errno in _LIMITS
                self._failed[root] = UserFacingError("watch-limit" if is_limit else "watch-failed", path=root)
                _LOG.warning("%s cannot be watched: %s", root, error)

    def _keeps(self, root: str) -> Keeps:
        rules, excluded = self._rules[root], self._excluded
        here, really = len(root.rstrip(os.sep)), os.path.realpath(root).rstrip(os.sep)

        def keeps(path: str, is_dir: bool) -> bool:
            # Below the root no link is followed.
            is_own = is_within(path, excluded) or is_within(really + path[here:], excluded)
            return not is_own and not rules.excludes(path, is_dir)

        return keeps

    # told by the source, in its threads

    def _seen(self, root: str, path: str) -> None:
        if is_within(path, self._excluded):
            return
        home = next((above for above in upward(path) if above in self._rules), root)
        with self._ready:
            is_first = self._batch.due() is None
            self._batch.add(home, path, time.monotonic())
            if is_first:
                self._ready.notify()

    def _lose(self, root: str) -> None:
        with self._ready:
            self._lost.add(root)
        self._seen(root, root)

    # the watch's own thread

    def _run(self) -> None:
        try:
            beat = time.monotonic() + self._beat_s
            while True:
                with self._ready:
                    now = self._wait_until(beat)
                    if self._is_closing:
                        return
                if now >= beat:
                    self._look_at_roots()
                    beat = now + self._beat_s
                self._deliver()
        finally:
            # Nobody would be told any more: that must not look like a folder in which nothing happens.
            if not self._is_closing:
                with self._following:
                    self._failed = {root: UserFacingError("watch-failed", path=root) for root in self._rules}

    def _wait_until(self, beat: float) -> float:
        while True:
            now = time.monotonic()
            due = self._batch.due()
            left = (beat if due is None else min(beat, due)) - now
            if left <= 0 or self._is_closing:
                return now
            self._ready.wait(left)

    def _look_at_roots(self) -> None:
        with self._following:
            if self._source and not self._source.is_alive():
                _LOG.error("watching ended by itself and begins again")
                self._source.close()
                self._source = None
                self._watched.clear()
            for root in self._rules:
                known = self._watched.get(root)
                if root not in self._failed and root not in self._lost and _identity(root) != known:
                    self._lose(root)

    def _deliver(self) -> None:
        with self._ready:
            due = self._batch.due()
            if due is None or due > time.monotonic():
                return
            lost = frozenset(self._lost)
            self._lost.clear()
        with self._following:
            for root in lost & self._rules.keys():
                self._end(root)
                self._begin(root)
        # Taken after the roots are watched again: what happened before that is seen by the look that now follows.
        with self._ready:
            changed = self._batch.take(tuple(self._rules))
        if changed:
            self._changed(changed)


def _identity(root: str) -> Identity | None:
    """Device and inode of what is watched for a root: a file's folder. None where it is not there."""
    try:
        if os.path.isfile(root):
            root = os.path.dirname(root)
        status = os.stat(root)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _new_source(seen: Seen, lost: Lost) -> Source:
    """Raises ImportError where this system's way of watching is missing, OSError where it gives no more."""
    if not sys.platform.startswith("linux"):
        from rag_desktop.files.observing import Observed

        return Observed(seen, lost)
    from watchdog.utils import UnsupportedLibcError

    try:
        from rag_desktop.files.inotify import Inotify
    except UnsupportedLibcError as error:
        raise ImportError(str(error)) from error
    return Inotify(seen, lost)
