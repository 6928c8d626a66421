"""Electronic books (EPUB 2 and 3): the chapters in the order of their spine, each read as a web page is.

Packages of EbookLib's kind would serve, but that one is under the AGPL, and none bounds what it reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.epub_package import Book, Entry, open_book
from rag_desktop.formats.html import read_page
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.package import PARTS_UNREADABLE, Package
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

_OUTERMOST = -1000
"""The level of the table of contents' first titles: above all headings of pages, which begin at 1."""


def _contents(file: OpenedFile) -> Contents:
    package = Package(file.content)
    book = open_book(package)
    trail = Trail()
    blocks: list[Block] = []
    warnings: set[str] = set()
    failed = 0
    for part in book.chapters:
        try:
            found = _chapter(package, book, part, trail)
        except UnreadableError as error:
            if error.code == "file-too-large":
                raise
            failed += 1
            continue
        blocks += found.blocks
        warnings.update(found.warnings)
    if failed == len(book.chapters):
        raise UnreadableError("file-damaged", reason="no chapter can be read")
    if failed:
        warnings.add(PARTS_UNREADABLE)
    return Contents(tuple(blocks), Metadata(book.title, book.author), tuple(sorted(warnings)))


def _chapter(package: Package, book: Book, part: str, trail: Trail) -> Contents:
    content = package.content(part)
    if content is None:
        raise UnreadableError("file-damaged", reason=f"no part {part}")
    if not content.strip():
        return Contents(())
    entry = book.entries.get(part)
    if entry is not None:
        _enter(trail, entry)
    found = read_page(content, trail, is_chapter=True)
    if entry is None or any(block.kind is BlockKind.HEADING for block in found.blocks):
        return found
    trail.enter(_OUTERMOST + len(entry.above), entry.title)
    return replace(found, blocks=tuple(_titled(found.blocks, entry.title, trail.path)))


def _enter(trail: Trail, entry: Entry) -> None:
    """Closes the chapter before, and opens the parts that the table of contents puts around this one."""
    for depth, title in enumerate(entry.above):
        trail.enter(_OUTERMOST + depth, title)
    trail.enter(_OUTERMOST + len(entry.above), "")


def _titled(blocks: Sequence[Block], title: str, path: tuple[str, ...]) -> Iterator[Block]:
    """A chapter without a heading, under its title from the table of contents; where it begins with it, as that."""
    first = " ".join(blocks[0].text.split()) if blocks else ""
    if not blocks or not title:
        yield from blocks
        return
    if first.casefold() == title.casefold():
        yield Block(blocks[0].text, BlockKind.HEADING, path)
    else:
        yield Block(title + "\n\n", BlockKind.HEADING, path)
        yield replace(blocks[0], headings=path)
    yield from (replace(block, headings=path) for block in blocks[1:])


READER = Reader("epub", (".epub",), _contents)
