"""Bytes to text where nobody says in what encoding: marks first, then UTF-8, then what the characters make likely."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

from rag_desktop.domain.errors import UnreadableError

PARTLY_UNDECODABLE = "text-partly-undecodable"
"""Warning: some bytes stood for no character, and became U+FFFD."""

_SAMPLE = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the other's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(set(range(0x20)) - set(b"\b\t\n\x0b\f\r\x1a\x1b")) + b"\x7f"
"""No text holds these; \\b and \\x1b are in logs of terminals, \\x1a ends files of MS-DOS."""
_CONTROL_SHARE = 0.01
_BROKEN_SHARE = 0.05
"""A text with fewer broken characters than this among its non-ASCII ones is damaged, not in another encoding."""

_SINGLE_BYTE = ("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874")
_LABELS = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
}
_PLAUSIBLE = re.compile(
    r"[\t\n\r -~\xa0-\u024f\u0370-\u05ff\u2010-\u203a\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]"
)
_NON_ASCII = re.compile(r"[^\x00-\x7f\ufffd]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text without its byte order mark; `warnings` holds PARTLY_UNDECODABLE or nothing."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(content: bytes, declared: str | None = None) -> Decoded:
    """The text of `content`. `declared` is what the file says of itself: believed where UTF-8 does not fit.

    Raises UnreadableError: file-binary, text-undecodable.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lenient(content[len(mark) :], encoding)
    sample = _sample(content)
    if b"\0" in sample and (wide := _wide(sample)):
        return _lenient(content, wide)
    if len(sample) - len(sample.translate(None, _CONTROLS)) > _CONTROL_SHARE * len(sample):
        raise UnreadableError("file-binary")
    return _utf8(content) or _declared(content, declared) or _guessed(content, sample)


def _sample(content: bytes) -> bytes:
    """The beginning, cut after a line where there is one, so that no character is cut."""
    if len(content) <= _SAMPLE:
        return content
    end = content.rfind(b"\n", 0, _SAMPLE) + 1
    return content[: end or _SAMPLE]


def _lenient(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, "replace")
    return Decoded(text, encoding, (PARTLY_UNDECODABLE,) if "\ufffd" in text else ())


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: most characters are printable in one byte order, and hardly any in the other."""
    even = sample[: len(sample) // 2 * 2]
    likely = {encoding: _plausible(even.decode(encoding, "replace")) for encoding in ("utf-16-le", "utf-16-be")}
    best = max(likely, key=lambda encoding: likely[encoding])
    return best if likely[best] > 0.9 and min(likely.values()) < likely[best] else None


def _plausible(text: str) -> float:
    """The share of characters in living scripts; 0 for text without a space or a line end."""
    if not text or not re.search(r"[ \n]", text):
        return 0.0
    return len(_PLAUSIBLE.findall(text)) / len(text)


def _utf8(content: bytes) -> Decoded | None:
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        damaged = _lenient(content, "utf-8")
    broken = damaged.text.count("\ufffd")
    return damaged if broken <= _BROKEN_SHARE * len(_NON_ASCII.findall(damaged.text)) else None


def _declared(content: bytes, declared: str | None) -> Decoded | None:
    """Trusted unless much of the text breaks; names are taken as browsers take them (WHATWG Encoding Standard)."""
    if declared is None:
        return None
    label = declared.strip().lower()
    if label.startswith(("utf-16", "utf-32")):  # whoever could read this in one byte a character was told wrong
        return None
    try:
        found = _lenient(content, _LABELS.get(label, label))
    except (LookupError, UnicodeError):
        return None
    return found if found.text.count("\ufffd") <= _BROKEN_SHARE * len(found.text) else None


def _guessed(content: bytes, sample: bytes) -> Decoded:
    encoding = _east_asian(sample) or _single_byte(sample)
    if encoding is None:
        raise UnreadableError("text-undecodable")
    return _lenient(content, encoding)


def _east_asian(sample: bytes) -> str | None:
    """The double-byte encoding whose own everyday characters make up most of what is not ASCII.

    Each of these encodings decodes most texts of the others, into characters that nobody writes.
    """
    for encoding, everyday, least in _EVERYDAY:
        text = sample.decode(encoding, "replace")
        foreign = [character for character in _NON_ASCII.findall(text) if character.isalpha()]
        broken = text.count("\ufffd")
        if foreign and broken <= _BROKEN_SHARE * len(foreign) and everyday("".join(foreign)) >= least * len(foreign):
            return encoding
    return None


def _hangul(text: str) -> int:
    return len(re.findall(r"[\uac00-\ud7a3]", text))


def _kana(text: str) -> int:
    """Narrow kana count against it: they are what other encodings' lead bytes look like in Shift JIS."""
    return len(re.findall(r"[\u3041-\u30fe]", text)) - len(re.findall(r"[\uff61-\uff9f]", text))


def _chinese(encoding: str, first: int, last: int) -> Callable[[str], int]:
    """Counts the characters of the standard's first level, the everyday one: those with lead bytes first to last."""

    def count(text: str) -> int:
        leads = (character.encode(encoding, "ignore")[:1] for character in text)
        return sum(1 for lead in leads if lead and first <= lead[0] <= last)

    return count


_EVERYDAY: tuple[tuple[str, Callable[[str], int], float], ...] = (
    ("cp949", _hangul, 0.9),
    ("cp932", _kana, 0.15),
    ("euc_jp", _kana, 0.15),
    ("gb18030", _chinese("gb2312", 0xB0, 0xD7), 0.7),
    ("big5hkscs", _chinese("big5", 0xA4, 0xC6), 0.8),
)
"""Encoding, count of its everyday characters, the least share of them. GB 18030 decodes nearly all: it comes late."""


def _single_byte(sample: bytes) -> str | None:
    """The likeliest one-byte encoding; Western European unless another is clearly more in order."""
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=list(_SINGLE_BYTE))
    best = matches.best()
    western = next((match for match in matches if match.encoding == "cp1252"), None)
    if best is None:
        return "cp1252" if _is_western(sample) else None
    if western is None or not _is_western(sample):
        return best.encoding
    is_close = western.chaos <= best.chaos + 0.1 and western.coherence >= best.coherence
    return "cp1252" if is_close else best.encoding


def _is_western(sample: bytes) -> bool:
    """Mostly ASCII, and no byte that cp1252 leaves empty."""
    high = len(sample) - len(sample.decode("ascii", "ignore"))
    return high <= 0.3 * len(sample) and "\ufffd" not in sample.decode("cp1252", "replace")
