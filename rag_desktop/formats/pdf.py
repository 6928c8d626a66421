"""PDF: PDFium's text with its own character indices, so that a citation can be drawn as a selection on the page.

PDFium reads the outline and page labels as well: over Octave's manual (1,158 pages) in 17 ms, where pypdf takes 1.1 s,
longer than PDFium needs for the text. pypdf reads what PDFium cannot open.
"""

import io
import logging
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import StillReading
from rag_desktop.formats.ocr import Allowance, Picture, Recognise
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.pdf_forms import Form, opened_form
from rag_desktop.formats.pdf_page import Page, read_page
from rag_desktop.formats.pdf_render import picture_of
from rag_desktop.formats.pdf_sections import Section, page_blocks
from rag_desktop.formats.reader import Contents, OpenedFile, Reader, Steps, finished

if TYPE_CHECKING:
    from pypdf import PdfReader

FORM_LEFT_OUT = "form-left-out"
"""Warning: the document is a form (XFA) that only Adobe Reader shows; its pages hold a notice instead."""

_MOST_SECTIONS = 50_000
_MOST_PAGES = 20_000
"""The window shows no more either."""
_MOST_CHARACTERS = 64_000_000
"""Of all pages together: twenty times the longest manuals."""
_WARNINGS = ("pages-recognised", "pages-not-recognised", "pages-without-text", "pages-unreadable", "text-hidden")
_PAGES_BETWEEN_SIGNS = 50
_PASSWORD_NEEDED = 4
"""FPDF_ERR_PASSWORD in PDFium's fpdfview.h."""
_GLYPH_CODES = dict.fromkeys(map(ord, "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029"), "\0")
"""Not line ends here but glyphs of fonts that do not tell their characters (TeX has `fi` at U+000C)."""
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

    picture: the page as it is drawn, or None where it cannot be. is_selectable: whether PDFium's indices hold.
    """

    page_count: int
    page: Callable[[int], Page]
    picture: Callable[[int], Picture | None]
    sections: tuple[Section, ...]
    metadata: Metadata
    is_selectable: bool


def _steps(file: OpenedFile) -> Steps:
    import pypdfium2

    logging.getLogger("pypdfium2").setLevel(logging.ERROR)  # it warns of each loop in an outline
    try:
        document = pypdfium2.PdfDocument(file.content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_NEEDED:
            return _unlocked(file.content)
        return _contents_by_pypdf(file.content)
    with closing(document), opened_form(document) as form:
        found = yield from _gathered(_pdfium_book(document, form), file.recognise)
        return replace(found, warnings=(*found.warnings, FORM_LEFT_OUT)) if form.is_left_out else found


def _gathered(book: _Book, recognise: Recognise | None) -> Steps:
    if book.page_count > _MOST_PAGES:
        raise UnreadableError("pdf-too-long", limit=_MOST_PAGES)
    starting: dict[int, list[Section]] = {}
    for section in book.sections:
        starting.setdefault(section.page, []).append(section)
    allowance = Allowance(recognise) if recognise else None
    blocks: list[Block] = []
    path: tuple[str, ...] = ()
    met = Counter[str]()
    for number in range(book.page_count):
        page, begun = book.page(number), starting.get(number, ())
        text, is_selectable = page.text, book.is_selectable
        if page.is_picture:
            seen = ""
            if allowance and allowance.is_spent:
                met["pages-not-recognised"] += 1
            elif allowance:
                seen = allowance.text_of(book.picture(number))
                yield StillReading(number / book.page_count)
            text, is_selectable = (seen + "\n", False) if seen else (text, is_selectable)
            met["pages-recognised"] += bool(seen)
            met["pages-without-text"] += not (seen or _has_words(text) or page.fields)
        met["pages-unreadable"] += text is None
        met["text-hidden"] += page.hides
        met["characters"] += len(text or "") + sum(map(len, page.fields))
        if met["characters"] > _MOST_CHARACTERS:
            raise UnreadableError("pdf-too-large", limit=_MOST_CHARACTERS)
        found = page_blocks(_closed(text), number + 1, begun, path) if text else ()
        blocks += found if is_selectable else map(_unplaced, found)
        path = begun[-1].path if begun else path
        if page.fields:
            blocks.append(Block("\n".join(page.fields) + "\n\n", BlockKind.TABLE, path, number + 1))
        if (number + 1) % _PAGES_BETWEEN_SIGNS == 0:
            yield StillReading((number + 1) / book.page_count)
    if met["pages-unreadable"] == book.page_count:
        raise UnreadableError("pdf-damaged", reason="no page can be read")
    return Contents(tuple(blocks), book.metadata, tuple(code for code in _WARNINGS if met[code]))


def _has_words(text: str | None) -> bool:
    return bool(text and text.strip("\0\r\n\t "))


def _unplaced(block: Block) -> Block:
    """A block of words that are not PDFium's: none of them can be selected."""
    return replace(block, source_start=None)


def _closed(text: str) -> str:
    """A page's text ends with its line; a word cut at the page's end keeps its hyphen, for a header may follow."""
    text = text.translate(_GLYPH_CODES)
    if text.endswith("\ufffe"):
        text = text[:-1] + "-"
    return text if text.endswith("\n") else text + "\n"


def _pdfium_book(document: Any, form: Form) -> _Book:
    from pypdfium2 import PdfiumError

    def picture(number: int) -> Picture | None:
        try:
            with closing(document[number]) as page:
                return picture_of(page)
        except PdfiumError:
            return None

    count = len(document)
    metadata = Metadata(
        _said(document.get_metadata_value("Title")),
        _said(document.get_metadata_value("Author")),
        count,
        _labels(document.get_page_label(number) for number in range(min(count, _MOST_PAGES))),
    )
    return _Book(
        count, partial(read_page, document, form), picture, _pdfium_sections(document), metadata, is_selectable=True
    )


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


def _unlocked(content: bytes) -> Contents:
    """A locked document whose owner chose no password: pypdf opens it where PDFium asks for the user's."""
    try:
        return _contents_by_pypdf(content)
    except UnreadableError as error:
        raise UnreadableError("pdf-encrypted") from error


def _contents_by_pypdf(content: bytes) -> Contents:
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of each flaw that it can live with
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
            raise UnreadableError("pdf-encrypted")
        return finished(_gathered(_pypdf_book(reader), None))
    except DependencyError as error:
        raise UnreadableError("pdf-encrypted") from error
    except (PyPdfError, *_MALFORMED) as error:
        raise UnreadableError("pdf-damaged", reason=type(error).__name__) from error


def _pypdf_book(reader: "PdfReader") -> _Book:
    from pypdf.errors import PyPdfError

    def page_of(number: int) -> Page:
        try:
            page = reader.pages[number]
            text = page.extract_text()
            return Page(text, is_picture=not text.strip() and page.get_contents() is not None)
        except (PyPdfError, *_MALFORMED):
            return Page(None)

    def entries(level: int, items: Iterable[Any]) -> Iterator[tuple[int, str, int | None]]:
        for item in items:
            if isinstance(item, list):
                yield from entries(level + 1, item)
            else:
                yield level, str(item.title), reader.get_destination_page_number(item)

    said = reader.metadata
    count = len(reader.pages)
    metadata = Metadata(_said(said and said.title), _said(said and said.author), count, _labels(reader.page_labels))
    sections = _sections(islice(entries(0, reader.outline), _MOST_SECTIONS))
    return _Book(count, page_of, lambda _: None, sections, metadata, is_selectable=False)


READER = Reader("pdf", (".pdf",), lambda file: finished(_steps(file)), steps=_steps)
