"""Runs one command: parse, call the verb, word what went wrong, and choose the exit status."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rag_desktop.cli import upkeep, verbs
from rag_desktop.cli.arguments import parser
from rag_desktop.cli.care import check
from rag_desktop.cli.demo import demo
from rag_desktop.cli.evaluate import evaluate
from rag_desktop.cli.models import models
from rag_desktop.cli.terminal import Terminal, prepare_streams
from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.services.program import Program
from rag_desktop.services.wording import Wording

VERBS = {
    "add": verbs.add,
    "search": verbs.search,
    "ask": verbs.ask,
    "status": verbs.status,
    "remove": verbs.remove,
    "text": verbs.text,
    "problems": upkeep.problems,
    "why": upkeep.why,
    "folder": upkeep.folder,
    "evaluate": evaluate,
    "check": check,
    "models": models,
    "demo": demo,
}


def run(
    arguments: Sequence[str],
    wording: Wording,
    build: Callable[[Path | None, bool], Program],
    open_window: Callable[[Path | None], int],
) -> int:
    """Run a command line; returns its exit status: 0 done, 1 failed, 2 wrong usage, 3 done in part, 130 interrupted.

    build: makes the program for a library (None: the usual one); its second argument asks for the demo's own library.
    open_window: what happens without a verb.
    """
    prepare_streams()
    options = parser(wording).parse_args(arguments)
    terminal = Terminal(wording, options.json, sys.stdout, sys.stderr)
    try:
        if options.verb is None:
            return open_window(options.library)
        program = build(options.library, options.verb == "demo")
        try:
            return VERBS[options.verb](program, options, terminal)
        finally:
            program.close()
    except UserFacingError as error:
        terminal.note(wording.error(error))
        if terminal.is_json:
            terminal.result({"error": {"code": error.code, "sentence": wording.error(error)}})
        return verbs.FAILED
    except (Cancelled, KeyboardInterrupt):
        terminal.note(wording.say("Stopped. What was done so far is kept."))
        return verbs.INTERRUPTED
    except BrokenPipeError:
        return verbs.FAILED  # the reader of our output went away, as `head` does
