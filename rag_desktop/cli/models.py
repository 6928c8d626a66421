"""`models list | get | import | use | verify`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rag_desktop.cli import present
from rag_desktop.cli.terminal import Terminal
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import InstalledModel
from rag_desktop.domain.status import ListedModel, Recommendation
from rag_desktop.services.program import Program
from rag_desktop.services.spaces import recommended
from rag_desktop.store.library import Library

OK, DAMAGED = 0, 3
_MIB = 1 << 20


def models(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """Whatever of `models` was asked for."""
    act = {"list": _list, "get": _get, "import": _import, "use": _use, "verify": _verify}[options.act]
    return act(program, options, terminal)


def _list(program: Program, _options: argparse.Namespace, terminal: Terminal) -> int:
    listed = program.models.list()
    better = _recommended(program, listed)
    if terminal.is_json:
        said = present.recommended(better, program.wording)
        terminal.result({"models": [present.listed(each) for each in listed], "recommended": said})
        return OK
    for each in listed:
        mark = "●" if each.in_use else "○" if each.is_installed else " "
        size = f"{each.model.size / _MIB:,.0f} MB" if each.model.size else "?"
        advice = f"  ← {program.wording.say('recommended for your documents')}" if _is(better, each) else ""
        terminal.line(f"{mark} {each.model.name}  [{each.model.kind.value}, {size}, {each.model.licence}]{advice}")
    terminal.line()
    if better:
        terminal.line(f"{program.wording.error(better.note)} {program.wording.hint(better.note)}")
    terminal.line(program.wording.say("● in use, ○ installed; `models get NAME` downloads one."))
    return OK


def _recommended(program: Program, listed: Sequence[ListedModel]) -> Recommendation | None:
    """What the documents of the library ask for, where there is one that can be read."""
    try:
        with Library.reader(program.places.library) as library:
            return recommended(library, listed)
    except UserFacingError:
        return None


def _is(better: Recommendation | None, each: ListedModel) -> bool:
    return better is not None and better.model.name == each.model.name


def _get(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    def progress(done: int, total: int, words: str) -> None:
        terminal.progress("downloading", done, total, words)

    installed = program.models.get(options.name, progress)
    terminal.clear()
    return _installed(installed, program, terminal)


def _import(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    return _installed(program.models.import_file(Path(options.file)), program, terminal)


def _use(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    installed = program.models.use(options.name)
    if terminal.is_json:
        terminal.result(_json(installed))
    else:
        terminal.line(program.wording.say("{name} is used from now on.", name=installed.model.title))
    return OK


def _installed(installed: InstalledModel, program: Program, terminal: Terminal) -> int:
    if terminal.is_json:
        terminal.result(_json(installed))
    else:
        terminal.line(
            program.wording.say("{name} is installed in {folder}.", name=installed.model.name, folder=installed.folder)
        )
    return OK


def _verify(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    damaged = program.models.verify(options.name)
    if terminal.is_json:
        terminal.result({"damaged": [{"name": each.name, "files": list(each.files)} for each in damaged]})
    for each in [] if terminal.is_json else damaged:
        terminal.line(program.wording.say("{name} is damaged: {files}", name=each.name, files=", ".join(each.files)))
    if not damaged and not terminal.is_json:
        terminal.line(program.wording.say("All files are as they should be."))
    return DAMAGED if damaged else OK


def _json(installed: InstalledModel) -> present.Json:
    return {**present.model(installed.model), "folder": str(installed.folder)}
