"""A program in its process, as the stress sees it: asked over a pipe, and killed."""

import multiprocessing
from pathlib import Path
from typing import Any

from tests.reliability.program import EDIT, Beginning, serve

_PATIENCE_S = 150.0


class Difference(AssertionError):  # noqa: N818 - what a round found
    """The library is not what it must be; says how to see it again."""


class Killed(Exception):  # noqa: N818 - what a test does to the program
    """The program is gone."""


class Process:
    """A program in its process."""

    def __init__(self, beginning: Beginning) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(beginning, theirs))
        self._process.start()
        theirs.close()

    def ask(self, name: str, *arguments: Any, edit: Any = None, kill_after: float | None = None) -> Any:
        """Have something done. edit: called when the program is in the midst of it. Raises Killed."""
        try:
            self._pipe.send((name, arguments))
            while True:
                if kill_after is not None and not self._pipe.poll(kill_after):
                    self.kill()
                    raise Killed
                if not self._pipe.poll(_PATIENCE_S):
                    raise Difference(f"the program hangs in {name}")
                kind, told = self._pipe.recv()
                if kind == EDIT:
                    edit()
                    self._pipe.send("go on")
                elif kind == "done":
                    return told
                else:
                    raise Difference(f"the program broke in {name}: {told}")
        except (EOFError, OSError):
            self._process.join()
            raise Killed from None

    def kill(self) -> None:
        """As `kill -9` does."""
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        """Politely, unless it is gone."""
        if self._process.is_alive():
            try:
                self.ask("end")
            except (Killed, Difference):
                self.kill()
        self._process.join()


def settings(home: Path, *, is_real: bool = False) -> dict[str, str]:
    """Environment variables of a program that keeps what it writes in `home`."""
    own = {"RAG_DESKTOP_CONFIG": str(home / "config"), "RAG_DESKTOP_CACHES": str(home / "caches")}
    scripted = {"RAG_DESKTOP_ENGINE": "scripted", "RAG_DESKTOP_MODELS": str(home / "models")}
    return own if is_real else own | scripted
