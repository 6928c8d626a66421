"""What a reader makes of a file: blocks, then one normalised text with chunks as spans of it."""

from dataclasses import dataclass
from enum import StrEnum

from rag_desktop.domain.ids import ChunkId, DocumentId


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of Unicode code points, `start <= end`, of a document's normalised text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def covers(self, other: "Span") -> bool:
        """Whether `other` lies wholly inside this span."""
        return self.start <= other.start and other.end <= self.end

    def of(self, text: str) -> str:
        """The slice of `text` at this span."""
        return text[self.start : self.end]


class BlockKind(StrEnum):
    """What a block is, as far as chunking cares: prose may be cut at sentences, the others at lines."""

    HEADING = "heading"
    PROSE = "prose"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of characters of one kind, as a reader found it.

    The concatenation of all blocks' texts, in order, is the document's raw text: a block carries its own trailing
    blank lines, and nothing is put between two blocks.

    text: raw characters of the source (line ends and composition as they were found).
    headings: titles from the outermost to the innermost that hold this block; a heading block names itself last.
    page: 1-based page, or None where the format has none.
    source_start: position of `text[0]` in the source, in that source's own unit (PDF: PDFium character index on the
        page; text files: code points of the decoded file), or None where positions in the source mean nothing.
    """

    text: str
    kind: BlockKind = BlockKind.PROSE
    headings: tuple[str, ...] = ()
    page: int | None = None
    source_start: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """From `start` (code points of the normalised text) on, source position = source_start + (offset - start).

    A run holds until the next one. `source_start` is None where the characters have no place in the source.
    `page` is 1-based, or None.
    """

    start: int
    source_start: int | None
    page: int | None


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block after normalisation: where it stands in the document's text."""

    span: Span
    kind: BlockKind
    headings: tuple[str, ...]
    page: int | None


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A chunk before it has an id. `parent` is the index of its parent in the same list (parents come first)."""

    span: Span
    parent: int | None
    page_start: int | None
    page_end: int | None
    headings: tuple[str, ...]
    digest: bytes
    """BLAKE2b, 16 bytes, of the words that are embedded: equal digests have equal vectors in one Space. Empty for
    parents, which are not embedded."""
    keywords: str | None = None
    """What the full text indexes for this chunk where that is not its text itself. Parents are never searched."""

    @property
    def is_leaf(self) -> bool:
        return bool(self.digest)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of itself."""

    title: str | None = None
    author: str | None = None
    page_count: int | None = None
    page_labels: tuple[str, ...] = ()
    """Printed page names in page order, only where they differ from 1, 2, 3…"""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that reading one file yields. Its text is NFC with `\\n` line ends, without NUL and lone surrogates."""

    format: str
    text: str
    blocks: tuple[PlacedBlock, ...]
    runs: tuple[Run, ...]
    chunks: tuple[ChunkDraft, ...]
    metadata: Metadata
    warnings: tuple[str, ...] = ()
    """Codes of what was left out though the document was read (domain.errors), e.g. `pages-without-text`."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored unit: a leaf (embedded, searched) or a parent (context). Its text is the document's text at `span`."""

    id: ChunkId
    document_id: DocumentId
    ordinal: int
    parent_id: ChunkId | None
    span: Span
    page_start: int | None
    page_end: int | None
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the library, as far as a reader of results needs it."""

    id: DocumentId
    path: str
    format: str
    title: str | None
    page_labels: tuple[str, ...] = ()
    is_away: bool = False
    """The folder it lies in could not be reached at the last look."""
