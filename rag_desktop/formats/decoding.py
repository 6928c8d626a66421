"""Bytes to text where nobody says in what encoding: marks first, then UTF-8, then what the characters make likely."""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.likelihood import likeliest

PARTLY_UNDECODABLE = "text-partly-undecodable"
"""Warning: some bytes stood for no character, and became U+FFFD."""

_SAMPLE = 64 * 1024
_GUESSED_FROM = 16 * 1024
_LONGEST_LINE = 4 * 1024
_LONGEST_LEAD = 1024
"""Bytes that are ASCII before a character that is not, on one line."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the other's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = (
    *(b"PK\x03\x04", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh91AY", b"Rar!\x1a\x07"),
    *(b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-1", b"\x89PNG\r\n", b"\xff\xd8\xff\xe0"),
    *(b"\xff\xd8\xff\xe1", b"\x7fELF", b"SQLite format 3\x00"),
)
"""How compressed files, office files, PDFs, pictures, programs and databases begin, whatever their names say."""
_CONTROLS = bytes(set(range(0x20)) - set(b"\b\t\n\x0b\f\r\x1a\x1b")) + b"\x7f"
"""No text holds these; \\b and \\x1b are in logs of terminals, \\x1a ends files of MS-DOS."""
_CONTROL_SHARE = 0.01
_FEW_CONTROLS = 2
_BROKEN_SHARE = 0.05
"""A text with fewer broken characters than this among its non-ASCII ones is damaged, not in another encoding."""
_DAMAGED_SHARE = 0.25
"""The same where the file does not say what it is. Other encodings, taken for UTF-8, break in most characters."""

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
_PLAUSIBLE_SHARE = 0.9
_PLAUSIBLE = re.compile(
    r"[\t\n\r -~\xa0-\u024f\u0370-\u05ff\u2010-\u203a\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]"
)
_HIGH = re.compile(rb"[\x80-\xff]")
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$B", "iso2022_jp_2"), (b"\x1b$@", "iso2022_jp_2"))
_NOT_WRITTEN = frozenset({"Cc", "Cn", "Co", "Cs"})
_WRITTEN_CONTROLS = frozenset("\t\n\r\x0b\x0c")
_ODD_SHARE = 0.05
_LEAST_LIKELIHOOD = -10.5
"""Of the mean character past ASCII in the likeliest encoding; below, the bytes are no text."""


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
    if content.startswith(_NO_TEXT):
        raise UnreadableError("file-binary")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _marked(content[len(mark) :], encoding)
    sample = content[:_SAMPLE]
    if escaped := _escaped(content):
        return escaped
    if b"\0" in sample and (wide := _wide(sample)):
        return _lenient(content, wide)
    if _controls(content) > max(_CONTROL_SHARE * len(content), _FEW_CONTROLS):
        raise UnreadableError("file-binary")
    return _utf8(content) or _declared(content, declared) or _utf8(content, _DAMAGED_SHARE) or _guessed(content)


def _controls(content: bytes) -> int:
    return len(content) - len(content.translate(None, _CONTROLS))


def _lenient(content: bytes, encoding: str) -> Decoded:
    text = content.decode(encoding, "replace")
    return Decoded(text, encoding, (PARTLY_UNDECODABLE,) if "\ufffd" in text else ())


def _marked(content: bytes, encoding: str) -> Decoded:
    """A mark of two bytes may also stand before what is no text: then most code points are none that people write."""
    if encoding != "utf-8":
        sample = content[: _SAMPLE // 4 * 4].decode(encoding, "replace")
        odd = sum(unicodedata.category(each) in _NOT_WRITTEN and each not in _WRITTEN_CONTROLS for each in sample)
        if odd > _ODD_SHARE * len(sample) + 1:
            raise UnreadableError("file-binary")
    elif _controls(content) > max(_CONTROL_SHARE * len(content), _FEW_CONTROLS):
        raise UnreadableError("file-binary")
    return _lenient(content, encoding)


def _escaped(content: bytes) -> Decoded | None:
    """The encodings of ISO 2022 that mail was sent in: seven bits, and escape sequences that name a character set."""
    for sign, encoding in _ESCAPES:
        if sign in content and content.isascii():
            try:
                found = _lenient(content, encoding)
            except UnicodeDecodeError:  # some errors these codecs raise even so
                continue
            if found.text.count("\ufffd") <= _BROKEN_SHARE * len(found.text):
                return found
    return None


def _wide(sample: bytes) -> str | None:
    """UTF-32 or UTF-16 without a mark: most characters are printable in one byte order, and hardly any in the other."""
    for encoding in ("utf-32-le", "utf-32-be"):
        whole = sample[: len(sample) // 4 * 4].decode(encoding, "replace")
        if _plausible(whole) > _PLAUSIBLE_SHARE:
            return encoding
    even = sample[: len(sample) // 2 * 2]
    likely = {encoding: _plausible(even.decode(encoding, "replace")) for encoding in ("utf-16-le", "utf-16-be")}
    best = max(likely, key=lambda encoding: likely[encoding])
    return best if likely[best] > _PLAUSIBLE_SHARE and min(likely.values()) < likely[best] else None


def _plausible(text: str) -> float:
    """The share of characters in living scripts; 0 for text without a space or a line end."""
    if not text or not re.search(r"[ \n]", text):
        return 0.0
    return len(_PLAUSIBLE.findall(text)) / len(text)


def _utf8(content: bytes, most_broken: float = _BROKEN_SHARE) -> Decoded | None:
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        damaged = _lenient(content, "utf-8")
    broken = damaged.text.count("\ufffd")
    foreign = len(damaged.text) - len(damaged.text.encode("ascii", "ignore")) - broken
    return damaged if broken <= most_broken * foreign else None


def _declared(content: bytes, declared: str | None) -> Decoded | None:
    """Trusted unless much of the text breaks; names are taken as browsers take them (WHATWG Encoding Standard)."""
    if declared is None:
        return None
    label = declared.strip().lower()
    if label.startswith(("utf-16", "utf-32")):  # whoever could read this in one byte a character was told wrong
        return None
    try:
        found = _lenient(content, _LABELS.get(label, label))
    except (LookupError, ValueError):  # ValueError: a NUL in the name, or a UnicodeError
        return None
    return found if found.text.count("\ufffd") <= _BROKEN_SHARE * len(found.text) else None


def _guessed(content: bytes) -> Decoded:
    found = likeliest(_foreign_sample(content))
    if found and found[1] >= _LEAST_LIKELIHOOD:
        return _lenient(content, found[0])
    raise UnreadableError("text-undecodable")


def _foreign_sample(content: bytes) -> bytes:
    """The first lines that are not ASCII: a long English beginning tells nothing. No line is cut in a character."""
    parts: list[bytes] = []
    at, size = 0, 0
    while size < _GUESSED_FROM and (match := _HIGH.search(content, at)):
        start = max(content.rfind(b"\n", at, match.start()) + 1, at, match.start() - _LONGEST_LEAD)
        end = content.find(b"\n", match.start(), start + _LONGEST_LINE) + 1 or start + _LONGEST_LINE
        parts.append(content[start:end])
        size += len(parts[-1])
        at = end
    return b"".join(parts)
