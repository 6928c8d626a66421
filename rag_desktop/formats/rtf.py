"""Rich Text Format: the text as it stands when all changes are accepted, with headings, lists, tables and notes.

Left out: headers and footers, comments, hidden text, white words on white paper, tables of contents, pictures and what
is inside other programs' objects. Rich Text Format 1.9.1 (Microsoft, 2008).
"""

import re

from rag_desktop.domain.documents import Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.ink import is_tiny, is_white
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.rtf_document import Document, Group
from rag_desktop.formats.rtf_text import CLOSE, OPEN, Token, code_page, tokens

MOST_DEPTH = 1000
"""Groups inside one another; Word writes about twenty."""

_SKIPPED = frozenset(
    re.findall(
        r"\w+",
        "colortbl pict nonshppict shprslt header headerl headerr headerf footer footerl footerr footerf ftnsep ftnsepc"
        " ftncn aftnsep aftnsepc aftncn xe rxe txe tc tcn fldinst nonesttables filetbl private mmathPict pgdsctbl"
        " pntxta pntxtb annotation bkmkstart bkmkend sp",
    )
)
_BUFFERED = frozenset({"footnote", "shptxt", "dptxbxtext", "listtext", "pntext"})
_FOLLOWED = frozenset({"shpinst", "do", "ud", "moMath", "moMathPara", "nesttableprops", *_BUFFERED})
"""Destinations that older programs may pass over (\\*), and that hold text or rows all the same."""
_SINKS = {
    "fonttbl": "fonttbl",
    "stylesheet": "stylesheet",
    "info": "info",
    "shpinst": "shape",
    "do": "shape",
    "object": "object",
}
"""Destinations whose own words are no text, but in which some may stand."""
_SIGNS = {
    "tab": "\t", "line": "\x0b", "lbr": "\x0b", "page": "\x0b", "column": "\x0b", "emdash": "—", "endash": "–",
    "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "zwj": "\u200d", "zwnj": "\u200c",
    "\\~": " ", "\\_": "-", "\\{": "{", "\\}": "}", "\\\\": "\\", "\\\t": "\t",
}  # fmt: skip
_COLOURS = re.compile(rb"\\colortbl(?![a-z])([^{}]{0,100000})\}")
_PARTS = (b"red", b"green", b"blue")
_PART = re.compile(rb"\\(red|green|blue)([0-9]{1,9})")
_BEHIND = re.compile(rb"\\(?:background(?![a-z])|shpfblwtxt1|dobypage)")
_PARAGRAPH_ENDS = frozenset({"par", "sect", "\\\n", "\\\r"})
_HALF_POINT = 0.5
_CODE_PAGES = {"mac": 10000, "pc": 437, "pca": 850}


def _contents(file: OpenedFile) -> Contents:
    content = file.content.lstrip(b"\xef\xbb\xbf \t\r\n\0")
    if not content.startswith(b"{\\rtf"):
        raise UnreadableError("file-damaged", reason="no RTF")
    document = Document(_white_colours(content))
    stack: list[Group] = []
    group = Group()
    skip = 0
    """Characters that stand in for a \\u one, still to be passed over."""
    for token in tokens(content):
        if token is OPEN:
            skip = 0
            stack.append(group)
            if len(stack) > MOST_DEPTH:
                raise UnreadableError("file-damaged", reason="nested too deeply")
            group = document.open(group)
        elif token is CLOSE:
            skip = 0
            document.close(group)
            group = stack.pop()
            if not stack:  # what follows is no part of the document
                break
        elif token.text:
            passed = min(skip, len(token.text))
            skip -= passed
            document.add_bytes(group, token.text[passed:])
        else:
            skip = _control(document, group, token)
    while stack:
        document.close(group)
        group = stack.pop()
    document.end()
    return Contents(tuple(document.blocks), Metadata(document.title, document.author), document.warnings)


def _white_colours(content: bytes) -> frozenset[int]:
    """Numbers of colours in which words are not seen; none where pages have a ground or something drawn behind them."""
    table = _COLOURS.search(content)
    if table is None or _BEHIND.search(content):
        return frozenset()
    said = (dict(_PART.findall(each)) for each in table[1].split(b";"))
    colours = ("".join(f"{min(int(each.get(part, 0)), 255):02x}" for part in _PARTS) for each in said)
    return frozenset(number for number, colour in enumerate(colours) if is_white(colour))


def _control(document: Document, group: Group, token: Token) -> int:
    """Does what a control word or symbol says; how many characters after it are to be passed over."""
    word = token.word or token.symbol
    if word == "u":
        number = token.number or 0
        document.add(group, chr(number % 0x10000))
        return group.fallback
    if word == "\\*":
        group.is_optional = True
    elif _is_destination(document, group, word):
        group.is_optional = False
    elif word in _SIGNS:
        document.add(group, _SIGNS[word])
    elif word in _PARAGRAPH_ENDS:
        document.end_paragraph(group)
    elif word in _STATES:
        _STATES[word](group, token.number)
    elif token.word:
        _structure(document, group, word, token.number)
    return 0


def _is_destination(document: Document, group: Group, word: str) -> bool:
    """Whether the word tells where the text of its group goes, which is then arranged."""
    is_new = group.is_optional and word not in _FOLLOWED
    if is_new or word in _SKIPPED or (word.startswith("m") and word.endswith("Pr")):
        group.sink = "skip"
    elif group.sink == "skip":
        return False
    elif word in _SINKS:
        group.sink = _SINKS[word]
    elif word == "result" and group.sink == "object":
        group.sink = "text"
    elif word == "upr":
        document.before_upr, group.sink = group.sink, "upr"
    elif word == "ud" and group.sink == "upr":
        group.sink = document.before_upr
    elif word in _BUFFERED or (group.sink == "info" and word in {"title", "author"}):
        document.begin(group, word)
    elif word == "nesttableprops":
        group.is_nested_row = True
    else:
        return False
    return True


def _structure(document: Document, group: Group, word: str, number: int | None) -> None:
    """Fonts, and the rows of tables."""
    if word == "ansicpg":
        document.fonts.document = code_page(number)
    elif word in _CODE_PAGES:
        document.fonts.document = code_page(_CODE_PAGES[word])
    elif word == "deff":
        document.fonts.default = number or 0
    elif word == "fcharset" and group.sink == "fonttbl" and group.font is not None:
        document.fonts.declare(group.font, number or 0)
    elif word == "cpg" and group.sink == "fonttbl" and group.font is not None and number:
        document.fonts.encodings[group.font] = code_page(number)
    elif word in {"cell", "nestcell"}:
        document.end_cell(group, is_nested=word == "nestcell")
    elif word in {"row", "nestrow"}:
        document.end_row(is_nested=word == "nestrow")
    elif group.sink == "text" and not group.is_nested_row:
        document.define_row(word, number)


def _pard(group: Group, _: int | None) -> None:
    group.style, group.outline, group.level, group.is_banner = 0, None, 0, False


def _plain(group: Group, _: int | None) -> None:
    group.font, group.is_hidden, group.is_deleted, group.is_wide, group.wide_font = None, False, False, False, None
    group.colour, group.is_tiny, group.is_shaded = 0, False, False


def _in_table(group: Group, number: int | None) -> None:
    group.level = 0 if number == 0 else max(group.level, 1)


def _level(group: Group, number: int | None) -> None:
    group.level = max(number or 0, 0)


def _style(group: Group, number: int | None) -> None:
    group.style = number or 0


def _outline(group: Group, number: int | None) -> None:
    group.outline = number or 0


def _font(group: Group, number: int | None) -> None:
    group.font = number or 0


def _associated_font(group: Group, number: int | None) -> None:
    if group.is_wide:
        group.wide_font = number or 0


def _wide(group: Group, _: int | None) -> None:
    group.is_wide = True


def _narrow(group: Group, _: int | None) -> None:
    group.is_wide = False


def _hidden(group: Group, number: int | None) -> None:
    group.is_hidden = number != 0


def _colour(group: Group, number: int | None) -> None:
    group.colour = number or 0


def _size(group: Group, number: int | None) -> None:
    group.is_tiny = number is not None and is_tiny(str(number), _HALF_POINT)


def _shaded(group: Group, number: int | None) -> None:
    group.is_shaded = group.is_shaded or number != 0


def _banner(group: Group, number: int | None) -> None:
    group.is_banner = group.is_banner or number != 0


def _deleted(group: Group, number: int | None) -> None:
    group.is_deleted = number != 0


def _fallback(group: Group, number: int | None) -> None:
    group.fallback = min(max(1 if number is None else number, 0), 64)


_STATES = {
    "pard": _pard,
    "plain": _plain,
    "intbl": _in_table,
    "itap": _level,
    "s": _style,
    "outlinelevel": _outline,
    "f": _font,
    "af": _associated_font,
    "dbch": _wide,
    "loch": _narrow,
    "hich": _narrow,
    "v": _hidden,
    "cf": _colour,
    "fs": _size,
    **dict.fromkeys(("highlight", "cb", "chcbpat", "chshdng", "outl", "shad", "embo", "impr"), _shaded),
    **dict.fromkeys(("cbpat", "shading"), _banner),
    "deleted": _deleted,
    "uc": _fallback,
}

READER = Reader("rtf", (".rtf",), _contents)
