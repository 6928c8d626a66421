"""Cuts a document into windows of a size, each beginning with the end of the one before: classic splitting.

Nothing but the sizes bounds the work: a text of one line is cut as fast as any other, and held nowhere twice.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator

from rag_desktop.domain.documents import PlacedBlock, Span
from rag_desktop.text.pieces import Piece, leaf
from rag_desktop.text.schemes import Cut, Scheme
from rag_desktop.text.sentences import trimmed
from rag_desktop.text.words import count_tokens

_SOLID = re.compile(r"\S")
_WORD = re.compile(r"\S{1,200}")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s|(?<=[.!?…][\"'”’»)\]])\s|(?<=[。！？｡])(?![」』”’)])")


def windows(text: str, blocks: Iterable[PlacedBlock], scheme: Scheme) -> Iterator[Piece]:
    """Windows of `text`, in order. Every non-blank character lies in at least one.

    A window has the headings that all of its blocks stand under.
    """
    if scheme.cut is Cut.LEAVES:
        raise ValueError("leaves are no windows")
    cut = _by_characters if scheme.cut is Cut.CHARACTERS else _by_tokens
    beside = _Beside(blocks)
    for span in cut(text, scheme.size, scheme.overlap):
        yield leaf(span, count_tokens(span.of(text)), beside.of(span))


class _Beside:
    """The blocks that a window lies in, while windows go forward."""

    def __init__(self, blocks: Iterable[PlacedBlock]) -> None:
        self._coming = iter(blocks)
        self._near: deque[PlacedBlock] = deque()

    def of(self, span: Span) -> list[PlacedBlock]:
        while self._near and self._near[0].span.end <= span.start:
            self._near.popleft()
        while not self._near or self._near[-1].span.end < span.end:
            block = next(self._coming, None)
            if block is None:
                break
            if block.span.end > span.start:
                self._near.append(block)
        return [block for block in self._near if block.span.start < span.end]


def _by_characters(text: str, size: int, overlap: int) -> Iterator[Span]:
    start = 0
    while solid := _SOLID.search(text, start):
        start = solid.start()
        end = _end(text, start, size, overlap)
        yield trimmed(text, start, end) or Span(start, end)
        following = _SOLID.search(text, end)
        if following is None:
            return
        start = _word_start(text, end - overlap, end) if overlap else following.start()


def _end(text: str, start: int, size: int, overlap: int) -> int:
    """The last paragraph's end that fits, else the last line's, sentence's or word's, else just the size.

    Not before half of the size, so that a title makes no window; nor where the next window would hardly go forward.
    """
    most = start + size
    if most >= len(text):
        return len(text)
    least = start + max(size // 2, 2 * overlap)
    for mark in ("\n\n", "\n"):
        at = text.rfind(mark, least, most + 1)
        if at >= 0:
            return at
    ends = [match.start() for match in _SENTENCE_END.finditer(text, least, most + 1)]
    if ends:
        return ends[-1]
    return next((at for at in range(most, least, -1) if text[at].isspace()), most)


def _word_start(text: str, start: int, end: int) -> int:
    """The first word that begins at `start` or after it. Where none does before `end`, there is no overlap, or, inside
    a word that was cut at `end`, just that of `start`."""
    beginning = (at for at in range(start, end) if text[at - 1].isspace() and not text[at].isspace())
    return next(beginning, end if text[end].isspace() else start)


def _by_tokens(text: str, size: int, overlap: int) -> Iterator[Span]:
    held: deque[tuple[Span, int]] = deque()
    total = 0
    for span, tokens in _words(text, size):
        if total + tokens > size:
            yield Span(held[0][0].start, held[-1][0].end)
            while held and (total > overlap or total + tokens > size):
                total -= held.popleft()[1]
        held.append((span, tokens))
        total += tokens
    if held:
        yield Span(held[0][0].start, held[-1][0].end)


def _words(text: str, most: int) -> Iterator[tuple[Span, int]]:
    """Words with their tokens; what has more than a window takes is cut."""
    for word in _WORD.finditer(text):
        tokens = count_tokens(word[0])
        if tokens <= most:
            yield Span(*word.span()), tokens
            continue
        for start in range(word.start(), word.end(), most):
            part = Span(start, min(start + most, word.end()))
            yield part, count_tokens(part.of(text))
