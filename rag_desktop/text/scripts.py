"""In which script a text is written: what a model that knows few languages can or cannot read."""

import re
from enum import StrEnum


class Script(StrEnum):
    """A script, by its English name. `LATIN` stands for all that is not one of the others."""

    LATIN = "Latin"
    HANGUL = "Hangul"
    KANA = "Kana"
    HAN = "Han"
    CYRILLIC = "Cyrillic"
    GREEK = "Greek"
    ARABIC = "Arabic"
    HEBREW = "Hebrew"
    DEVANAGARI = "Devanagari"
    THAI = "Thai"

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of the languages most often written in it; none for Latin, which most models read."""
        return _LANGUAGES.get(self, ())


_LANGUAGES = {
    Script.HANGUL: ("ko",),
    Script.KANA: ("ja",),
    Script.HAN: ("zh", "ja"),
    Script.CYRILLIC: ("ru", "uk", "bg", "sr"),
    Script.GREEK: ("el",),
    Script.ARABIC: ("ar", "fa", "ur"),
    Script.HEBREW: ("he", "yi"),
    Script.DEVANAGARI: ("hi", "mr", "ne"),
    Script.THAI: ("th",),
}
_LETTERS = {
    Script.HANGUL: re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"),
    Script.KANA: re.compile(r"[\u3041-\u30ff]"),
    Script.HAN: re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    Script.CYRILLIC: re.compile(r"[\u0400-\u052f]"),
    Script.GREEK: re.compile(r"[\u0370-\u03ff]"),
    Script.ARABIC: re.compile(r"[\u0600-\u06ff\u0750-\u077f]"),
    Script.HEBREW: re.compile(r"[\u0590-\u05ff]"),
    Script.DEVANAGARI: re.compile(r"[\u0900-\u097f]"),
    Script.THAI: re.compile(r"[\u0e00-\u0e7f]"),
}
_LETTER = re.compile(r"[^\W\d_]")
_SHARE = 0.3
"""Of all letters: technical prose in any language is full of Latin words and formulas."""
_KANA_SHARE = 0.1
"""Japanese is mostly Han, with some kana between; Chinese has none."""


def script_of(text: str) -> Script:
    """The script a text is written in, among whatever Latin words it holds."""
    letters = len(_LETTER.findall(text))
    if not letters or text.isascii():
        return Script.LATIN
    shares = {script: len(pattern.findall(text)) / letters for script, pattern in _LETTERS.items()}
    if shares[Script.KANA] >= _KANA_SHARE and shares[Script.HANGUL] < _SHARE:
        return Script.KANA
    script = max(shares, key=lambda each: shares[each])
    return script if shares[script] >= _SHARE else Script.LATIN
