"""The network guard: each case runs in a process of its own, since a guard that is in stays in."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = str(Path(__file__).parents[2])
_PREAMBLE = f"""
import socket, sys, threading
sys.path.insert(0, {_ROOT!r})
from rag_desktop.workers import guard
from rag_desktop.workers.guard import NetworkRefusedError, permitted

def refused(act, *arguments):
    try:
        act(*arguments)
    except NetworkRefusedError:
        return True
    except OSError as error:
        return isinstance(getattr(error, "reason", None), NetworkRefusedError)
    return False

def tcp(address, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(0.2)
        one.connect(address)

def udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", address)

guard.install()
"""
OUTSIDE = "192.0.2.1"  # RFC 5737: an address for documentation, routed nowhere


def run(body: str) -> None:
    """Run `body` after the preamble; its asserts are the test's."""
    command = [sys.executable, "-c", _PREAMBLE + body]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "call",
    [
        f"tcp, ({OUTSIDE!r}, 80)",
        f"tcp, ({OUTSIDE.encode()!r}, 80)",
        f"tcp, (bytearray({OUTSIDE.encode()!r}), 80)",
        "tcp, ('2001:db8::1', 80), socket.AF_INET6",
        "tcp, ('::ffff:192.0.2.1', 80), socket.AF_INET6",
        f"lambda: socket.socket().connect_ex(({OUTSIDE!r}, 80)),",
        f"udp, ({OUTSIDE!r}, 53)",
        f"lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ({OUTSIDE!r}, 53)),",
        f"socket.create_connection, ({OUTSIDE!r}, 80)",
        "socket.getaddrinfo, 'example.org', 80",
        "socket.getaddrinfo, b'example.org', 80",
        "socket.gethostbyname, 'example.org'",
        "socket.gethostbyname_ex, 'example.org'",
        "socket.gethostbyname, bytearray(b'example.org')",
        f"socket.gethostbyaddr, {OUTSIDE!r}",
        f"socket.getnameinfo, ({OUTSIDE!r}, 80), 0",
        "__import__('urllib.request').request.urlopen, 'http://example.org/'",
    ],
)
def test_the_outside_is_refused(call: str) -> None:
    run(f"assert refused({call})")


def test_the_way_to_this_machine_is_open() -> None:
    run("""
with socket.create_server(("127.0.0.1", 0)) as server:
    port = server.getsockname()[1]
    tcp(("127.0.0.1", port))
    tcp(("localhost", port))
    udp(("127.0.0.1", port))
assert socket.getaddrinfo("localhost", 80) and socket.getaddrinfo("127.0.0.1", 80) and socket.getaddrinfo(None, 80)
left, right = socket.socketpair()
left.sendall(b"x")
assert right.recv(1) == b"x"
""")


def test_asking_twice_is_asking_once() -> None:
    run("guard.install(); guard.install(); assert refused(socket.gethostbyname, 'example.org')")


def test_models_libraries_are_told_to_be_silent() -> None:
    run("""
import os
assert os.environ["HF_HUB_OFFLINE"] == os.environ["DO_NOT_TRACK"] == "1"
try:
    import openvino_telemetry
except ImportError:
    pass
else:
    raise AssertionError("telemetry can be imported")
""")


def test_a_permitted_host_is_open_for_the_block() -> None:
    run("""
with permitted({"Example.org"}):
    assert not refused(socket.getaddrinfo, "example.org", 80)
    assert not refused(socket.getaddrinfo, "EXAMPLE.ORG", 80)
    assert not refused(tcp, ("192.0.2.1", 80))
    assert refused(socket.getaddrinfo, "www.example.org", 80)
    assert refused(socket.getaddrinfo, "badexample.org", 80)
assert refused(socket.getaddrinfo, "example.org", 80)
assert refused(tcp, ("192.0.2.1", 80))
""")


def test_a_dotted_host_stands_for_its_subdomains_only() -> None:
    run("""
with permitted({".example.org"}):
    assert not refused(socket.getaddrinfo, "cdn.example.org", 80)
    assert not refused(socket.getaddrinfo, "a.b.example.org", 80)
    assert refused(socket.getaddrinfo, "badexample.org", 80)
    assert refused(socket.getaddrinfo, "example.org.evil.test", 80)
""")


def test_blocks_nest_and_close_after_an_error() -> None:
    run("""
try:
    with permitted({"a.test"}):
        with permitted({"b.test"}):
            assert not refused(socket.getaddrinfo, "b.test", 80)
        assert not refused(socket.getaddrinfo, "a.test", 80)
        raise KeyError
except KeyError:
    pass
assert refused(socket.getaddrinfo, "a.test", 80)
""")


def test_another_thread_is_not_permitted() -> None:
    run("""
outcome = []
with permitted({"example.org"}):
    other = threading.Thread(target=lambda: outcome.append(refused(socket.getaddrinfo, "example.org", 80)))
    other.start()
    other.join()
assert outcome == [True]
""")
