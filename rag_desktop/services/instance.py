"""One window for a library: a second start brings it forward, and a command line sends it what is to be written.

The window holds `window.lock` while it runs, so that a dead one's leftovers are known for what they are, and listens
on a local socket. `window.json`, which only its owner can read, says where, and holds the key both sides must know.
"""

import hashlib
import json
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from queue import Empty, SimpleQueue

from filelock import FileLock, Timeout

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.events import DocumentFailed, Event, Progress, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.services import wire
from rag_desktop.services.desk import Desk
from rag_desktop.services.indexing import IndexingReport
from rag_desktop.services.tasks import Task
from rag_desktop.services.wire import Json, Wish
from rag_desktop.store.connection import FILE_NAME, worded

LOCK_NAME, CARD_NAME, SOCKET_NAME = "window.lock", "window.json", "window.sock"
_MAX_BYTES = 1 << 24
_LONGEST_SOCKET = 100
"""Bytes of a socket's path; systems end between 104 and 108."""
_LOOK_S = 0.2
_STARTING_S = 5.0
_FAMILY = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"
_BROKEN = (OSError, EOFError, ValueError, KeyError, TypeError, AuthenticationError)
"""What reading and writing a connection may raise, whoever is at its other end."""


class Instance:
    """The window's side."""

    def __init__(self, library: Path, lock: FileLock) -> None:
        self._library = library
        self._lock = lock
        self._key = secrets.token_bytes(32)
        self._listener: Listener | None = None
        self._is_closing = False

    @classmethod
    def claim(cls, library: Path) -> "Instance | None":
        """The right to be the window of this library, or None where another has it."""
        with worded(library / FILE_NAME):
            library.mkdir(parents=True, exist_ok=True)
            lock = FileLock(library / LOCK_NAME, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return None
        return cls(library, lock)

    def serve(self, desk: Desk, activate: Callable[[], None]) -> None:
        """Listen from now on, in threads of its own. activate: called there to bring the window forward."""
        self._listener = _listener(self._library)
        if self._listener is None:
            return  # no socket can be made here; a command line finds the library in use and says so
        _write_card(self._library, str(self._listener.address), self._key)
        threading.Thread(
            target=self._listen, args=(self._listener, desk, activate), name="instance", daemon=True
        ).start()

    def close(self) -> None:
        """Stop listening and let another window take the library."""
        self.stop_listening()
        self._lock.release()

    def stop_listening(self) -> None:
        """Take no more wishes; the library is still this window's until `close`. Safe to call twice."""
        if self._is_closing:
            return
        self._is_closing = True
        (self._library / CARD_NAME).unlink(missing_ok=True)
        if self._listener is not None:
            with suppress(OSError):
                Client(self._listener.address, _FAMILY).close()  # wakes the thread that waits for a connection
            self._listener.close()

    def _listen(self, listener: Listener, desk: Desk, activate: Callable[[], None]) -> None:
        while not self._is_closing:
            try:
                connection = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, desk, activate), daemon=True).start()

    def _serve(self, connection: Connection, desk: Desk, activate: Callable[[], None]) -> None:
        with suppress(*_BROKEN), connection:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            wish = wire.wish_in(wire.decoded(connection.recv_bytes(_MAX_BYTES)))
            match wish.verb:
                case "ping":
                    _send(connection, {"done": {}})
                case "activate":
                    activate()
                    _send(connection, {"done": {}})
                case "add":
                    _Errand(connection, desk).add(wish.paths, wish.text or None)
                case "remove":
                    _Errand(connection, desk).remove(wish.paths)
                case _:
                    _Errand(connection, desk).keep(wish)


class _Errand:
    """One write for a command line: begun on the desk, followed to its end."""

    def __init__(self, connection: Connection, desk: Desk) -> None:
        self._connection = connection
        self._desk = desk
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._is_gone = False

    def add(self, paths: tuple[str, ...], chunker: str | None) -> None:
        reports: list[IndexingReport] = []
        task = self._desk.upkeep.index(paths, self._events.put, reports.append, chunker)
        self._follow(task, lambda: wire.report_out(reports[0]))

    def remove(self, paths: tuple[str, ...]) -> None:
        counts: list[int] = []
        task = self._desk.upkeep.remove_all(paths, self._events.put, counts.append)
        self._follow(task, lambda: {"removed": list(paths), "documents": counts[0]})

    def keep(self, wish: Wish) -> None:
        """The small writes."""
        upkeep, follow = self._desk.upkeep, self._events.put
        match wish:
            case Wish("retry", paths):
                task = upkeep.retry(paths, follow)
            case Wish("ignore" | "heed" as verb, paths):
                task = upkeep.ignore(paths, ignored=verb == "ignore", follow=follow)
            case Wish("pause" | "resume" as verb, (path,)):
                task = upkeep.pause_folder(path, paused=verb == "pause", follow=follow)
            case Wish("exclude", (path,), text):
                task = upkeep.set_patterns(path, text, follow)
            case Wish("chunker", (path,), text):
                task = upkeep.set_chunker(path, text, follow)
            case _:
                raise ValueError("not a wish")
        self._follow(task, dict)

    def _follow(self, task: TaskId, done: Callable[[], Json]) -> None:
        while True:
            self._look_away(task)
            try:
                event = self._events.get(timeout=_LOOK_S)
            except Empty:
                continue
            match event:
                case Progress(stage=stage, done=count, total=total, words=words):
                    self._tell({"progress": [stage, count, total, words]})
                case DocumentFailed(path=path, code=code):
                    self._tell({"failed": [path, code]})
                case TaskEnded(error=error):
                    self._tell({"error": wire.error_out(error)} if error else {"done": done()})
                    return

    def _look_away(self, task: TaskId) -> None:
        """A command line that was interrupted hangs up; its work stops, as it would have stopped alone."""
        if self._is_gone:
            return
        try:
            if not self._connection.poll():
                return
            self._connection.recv_bytes(_MAX_BYTES)
        except (OSError, EOFError):
            self._is_gone = True
        self._desk.stop(task)

    def _tell(self, message: Json) -> None:
        if self._is_gone:
            return
        try:
            _send(self._connection, message)
        except OSError:
            self._is_gone = True


class Visit:
    """The other side: a connection to the window of a library."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def pay(cls, library: Path) -> "Visit | None":
        """Reach the window of this library; None where there is none."""
        try:
            card = json.loads((library / CARD_NAME).read_text(encoding="utf-8"))
            return cls(Client(card["address"], _FAMILY, authkey=bytes.fromhex(card["key"])))
        except _BROKEN:
            return None

    def ping(self) -> None:
        """Return when the window has answered."""
        self._ask(Wish("ping"))

    def activate(self) -> None:
        """Bring the window forward."""
        self._ask(Wish("activate"))

    def add(self, paths: list[str], task: Task, chunker: str | None = None) -> IndexingReport:
        """Have absolute paths indexed; progress is published to `task`. Raises as indexing does, and Cancelled."""
        return wire.report_in(self._ask(Wish("add", tuple(paths), chunker or ""), task))

    def remove(self, paths: list[str], task: Task) -> tuple[list[str], int]:
        """Have folders taken out. Returns their paths, and how many documents went with them."""
        done = self._ask(Wish("remove", tuple(paths)), task)
        return done["removed"], done["documents"]

    def keep(self, wish: Wish, task: Task) -> None:
        """Have one of the small writes done. Raises as it does here."""
        self._ask(wish, task)

    def _ask(self, wish: Wish, task: Task | None = None) -> Json:
        followed = task or Task(_ignore)
        try:
            with self._connection:
                _send(self._connection, wire.wish_out(wish))
                return self._result(followed)
        except _BROKEN as error:
            raise UserFacingError("window-gone") from error

    def _result(self, task: Task) -> Json:
        while True:
            task.check()
            if not self._connection.poll(_LOOK_S):
                continue
            match wire.decoded(self._connection.recv_bytes(_MAX_BYTES)):
                case {"progress": [str(stage), int(done), int(total), str(words)]}:
                    task.publish(Progress(task.id, stage, done, total, words))
                case {"failed": [str(path), str(code)]}:
                    task.publish(DocumentFailed(task.id, path, code))
                case {"error": dict(error)}:
                    raise _worded(error)
                case {"done": dict(done)}:
                    return done


def claim_or_activate(library: Path) -> Instance | None:
    """The right to be the window of this library; where another is, it was brought forward, and None comes back.

    Raises UserFacingError `window-silent` where another has the library and does not answer.
    """
    waiting = threading.Event()
    for _ in range(round(_STARTING_S / _LOOK_S)):
        instance = Instance.claim(library)
        if instance:
            return instance
        visit = Visit.pay(library)
        if visit:
            visit.activate()
            return None
        waiting.wait(_LOOK_S)  # the other one is just starting, or just ending
    raise UserFacingError("window-silent")


def _listener(library: Path) -> Listener | None:
    """A listener in the library's folder, or, where a socket cannot lie there, in a folder of this person alone."""
    for address in _addresses(library):
        try:
            if _FAMILY == "AF_UNIX":
                Path(address).unlink(missing_ok=True)  # we hold the lock: whoever made it is dead
            return Listener(address, _FAMILY)
        except OSError:
            continue
    return None


def _addresses(library: Path) -> list[str]:
    name = hashlib.sha256(os.fsencode(library)).hexdigest()[:16]
    if sys.platform == "win32":
        return [rf"\\.\pipe\rag-desktop-{name}-{os.getpid()}"]
    near = str(library / SOCKET_NAME)
    return [*([near] if len(os.fsencode(near)) <= _LONGEST_SOCKET else []), str(_own_folder() / f"{name}.sock")]


def _own_folder() -> Path:
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and os.access(given, os.W_OK):
        return Path(given)
    return Path(tempfile.mkdtemp(prefix="rag-desktop-"))  # made for this person alone


def _write_card(library: Path, address: str, key: bytes) -> None:
    path = library / CARD_NAME
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"address": address, "key": key.hex()}, file)


def _send(connection: Connection, message: Json) -> None:
    connection.send_bytes(wire.encoded(message))


def _ignore(_event: Event) -> None:
    """Nobody listens."""


def _worded(error: Json) -> Exception:
    return Cancelled() if error.get("code") == "cancelled" else wire.error_in(error)
