"""Names that are meant letter by letter: order numbers, error codes, functions, versions."""

import re

from rag_desktop.text.words import compatible, phrase_tokens, words

# Korean particles follow without a blank, so a run of the alphabet ends where Hangul begins.
_JOINED = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]+(?:[._/:@#-]+[A-Za-z0-9]+)*")
_ORDINARY = re.compile(r"\d+(?:[.,]\d+)*[A-Za-z]{1,3}|\d+-[A-Za-z]{2,}|[A-Za-z]{3,}-\d", re.IGNORECASE)
"""21st, 2.5km, 10-year, Covid-2."""
_SHORTEST = 4
"""Letters and digits: G20, p53 and B2B are words of their subjects."""
_MOST = 5


def identifiers(text: str) -> tuple[tuple[str, ...], ...]:
    """Identifiers in `text`, at most five, each as the index tokens that must stand side by side.

    An identifier has letters of the alphabet and digits, four at least (INV-2024-0031, e1071), a dot between parts of
    two letters or more (match.arg) or an underscore (R_init). Plain numbers, initials, words with a hyphen and names
    with capitals inside are none.
    """
    found = (match[0] for match in _JOINED.finditer(compatible(text)))
    named = (phrase_tokens(words(each)) for each in found if _is_identifier(each))
    return tuple(dict.fromkeys(named))[:_MOST]


def _is_identifier(word: str) -> bool:
    has_letters, has_digits = any(map(str.isalpha, word)), any(map(str.isdigit, word))
    if has_letters and has_digits:
        return sum(map(str.isalnum, word)) >= _SHORTEST and not _ORDINARY.fullmatch(word)
    if has_letters and "." in word:
        return all(len(part) >= 2 for part in word.split("."))
    return "_" in word
