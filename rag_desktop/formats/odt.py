"""Text documents of OpenDocument, as LibreOffice writes them: the text as it stands when all changes are accepted.

Headers and footers are left out: they are on each page.
"""

from rag_desktop.formats.markup import local
from rag_desktop.formats.odf import CONTENT, Styles, metadata, opened
from rag_desktop.formats.odf_text import Document, read_block
from rag_desktop.formats.reader import Contents, OpenedFile, Reader


def _contents(file: OpenedFile) -> Contents:
    package = opened(file.content)
    document = Document(package, Styles(package), is_paper=True)
    for element in package.elements(CONTENT, 4):  # document-content, body, text, paragraph
        if not local(element.tag).endswith("-properties"):  # of a style, before the text
            read_block(document, element)
        element.clear()
    document.writer.end_lines()
    about = metadata(package, document.title)
    return Contents(tuple(document.writer.blocks), about, tuple(sorted(document.writer.warnings)))


READER = Reader("odt", (".odt", ".ott"), _contents)
