"""Folds passages that say the same words into one, so that a copy of a document does not take another's place.

Two passages are the same where all words of the one stand in the other, in order and without a gap, whatever their line
breaks, hyphens, ligatures, bullets and quotation marks. This is stricter than the usual share of common sequences of
words: by that, two versions of a contract that differ in a number or a "not" are near-duplicates, and one would hide
the other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from rag_desktop.domain.answers import Passage
from rag_desktop.domain.documents import Document
from rag_desktop.text.words import compatible

_LEAST = 30
"""Signs of the shorter one: fewer may stand in a passage by chance."""
_LONGER = 1.5
"""Times as long as the one it is shown instead of, a passage may be."""

_DASHES = "-‐‑‒–—―−"
_TYPOGRAPHY = ".,:;\"'`*_()[]{}|\u00ad¶·•‣⁃∙▪◦«»‘’‚“”„‹›" + _DASHES
_DROPPED = {ord(sign): None for sign in _TYPOGRAPHY}
_DROPPED_TOO = re.compile(f"[{re.escape(_TYPOGRAPHY)}]+")
# What stands between digits tells 1.5 from 15: it is kept, as signs that no text has.
_BETWEEN_DIGITS = re.compile(rf"(\d)([\s{re.escape(_TYPOGRAPHY)}]+)(?=\d)")
_MINUS, _GAP = "\ue000", "\ue001"
_KEPT = {**{sign: chr(0xE002 + place) for place, sign in enumerate(_TYPOGRAPHY)}, **dict.fromkeys(_DASHES, _MINUS)}
_NEGATIVE = re.compile(rf"[{re.escape(_DASHES)}](?<!\w.)(?=\d)")
_PAGE_REFERENCE = re.compile(r"page(?<!\wpage)s? \d+")
_LABEL = re.compile(r"\A(?:appendix|chapter|section|part)\s+(?=\w+\b)", re.IGNORECASE)
_NUMBERING = re.compile(r"\A(?:[A-Z]|\d{1,3})(?:\.\d+)*[.)]?\s+")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A passage with its words without their typography, and the same written together."""

    passage: Passage
    words: Sequence[str]
    signs: str


def fold(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages, each once: a copy goes into the best one, whose `twins` then name the copy's document.

    Of two copies the one that can be reached is shown, at the place and with the score of the better one; so is one
    that goes on a little beyond the better one. The order of the others stays.
    """
    return tuple(each.passage for each in _folded([_shown(each) for each in passages]))


def _folded(each_shown: list[_Shown]) -> list[_Shown]:
    kept: list[_Shown] = []
    for each in each_shown:
        for place, better in enumerate(kept):
            if each.signs in better.signs or better.signs in each.signs:
                joined = _joined(better, each)
                if joined is not None:
                    kept[place] = joined
                    break
        else:
            kept.append(each)
    # A passage shown in another's place may hold the words of one that the other did not.
    return kept if len(kept) == len(each_shown) else _folded(kept)


def _joined(better: _Shown, other: _Shown) -> _Shown | None:
    """The one of the two to show, with the score of the better; None where each has something to say."""
    if not _is_same_section(better.passage, other.passage):
        return None
    if _holds(better, other) and (other.signs == better.signs or not _hides(better.passage, other.passage)):
        shown, copy = (other, better) if _hides(better.passage, other.passage) else (better, other)
    elif _holds(other, better) and len(other.signs) <= _LONGER * len(better.signs):
        if _hides(other.passage, better.passage):
            return None
        shown, copy = other, better
    else:
        return None
    found = replace(shown.passage, score=better.passage.score, twins=_twins(shown.passage, copy.passage))
    return _Shown(found, shown.words, shown.signs)


def _hides(shown: Passage, copy: Passage) -> bool:
    """Whether a passage that cannot be reached would stand before one that can."""
    return shown.document.is_away and not copy.document.is_away


def _twins(shown: Passage, copy: Passage) -> tuple[Document, ...]:
    """The other documents, those that can be reached first."""
    others = {each.id: each for each in (*shown.twins, copy.document, *copy.twins) if each.id != shown.document.id}
    return tuple(sorted(others.values(), key=lambda document: document.is_away))


def _holds(whole: _Shown, part: _Shown) -> bool:
    """Whether all words of `part` stand in `whole` in a row, none of them only as a piece of a longer one."""
    if whole.signs == part.signs:
        return bool(part.signs) or whole.passage.text == part.passage.text
    start = whole.signs.find(part.signs)
    if start < 0 or len(part.signs) < _LEAST:
        return False
    edges = {0, *accumulate(map(len, whole.words))}
    return start in edges and start + len(part.signs) in edges


def _shown(passage: Passage) -> _Shown:
    words = _words(passage.text)
    return _Shown(passage, words, "".join(words))


def _words(text: str) -> list[str]:
    text = _PAGE_REFERENCE.sub("", compatible(text).casefold())
    text = _NEGATIVE.sub(_MINUS, _BETWEEN_DIGITS.sub(_between, text))
    plain = text.translate(_DROPPED) if text.isascii() else _DROPPED_TOO.sub("", text)  # each where it is the faster
    return plain.split()


def _between(found: re.Match[str]) -> str:
    return found[1] + _KEPT.get(found[2].strip()[:1], _GAP)


def _is_same_section(one: Passage, other: Passage) -> bool:
    """Whether the same words speak of the same thing: under two headings they may not, as in two functions' notes."""
    ours, theirs = one.chunk.headings, other.chunk.headings
    if not ours or not theirs:
        return True
    pairs = [*((ours[-1], each) for each in theirs), *((theirs[-1], each) for each in ours)]
    return any(_is_same_title(*pair) for pair in pairs)


def _is_same_title(one: str, other: str) -> bool:
    """Whether two headings are the same, of which one may be without its number."""
    if one == other:
        return True
    first, second = _LABEL.sub("", one), _LABEL.sub("", other)
    numbered, also_numbered = _words(first), _words(second)
    plain, also_plain = (_words(_NUMBERING.sub("", title)) for title in (first, second))
    return also_numbered in (numbered, plain) or numbered == also_plain
