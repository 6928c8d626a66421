"""Keeps this process off the network: an audit hook that refuses every connection and look-up nobody asked for.

Python tells its audit hooks of each connect, send and name look-up before it happens (PEP 578), whichever library
asks. Code below Python is not seen; that it stays silent too is shown by a test in a network namespace.
"""

import ipaddress
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})
_SILENCED = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_BLOCKED_MODULES = ("openvino_telemetry",)

_permitted = threading.local()
_installed = threading.Lock()


class NetworkRefusedError(OSError):
    """Something tried to reach the network though the person had not asked for it."""


def install() -> None:
    """Refuse the network to this process from now on; cannot be undone. Safe to call twice."""
    if not _installed.acquire(blocking=False):
        return
    os.environ.update(_SILENCED)
    for module in _BLOCKED_MODULES:
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]  # importing it fails from now on
    sys.addaudithook(_refuse)


@contextmanager
def permitted(hosts: set[str]) -> Iterator[None]:
    """Open the way to these host names for the calling thread, while the block lasts.

    A name that begins with a dot stands for all names that end in it.
    """
    before = _hosts()
    _permitted.hosts = frozenset(host.lower() for host in hosts)
    try:
        yield
    finally:
        _permitted.hosts = before


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _LOOK_UPS:
        host = arguments[0]
        if isinstance(host, tuple):  # getnameinfo is given a whole address
            host = host[0]
        if not _may_look_up(host):
            raise NetworkRefusedError(f"look-up of {host!r} refused: nobody asked for the network")
    elif event in _CONNECTS:
        address = arguments[1]
        if not _may_connect(address):
            raise NetworkRefusedError(f"connection to {address!r} refused: nobody asked for the network")


def _may_look_up(host: object) -> bool:
    name = _decoded(host)
    if name is None or name in ("", "localhost"):
        return True
    return _is_loopback(name) or any(_names(host, name.lower()) for host in _hosts())


def _names(permitted_host: str, name: str) -> bool:
    return name.endswith(permitted_host) if permitted_host.startswith(".") else name == permitted_host


def _may_connect(address: object) -> bool:
    """Local sockets and loopback always; other addresses only while some host is permitted.

    By the time of the connect a name has become a number, so the look-up is where the host is checked.
    """
    host = _decoded(address[0]) if isinstance(address, tuple) and address else None
    return host is None or host == "localhost" or _is_loopback(host) or bool(_hosts())


def _decoded(host: object) -> str | None:
    """A host as sockets take it: text or bytes. None for what is no host, such as the number of a local socket."""
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return host if isinstance(host, str) else None


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _hosts() -> frozenset[str]:
    hosts: frozenset[str] = getattr(_permitted, "hosts", frozenset())
    return hosts
