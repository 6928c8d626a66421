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
_ENDINGS = (
    "에서는 으로는 이라는 에서 으로 에게 까지 부터 보다 처럼 이나 라는 이란 에는 로는 에도 들은 들이 들을 들의"
    " 하는 하고 하며 하여 해서 되는 되어 된다 한다 이다 인가 인지 입니까"
)
_KOREAN_ENDING = re.compile(f"(?:{'|'.join((*_ENDINGS.split(), *sorted(_PARTICLES)))})$")
_ENDING_WEIGHT = 0.5
"""What a pair that reaches into a particle or ending counts: docs/decisions/0017-keyword-search.md."""
_JAMO = re.compile("[\u1100-\u11ff\u3130-\u318f]+$")
_SHORTEST_PREFIX = 3
"""Letters of a spaced script from which on a word that is being typed may be any that begins so."""
_SUFFIXES = ("ing", "ed", "es", "ies", "ion", "ation", "ment", "ness", "ity", "able", "ly")
_GUESS_WEIGHT = 0.5
"""What a word counts that may be what is being typed."""


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """Index tokens that must stand side by side; with `is_prefix` the last one may go on.

    weight: what the term counts beside others, above 0.
    """

    tokens: tuple[str, ...]
    is_prefix: bool = False
    weight: float = 1.0


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


def query_terms(question: str, *, is_typing: bool = False) -> list[QueryTerm]:
    """What to look for in the full text, once each; a question of stop words alone keeps them.

    Words of an unspaced script become their pairs: a ranking over pairs needs no dictionary. Pairs that reach into a
    Korean particle or ending count less. Where a particle leaves one sign (법은), every index token that begins with
    that sign will do as well. is_typing: the last word may not be finished.
    """
    found = words(question)
    if is_typing and found and question[-1:].isalnum():
        found[-1] = _JAMO.sub("", found[-1]) or found[-1]  # what will be a syllable
    else:
        is_typing = False
    wanted = [word for word in found if word not in STOP_WORDS] or found
    terms_ = [term for word in wanted for term in _query_terms(word)]
    if is_typing and wanted[-1] == found[-1]:
        terms_ += _completions(found[-1])
    heaviest: dict[tuple[tuple[str, ...], bool], QueryTerm] = {}
    for term in terms_:
        known = heaviest.get((term.tokens, term.is_prefix))
        if known is None or known.weight < term.weight:
            heaviest[term.tokens, term.is_prefix] = term
    return list(heaviest.values())


def _query_terms(word: str) -> Iterator[QueryTerm]:
    if not _UNSPACED_RUN.match(word):
        yield QueryTerm(tuple(word.split("'")))
    elif len(word) == 1:
        yield QueryTerm((word,), is_prefix=True)
    else:
        ending = _KOREAN_ENDING.search(word, 2)
        stem_end = ending.start() if ending else len(word)
        for place, pair in enumerate(_pairs(word)):
            yield QueryTerm((pair,), weight=1.0 if place + 2 <= stem_end else _ENDING_WEIGHT)
        if len(word) == 2 and word[1] in _PARTICLES:
            yield QueryTerm((word[0],), is_prefix=True)


def _completions(word: str) -> Iterator[QueryTerm]:
    """What `word` may become. Its pairs find a word of an unspaced script already.

    The index has stems, so that a word with half a suffix (runni) begins none of them: it is also tried with the whole.
    """
    if len(word) < _SHORTEST_PREFIX or _UNSPACED_RUN.match(word):
        return
    yield QueryTerm(tuple(word.split("'")), is_prefix=True, weight=_GUESS_WEIGHT)
    if word.isascii() and word.isalpha():
        for suffix in _SUFFIXES:
            for typed in range(1, len(suffix)):
                if len(word) - typed >= _SHORTEST_PREFIX and word.endswith(suffix[:typed]):
                    yield QueryTerm((word + suffix[typed:],), weight=_GUESS_WEIGHT)


def phrase_tokens(found: Sequence[str]) -> tuple[str, ...]:
    """Index tokens of words in a row, at least one. The index closes each run of an unspaced script with its last sign
    alone; the phrase does so for all but its last word, which may go on in the text."""
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
