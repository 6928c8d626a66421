"""Cuts a PDF page's text: where the outline's sections begin on it, and where its paragraphs seem to end."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rag_desktop.domain.documents import Block, BlockKind

_NUMBERING = re.compile(
    r"(?:chapter|appendix|section|part|kapitel|chapitre|제)?[§\divxlcdm.:()\-–—]{0,10}[a-z]?[.:)\-–—]*(?:[장절부편항][.:]?)?"
)
"""What may stand before a title on its line, in small letters and without spaces."""
_TITLE_NUMBER = re.compile(r"(?:chapter|appendix|section|part|제)?\d+(?:\.\d+)*[장절부편항]?[.:)]?")
_SENTENCE_END = (".", "!", "?", ":", "。", "”", '."')
_SHORT = 0.8
"""A line shorter than this share of the page's usual line, and at a sentence's end, ends its paragraph."""


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of a document's outline. `page` counts from 0; `path` ends with the entry's own title."""

    page: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A section begins at `start`; its heading reaches to `end`, which is `start` where none was found."""

    start: int
    end: int
    path: tuple[str, ...]


def page_blocks(text: str, number: int, sections: Sequence[Section], before: tuple[str, ...]) -> Iterator[Block]:
    """Blocks that tile a page's text. `sections` begin on this page; `before` is the path that the page begins in.

    text: one code point for each of PDFium's characters, so that offsets in it are PDFium's. number: 1-based.
    """
    lines = text.splitlines(keepends=True)
    offsets = [0, *accumulate(map(len, lines))]
    marks = _marks(lines, offsets, sections) if sections else []
    cuts = {offsets[k] for k in _paragraph_ends(lines)}
    for mark in marks:
        cuts = {cut for cut in cuts if not mark.start < cut < mark.end} | {mark.start, mark.end}
    edges = sorted(cuts | {0, len(text)})
    heads = {mark.start for mark in marks if mark.end > mark.start}
    place = 0
    for start, end in pairwise(edges):
        while place < len(marks) and marks[place].start <= start:
            before = marks[place].path
            place += 1
        kind = BlockKind.HEADING if start in heads else BlockKind.PROSE
        yield Block(text[start:end], kind, before, number, start)


def _paragraph_ends(lines: Sequence[str]) -> Iterator[int]:
    """Numbers of lines that begin a paragraph: after a blank line, or after a short one that ends a sentence."""
    lengths = [len(line.rstrip()) for line in lines]
    usual = sorted(lengths)[len(lengths) * 9 // 10] if lengths else 0
    for number in range(1, len(lines)):
        length = lengths[number - 1]
        if not lengths[number]:
            continue
        if not length or (length < _SHORT * usual and lines[number - 1].rstrip().endswith(_SENTENCE_END)):
            yield number


def _marks(lines: Sequence[str], offsets: Sequence[int], sections: Sequence[Section]) -> list[_Mark]:
    keys = [_key(line) for line in lines]
    starts = [0, *accumulate(map(len, keys))]
    whole = "".join(keys)
    marks: list[_Mark] = []
    at = 0
    for section in sections:
        first, last = _lines_of(whole, starts, _key(section.path[-1]), at) or (None, 0)
        if first is None:
            place = marks[-1].end if marks else 0
            marks.append(_Mark(place, place, section.path))
            continue
        at = starts[max(first + 1, last)]
        marks.append(_Mark(offsets[first], offsets[max(first, last)], section.path))
    return marks


def _lines_of(whole: str, starts: Sequence[int], title: str, at: int) -> tuple[int, int] | None:
    """First line of a title and the line after its last; the latter is 0 where more than the title is on its line."""
    for key in dict.fromkeys((title, _TITLE_NUMBER.sub("", title, count=1))):
        loose = None
        place = whole.find(key, at) if key else -1
        while place >= 0:
            first = bisect_right(starts, place) - 1
            if _NUMBERING.fullmatch(whole, starts[first], place):
                last = bisect_right(starts, place + len(key) - 1)
                if starts[last] == place + len(key):
                    return first, last
                loose = loose if loose is not None else first
            place = whole.find(key, place + 1)
        if loose is not None:
            return loose, 0
    return None


def _key(text: str) -> str:
    """Without white space, marks of hyphens and capitals: what outlines and pages write differently."""
    return "".join(text.split()).replace("\ufffe", "").replace("\0", "").lower()
