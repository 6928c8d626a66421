"""Indexes a folder with real weights: seconds to searchable, passages a second beside the bare model, peak memory."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from rag_desktop.settings.places import find_places
from rag_desktop.store.library import Library
from rag_desktop.text.chunks import embedded_words

BASELINE_TEXTS = 256


def watched(process: psutil.Popen) -> dict[str, int]:
    """Peak resident bytes of a process and of each of its children, by role, until it ends."""
    peaks: dict[str, int] = {}
    while process.poll() is None:
        for each in (process, *children(process)):
            try:
                role = "main" if each.pid == process.pid else f"child {each.pid}"
                peaks[role] = max(peaks.get(role, 0), each.memory_info().rss)
            except psutil.Error:
                continue
        threading.Event().wait(0.2)
    return peaks


def children(process: psutil.Popen) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.Error:
        return []
    return found


def texts(library: Path, count: int) -> Iterator[str]:
    """Words of leaves spread over the library, as they are embedded."""
    with Library.reader(library) as reader:
        (space,) = reader.vectors.spaces()
        ids = sorted(reader.vectors.chunk_ids(space.id))
        chosen = ids[:: max(1, len(ids) // count)][:count]
        for chunk in reader.chunks.get(chosen).values():  # type: ignore[arg-type]
            yield embedded_words(chunk.headings, reader.documents.text(chunk.document_id, chunk.span))


def baseline(library: Path) -> float:
    """Passages a second of SentenceTransformer.encode with its defaults, on texts of the same library."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_places().models / "all-MiniLM-L6-v2"), device="cpu")
    sample = list(texts(library, BASELINE_TEXTS))
    model.encode(sample[:16])
    began = time.perf_counter()
    model.encode(sample, show_progress_bar=False)
    return len(sample) / (time.perf_counter() - began)


def main() -> None:
    """Print what was measured, as one JSON object."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        command = [sys.executable, "-m", "rag_desktop", "--library", str(library), "--json", "add", str(options.data)]
        process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        peaks = watched(process)
        added: dict[str, Any] = json.loads(process.communicate()[0])
        rate = baseline(library)
        size = (library / "library.sqlite").stat().st_size
    embedded = sum(each["embedded"] for each in added["folders"])
    seconds = added["seconds"]["total"] - added["seconds"]["searchable"]
    result = {
        "documents": sum(each["documents"] for each in added["folders"]),
        "passages": sum(each["passages"] for each in added["folders"]),
        "failed": sum(len(each["failed"]) for each in added["folders"]),
        "seconds": added["seconds"],
        "library_mib": round(size / 2**20),
        "embedded_per_second": round(embedded / seconds, 1),
        "baseline_per_second": round(rate, 1),
        "ratio": round(embedded / seconds / rate, 2),
        "peak_mib": {role: round(peak / 2**20) for role, peak in peaks.items()},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
