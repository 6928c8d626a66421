"""Reads one file whole: bytes, blocks, normalised text, chunks. This is what a reading child runs."""

import hashlib
import stat
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from rag_desktop.domain.documents import Reading
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadChunks, ReadHead, ReadReply, ReadRequest, StillReading
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.formats import ocr
from rag_desktop.formats.reader import OpenedFile, finished
from rag_desktop.formats.registry import reader_of
from rag_desktop.text.chunks import chunk
from rag_desktop.text.normalise import assemble

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
        slim = replace(whole.reading, blocks=(), runs=(), chunks=())
        yield ReadHead(replace(whole, reading=slim), pack_runs(whole.reading.runs))
        for start in range(0, len(whole.reading.chunks), CHUNKS_IN_ONE):
            yield ReadChunks(whole.reading.chunks[start : start + CHUNKS_IN_ONE])

    return serve


def read(request: ReadRequest, recognise: ocr.Recognise | None = None) -> ReadReply:
    """The document at `request.path`, with the hash of the very bytes it was made from.

    Raises UnreadableError: file-missing, file-forbidden (reason), file-empty, file-too-large (size, limit: bytes),
    format-unknown, no-text, or what the format's reader raises: file-binary, text-undecodable, html-damaged,
    pdf-damaged, pdf-encrypted.
    """
    return finished(_reading(request, recognise))


def _reading(request: ReadRequest, recognise: ocr.Recognise | None) -> Generator[StillReading, None, ReadReply]:
    path = Path(request.path)
    reader = reader_of(path)
    if reader is None:
        raise UnreadableError("format-unknown", suffix=path.suffix.lower())
    content = _bytes_of(path, request.most_bytes)
    file = OpenedFile(path, content, recognise)
    found = (yield from reader.steps(file)) if reader.steps else reader.contents(file)
    whole = assemble(found.blocks)
    if not whole.text.strip() and not reader.may_be_empty:
        raise UnreadableError("no-text")
    chunks = chunk(whole.text, whole.blocks, request.chunker)
    reading = Reading(reader.name, whole.text, whole.blocks, whole.runs, chunks, found.metadata, found.warnings)
    return ReadReply(reading, hashlib.sha256(content).digest(), len(content))


def _bytes_of(path: Path, limit: int) -> bytes:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # opening a named pipe would wait for ever
            raise UnreadableError("file-forbidden", reason="not a regular file")
        _check_size(about.st_size, limit)
        with path.open("rb") as file:
            content = file.read(limit + 1)  # it may have grown since
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnreadableError("file-missing") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UnreadableError("file-forbidden", reason=getattr(error, "strerror", None) or str(error)) from error
    _check_size(len(content), limit)
    return content


def _check_size(size: int, limit: int) -> None:
    if not size:
        raise UnreadableError("file-empty")
    if size > limit:  # it is held in memory while it is read
        raise UnreadableError("file-too-large", size=size, limit=limit)
