"""Puts together the blocks of a document that has headings, lists, pages and hidden words."""

import re
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.html_hidden import LEAST_HIDDEN, TEXT_HIDDEN
from rag_desktop.formats.outline import Trail

LINE_BREAK = "\x0b"
"""Stands for the end of a line until white space is collapsed: XML itself cannot hold it."""

_SPACE = re.compile(r"[ \t\n\r\f]+")
_BREAKS = re.compile(rf" ?{LINE_BREAK} ?")


@dataclass(slots=True)
class BlockWriter:
    """The blocks so far, and what waits for the end of the list in hand. `page` is that of the next block."""

    blocks: list[Block] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)
    trail: Trail = field(default_factory=Trail)
    page: int | None = None
    _lines: list[str] = field(default_factory=list)
    _kind: BlockKind = BlockKind.PROSE
    _hidden: int = 0

    def begin_page(self, page: int) -> None:
        """A page that is a section of its own: what stands on it belongs to no title before it."""
        self.end_lines()
        self.trail = Trail()
        self.page = page

    def add_heading(self, level: int, title: str) -> None:
        """Begins a section; a title without words only closes those of its level and below."""
        self.end_lines()
        title = " ".join(title.split())
        self.trail.enter(level, title)
        if title:
            self.add(title + "\n\n", BlockKind.HEADING)

    def add(self, text: str, kind: BlockKind = BlockKind.PROSE) -> None:
        """One block, whose text carries its blank line."""
        self.end_lines()
        self.blocks.append(Block(text, kind, self.trail.path, self.page))

    def add_line(self, text: str, kind: BlockKind = BlockKind.PROSE) -> None:
        """An item of a list, or a line of code; neighbours become one block."""
        if kind is not self._kind:
            self.end_lines()
        self._kind = kind
        self._lines.append(text + "\n")

    def end_lines(self) -> None:
        """Ends the list in hand."""
        if self._lines:
            text = "".join(self._lines) + "\n"
            self._lines.clear()
            self.blocks.append(Block(text, self._kind, self.trail.path, self.page))

    def hide(self, words: str) -> None:
        """Counts words that the document does not show."""
        self._hidden += sum(map(len, words.split()))
        if self._hidden >= LEAST_HIDDEN:
            self.warnings.add(TEXT_HIDDEN)


def collapsed(text: str) -> str:
    """`text` with runs of white space as one space, and its line breaks as line ends."""
    return _BREAKS.sub("\n", _SPACE.sub(" ", text)).strip()
