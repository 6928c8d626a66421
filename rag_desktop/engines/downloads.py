"""One file from one address to one place on disk: resumed, retried, bounded and verified."""

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import BinaryIO

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines.transport import Dropped, Reply, Transport

BLOCK = 2**18
"""Bytes read between two reports of progress."""
_MAX_SIZE = 2**37
"""Bytes of a file of which nobody said how large it is."""
_ATTEMPTS = 5
_LONGEST_WAIT = 30.0

Tick = Callable[[int], None]
"""Told how many bytes are done; raises `Cancelled` where the person pressed stop."""

Received = Callable[[int, int | None], None]
"""Told how many bytes are there, and of how many, where that is known; may raise `Cancelled`."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a file is, and the hosts that may be asked on the way to it (transport.is_permitted)."""

    url: str
    hosts: Set[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file must be. `must_verify`: refuse it where neither the asker nor the host gives a checksum."""

    name: str
    size: int | None = None
    sha256: str | None = None
    must_verify: bool = True


@dataclass(frozen=True, slots=True)
class _Checks:
    """Checksums of a file: SHA-256, or the SHA-1 that git gives to a blob, which the Hub uses for small files."""

    sha256: str | None
    git: str | None


class _Stale(Exception):  # noqa: N818 - never leaves this module
    """What is on disk is not the beginning of what the host has now."""


class Downloader:
    """Fetches files. `wait` is given seconds between attempts."""

    def __init__(self, transport: Transport, wait: Callable[[float], object]) -> None:
        self._transport = transport
        self._wait = wait

    def fetch(self, address: Address, target: Path, wanted: Wanted, received: Received) -> None:
        """Put the file at `target`, whole and verified. What arrived before is kept beside it as `.part`.

        Raises Cancelled, and UserFacingError: `network-unreachable` (host), `network-untrusted` (host),
        `download-refused` (status, host), `address-refused` (scheme, host), `download-damaged` (file),
        `download-unverified` (file, host), `disk-full` (needed bytes).
        """
        download = _Download(self._transport, address, target, wanted, received)
        failures, furthest = 0, 0
        while True:
            try:
                return download.attempt()
            except _Stale:
                failures += 1
                if failures >= _ATTEMPTS:
                    raise UserFacingError("download-damaged", file=wanted.name) from None
            except Dropped as drop:
                failures = 0 if download.position > furthest else failures + 1
                furthest = max(furthest, download.position)
                if failures >= _ATTEMPTS:
                    raise UserFacingError("network-unreachable", host=drop.host) from drop
                self._wait(min(0.5 * 2**failures, _LONGEST_WAIT))

    def page(self, address: Address, accept: str, limit: int) -> tuple[bytes, str]:
        """A small document of at most `limit` bytes, and its content type. Raises as `fetch`."""
        failures = 0
        while True:
            try:
                with closing(self._transport.get(address.url, address.hosts, {"Accept": accept})) as reply:
                    return _whole(reply, limit), reply.headers.get_content_type()
            except Dropped as drop:
                failures += 1
                if failures >= _ATTEMPTS:
                    raise UserFacingError("network-unreachable", host=drop.host) from drop
                self._wait(min(0.5 * 2**failures, _LONGEST_WAIT))


class _Download:
    """The attempts at one file."""

    def __init__(
        self, transport: Transport, address: Address, target: Path, wanted: Wanted, received: Received
    ) -> None:
        self._transport = transport
        self._address = address
        self._target = target
        self._part = target.with_name(target.name + ".part")
        self._note = target.with_name(target.name + ".note")
        self._wanted = wanted
        self._received = received

    @property
    def position(self) -> int:
        """Bytes on disk."""
        return self._part.stat().st_size if self._part.exists() else 0

    def attempt(self) -> None:
        kept = self.position
        tag = self._tag() if kept else None
        if kept and self._wanted.size == kept:
            checks = _Checks(self._wanted.sha256, None)
            if checks.sha256 is not None:
                return self._finish(checks, resumed=True)
        with closing(self._transport.get(self._address.url, self._address.hosts, _range(kept, tag))) as reply:
            checks = self._checks(reply)
            start = self._start(reply, kept, tag)
            total = self._total(reply, start)
            self._receive(reply, start, total)
        return self._finish(checks, resumed=start > 0)

    def _tag(self) -> str | None:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        tag = note.get("tag") if isinstance(note, dict) else None
        return tag if isinstance(tag, str) else None

    def _checks(self, reply: Reply) -> _Checks:
        hub_sha256, git = _hub_checks(reply.first)
        sha256 = self._wanted.sha256
        if sha256 is not None and hub_sha256 is not None and sha256 != hub_sha256:
            self._drop()
            raise UserFacingError("download-damaged", file=self._wanted.name)
        checks = _Checks(sha256 or hub_sha256, None if sha256 or hub_sha256 else git)
        if self._wanted.must_verify and not (checks.sha256 or checks.git):
            raise UserFacingError("download-unverified", file=self._wanted.name, host=reply.host)
        return checks

    def _start(self, reply: Reply, kept: int, tag: str | None) -> int:
        """Where the reply's bytes belong; forgets what is on disk where they belong to another file."""
        now = _strong_tag(reply.headers)
        if reply.status == 206:
            found = re.match(r"bytes (\d+)-", reply.headers.get("Content-Range", ""))
            if found and int(found[1]) == kept and (tag is None or now == tag):
                return kept
        elif reply.status == 200:
            self._drop()
            with disk_room(self._wanted.size):
                self._note.write_text(json.dumps({"tag": now}), encoding="utf-8")
            return 0
        self._drop()
        raise _Stale

    def _total(self, reply: Reply, start: int) -> int | None:
        length = reply.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else None
        wanted = self._wanted.size
        if wanted is not None and total is not None and wanted != total:
            self._drop()
            raise UserFacingError("download-damaged", file=self._wanted.name)
        total = wanted if wanted is not None else total
        if total is not None and shutil.disk_usage(self._part.parent).free < total - start:
            raise UserFacingError("disk-full", needed=total - start)
        return total

    def _receive(self, reply: Reply, start: int, total: int | None) -> None:
        most = _MAX_SIZE if total is None else total
        position = start
        with self._part.open("ab") as file:
            while block := reply.read(BLOCK):
                if position + len(block) > most:
                    break
                with disk_room(total):
                    file.write(block)
                position += len(block)
                self._received(position, total)
            else:
                if total is not None and position < total:
                    raise Dropped(reply.host)
                return
        self._drop()
        raise UserFacingError("download-damaged", file=self._wanted.name)

    def _finish(self, checks: _Checks, resumed: bool) -> None:
        with self._part.open("rb") as file:
            right = _holds(file, self.position, checks)
            os.fsync(file.fileno())
        if right:
            self._part.replace(self._target)
            self._note.unlink(missing_ok=True)
            return
        self._drop()
        if resumed:  # the host may have changed the file between two visits
            raise _Stale
        raise UserFacingError("download-damaged", file=self._wanted.name)

    def _drop(self) -> None:
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def sha256_of(path: Path, tick: Tick | None = None) -> str:
    """SHA-256 of a file, 64 hex digits. `tick` is told the bytes read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
            if tick is not None:
                tick(file.tell())
    return digest.hexdigest()


@contextmanager
def disk_room(needed: int | None) -> Iterator[None]:
    """Turns "no space left" of the wrapped lines into UserFacingError `disk-full` (needed bytes)."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise UserFacingError("disk-full", needed=needed or 0) from error
        raise


def _range(kept: int, tag: str | None) -> dict[str, str]:
    if not kept:
        return {}
    return {"Range": f"bytes={kept}-"} | ({"If-Range": tag} if tag else {})


def _strong_tag(headers: Message) -> str | None:
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else None


def _hub_checks(first: Message) -> tuple[str | None, str | None]:
    """The SHA-256 and the git blob hash that the Hub gives in its first reply, where it is the Hub's.

    https://github.com/huggingface/huggingface_hub reads the same headers.
    """
    if first.get("X-Repo-Commit") is None:
        return None, None
    linked = first.get("X-Linked-ETag", "").strip('"')
    plain = first.get("ETag", "").removeprefix("W/").strip('"')
    sha256 = linked if re.fullmatch(r"[0-9a-f]{64}", linked) else None
    return sha256, plain if re.fullmatch(r"[0-9a-f]{40}", plain) else None


def _holds(file: BinaryIO, size: int, checks: _Checks) -> bool:
    digest = hashlib.sha256()
    git = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    while block := file.read(2**20):
        digest.update(block)
        if checks.git is not None:
            git.update(block)
    if checks.sha256 is not None:
        return digest.hexdigest() == checks.sha256
    return checks.git is None or git.hexdigest() == checks.git


def _whole(reply: Reply, limit: int) -> bytes:
    parts = bytearray()
    while block := reply.read(BLOCK):
        parts += block
        if len(parts) > limit:
            raise UserFacingError("download-refused", status=reply.status, host=reply.host)
    length = reply.headers.get("Content-Length", "")
    if length.isdigit() and len(parts) < int(length):
        raise Dropped(reply.host)
    return bytes(parts)
