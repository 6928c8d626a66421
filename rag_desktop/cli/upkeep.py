"""The verbs that look after a library: problems, why, folder."""

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rag_desktop.cli.terminal import Terminal
from rag_desktop.cli.verbs import FAILED, OK, stoppable, writer
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.status import Failure
from rag_desktop.services import library as libraries
from rag_desktop.services.indexing import is_inside
from rag_desktop.services.instance import Visit
from rag_desktop.services.program import Program
from rag_desktop.services.wire import Wish
from rag_desktop.services.wording import Wording
from rag_desktop.store.library import Library

_MOST_BYTES = 1 << 20


def problems(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`problems`: what could not be read, why, what to do; with --retry, --ignore or --heed, do it."""
    for verb, paths in (("retry", options.retry), ("ignore", options.ignore), ("heed", options.heed)):
        if paths:
            _kept(program, Wish(verb, tuple(map(os.path.abspath, paths))), terminal)
    with Library.reader(program.places.library) as library:
        failures, partly = libraries.problems(library), libraries.partly_read(library)
    shown = [each for each in failures if options.all or not each.is_ignored]
    if terminal.is_json:
        terminal.result(
            {
                "problems": [_problem(each, program.wording) for each in failures],
                "partly": [_partly(each, program.wording) for each in partly],
            }
        )
        return OK
    if not shown:
        terminal.line(program.wording.say("Every document could be read."))
    for each in shown:
        _show(each, program.wording, terminal)
    for each in partly:
        terminal.line(f"· {each.path}: {program.wording.error(each.error)}")
    return OK


def _partly(each: Failure, wording: Wording) -> dict[str, str]:
    return {"path": each.path, "code": each.error.code, "reason": wording.error(each.error)}


def _problem(each: Failure, wording: Wording) -> dict[str, object]:
    tried = None if each.tried_at is None else datetime.fromtimestamp(each.tried_at, UTC).isoformat(timespec="seconds")
    return {
        "path": each.path,
        "code": each.error.code,
        "reason": wording.error(each.error),
        "hint": wording.hint(each.error),
        "tried_at": tried,
        "ignored": each.is_ignored,
    }


def _show(each: Failure, wording: Wording, terminal: Terminal) -> None:
    terminal.line(f"✗ {each.path}")
    terminal.line(f"  {wording.error(each.error)} {wording.hint(each.error)}".rstrip())
    if each.tried_at is not None:
        tried = datetime.fromtimestamp(each.tried_at).astimezone().strftime("%Y-%m-%d %H:%M")
        terminal.line("  " + wording.say("Tried {when}", when=tried))


def why(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`why PATH`: whether a file is in the library, and why not."""
    with Library.reader(program.places.library) as library:
        reason = libraries.whereabouts(library, options.path, program.format_of, program.own_places)
    wording = program.wording
    said = wording.error(reason) if reason else wording.say("{path} is in the library.", path=options.path)
    if terminal.is_json:
        code = reason.code if reason else None
        hint = wording.hint(reason) if reason else ""
        terminal.result({"path": os.path.abspath(options.path), "found": reason is None, "code": code, "reason": said,
                         "hint": hint})  # fmt: skip
    else:
        terminal.line(f"{said} {wording.hint(reason) if reason else ''}".rstrip())
    return FAILED if reason else OK


def folder(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`folder PATH`: how it is cut, what is left out; with options, pause it, go on with it, or change either."""
    path = os.path.abspath(options.path)
    if options.exclude is not None:
        _kept(program, Wish("exclude", (path,), "\n".join(options.exclude)), terminal)
    if options.exclude_from is not None:
        _kept(program, Wish("exclude", (path,), _lines(options.exclude_from)), terminal)
    if options.chunker is not None:
        _kept(program, Wish("chunker", (path,), options.chunker), terminal)
    if options.pause or options.resume:
        _kept(program, Wish("pause" if options.pause else "resume", (path,)), terminal)
    with Library.reader(program.places.library) as library:
        row = libraries.folder_at(library, path)
    if terminal.is_json:
        terminal.result(
            {
                "path": row.path,
                "paused": row.is_paused,
                "away": row.is_away,
                "chunker": row.chunker,
                "patterns": row.patterns.splitlines(),
            }
        )
        return OK
    say = program.wording.say
    terminal.line(" · ".join(filter(None, (row.path, row.chunker, say("Paused") if row.is_paused else ""))))
    for line in row.patterns.splitlines():
        terminal.line("  " + line)
    return OK


def _lines(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES).decode("utf-8-sig", "replace")
    except OSError as error:
        raise UserFacingError("source-missing", file=str(file)) from error


def _kept(program: Program, wish: Wish, terminal: Terminal) -> None:
    """Do one small write, in the window of this library where one is open."""
    with stoppable(terminal.on_event) as task:
        visit = Visit.pay(program.places.library)
        if visit:
            visit.keep(wish, task)
            return
        with writer(program, terminal) as library:
            _WRITES[wish.verb](library, wish)
            if wish.verb in {"retry", "resume", "exclude", "chunker"}:
                homes = [row for row in library.folders.all() if _is_meant(row.path, wish.paths)]
                program.indexing(library).run(homes, task)
    terminal.clear()


def _is_meant(folder_path: str, paths: Sequence[str]) -> bool:
    return any(is_inside(path, folder_path) for path in paths)


_WRITES: dict[str, Callable[[Library, Wish], object]] = {
    "retry": lambda library, wish: libraries.forget_failures(library, wish.paths),
    "ignore": lambda library, wish: libraries.ignore_failures(library, wish.paths, ignored=True),
    "heed": lambda library, wish: libraries.ignore_failures(library, wish.paths, ignored=False),
    "pause": lambda library, wish: libraries.pause(library, wish.paths[0], paused=True),
    "resume": lambda library, wish: libraries.pause(library, wish.paths[0], paused=False),
    "exclude": lambda library, wish: libraries.set_patterns(library, wish.paths[0], wish.text),
    "chunker": lambda library, wish: libraries.set_chunker(library, wish.paths[0], wish.text),
}
