"""One polite HTTP request: only to permitted hosts, over TLS, without cookies, credentials or automatic redirects."""

import http.client
import ipaddress
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Set
from dataclasses import dataclass
from email.message import Message
from typing import BinaryIO, NoReturn

from rag_desktop.domain.errors import UserFacingError

_MAX_HOPS = 6
_REDIRECTS = {301, 302, 303, 307, 308}
_RETRY_LATER = {408, 425, 429, 500, 502, 503, 504}


class Dropped(Exception):  # noqa: N818 - not an error yet: the asker tries again
    """The connection failed in a way that another attempt may mend."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of 200, 206 or 416. `first` are the headers of the first hop, where the Hub puts its checksums."""

    status: int
    host: str
    headers: Message
    first: Message
    body: BinaryIO
    close: Callable[[], None]

    def read(self, count: int) -> bytes:
        """Up to `count` bytes; b"" at the end. Raises Dropped where the connection breaks."""
        try:
            return self.body.read(count)
        except (OSError, http.client.HTTPException) as error:
            raise Dropped(self.host) from error


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_permitted(host: str, hosts: Set[str]) -> bool:
    """Whether `host` is one of `hosts`; an entry that begins with a dot stands for all names that end in it."""
    return host in hosts or any(entry.startswith(".") and host.endswith(entry) for entry in hosts)


def host_of(url: str) -> str:
    """The host of an address, in lower case; empty where it has none."""
    try:
        return (urllib.parse.urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def check_address(url: str, hosts: Set[str]) -> str:
    """The host of `url`. Raises UserFacingError `address-refused` (scheme, host) unless it is https (http on this
    machine itself) and the host is permitted."""
    host = host_of(url)
    scheme = urllib.parse.urlsplit(url).scheme.lower() if host else ""
    secure = scheme == "https" or (scheme == "http" and is_loopback(host))
    if not (host and secure and is_permitted(host, hosts)):
        raise UserFacingError("address-refused", scheme=scheme, host=host)
    return host


def without_credentials(url: str) -> str:
    """The address less any user name and password: none are ever sent."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Transport:
    """Sends GET requests. `timeout` is in seconds, for connecting and between any two packets."""

    def __init__(self, user_agent: str, timeout: float = 30.0) -> None:
        self._user_agent = user_agent
        self._timeout = timeout
        self._opener: urllib.request.OpenerDirector | None = None

    def get(self, url: str, hosts: Set[str], headers: dict[str, str]) -> Reply:
        """Ask for `url`, following redirects among permitted hosts. The asker closes the reply.

        Raises Dropped; UserFacingError: `address-refused`, `download-refused` (status, host),
        `network-untrusted` (host) where a certificate does not hold.
        """
        first: Message | None = None
        for _ in range(_MAX_HOPS):
            host = check_address(url, hosts)
            reply = self._send(url, host, headers)
            target = reply.headers.get("Location")
            first = reply.headers if first is None else first
            if reply.status not in _REDIRECTS or target is None:
                return _accepted(Reply(reply.status, host, reply.headers, first, reply.body, reply.close))
            reply.close()
            url = urllib.parse.urljoin(url, target)
        raise UserFacingError("download-refused", status=310, host=host_of(url))

    def _send(self, url: str, host: str, headers: dict[str, str]) -> Reply:
        request = urllib.request.Request(url, headers={"User-Agent": self._user_agent, **headers})  # noqa: S310 - the scheme was checked
        try:
            response = self._open(request)
        except urllib.error.HTTPError as error:  # a redirect or a refusal: it is a reply all the same
            return Reply(error.code, host, error.headers, error.headers, error, error.close)  # type: ignore[arg-type]
        except (OSError, http.client.HTTPException) as error:
            _raise_for(error, host)
        return Reply(response.status, host, response.headers, response.headers, response, response.close)

    def _open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        if self._opener is None:
            # Built from parts: the usual opener would also follow redirects, and open file: and ftp: addresses.
            self._opener = urllib.request.OpenerDirector()
            for part in (
                urllib.request.ProxyHandler(),
                urllib.request.HTTPHandler(),
                urllib.request.HTTPSHandler(context=ssl.create_default_context()),
                urllib.request.HTTPDefaultErrorHandler(),
                urllib.request.HTTPErrorProcessor(),
            ):
                self._opener.add_handler(part)
        return self._opener.open(request, timeout=self._timeout)  # type: ignore[no-any-return]


def _accepted(reply: Reply) -> Reply:
    if reply.status in {200, 206, 416}:
        return reply
    reply.close()
    if reply.status in _RETRY_LATER:
        raise Dropped(reply.host)
    raise UserFacingError("download-refused", status=reply.status, host=reply.host)


def _raise_for(error: Exception, host: str) -> NoReturn:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        raise UserFacingError("network-untrusted", host=host) from error
    raise Dropped(host) from error
