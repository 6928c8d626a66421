"""Indexes a folder in a process of its own, and watches what memory that process and each of its children take."""

import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from rag_desktop.app import build
from rag_desktop.domain.events import DocumentFailed, Event
from rag_desktop.services.program import Program
from rag_desktop.services.tasks import Task
from rag_desktop.store.library import Library
from rag_desktop.workers.child import Child

_LOOK_S = 0.1


@dataclass(slots=True)
class Peak:
    """The most bytes a process was seen with: its own (unique set size), and those shared with others too."""

    uss: int = 0
    rss: int = 0


@dataclass(slots=True)
class Run:
    """What indexing took. Seconds of looking and reading together, and of embedding. failed: codes with counts."""

    read_s: float = 0.0
    embed_s: float = 0.0
    passages: int = 0
    documents: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    peaks: dict[str, Peak] = field(default_factory=dict)
    pending: int = 0


class Watch:
    """Looks ten times a second at this process and at its children, until it is closed."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.peaks: dict[str, Peak] = {}
        self._children = children
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._ended.wait(_LOOK_S):
            for name, pid in [("main", os.getpid()), *((child.name, child.pid) for child in self._children)]:
                with suppress(psutil.Error):
                    if pid is not None:
                        self._note(name, psutil.Process(pid).memory_full_info())

    def _note(self, name: str, seen: Any) -> None:
        peak = self.peaks.setdefault(name, Peak())
        peak.uss, peak.rss = max(peak.uss, seen.uss), max(peak.rss, seen.rss)


def index(folder: Path, library: Path, *, embeds: bool, is_real: bool) -> Run:
    """Index `folder` in a new process, with scripted engines unless `is_real`; what the library has, it keeps."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_indexed, args=(folder, library, embeds, is_real, theirs))
    process.start()
    theirs.close()
    run: Run = ours.recv()
    process.join()
    return run


def _indexed(folder: Path, library: Path, embeds: bool, is_real: bool, result: Any) -> None:
    os.environ.pop("RAG_DESKTOP_ENGINE", None)
    if not is_real:
        os.environ["RAG_DESKTOP_ENGINE"] = "scripted"
    program, failed = build(library), Counter[str]()

    def publish(event: Event) -> None:
        if isinstance(event, DocumentFailed):
            failed[event.code] += 1

    watch = Watch(program.children)
    try:
        with Library.writer(library) as opened:
            run = _run(program, opened, folder, Task(publish), embeds=embeds)
    finally:
        watch.close()
        program.close()
    run.failed, run.peaks = dict(failed), watch.peaks
    result.send(run)


def _run(program: Program, opened: Library, folder: Path, task: Task, *, embeds: bool) -> Run:
    indexing, run = program.indexing(opened), Run()
    began = time.perf_counter()
    indexing.read(indexing.register([str(folder)]), task)
    run.read_s = time.perf_counter() - began
    if embeds:
        began = time.perf_counter()
        _, error = indexing.embed(task)
        run.embed_s = time.perf_counter() - began
        if error:
            run.failed[error.code] = 1
    counts = [opened.folders.counts(row.id) for row in opened.folders.all()]
    run.documents, run.passages = sum(each.documents for each in counts), sum(each.passages for each in counts)
    run.pending = opened.vectors.pending_count(None)
    return run
