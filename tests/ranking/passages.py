"""Passages as a search finds them, for tests of what is done with them."""

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.ids import ChunkId, DocumentId


def passage(
    number: int,
    text: str = "",
    *,
    document: int | None = None,
    score: float | None = None,
    headings: tuple[str, ...] = (),
    is_away: bool = False,
) -> Passage:
    """Passage number `number` of a search: each of its own document and a little worse than the one before it."""
    home = number if document is None else document
    worth = 1.0 - number / 100 if score is None else score
    chunk = Chunk(ChunkId(number), DocumentId(home), 0, None, Span(0, len(text)), None, None, headings)
    found = Document(DocumentId(home), f"/{home}.txt", "text", None, is_away=is_away)
    return Passage(chunk, found, text, worth, (StageScore("fused", worth),))
