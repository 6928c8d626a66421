"""A walk over the lines of a markup text, which makes blocks of them as it goes."""

import re
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.outline import Trail


@dataclass(slots=True)
class LineWalk:
    """The lines of one document and what has been made of those before `at` (a line number)."""

    text: str
    lines: list[re.Match[str]]
    at: int = 0
    trail: Trail = field(default_factory=Trail)
    blocks: list[Block] = field(default_factory=list)

    def unwrapped(self, text: str) -> str:
        """Words without the markup around them; what a format does not do leaves them verbatim."""
        return text

    def line(self, number: int) -> str:
        """A line without its end; empty behind the last."""
        return self.lines[number][0].rstrip("\r\n") if number < len(self.lines) else ""

    def is_blank(self, number: int) -> bool:
        """Whether a line is there and says nothing."""
        return number < len(self.lines) and not self.lines[number][0].strip()

    def past_blank(self, number: int) -> int:
        """Behind the blank lines from `number` on."""
        while self.is_blank(number):
            number += 1
        return number

    def take(self, end: int, kind: BlockKind) -> None:
        """Make a block of the lines from `at` to `end` and the blank ones after them; code is never unwrapped."""
        end = self.past_blank(end)
        start = self.lines[self.at].start()
        source = self.text[start : self.lines[end - 1].end()]
        said = source if kind is BlockKind.CODE else self.unwrapped(source)
        self.at = end
        if said.strip():
            self.blocks.append(Block(said, kind, self.trail.path, source_start=start if said == source else None))
