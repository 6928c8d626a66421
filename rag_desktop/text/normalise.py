"""Makes one text of a reader's blocks, once and for good, and keeps the map from each character to its source.

Line ends become `\\n`, the whole is NFC, and what no reader of the text can see is gone. Every offset in the program
counts code points of this text.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

from rag_desktop.domain.documents import Block, PlacedBlock, Run, Span

_Piece = tuple[int, int]
"""(offset in the result, offset in the input): from there on both advance in step, until the next piece."""

_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
    r"(?:(?<=[\x02\ufffe])(?:\r\n?|\n))?"
)
_LINE_ENDS = frozenset("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
"""What str.splitlines takes for a line end: afterwards `\\n` is the only one, whoever splits."""
_HYPHENS = frozenset("\x02\ufffe")
"""PDFium's mark for a hyphen at the end of a line: of old U+0002, now U+FFFE, which mostly replaces the break too."""

_STRETCH = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
"""No ASCII character ever composes with what stands before it, so each stretch is normalised alone."""

_start_of = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Assembled:
    """One document: `blocks` tile `text`, and `runs` begin at offset 0 (none where the text is empty)."""

    text: str
    blocks: tuple[PlacedBlock, ...]
    runs: tuple[Run, ...]


def assemble(blocks: Iterable[Block]) -> Assembled:
    """The normalised concatenation of `blocks`. A block of which nothing is left is left out.

    NFC: Unicode Standard Annex 15. A line end is any that `str.splitlines` knows, and `\\r\\n` is one. Control
    characters other than `\\n` and `\\t`, soft hyphens, byte order marks and U+FFFF go; a lone surrogate becomes
    U+FFFD; a word that PDFium saw hyphenated at a line end is joined again.
    """
    found = [block for block in blocks if block.text]
    raw = "".join([block.text for block in found])
    clean, removed = _cleaned(raw)
    text, composed = _composed(clean)
    pieces = _through(composed, removed, len(text))
    bounds = _bounds(found, pieces, len(text))
    placed = tuple(
        PlacedBlock(Span(start, end), block.kind, block.headings, block.page)
        for block, start, end in zip(found, bounds, bounds[1:], strict=False)
        if start < end
    )
    return Assembled(text, placed, tuple(_merged(_runs(found, pieces, bounds))))


def source_of(runs: Sequence[Run], offset: int) -> tuple[int | None, int | None]:
    """Where the character at `offset` stands in the source, in the source's own unit, and its 1-based page."""
    place = bisect_right(runs, offset, key=_start_of) - 1
    if place < 0:
        return None, None
    run = runs[place]
    return None if run.source_start is None else run.source_start + offset - run.start, run.page


def page_of(runs: Sequence[Run], offset: int) -> int | None:
    """The 1-based page of the character at `offset`, or None where the format has no pages."""
    return source_of(runs, offset)[1]


def _cleaned(raw: str) -> tuple[str, list[_Piece]]:
    parts, pieces, length, at = [], [(0, 0)], 0, 0
    for match in _ODD.finditer(raw):
        start, end = match.span()
        new = _replacement(raw, start, end)
        parts.append(raw[at:start])
        parts.append(new)
        length += start - at + len(new)
        at = end
        if len(new) != end - start:
            pieces.append((length, end))
    if not at:
        return raw, pieces
    parts.append(raw[at:])
    return "".join(parts), pieces


def _replacement(raw: str, start: int, end: int) -> str:
    odd = raw[start]
    if odd in _LINE_ENDS:
        return "" if odd == "\r" and raw.startswith("\n", end) else "\n"
    if odd in _HYPHENS:
        return _joint(odd, raw[end : end + 1], is_broken=end - start > 1)
    return "\ufffd" if "\ud800" <= odd <= "\udfff" else ""


def _joint(mark: str, after: str, *, is_broken: bool) -> str:
    """Nothing where the word goes on; a hyphen before a capital, a figure or the end (`Schwarz-Weiß`, `UTF-8`)."""
    if mark == "\x02" and not is_broken:
        return ""
    return "" if after.isalpha() and not after.isupper() else "-"


def _composed(text: str) -> tuple[str, list[_Piece]]:
    if unicodedata.is_normalized("NFC", text):
        return text, [(0, 0)]
    parts: list[str] = []
    pieces, length, at = [(0, 0)], 0, 0
    for match in _STRETCH.finditer(text):
        if unicodedata.is_normalized("NFC", match[0]):
            continue
        for start, end in _clusters(text, match.start(), match.end()):
            new = _nfc(text[start:end])
            parts += text[at:start], new
            length += start - at
            pieces += ((length + k, min(start + k, end - 1)) for k in range(len(new)))
            length += len(new)
            pieces.append((length, end))
            at = end
    parts.append(text[at:])
    return "".join(parts), pieces


def _clusters(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Those least pieces of a stretch that normalisation changes; the whole stretch where that cannot be told."""
    firsts = [start, *(k for k in range(start + 1, end) if not _attaches(text[k])), end]
    spans = list(pairwise(firsts))
    apart = [_nfc(text[a:b]) for a, b in spans]
    if "".join(apart) != unicodedata.normalize("NFC", text[start:end]):
        return [(start, end)]
    return [span for span, new in zip(spans, apart, strict=True) if new != text[slice(*span)]]


@lru_cache(maxsize=1 << 14)
def _nfc(cluster: str) -> str:
    return unicodedata.normalize("NFC", cluster)


def _attaches(character: str) -> bool:
    """Whether it may compose with what stands before it: marks, and the vowels and finals of decomposed Hangul."""
    return "\u1160" <= character <= "\u11ff" or unicodedata.category(character)[0] == "M"


def _through(outer: list[_Piece], inner: list[_Piece], length: int) -> list[_Piece]:
    """Two maps in one: from the result of `outer` to the input of `inner`."""
    if outer == [(0, 0)]:
        return inner
    joined = []
    ends = [start for start, _ in outer[1:]] + [length]
    for (start, middle), end in zip(outer, ends, strict=True):
        place = bisect_right(inner, middle, key=_result_of)
        joined.append((start, inner[place - 1][1] + middle - inner[place - 1][0]))
        while place < len(inner) and inner[place][0] < middle + end - start:
            joined.append((start + inner[place][0] - middle, inner[place][1]))
            place += 1
    return joined


def _result_of(piece: _Piece) -> int:
    return piece[0]


def _bounds(blocks: Sequence[Block], pieces: Sequence[_Piece], length: int) -> list[int]:
    """Where each block begins in the text, and the text's length: a character composed over a border is the first's."""
    inputs = [source for _, source in pieces]
    bounds, at = [], 0
    for block in blocks:
        place = bisect_left(inputs, at)
        limit = pieces[place][0] if place < len(pieces) else length
        if place == 0 or (place < len(pieces) and inputs[place] == at):
            bounds.append(limit)
        else:
            bounds.append(min(pieces[place - 1][0] + at - inputs[place - 1], limit))
        at += len(block.text)
    return [*bounds, length]


def _runs(blocks: Sequence[Block], pieces: Sequence[_Piece], bounds: Sequence[int]) -> Iterator[Run]:
    place, at = 0, 0
    for block, start, end in zip(blocks, bounds, bounds[1:], strict=False):
        shift = None if block.source_start is None else block.source_start - at
        while place + 1 < len(pieces) and pieces[place + 1][0] <= start:
            place += 1
        if start < end:
            source = pieces[place][1] + start - pieces[place][0]
            yield Run(start, None if shift is None else source + shift, block.page)
        while place + 1 < len(pieces) and pieces[place + 1][0] < end:
            place += 1
            yield Run(pieces[place][0], None if shift is None else pieces[place][1] + shift, block.page)
        at += len(block.text)


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    """Only those runs that say something new, one for each start."""
    last: Run | None = None
    held: Run | None = None
    for run in runs:
        if held is not None and run.start > held.start and not _continues(last, held):
            yield held
            last = held
        held = run
    if held is not None and not _continues(last, held):
        yield held


def _continues(last: Run | None, run: Run) -> bool:
    if last is None or last.page != run.page:
        return False
    if last.source_start is None or run.source_start is None:
        return last.source_start is run.source_start
    return run.source_start - last.source_start == run.start - last.start
