"""Documents with scanned pages are read again once text can be recognised, and not before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_desktop.domain.documents import Metadata, Reading
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadHead, ReadReply
from rag_desktop.formats import ocr
from rag_desktop.services.agenda import FileToRead
from rag_desktop.services.planning import sha256_of
from rag_desktop.services.scanning import Scanning
from rag_desktop.services.storing import Read, Storing
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library

TASK = Task(lambda _: None)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.writer(tmp_path / "library") as opened:
        yield opened


class Shelf:
    """A folder of PDFs whose reading is told beforehand."""

    def __init__(self, library: Library, root: Path) -> None:
        root.mkdir()
        for name in ("scan", "part", "book", "empty"):
            (root / f"{name}.pdf").write_text(name)
        with library.transaction():
            self._folder = library.folders.add(str(root), is_file=False, chunker="leaves")
        self._library, self._root = library, root

    def look(self) -> list[str]:
        """The names of the files that a look has read, after which they are."""
        scanning = Scanning(self._library, lambda path: "pdf" if path.endswith(".pdf") else None)
        (scan,) = scanning.look([self._folder], TASK, {})
        storing = Storing(self._library)
        for file in scan.plan.read:
            item = FileToRead(self._folder.id, file, "leaves", "pdf")
            name = Path(file.path).stem
            if name in {"scan", "empty"}:
                storing.failed(item, UnreadableError("no-text" if name == "scan" else "file-empty"))
            else:
                warnings = ("pages-without-text",) if name == "part" else ()
                reading = Reading("pdf", "Words.", (), (), (), Metadata(), warnings)
                reply = ReadReply(reading, sha256_of(file.path) or b"", file.size)
                storing.read(item, Read(ReadHead(reply, b"")))
        storing.flush(TASK)
        with self._library.transaction():
            scanning.apply([scan])
        return sorted(Path(file.path).stem for file in scan.plan.read)

    def move(self, name: str, to: str) -> None:
        (self._root / f"{name}.pdf").rename(self._root / f"{to}.pdf")


def test_scans_are_read_again_once_text_is_recognised(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    shelf = Shelf(library, tmp_path / "papers")
    assert shelf.look() == ["book", "empty", "part", "scan"]
    assert shelf.look() == []
    shelf.move("part", "moved")
    assert shelf.look() == []
    monkeypatch.setattr(ocr, "is_installed", lambda: True)
    assert shelf.look() == ["moved", "scan"]
    assert shelf.look() == []
    monkeypatch.setattr(ocr, "is_installed", lambda: False)
    assert shelf.look() == []
