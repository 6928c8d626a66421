"""Where words go: results to stdout, everything else to stderr; progress as one line that renews itself."""

import sys
from dataclasses import dataclass
from typing import TextIO

from rag_desktop.cli.present import Json, dumps
from rag_desktop.domain.events import DocumentFailed, Event, Progress
from rag_desktop.services.wording import N_, Wording

_BAR = 24
_STAGES = {
    "scanning": N_("Looking"),
    "reading": N_("Reading"),
    "embedding": N_("Embedding"),
    "preparing": N_("Preparing"),
    "evaluating": N_("Evaluating"),
    "downloading": N_("Downloading"),
}


@dataclass(slots=True)
class Terminal:
    """The two streams of a command, and whether the person asked for JSON."""

    wording: Wording
    is_json: bool
    out: TextIO
    err: TextIO
    _shown: int = 0

    def result(self, value: Json) -> None:
        """The one JSON object of a command that was asked for JSON."""
        self.out.write(dumps(value) + "\n")
        self.out.flush()

    def line(self, text: str = "") -> None:
        """A line of the result, for people."""
        self.out.write(printable(text) + "\n")

    def words(self, text: str) -> None:
        """Part of a line, shown at once."""
        self.out.write(printable(text))
        self.out.flush()

    def exactly(self, text: str) -> None:
        """Text as UTF-8 bytes, without a line end of its own and without any change."""
        buffer = getattr(self.out, "buffer", None)
        if buffer is None:
            self.out.write(text)
        else:
            self.out.flush()
            buffer.write(text.encode("utf-8"))
            buffer.flush()

    def note(self, text: str) -> None:
        """A line beside the result."""
        self.clear()
        self.err.write(printable(text) + "\n")
        self.err.flush()

    def on_event(self, event: Event) -> None:
        """Shows progress of a task."""
        match event:
            case Progress(stage=stage, done=done, total=total, words=words):
                self.progress(stage, done, total, words)
            case DocumentFailed(path=path):
                self.note(self.wording.say("Could not read {path}", path=path))
            case _:
                pass

    def progress(self, stage: str, done: int, total: int, words: str = "") -> None:
        """Renew the progress line; on a stream that is no terminal nothing is shown."""
        if not self.err.isatty():
            return
        share = min(1.0, done / total) if total else 0.0
        bar = "█" * round(share * _BAR) + "·" * (_BAR - round(share * _BAR))
        name = self.wording.say(_STAGES.get(stage, stage))
        text = f"{name} {bar} {share:4.0%}  {words[-48:]}"
        self.err.write("\r" + printable(text).ljust(self._shown))
        self.err.flush()
        self._shown = len(text)

    def clear(self) -> None:
        """Wipe the progress line."""
        if self._shown:
            self.err.write("\r" + " " * self._shown + "\r")
            self._shown = 0


def printable(text: str) -> str:
    """Text without control characters that a terminal would obey; a file name may hold anything."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


def prepare_streams() -> None:
    """Speak UTF-8 whatever the system's code page, and never stop at a character that cannot be shown."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
