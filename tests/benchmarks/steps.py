"""Where the memory goes while one text is read: what each step holds, and its peak, for each byte of the file."""

import multiprocessing
import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag_desktop.formats.decoding import decode
from rag_desktop.formats.plain import paragraphs
from rag_desktop.formats.reading import CHUNKS_IN_ONE
from rag_desktop.text.chunks import chunk
from rag_desktop.text.normalise import assemble
from tests.benchmarks.material import Sentences, write_text

SIZE = 32_000_000
"""Bytes: enough that what a process holds anyway does not count."""


def steps(data: Path) -> list[dict[str, Any]]:
    """Steps in order, each in multiples of the file's bytes above what the process held before. Linux only."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "text.txt"
        write_text(path, SIZE, Sentences(data))
        process = context.Process(target=_walked_through, args=(path, theirs))
        process.start()
        theirs.close()
        found: list[dict[str, Any]] = ours.recv()
        process.join()
    return found


def _walked_through(path: Path, result: Any) -> None:
    """What reading a plain text does, one step at a time; everything made is held, as it is there."""
    size, before, told = path.stat().st_size, _status("VmRSS"), []

    def step(name: str, act: Callable[[], Any]) -> Any:
        Path("/proc/self/clear_refs").write_text("5")  # the kernel's high water mark begins anew
        began = time.perf_counter()
        made = act()
        seconds = time.perf_counter() - began
        held, peak = _status("VmRSS") - before, _status("VmHWM") - before
        told.append({"step": name, "seconds": seconds, "held": held / size, "peak": peak / size})
        return made

    content = step("bytes", path.read_bytes)
    text = step("decoded", lambda: decode(content).text)
    blocks = step("blocks", lambda: tuple(paragraphs(text)))
    whole = step("normalised", lambda: assemble(blocks))
    chunks = step("chunks", lambda: chunk(whole.text, whole.blocks))
    step("the head's message", lambda: len(pickle.dumps((whole.text, whole.runs))))
    step("the chunks' messages", lambda: _sent(chunks))
    result.send(told)


def _sent(chunks: tuple[Any, ...]) -> int:
    parts = range(0, len(chunks), CHUNKS_IN_ONE)
    return max(len(pickle.dumps(chunks[start : start + CHUNKS_IN_ONE])) for start in parts)


def _status(key: str) -> int:
    """Bytes that the kernel tells of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key + ":"))
