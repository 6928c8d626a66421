"""Words of a text for searching and counting, in scripts with spaces and in scripts without."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag_desktop.text.stopwords import STOP_WORDS

_UNSPACED = (
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"  # Hangul
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"  # Han
)
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")
_WORD = re.compile(f"[{_UNSPACED}]+|[^\\W_{_UNSPACED}]+(?:['’][^\\W\\d_{_UNSPACED}]+)?")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_TOKEN = re.compile(r"[A-Za-z]{1,7}|[0-9]{1,3}|[\uac00-\ud7a3]{1,2}|[^\s\w]|\w")
_PARTICLES = frozenset("은는이가을를의에로와과도만")
_QUOTED = re.compile(r"[\"“”「『]([^\"“”「」『』]{2,200})[\"“”」』]")


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """Index tokens that must stand side by side; with `is_prefix` the last one may go on."""

    tokens: tuple[str, ...]
    is_prefix: bool = False


def count_tokens(text: str) -> int:
    """A model-independent estimate of how many tokens `text` has, within about a quarter of common tokenizers.

    Boundaries of chunks depend on it, so it must stay as it is for a chunking scheme that has been released.
    """
    return len(_TOKEN.findall(text))


def keywords(text: str) -> str | None:
    """`text` as the full text index takes it, or None where that is `text` itself.

    Runs of Hangul, kana and Han are written as overlapping pairs, so that 계약 finds 계약서를; the last sign of a run
    stands once more alone, so that a single sign is found wherever it stands (as a prefix). Pairs of signs did best of
    the index units that need no dictionary in Foo and Li, "Chinese word segmentation and its effect on information
    retrieval" (2004), and the like for Korean in Lee and Ahn, "Using n-grams for Korean text retrieval" (SIGIR 1996).
    """
    if text.isascii():
        return None
    plain = compatible(text)
    if _UNSPACED_RUN.search(plain):
        return _UNSPACED_RUN.sub(lambda run: " " + " ".join((*_pairs(run[0]), run[0][-1])) + " ", plain)
    return None if plain == text else plain


def compatible(text: str) -> str:
    """`text` with typographic variants of letters made plain (NFKC): the ligature in "ﬁrst", full-width signs."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def words(text: str) -> list[str]:
    """The words of `text`, case-folded; a run of Hangul, kana or Han is one word."""
    return [word.replace("’", "'") for word in _WORD.findall(_folded(text))]


def terms(text: str) -> list[str]:
    """What two texts are compared by: stemmed words without stop words; pairs of signs for unspaced scripts."""
    found: list[str] = []
    for word in words(text):
        if word in STOP_WORDS:
            continue
        if _UNSPACED_RUN.match(word):
            found.extend(_pairs(word) or [word])
        else:
            found.append(stem(word))
    return found


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A light English stem (plural, -ing, -ed, -ly, 's) for comparing words; leaves other languages as they are."""
    word = word.removesuffix("'s")
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return _undoubled(word[: -len(ending)] + instead)
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _undoubled(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def query_terms(question: str) -> list[QueryTerm]:
    """What to look for in the full text, once each; a question of stop words alone keeps them.

    Words of an unspaced script become their pairs: a ranking over pairs needs no dictionary and no particle stripped.
    Where a Korean particle leaves one sign (법은), every index token that begins with that sign will do as well.
    """
    found = words(question)
    wanted = [word for word in found if word not in STOP_WORDS] or found
    return list(dict.fromkeys(term for word in wanted for term in _query_terms(word)))


def _query_terms(word: str) -> Iterator[QueryTerm]:
    if not _UNSPACED_RUN.match(word):
        yield QueryTerm(tuple(word.split("'")))
    elif len(word) == 1:
        yield QueryTerm((word,), is_prefix=True)
    else:
        yield from (QueryTerm((pair,)) for pair in _pairs(word))
        if len(word) == 2 and word[1] in _PARTICLES:
            yield QueryTerm((word[0],), is_prefix=True)


def quoted_phrases(question: str) -> list[tuple[str, ...]]:
    """Phrases that the question puts between quotation marks, as index tokens in order."""
    quoted = (words(phrase) for phrase in _QUOTED.findall(question))
    return [_phrase(found) for found in quoted if found]


def _phrase(found: Sequence[str]) -> tuple[str, ...]:
    """Index tokens of words in a row. The index closes each run of an unspaced script with its last sign alone; the
    phrase does so for all but its last word, which may go on in the text."""
    *before, last = found
    closed = [token for word in before for token in (*_index_tokens(word), *_closing(word))]
    return (*closed, *_index_tokens(last))


def _closing(word: str) -> tuple[str, ...]:
    return (word[-1],) if _UNSPACED_RUN.match(word) and len(word) > 1 else ()


def _index_tokens(word: str) -> tuple[str, ...]:
    if _UNSPACED_RUN.match(word):
        return tuple(_pairs(word)) or (word,)
    return tuple(word.split("'"))


def hangul_share(text: str) -> float:
    """Share, 0 to 1, of the letters of `text` that are Hangul."""
    letters = sum(char.isalpha() for char in text)
    return len(_HANGUL.findall(text)) / letters if letters else 0.0


def _folded(text: str) -> str:
    return compatible(text).casefold()
