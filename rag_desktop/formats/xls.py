"""Workbooks of Excel 95 to 2003, and what other programs give the same suffix: web pages, text, newer workbooks.

xlrd is not used: it is no longer looked after, and follows a damaged chain of sectors for ever.
"""

import re
import struct

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import biff, csv, html, xlsx
from rag_desktop.formats.compound_file import SIGNATURE, CompoundFile
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Records
from rag_desktop.formats.sheets import write

_ENCRYPTED = "EncryptedPackage"
_STREAMS = ("Workbook", "Book")
_SAMPLE = 4096
_PAGE = re.compile(rb"<(?:html|table|head|meta|style|body|!doctype\s+html)\b", re.IGNORECASE)


def _contents(file: OpenedFile) -> Contents:
    start = file.content[:_SAMPLE]
    if start.startswith(SIGNATURE):
        return _workbook(file.content)
    if start.startswith(b"PK"):
        return xlsx.READER.contents(file)
    if _PAGE.search(start):
        return html.READER.contents(file)
    if b"\0" in start or start.lstrip().startswith(b"<"):
        raise UnreadableError("file-damaged", reason="no workbook")
    return csv.READER.contents(file)


def _workbook(content: bytes) -> Contents:
    compound = CompoundFile(content)
    if compound.stream(_ENCRYPTED) is not None:
        raise UnreadableError("file-encrypted")
    stream = next((found for name in _STREAMS if (found := compound.stream(name)) is not None), None)
    if stream is None:
        raise UnreadableError("file-damaged", reason="no workbook")
    records = Records("file-too-large")
    try:
        book = biff.opened(stream)
        for sheet in biff.sheets(book):
            write(records, sheet, book.cells)
    except (struct.error, IndexError) as error:
        raise UnreadableError("file-damaged", reason=type(error).__name__) from error
    return Contents(tuple(records.blocks))


READER = Reader("xls", (".xls", ".xlt"), _contents)
