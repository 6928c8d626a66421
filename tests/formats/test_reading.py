"""Reading a file: which failures leave it, and that telling a format costs nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadHead, ReadRequest
from rag_desktop.formats import reading
from rag_desktop.formats.registry import format_of
from rag_desktop.text.runs import unpack_runs


def code_for(path: Path) -> str:
    with pytest.raises(UnreadableError) as failure:
        reading.read(ReadRequest(str(path), "leaves"))
    return failure.value.code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert code_for(tmp_path / "gone.txt") == "file-missing"


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    assert code_for(tmp_path / "folder.txt") == "file-forbidden"


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe.txt")
    assert code_for(tmp_path / "pipe.txt") == "file-forbidden"


def test_a_file_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("words")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert code_for(path) == "file-forbidden"


@pytest.mark.parametrize(("size", "code"), [(0, "file-empty"), (11, "file-too-large")])
def test_sizes(size: int, code: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * size)
    with pytest.raises(UnreadableError) as caught:
        reading.read(ReadRequest(str(tmp_path / "a.txt"), "leaves", most_bytes=10))
    assert caught.value.code == code


def test_a_file_with_only_white_space_has_no_text(tmp_path: Path) -> None:
    (tmp_path / "blank.md").write_text(" \n\t\n")
    assert code_for(tmp_path / "blank.md") == "no-text"


def test_a_format_nobody_reads(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("words")
    assert code_for(tmp_path / "a.xyz") == "format-unknown"


def test_the_role_sends_a_document_in_pieces(tmp_path: Path) -> None:
    text = "".join(f"Sentence number {number} stands here by itself, as long as it is. \r\n" for number in range(9000))
    (tmp_path / "a.txt").write_text(text, newline="")
    request = ReadRequest(str(tmp_path / "a.txt"), "leaves")
    whole = reading.read(request)
    head, *pieces = reading.role(lambda: False)(request)
    assert isinstance(head, ReadHead)
    assert (head.read.sha256, head.read.size, head.read.reading.text) == (
        whole.sha256,
        whole.size,
        whole.reading.text,
    )
    assert (head.read.reading.blocks, head.read.reading.runs, head.read.reading.chunks) == ((), (), ())
    assert unpack_runs(head.packed_runs) == whole.reading.runs
    assert len(pieces) > 2
    assert max(len(piece.chunks) for piece in pieces) == reading.CHUNKS_IN_ONE
    assert tuple(draft for piece in pieces for draft in piece.chunks) == whole.reading.chunks


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/B.PDF", "pdf"),
        ("c.HTM", "html"),
        ("README", "text"),
        ("readme.md", "markdown"),
        ("x/Makefile", "code"),
        ("CMakeLists.txt", "code"),
        ("a.tar.gz", None),
        (".gitignore", None),
        ("noname", None),
    ],
)
def test_formats_by_name(path: str, name: str | None) -> None:
    assert format_of(path) == name


def test_telling_a_format_imports_no_parser() -> None:
    script = (
        "import sys; from rag_desktop.formats.registry import format_of;"
        "assert format_of('a.pdf') == 'pdf' and format_of('a.html') == 'html';"
        "heavy = {'pypdf', 'pypdfium2', 'selectolax', 'charset_normalizer', 'PySide6', 'torch', 'numpy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
