"""The bytes of RTF as tokens, and the bytes of its words as text in the code page that holds where they stand.

Rich Text Format 1.9.1 (Microsoft, 2008). striprtf (BSD) was tried: it knows no headings, notes, hidden text or cells
over several columns, and decodes strictly.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from rag_desktop.formats.decoding import PARTLY_UNDECODABLE

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}]+)|\\", re.DOTALL
)
_LINE_ENDS = b"\r\n"
_DOUBLE_BYTE = frozenset({"cp932", "cp949", "gb18030", "cp950", "johab"})
_CHARSETS = {
    77: "mac_roman",
    78: "cp932",
    79: "cp949",
    80: "gb18030",
    81: "cp950",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
"""Values of \\fcharset, as the specification lists them; 0 is Western, 1 the document's own."""
_WESTERN = "cp1252"
_CODE_PAGES = {936: "gb18030", 1361: "johab", 10000: "mac_roman", 65001: "utf-8"}


class Token(NamedTuple):
    """One of: a control word with its number, a control symbol, `{` or `}`, bytes of text (`is_hex`: written \\'xx)."""

    word: str = ""
    number: int | None = None
    symbol: str = ""
    text: bytes = b""
    is_hex: bool = False


OPEN = Token(symbol="{")
CLOSE = Token(symbol="}")


def tokens(content: bytes) -> Iterator[Token]:
    """All tokens in order. Binary data (\\bin) is passed over, however much it claims to be."""
    at, end = 0, len(content)
    while at < end:
        match = _TOKEN.match(content, at)
        if match is None:
            return
        at = match.end()
        word, number, pair, symbol, brace, text = match.groups()
        if word:
            value = int(number) if number else None
            if word == b"bin":
                at += max(value or 0, 0)
            else:
                yield Token(word.decode("ascii"), value)
        elif text:
            if plain := text.translate(None, _LINE_ENDS):
                yield Token(text=plain)
        elif pair:
            yield Token(text=bytes.fromhex(pair.decode("ascii")), is_hex=True)
        elif brace:
            yield OPEN if brace == b"{" else CLOSE
        elif symbol:
            yield Token(symbol="\\" + symbol.decode("latin-1"))


def code_page(number: int | None) -> str:
    """The name of a Windows code page; Western where nobody knows it."""
    name = _CODE_PAGES.get(number or 0, f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return _WESTERN
    return name


@dataclass(slots=True)
class Fonts:
    """The font table: what encoding the words in a font have, and that of the document."""

    document: str = _WESTERN
    encodings: dict[int, str] = field(default_factory=dict)
    default: int = 0

    def declare(self, font: int, charset: int) -> None:
        if charset in _CHARSETS:
            self.encodings[font] = _CHARSETS[charset]
        elif charset == 0:
            self.encodings[font] = _WESTERN

    def encodings_of(self, font: int | None) -> tuple[str, ...]:
        """Encodings to try in this order. Korean and Japanese programs write their own in Western fonts, too."""
        found = self.encodings.get(self.default if font is None else font, self.document)
        if found == _WESTERN and self.document in _DOUBLE_BYTE:
            return self.document, found
        return (found,) if found == self.document else (found, self.document)


@dataclass(slots=True)
class Words:
    """Words as they are gathered: bytes wait until it is known that no half of a character is missing."""

    fonts: Fonts
    parts: list[str] = field(default_factory=list)
    waiting: bytearray = field(default_factory=bytearray)
    font: int | None = None
    """That the waiting bytes are in."""
    warnings: set[str] = field(default_factory=set)

    def add_bytes(self, content: bytes, font: int | None) -> None:
        if font != self.font:
            self._decode()
            self.font = font
        self.waiting += content

    def add(self, text: str) -> None:
        self._decode()
        self.parts.append(text)

    def take(self) -> str:
        """All words since the last time. Halves of characters beyond 16 bits are joined."""
        self._decode()
        text = "".join(self.parts)
        self.parts.clear()
        text = text.replace("\uf0b7", "•")  # as fonts of symbols number it
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _decode(self) -> None:
        if not self.waiting:
            return
        content = bytes(self.waiting)
        self.waiting.clear()
        if content.isascii():
            self.parts.append(content.decode("ascii"))
            return
        encodings = self.fonts.encodings_of(self.font)
        for encoding in encodings:
            with suppress(UnicodeDecodeError):
                self.parts.append(content.decode(encoding))
                return
        self.parts.append(content.decode(encodings[0], "replace"))
        self.warnings.add(PARTLY_UNDECODABLE)
