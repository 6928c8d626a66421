"""Finds one wheel of one exact version on a Python package index (PEP 503 and PEP 691)."""

import json
import re
import urllib.parse
from dataclasses import dataclass
from html.parser import HTMLParser

from rag_desktop.domain.errors import UserFacingError

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
PAGE_LIMIT = 16 * 2**20
"""Bytes of a project's page."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """Where a wheel is, and the SHA-256 (64 hex digits) the index gives for it, if any."""

    filename: str
    url: str
    sha256: str | None


def page_url(index: str, project: str) -> str:
    """The address of a project's page: its name normalised as PEP 503 says."""
    return f"{index.rstrip('/')}/{re.sub(r'[-_.]+', '-', project).lower()}/"


def find_wheel(page: bytes, content_type: str, url: str, package: str) -> Wheel:
    """The wheel of `package` ("name==version") on a page fetched from `url`; one for every platform is preferred.

    Wheels are never installed, so that one for another platform does where its members are known by their hashes.
    Raises UserFacingError `wheel-missing` (package) where there is none.
    """
    project, _, version = package.partition("==")
    listed = _from_json(page, url) if content_type.endswith("json") else _from_html(page, url)
    fitting = [wheel for wheel in listed if _fits(wheel.filename, project, version)]
    if not fitting:
        raise UserFacingError("wheel-missing", package=package)
    return max(fitting, key=lambda wheel: wheel.filename.endswith("-none-any.whl"))


def _from_json(page: bytes, url: str) -> list[Wheel]:
    try:
        files = json.loads(page)["files"]
        return [_wheel(file["filename"], url, file["url"], file["hashes"].get("sha256")) for file in files]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _wheel(filename: str, page: str, target: str, sha256: str | None) -> Wheel:
    known = sha256 if sha256 and re.fullmatch(r"[0-9a-f]{64}", sha256) else None
    return Wheel(str(filename), urllib.parse.urljoin(page, target), known)


def _from_html(page: bytes, url: str) -> list[Wheel]:
    links = _Links()
    links.feed(page.decode("utf-8", "replace"))
    return [_from_link(link, url) for link in links.found]


def _from_link(link: str, page: str) -> Wheel:
    target, _, fragment = link.partition("#")
    filename = urllib.parse.unquote(target.rpartition("/")[2])
    return _wheel(filename, page, target, fragment.removeprefix("sha256="))


def _fits(filename: str, project: str, version: str) -> bool:
    """Whether a file name is of this project and version (packaging.python.org, wheel names)."""
    parts = filename.removesuffix(".whl").split("-")
    if not filename.endswith(".whl") or len(parts) not in {5, 6}:
        return False
    same = re.sub(r"[-_.]+", "_", project).lower() == re.sub(r"[-_.]+", "_", parts[0]).lower()
    return same and urllib.parse.unquote(parts[1]) == version


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for key, value in attrs if key == "href" and value]
