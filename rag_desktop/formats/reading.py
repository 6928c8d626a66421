"""Reads one file whole: bytes, blocks, normalised text, chunks. This is what a reading child runs."""

import hashlib
import stat
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rag_desktop.domain.documents import Reading
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadChunks, ReadHead, ReadReply, ReadRequest, StillReading
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.formats import ocr
from rag_desktop.formats.reader import OpenedFile, finished
from rag_desktop.formats.registry import reader_of
from rag_desktop.text.chunks import chunk, chunks
from rag_desktop.text.normalise import assemble

TEXT_CUT = "text-cut"
"""Warning: the file is so long that only its beginning was read."""

_PIECE = 1 << 20
CHUNKS_IN_ONE = 256
"""Chunks in one message: some milliseconds to take apart."""


def role(_stop: StopSign, recogniser: ocr.RecogniserOptions | None = None) -> Serve:
    """Serves ReadRequest with one ReadHead and then ReadChunks; before them a StillReading for each page recognised.

    Otherwise a file is read in one go: a stop or a deadline is the parent's to keep. recogniser: how the text of
    pictures is recognised; not at all where it is None or its packages are not installed.
    """
    from rag_desktop.text.runs import pack_runs  # brings numpy, which telling a format does not need

    recognise = ocr.Recogniser(recogniser) if recogniser and ocr.is_installed() else None

    def serve(request: ReadRequest) -> Iterator[StillReading | ReadHead | ReadChunks]:
        whole = yield from _reading(request, recognise)
        reading, blocks = whole.reading, whole.reading.blocks
        yield ReadHead(replace(whole, reading=replace(reading, blocks=(), runs=())), pack_runs(reading.runs))
        drafts = chunks(reading.text, blocks, request.chunker)
        while some := tuple(islice(drafts, CHUNKS_IN_ONE)):
            yield ReadChunks(some)

    return serve


def read(request: ReadRequest, recognise: ocr.Recognise | None = None) -> ReadReply:
    """The document at `request.path`, with the hash of the very bytes it was made from.

    Raises UnreadableError: file-missing, file-forbidden (reason), file-empty, file-too-large (size, limit: bytes),
    format-unknown, no-text, or what the format's reader raises: file-binary, text-undecodable, html-damaged,
    pdf-damaged, pdf-encrypted.
    """
    whole = finished(_reading(request, recognise))
    reading = whole.reading
    return replace(whole, reading=replace(reading, chunks=chunk(reading.text, reading.blocks, request.chunker)))


def _reading(request: ReadRequest, recognise: ocr.Recognise | None) -> Generator[StillReading, None, ReadReply]:
    """All but the chunks. Whatever is not needed any more is let go of: a large file is held several times over."""
    path = Path(request.path)
    reader = reader_of(path)
    if reader is None:
        raise UnreadableError("format-unknown", suffix=path.suffix.lower())
    taken = _bytes_of(path, request.most_bytes, reader.most_bytes)
    file = OpenedFile(path, taken.content, recognise)
    digest, size, warnings = taken.sha256, taken.size, (TEXT_CUT,) if taken.is_cut else ()
    del taken
    found = (yield from reader.steps(file)) if reader.steps else reader.contents(file)
    del file
    metadata, blocks, warnings = found.metadata, found.blocks, (*found.warnings, *warnings)
    del found
    whole = assemble(blocks)
    del blocks
    if not whole.text.strip() and not reader.may_be_empty:
        raise UnreadableError("no-text")
    reading = Reading(reader.name, whole.text, whole.blocks, whole.runs, (), metadata, warnings)
    return ReadReply(reading, digest, size)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A file's bytes, or the first of them where it is cut; hash and size are those of all."""

    content: bytes
    sha256: bytes
    size: int
    is_cut: bool


def _bytes_of(path: Path, limit: int, most: int | None) -> _Taken:
    """limit: bytes of the largest file that is read. most: bytes that are kept of it, or None for all."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # opening a named pipe would wait for ever
            raise UnreadableError("file-forbidden", reason="not a regular file")
        _check_size(about.st_size, limit)
        with path.open("rb") as file:
            content = file.read(min(limit, limit if most is None else most) + 1)  # it may have grown since
            digest, size = hashlib.sha256(content), len(content)
            while most is not None and size <= limit and (more := file.read(_PIECE)):
                digest.update(more)
                size += len(more)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableError("file-missing") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreadableError("file-forbidden", reason=getattr(error, "strerror", None) or str(error)) from error
    _check_size(size, limit)
    if most is None or size <= most:
        return _Taken(content, digest.digest(), size, is_cut=False)
    return _Taken(content[: content.rfind(b"\n", most // 2, most) + 1 or most], digest.digest(), size, is_cut=True)


def _check_size(size: int, limit: int) -> None:
    if not size:
        raise UnreadableError("file-empty")
    if size > limit:  # it is held in memory while it is read
        raise UnreadableError("file-too-large", size=size, limit=limit)
