"""Documents of any make for tests of cutting."""

from collections.abc import Sequence

from hypothesis import strategies as st

from rag_desktop.domain.documents import BlockKind, ChunkDraft, PlacedBlock, Span

Made = tuple[str, BlockKind, tuple[str, ...], int | None]
PATHS: tuple[tuple[str, ...], ...] = ((), ("A",), ("A", "x"), ("A", "y"), ("A", "x", "i"), ("B",), ("B", "x"))


def placed(*made: Made) -> tuple[str, list[PlacedBlock]]:
    """A text and its blocks, from the text of each with its kind, headings and page."""
    text, blocks = "", []
    for words, kind, headings, page in made:
        blocks.append(PlacedBlock(Span(len(text), len(text) + len(words)), kind, headings, page))
        text += words
    return text, blocks


def prose(text: str) -> list[PlacedBlock]:
    """`text` as one block of prose under no heading."""
    return [PlacedBlock(Span(0, len(text)), BlockKind.PROSE, (), None)]


def leaves_of(drafts: Sequence[ChunkDraft]) -> list[ChunkDraft]:
    """The leaves among the chunks."""
    return [draft for draft in drafts if draft.is_leaf]


def content(blocks: Sequence[PlacedBlock], text: str, span: Span) -> list[PlacedBlock]:
    """The blocks that have words in a span; titles only where there is nothing else."""
    inside = [
        block
        for block in blocks
        if text[max(block.span.start, span.start) : max(0, min(block.span.end, span.end))].strip()
    ]
    return [block for block in inside if block.kind is not BlockKind.HEADING] or inside


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[PlacedBlock]]:
    """A text with its blocks."""
    made: list[Made] = []
    for number in range(draw(st.integers(0, 10))):
        words = draw(st.text("ab c.\n계약1|}", min_size=1, max_size=draw(st.sampled_from([5, 20, 100, 400, 3000]))))
        page = draw(st.sampled_from([None, number // 2 + 1]))
        made.append((words, draw(st.sampled_from(BlockKind)), draw(st.sampled_from(PATHS)), page))
    return placed(*made)
