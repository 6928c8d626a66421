"""What leaves are made of and what is never cut: sentences, titles, lines, rows, small tables."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag_desktop.domain.documents import BlockKind, PlacedBlock, Span
from rag_desktop.text.sentences import sentences, trimmed
from rag_desktop.text.words import count_tokens

LEAF_TOKENS = 128
LEAF_LIMIT = 192
"""A leaf is never longer, so that with its headings it fits the 256 tokens that MiniLM reads."""

_COUNTED_AT_A_TIME = 4096
"""Characters: the tokens of a sentence or line of 100 MB would take gigabytes."""

_LINE = re.compile(r"[^\n]*\n?")
_PIECE = re.compile(r"\S{1,200}\s*")
_GOING_ON = re.compile(r"[)\]}]|</|(?:end|else|elif|elseif|except|rescue|finally|catch|fi|done|esac|then)\b")
"""How a line begins that belongs to the lines above it though it is less indented."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never cut. Of lines of code: `depth` is the indentation, `begins` whether a part begins there.

    That is after a blank line or a deeper one: a function, a paragraph of statements.
    """

    span: Span
    tokens: int
    block: PlacedBlock
    depth: int = 0
    begins: bool = False


def units(text: str, blocks: Iterable[PlacedBlock]) -> Iterator[Unit]:
    """The units of all blocks, in order; none has more than LEAF_LIMIT tokens."""
    for block in blocks:
        match block.kind:
            case BlockKind.PROSE:
                for sentence in sentences(text, block.span):
                    yield from _fitting(text, Unit(sentence, 0, block))
            case BlockKind.CODE:
                yield from _code(text, block)
            case BlockKind.TABLE:
                yield from _table(text, block)
            case BlockKind.HEADING:
                if span := trimmed(text, block.span.start, block.span.end):
                    yield from _fitting(text, Unit(span, 0, block))


def _table(text: str, block: PlacedBlock) -> Iterator[Unit]:
    """The whole where it fits a leaf, else its rows."""
    whole = trimmed(text, block.span.start, block.span.end)
    if whole and (tokens := _tokens(text, whole)) <= LEAF_LIMIT:
        yield Unit(whole, tokens, block)
        return
    for line in _LINE.finditer(text, block.span.start, block.span.end):
        if span := trimmed(text, line.start(), line.end()):
            yield from _fitting(text, Unit(span, 0, block))


def _code(text: str, block: PlacedBlock) -> Iterator[Unit]:
    above: int | None = None
    for line in _LINE.finditer(text, block.span.start, block.span.end):
        span = trimmed(text, line.start(), line.end())
        if span is None:
            above = None
            continue
        goes_on = _GOING_ON.match(text, span.start, span.end) is not None
        depth = span.start - line.start() + goes_on  # it is no place to cut before
        begins = not goes_on and (above is None or depth < above)
        above = depth
        yield from _fitting(text, Unit(span, 0, block, depth, begins))


def _fitting(text: str, unit: Unit) -> Iterator[Unit]:
    """The unit with its tokens counted; one that is too long for a leaf in pieces."""
    tokens = _tokens(text, unit.span)
    if tokens <= LEAF_LIMIT:
        yield Unit(unit.span, tokens, unit.block, unit.depth, unit.begins)
    else:
        yield from _pieces(text, unit)


def _pieces(text: str, unit: Unit) -> Iterator[Unit]:
    """Cut between words (inside them only past 200 characters)."""
    start, tokens, end = unit.span.start, 0, unit.span.start
    begins = unit.begins
    for piece in _PIECE.finditer(text, unit.span.start, unit.span.end):
        more = count_tokens(piece[0])
        if tokens and tokens + more > LEAF_TOKENS:
            yield Unit(_whole(text, start, end), tokens, unit.block, unit.depth, begins)
            start, tokens, begins = piece.start(), 0, False
        tokens += more
        end = piece.end()
    yield Unit(_whole(text, start, end), tokens, unit.block, unit.depth, begins)


def _whole(text: str, start: int, end: int) -> Span:
    return trimmed(text, start, end) or Span(start, end)


def _tokens(text: str, span: Span) -> int:
    """Tokens of a span; of one that a leaf does not hold perhaps only so many that this is certain."""
    if len(span) <= _COUNTED_AT_A_TIME:
        return count_tokens(span.of(text))
    tokens = 0
    for cuts, start in enumerate(range(span.start, span.end, _COUNTED_AT_A_TIME)):
        tokens += count_tokens(text[start : min(span.end, start + _COUNTED_AT_A_TIME)])
        if tokens > LEAF_LIMIT + cuts:  # a cut may make two tokens of one
            return tokens
    return count_tokens(span.of(text))
