"""What an RTF file has said so far: the words of the paragraph in hand, rows of the table, styles, and the blocks."""

import re
from dataclasses import dataclass, field

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.docx_styles import level_of
from rag_desktop.formats.html_hidden import LEAST_HIDDEN, TEXT_HIDDEN
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.rtf_tables import MOST_NESTED, Definition, Row, blocks_of, text_of
from rag_desktop.formats.rtf_text import Fonts, Words

_LINE_BREAK = "\x0b"
_SPACE = re.compile(r"[ \t\n\r\f\0]+")
_BREAKS = re.compile(rf" ?{_LINE_BREAK} ?")
_MOST_OUTLINED = 9


@dataclass(slots=True)
class Group:
    """What holds inside one pair of braces, and is forgotten after them."""

    sink: str = "text"
    """Where words go: `text`, `skip`, or the name of a destination that keeps them or knows what to do with them."""
    style: int = 0
    outline: int | None = None
    level: int = 0
    """Of the table that the paragraph is in, from 1; 0 outside."""
    font: int | None = None
    wide_font: int | None = None
    """For East Asian words, where these have a font of their own."""
    is_wide: bool = False
    is_hidden: bool = False
    colour: int = 0
    """A number in the table of colours."""
    is_tiny: bool = False
    is_shaded: bool = False
    """Whether letters have a ground or an outline of their own."""
    is_banner: bool = False
    """Whether the paragraph has a ground."""
    is_deleted: bool = False
    fallback: int = 1
    """Characters that stand in for each \\u one."""
    is_nested_row: bool = False
    is_optional: bool = False
    buffer: str = ""
    """The destination whose words begin and end with this group."""

    def inner(self) -> "Group":
        """A group inside this one. Files hold one for each change of a letter's looks, so this is quick."""
        return Group(
            self.sink, self.style, self.outline, self.level, self.font, self.wide_font, self.is_wide, self.is_hidden,
            self.colour, self.is_tiny, self.is_shaded, self.is_banner, self.is_deleted, self.fallback,
            self.is_nested_row,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Style:
    level: int | None
    is_contents: bool


@dataclass(slots=True)
class _Buffer:
    """Words that do not belong to the paragraph around them."""

    words: Words
    paragraphs: list[str] = field(default_factory=list)


class Document:
    """Builds blocks from what the reader tells it. Words in sinks that nobody reads are dropped here."""

    def __init__(self, white: frozenset[int] = frozenset()) -> None:
        """white: numbers of colours that are not seen on the document's pages."""
        self.fonts = Fonts()
        self._white = white
        self.blocks: list[Block] = []
        self.title: str | None = None
        self.author: str | None = None
        self.before_upr = "text"
        self._trail = Trail()
        self._buffers = [_Buffer(Words(self.fonts))]
        self._styles: dict[int, _Style] = {}
        self._label: str | None = None
        self._lines: list[str] = []
        """Items of the list in hand."""
        self._asides: list[str] = []
        self._table_asides: list[str] = []
        self._rows: list[Row] = []
        self._open = [Row() for _ in range(MOST_NESTED)]
        """The row in hand, at each level of tables in tables."""
        self._definitions: list[Definition] = []
        self._is_continued = False
        self._is_marked = False
        self._hidden = 0
        self._warnings: set[str] = set()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Codes of what was left out."""
        return tuple(sorted(self._warnings))

    def open(self, outer: Group) -> Group:
        """The group inside `outer`, which begins with all that holds there."""
        group = outer.inner()
        if group.sink == "stylesheet":
            group.style, group.outline = 0, None
            self.begin(group, "style")
        return group

    def begin(self, group: Group, buffer: str) -> None:
        """Words from here to the end of the group are kept apart."""
        if not group.buffer:
            group.buffer = buffer
            group.sink = "text"
            self._buffers.append(_Buffer(Words(self.fonts)))

    def close(self, group: Group) -> None:
        """The group ends, and with it what was kept apart in it."""
        if not group.buffer:
            return
        self._end_words()
        found = self._buffers.pop()
        self._warnings |= found.words.warnings
        text = " ".join(found.paragraphs)
        if group.buffer == "style":
            self._add_style(group, text)
        elif group.buffer == "title":
            self.title = text or None
        elif group.buffer == "author":
            self.author = text or None
        elif group.buffer in {"listtext", "pntext"}:
            self._label = text if text != "o" and any(map(str.isalnum, text)) else "-"  # Courier's o is a ring
        elif group.buffer == "footnote":
            self._asides += [f"* {text}"] if text else []
        else:
            self._asides += found.paragraphs

    def add(self, group: Group, text: str) -> None:
        if self._is_shown(group, len(text)):
            self._buffers[-1].words.add(text)

    def add_bytes(self, group: Group, content: bytes) -> None:
        if content and self._is_shown(group, len(content)):
            font = group.wide_font if group.is_wide and group.wide_font is not None else group.font
            self._buffers[-1].words.add_bytes(content, font)

    def end_paragraph(self, group: Group) -> None:
        """A paragraph ends, in the text, in a cell, or in what is kept apart."""
        if group.sink != "text":
            return
        if len(self._buffers) > 1:
            self._end_words()
        elif group.level:
            self._open[self._level(group)].open.append(self._taken())
        else:
            self._end_table()
            self._place(group)

    def end_cell(self, group: Group, *, is_nested: bool) -> None:
        if group.sink != "text":
            return
        if len(self._buffers) > 1:
            self._end_words()
            return
        level = max(self._level(group), 1) if is_nested else 0
        row = self._open[level]
        row.open.append(self._taken())
        if level:
            row.open = [text_of(row.open)]
        row.end_cell()

    def end_row(self, *, is_nested: bool) -> None:
        level = 0
        if is_nested:
            level = next((place for place in range(MOST_NESTED - 1, 0, -1) if self._open[place].cells), 0)
        row, self._open[level] = self._open[level], Row()
        if level:
            self._open[level - 1].open.append(tuple(text_of(cell) for cell in row.cells))
        elif row.cells and not is_nested:
            row.definitions, row.is_marked = list(self._definitions), self._is_marked
            self._rows.append(row)
            self._table_asides += self._asides
            self._asides = []

    def define_row(self, word: str, number: int | None) -> None:
        """A control word about the cells of a row, which come before or after it."""
        if word == "trowd":
            self._definitions, self._is_continued, self._is_marked = [], False, False
        elif word == "clvmrg":
            self._is_continued = True
        elif word == "trhdr":
            self._is_marked = True
        elif word == "cellx":
            self._definitions.append(Definition(number or 0, self._is_continued))
            self._is_continued = False

    def end(self) -> None:
        """The file ends, be it in the middle of a row."""
        for level in range(MOST_NESTED - 1, -1, -1):
            row = self._open[level]
            if row.open:
                row.end_cell()
            if row.cells:
                self.end_row(is_nested=level > 0)
        self._end_table()
        self._place(Group())
        self._end_list()
        self._warnings |= self._buffers[0].words.warnings
        if self._hidden >= LEAST_HIDDEN:
            self._warnings.add(TEXT_HIDDEN)

    def _is_shown(self, group: Group, size: int) -> bool:
        if group.sink != "text" or group.is_deleted:
            return False
        is_unseen = group.is_hidden or group.is_tiny or self._is_lost(group)
        if is_unseen and len(self._buffers) == 1:
            self._hidden += size
        return not is_unseen

    def _is_lost(self, group: Group) -> bool:
        """Whether words are white, and stand neither in a cell, a shape or a note, nor on a ground of their own."""
        is_plain = not (group.is_shaded or group.is_banner or group.level) and len(self._buffers) == 1
        return is_plain and group.colour in self._white

    def _level(self, group: Group) -> int:
        return min(group.level, MOST_NESTED) - 1

    def _taken(self) -> str:
        return collapsed(self._buffers[0].words.take()).replace("\n", " ")

    def _end_words(self) -> None:
        buffer = self._buffers[-1]
        if text := collapsed(buffer.words.take()):
            buffer.paragraphs.append(text)

    def _add_style(self, group: Group, text: str) -> None:
        name = text.partition(";")[0].strip().lower()
        outline = group.outline
        level = level_of(name, None) if outline is None else outline + 1
        is_contents = name.startswith("toc ") or name == "table of figures"
        self._styles[group.style] = _Style(level if level is None or level <= _MOST_OUTLINED else None, is_contents)

    def _place(self, group: Group) -> None:
        text = collapsed(self._buffers[0].words.take())
        label, self._label = self._label, None
        style = self._styles.get(group.style, _Style(None, is_contents=False))
        level = style.level if group.outline is None else group.outline + 1
        if text and not style.is_contents:
            if level is not None and level <= _MOST_OUTLINED:
                title = " ".join(f"{label if label and label != '-' else ''} {text}".split())
                self._end_list()
                self._trail.enter(level, title)
                self.title = self.title or (title if level == 0 else None)
                self._add(title, BlockKind.HEADING)
            elif label is not None:
                self._lines.append(f"{label} {text}\n")
            else:
                self._add(text)
        for aside in self._asides:
            self._add(aside)
        self._asides = []

    def _add(self, text: str, kind: BlockKind = BlockKind.PROSE) -> None:
        self._end_list()
        self.blocks.append(Block(text + "\n\n", kind, self._trail.path))

    def _end_list(self) -> None:
        if self._lines:
            self.blocks.append(Block("".join(self._lines) + "\n", BlockKind.PROSE, self._trail.path))
            self._lines = []

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        self._label = self._label if not rows else None
        for text, kind in blocks_of(rows):
            self._end_list()
            self.blocks.append(Block(text, kind, self._trail.path))
        asides, self._table_asides = self._table_asides, []
        for aside in asides:
            self._add(aside)


def collapsed(text: str) -> str:
    """White space as single spaces, and line breaks where the document has them."""
    return _BREAKS.sub("\n", _SPACE.sub(" ", text)).strip()
