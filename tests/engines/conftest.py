"""A registry on this machine for tests: a package index, wheels and a Hub, honest or broken as a test asks."""

import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Page:
    """What is served at a path. `cuts` and `statuses` are used up, one per request."""

    body: bytes = b""
    content_type: str = "application/octet-stream"
    etag: str | None = None
    location: str | None = None
    ignores_range: bool = False
    ignores_if_range: bool = False
    hides_length: bool = False
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    path: str
    start: int
    sent: int
    headers: dict[str, str]


class Registry:
    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.served: list[Served] = []
        registry = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A client that hangs up in the middle is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(request.path, Page(statuses=[404] * 99))
        status = page.statuses.pop(0) if page.statuses else 302 if page.location else 200
        start = self._start(page, request) if status == 200 else 0
        if start >= len(page.body) > 0:
            status, start = 416, len(page.body)
        elif start:
            status = 206
        body = page.body[start:] if status < 300 else b""
        sent = body[: page.cuts.pop(0)] if page.cuts and status < 300 else body
        self.served.append(Served(request.path, start, len(sent), dict(request.headers)))
        self._head(request, page, status, start, len(body))
        request.wfile.write(sent)

    def _start(self, page: Page, request: BaseHTTPRequestHandler) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        same = page.ignores_if_range or request.headers.get("If-Range") in {None, page.etag}
        return int(found[1]) if found and same and not page.ignores_range else 0

    def _head(self, request: BaseHTTPRequestHandler, page: Page, status: int, start: int, length: int) -> None:
        request.send_response(status)
        headers = {"Content-Type": page.content_type, "ETag": page.etag, "Location": page.location, **page.headers}
        if not page.hides_length:
            headers["Content-Length"] = str(length)
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{len(page.body) - 1}/{len(page.body)}"
        for name, value in headers.items():
            if value is not None:
                request.send_header(name, value)
        request.end_headers()

    def bytes_of(self, path: str) -> int:
        """Bytes of bodies sent for a path."""
        return sum(served.sent for served in self.served if served.path == path)

    def publish(self, package: str, version: str, members: dict[str, bytes], *, as_json: bool = False) -> str:
        """Put a wheel on the index; returns the path it is served at."""
        stem = package.replace("-", "_")
        file = f"{stem}-{version}-py3-none-any.whl"
        body = make_wheel(members)
        path = f"/files/{file}"
        self.pages[path] = Page(body, etag=f'"{hashlib.md5(body).hexdigest()}"')
        digest = hashlib.sha256(body).hexdigest()
        if as_json:
            text = f'{{"files": [{{"filename": "{file}", "url": "{path}", "hashes": {{"sha256": "{digest}"}}}}]}}'
            kind = "application/vnd.pypi.simple.v1+json"
        else:
            older = f'<a href="../../files/{stem}-0.0.1-py3-none-any.whl#sha256={"0" * 64}">older</a>'
            text, kind = f'<html>{older}<a href="../..{path}#sha256={digest}">{file}</a></html>', "text/html"
        self.pages[f"/simple/{package}/"] = Page(text.encode(), kind)
        return path

    def publish_on_hub(self, repository: str, revision: str, path: str, body: bytes, *, large: bool = True) -> str:
        """Put a file on the Hub; returns the path its bytes are served at. Large files are behind a redirect."""
        address = f"/{repository}/resolve/{revision}/{path}"
        commit = {"X-Repo-Commit": revision}
        if not large:
            git = hashlib.sha1(f"blob {len(body)}\0".encode() + body).hexdigest()
            self.pages[address] = Page(body, etag=f'"{git}"', headers=commit)
            return address
        digest = hashlib.sha256(body).hexdigest()
        self.pages[f"/cdn/{path}"] = Page(body, etag=f'"{digest[:32]}"')
        linked = commit | {"X-Linked-ETag": f'"{digest}"', "X-Linked-Size": str(len(body))}
        self.pages[address] = Page(location=f"/cdn/{path}", etag=f'"{digest}"', headers=linked)
        return f"/cdn/{path}"


def make_wheel(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()
