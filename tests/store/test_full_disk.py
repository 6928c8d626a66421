"""A disk that is full, or a library that may not be written: nothing is lost, and reading goes on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.library import Library
from rag_desktop.vectors.index import HnswIndex
from tests.store import material

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits and permissions of another kind")

SETUP = """
import json, sys
from pathlib import Path
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services import care
from rag_desktop.services.library import status
from rag_desktop.services.neighbours import Neighbours, reading_index
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.library import Library
from rag_desktop.text.words import query_terms
from tests.road.damaged import an_answer
from tests.store import material
place = Path(sys.argv[1])
care.known_in, query_terms("x"), an_answer("x")

def code_of(act):
    try:
        act()
    except UserFacingError as error:
        return error.code
    return "done"

def put(library, name, count=1):
    with library.transaction():
        for number in range(count):
            words = [f"{name} {number} {part} " * 50 for part in range(20)]
            material.put(library, 1, f"/docs/{name}{number}", words)

def count(library):
    return len(library.fulltext.passages(query_terms("passage"), [], 1000))
"""


def run(place: Path, code: str) -> dict[str, object]:
    """What a program says that runs after SETUP; it may lower its own limits and rights for good."""
    done = subprocess.run(
        [sys.executable, "-c", SETUP + code, str(place)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, object] = json.loads(done.stdout)
    return said


def filled(place: Path) -> Path:
    with Library.writer(place) as library:
        watched = material.watched(library)
        with library.transaction():
            for n in range(10):
                material.put(library, watched.id, f"/docs/{n}", [f"Passage {n} of {place}." for place in range(20)])
        space = material.begun_space(library)
        material.embed_pending(library, space)
        Neighbours(library, space).snapshot()
    Conversations(place).close()
    return place


def put_many(library: Library) -> None:
    with library.transaction():
        for number in range(100):
            material.put(library, library.folders.all()[0].id, f"/docs/more{number}", ["More words. " * 200])


def test_a_transaction_that_finds_the_disk_full_leaves_nothing(tmp_path: Path) -> None:
    with Library.writer(filled(tmp_path)) as library:
        before = library.connection.pragma("page_count")
        library.connection.pragma("max_page_count", before + 5)
        with pytest.raises(UserFacingError) as caught:
            put_many(library)
        assert caught.value.code == "disk-full"
        assert library.chunks.leaves() == 200
        library.connection.pragma("max_page_count", 1 << 30)
        with library.transaction():
            material.put(library, library.folders.all()[0].id, "/docs/more", ["More words."])
        assert library.chunks.leaves() == 201


@POSIX
def test_files_that_may_not_grow_lose_nothing(tmp_path: Path) -> None:
    """The system refuses to write as on a full disk: to the log, the snapshot and the backups alike."""
    said = run(
        filled(tmp_path),
        """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
library = Library.writer(place)
talks = Conversations(place)
neighbours = Neighbours(library, material.begun_space(library))
safe = Safekeeping(place, None, 0)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
with library.transaction():
    material.put(library, 1, "/docs/before", ["Passage before."])
material.embed_pending(library, material.begun_space(library))
neighbours.follow()
found = {}
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
found["put"] = code_of(lambda: put(library, "more", 50))
found["snapshot"] = code_of(neighbours.snapshot)
found["backup"] = code_of(lambda: safe.conversations(talks))
found["talk"] = code_of(lambda: [talks.add(1, an_answer("x" * 4000)) or talks.begin("x" * 200) for _ in range(80)])
found["seen"] = count(library)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
found["again"] = code_of(lambda: put(library, "more", 2))
neighbours.snapshot()
safe.conversations(talks)
found["talks"] = talks.connection.pragma("integrity_check")
talks.close()
found["findings"] = [each.code for each in care.check(library)]
library.close()
print(json.dumps(found))
""",
    )
    failures = {"disk-full", "disk-failed"}
    assert {said.pop(key) for key in ("put", "snapshot", "backup", "talk")} <= failures
    assert said == {"seen": 201, "again": "done", "talks": "ok", "findings": []}


def test_an_index_that_does_not_fit_leaves_the_old_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library.writer(filled(tmp_path)) as library:
        space = material.begun_space(library)
        before = library.vectors.snapshot(space.id)
        with library.transaction():
            material.put(library, library.folders.all()[0].id, "/docs/more", ["More words."])
        material.embed_pending(library, space)
        neighbours = Neighbours(library, space)
        real: Callable[[HnswIndex, Path], bytes] = HnswIndex.save

        def save(self: HnswIndex, path: Path) -> bytes:
            real(self, path)
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(HnswIndex, "save", save)
            with pytest.raises(UserFacingError):
                neighbours.snapshot()
        assert library.vectors.snapshot(space.id) == before
        assert [file.name for file in (tmp_path / "vectors").iterdir()] == [before.file if before else ""]


READ = """
found = {}
with Library.reader(place) as library:
    found["passages"] = status(library).passages
    found["seen"] = count(library)
    index = reading_index(library, library.vectors.spaces()[0], exact=False)
    found["near"] = len(index.search(material.as_vector(material.vector_of(b"x")), 3))
    found["findings"] = [each.code for each in care.check(library)]
talks = Conversations(place)
found["talks"] = talks.all()
found["begin"] = code_of(lambda: talks.begin("new"))
found["writer"] = code_of(lambda: Library.writer(place))
print(json.dumps(found))
"""
AS_NOBODY = "import os\nos.setgid(65534); os.setuid(65534)\n" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
READABLE = {
    "passages": 200, "seen": 200, "near": 3, "findings": [], "talks": [],
    "begin": "library-forbidden", "writer": "library-forbidden",
}  # fmt: skip


@pytest.fixture
def locked() -> Iterator[Path]:
    """A library in a folder that anyone may look into."""
    folder = Path(tempfile.mkdtemp(prefix="library-open-"))
    folder.chmod(0o755)
    yield folder / "library"
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def lock(place: Path, *, folder: bool) -> None:
    for path in [place, *place.rglob("*")]:
        is_kept_open = path.is_dir() and not folder
        path.chmod((0o777 if is_kept_open else 0o555) if path.is_dir() else 0o444)


@POSIX
@pytest.mark.parametrize("is_folder_locked", [True, False])
def test_a_library_that_may_not_be_written_can_be_read(locked: Path, is_folder_locked: bool) -> None:
    lock(filled(locked), folder=is_folder_locked)
    assert run(locked, AS_NOBODY + READ) == READABLE


@POSIX
def test_changes_that_only_a_log_holds_are_not_passed_over(locked: Path) -> None:
    """Without its shared memory the log cannot be read there; the answer would be an old state."""
    made = filled(locked / "made")
    with Library.writer(made) as library:
        material.watched(library, "/newer")
        copy = Path(shutil.copytree(made, locked / "copy"))
    (copy / "library.sqlite-shm").unlink()
    lock(copy, folder=True)
    found = run(copy, AS_NOBODY + "print(json.dumps({'code': code_of(lambda: Library.reader(place))}))")
    assert found == {"code": "library-forbidden"}
