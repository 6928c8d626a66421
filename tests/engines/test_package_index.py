"""Pages of package indexes, as they are found in the world."""

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.engines.package_index import Wheel, find_wheel, page_url

URL = "https://index.example/simple/my-pkg/"
HASH = "a" * 64


def test_names_are_normalised() -> None:
    assert page_url("https://index.example/simple/", "My_.Pkg") == URL


def test_finds_the_wheel_for_every_platform_among_others() -> None:
    names = [
        "my_pkg-1.0.tar.gz", "my_pkg-1.0-cp311-cp311-win_amd64.whl", "my_pkg-1.0-py3-none-any.whl",
        "my_pkg-1.0.1-py3-none-any.whl", "other-1.0-py3-none-any.whl",
    ]  # fmt: skip
    page = "".join(f'<a data-x href="../../p/{name}#sha256={HASH}">{name}</a><br>' for name in names)
    found = find_wheel(page.encode(), "text/html", URL, "my-pkg==1.0")
    assert found == Wheel(names[2], f"https://index.example/p/{names[2]}", HASH)


def test_a_wheel_for_another_platform_does_as_only_its_members_are_wanted() -> None:
    page = b'<a href="my_pkg-1.0-cp311-cp311-plan9_68k.whl">x</a>'
    assert find_wheel(page, "text/html", URL, "my-pkg==1.0").filename == "my_pkg-1.0-cp311-cp311-plan9_68k.whl"


def test_a_checksum_of_another_kind_is_no_checksum() -> None:
    page = b'<a href="https://f.example/my_pkg-1.0-py2.py3-none-any.whl#md5=00">x</a>'
    assert find_wheel(page, "text/html", URL, "My.Pkg==1.0").sha256 is None


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (b"", "text/html"),
        (b"\xff<a><a href>", "text/html"),
        (b"{}", "application/vnd.pypi.simple.v1+json"),
        (b"[", "application/json"),
        (b'{"files": [{"filename": "my_pkg-1.0-py3-none-any.whl"}]}', "application/json"),
        (b'<a href="my_pkg-1.0.tar.gz">x</a>', "text/html"),
    ],
)
def test_pages_without_the_wheel_say_so(page: bytes, kind: str) -> None:
    with pytest.raises(UserFacingError) as caught:
        find_wheel(page, kind, URL, "my-pkg==1.0")
    assert (caught.value.code, caught.value.arguments) == ("wheel-missing", {"package": "my-pkg==1.0"})
