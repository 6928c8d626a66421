"""PDF: PDFium's text with its own character indices, so that a citation can be drawn as a selection on the page.

PDFium reads the outline and page labels as well: over Octave's manual (1,158 pages) in 17 ms, where pypdf takes 1.1 s,
longer than PDFium needs for the text. pypdf reads what PDFium cannot open.
"""

import io
import logging
import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag_desktop.domain.documents import Block, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.pdf_sections import Section, page_blocks
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

if TYPE_CHECKING:
    from pypdf import PdfReader

_MOST_SECTIONS = 50_000
_PASSWORD_NEEDED = 4
"""FPDF_ERR_PASSWORD in PDFium's fpdfview.h."""
_GLYPH_CODES = dict.fromkeys(map(ord, "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029"), "\0")
"""Not line ends here but glyphs of fonts that do not tell their characters (TeX has `fi` at U+000C)."""
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pypdf raises on malformed files besides its own errors."""


@dataclass(frozen=True, slots=True)
class _Book:
    """A document before its text is cut. Pages count from 0; the text of an unreadable one is None.

    is_blank: whether nothing is drawn on a page that has no text. is_selectable: whether PDFium's indices hold.
    """

    page_count: int
    page_text: Callable[[int], str | None]
    is_blank: Callable[[int], bool]
    sections: tuple[Section, ...]
    metadata: Metadata
    is_selectable: bool


def _contents(file: OpenedFile) -> Contents:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(file.content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_NEEDED:
            raise UnreadableError("pdf-encrypted") from error
        return _contents_by_pypdf(file.content)
    with closing(document):
        return _gathered(_pdfium_book(document))


def _gathered(book: _Book) -> Contents:
    starting: dict[int, list[Section]] = {}
    for section in book.sections:
        starting.setdefault(section.page, []).append(section)
    blocks: list[Block] = []
    path: tuple[str, ...] = ()
    wordless = unreadable = 0
    for page in range(book.page_count):
        text, begun = book.page_text(page), starting.get(page, ())
        unreadable += text is None
        wordless += text is not None and not text.strip("\0\r\n\t ") and not book.is_blank(page)
        blocks += page_blocks(_closed(text), page + 1, begun, path) if text else ()
        path = begun[-1].path if begun else path
    if unreadable == book.page_count:
        raise UnreadableError("pdf-damaged", reason="no page can be read")
    if not book.is_selectable:
        blocks = [Block(block.text, block.kind, block.headings, block.page) for block in blocks]
    warnings = (("pages-without-text", wordless), ("pages-unreadable", unreadable))
    return Contents(tuple(blocks), book.metadata, tuple(code for code, count in warnings if count))


def _closed(text: str) -> str:
    """A page's text ends with its line; a word cut at the page's end keeps its hyphen, for a header may follow."""
    text = text.translate(_GLYPH_CODES)
    if text.endswith("\ufffe"):
        text = text[:-1] + "-"
    return text if text.endswith("\n") else text + "\n"


def _pdfium_book(document: Any) -> _Book:
    from pypdfium2 import PdfiumError
    from pypdfium2.raw import FPDFPage_CountObjects

    def page_text(number: int) -> str | None:
        try:
            with closing(document[number]) as page, closing(page.get_textpage()) as words:
                return _characters(words)
        except PdfiumError:
            return None

    def is_blank(number: int) -> bool:
        with closing(document[number]) as page:
            return not FPDFPage_CountObjects(page)

    count = len(document)
    metadata = Metadata(
        _said(document.get_metadata_value("Title")),
        _said(document.get_metadata_value("Author")),
        count,
        _labels(document.get_page_label(number) for number in range(count)),
    )
    return _Book(count, page_text, is_blank, _pdfium_sections(document), metadata, is_selectable=True)


def _characters(words: Any) -> str:
    """A page's text with one code point for each of PDFium's characters: NUL for those that have no text of their own.

    PDFium counts characters (fpdf_text.h: char index), also in selections, but gives the text without some of them;
    and one beyond U+FFFF counts as two, the halves of its surrogate pair.
    """
    from pypdfium2.raw import FPDFText_GetCharIndexFromTextIndex as index_of

    text: str = words.get_text_range()
    if not text.isascii():
        text = _ASTRAL.sub("\\g<0>\0", text)
    last = len(text) - 1
    parts: list[str] = []
    at = shift = 0
    while index_of(words, last) - last > shift:
        cut = at + bisect_right(range(at, last + 1), shift, key=lambda place: index_of(words, place) - place)
        gap = index_of(words, cut) - cut - shift
        parts += text[at:cut], "\0" * gap
        at, shift = cut, shift + gap
    return "".join([*parts, text[at:]])


def _pdfium_sections(document: Any) -> tuple[Section, ...]:
    def entries() -> Iterator[tuple[int, str, int | None]]:
        for entry in islice(document.get_toc(), _MOST_SECTIONS):
            target = entry.get_dest()
            yield entry.level, entry.get_title(), None if target is None else target.get_index()

    return _sections(entries())


def _sections(entries: Iterable[tuple[int, str, int | None]]) -> tuple[Section, ...]:
    """Outline entries as (level, title, 0-based page), in order of page. Those without a page only name a path."""
    trail = Trail()
    found = []
    for level, title, page in entries:
        words = title.replace("\0", "")
        trail.enter(level, words)
        if page is not None and page >= 0 and words.strip():
            found.append(Section(page, trail.path))
    return tuple(sorted(found, key=lambda section: section.page))


def _labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Empty where no page has a name other than its number."""
    named = tuple(labels)
    differs = any(label and label != str(number) for number, label in enumerate(named, 1))
    return named if differs else ()


def _said(value: object) -> str | None:
    return " ".join(str(value).replace("\0", " ").split()) or None if value else None


def _contents_by_pypdf(content: bytes) -> Contents:
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of each flaw that it can live with
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
            raise UnreadableError("pdf-encrypted")
        return _gathered(_pypdf_book(reader))
    except DependencyError as error:
        raise UnreadableError("pdf-encrypted") from error
    except (PyPdfError, *_MALFORMED) as error:
        raise UnreadableError("pdf-damaged", reason=type(error).__name__) from error


def _pypdf_book(reader: "PdfReader") -> _Book:
    from pypdf.errors import PyPdfError

    def page_text(number: int) -> str | None:
        try:
            return reader.pages[number].extract_text()
        except (PyPdfError, *_MALFORMED):
            return None

    def entries(level: int, items: Iterable[Any]) -> Iterator[tuple[int, str, int | None]]:
        for item in items:
            if isinstance(item, list):
                yield from entries(level + 1, item)
            else:
                yield level, str(item.title), reader.get_destination_page_number(item)

    said = reader.metadata
    metadata = Metadata(
        _said(said and said.title), _said(said and said.author), len(reader.pages), _labels(reader.page_labels)
    )
    sections = _sections(islice(entries(0, reader.outline), _MOST_SECTIONS))
    return _Book(
        len(reader.pages),
        page_text,
        lambda number: reader.pages[number].get_contents() is None,
        sections,
        metadata,
        is_selectable=False,
    )


READER = Reader("pdf", (".pdf",), _contents)
