"""Large and many documents, made of the sentences and pages of a folder, so that no gigabytes need to be kept."""

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats.reading import read
from rag_desktop.formats.registry import format_of
from rag_desktop.settings.places import find_places
from rag_desktop.text.sentences import sentences

SEED = 7
_WORDED = frozenset({"html", "markdown", "text", "rst", "pdf"})
_ENOUGH = 4_000_000
"""Characters from which sentences are drawn."""
_KOREAN = re.compile(r'^msgstr(?:\[0\])? "(.*[가-힣].*)"$', re.MULTILINE)
_BLOCK = 8 << 20
_IN_PARAGRAPH = 6
_KOREAN_SHARE = 0.25


class Sentences:
    """Sentences of a folder's documents, with Korean ones of this program's own catalogue between them."""

    def __init__(self, folder: Path) -> None:
        self._random = random.Random(SEED)
        self._english = list(_sentences_in(folder))
        catalogue = find_places().resources / "locale/ko/LC_MESSAGES/rag_desktop.po"
        self._korean: list[str] = _KOREAN.findall(catalogue.read_text(encoding="utf-8"))

    def paragraphs(self) -> Iterator[str]:
        """Paragraphs without end, each with a blank line after it."""
        while True:
            drawn = (self._sentence() for _ in range(self._random.randint(2, 2 * _IN_PARAGRAPH - 2)))
            yield "\n".join(drawn) + "\n\n"

    def _sentence(self) -> str:
        return self._random.choice(self._korean if self._random.random() < _KOREAN_SHARE else self._english)


def _sentences_in(folder: Path) -> Iterator[str]:
    """Sentences of the first documents that together have enough."""
    length = 0
    for path in sorted(folder.rglob("*")):
        if length > _ENOUGH:
            return
        if format_of(path) not in _WORDED:
            continue
        try:
            text = read(ReadRequest(str(path), "leaves")).reading.text
        except UnreadableError:
            continue
        length += len(text)
        found = (" ".join(span.of(text).split()) for span in sentences(text))
        yield from (sentence for sentence in found if 20 < len(sentence) < 400)


def write_text(path: Path, size: int, material: Sentences) -> None:
    """One file of about `size` bytes."""
    paragraphs = material.paragraphs()
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < size:
            block, length = [], 0
            while length < min(_BLOCK, size - file.tell()):
                block.append(next(paragraphs))
                length += len(block[-1].encode())
            file.writelines(block)


def write_many(folder: Path, count: int, material: Sentences) -> None:
    """`count` files of some paragraphs each, a hundred to a folder."""
    paragraphs = material.paragraphs()
    for number in range(count):
        home = folder / f"{number // 100:03d}"
        home.mkdir(parents=True, exist_ok=True)
        (home / f"note {number}.txt").write_text("".join(islice(paragraphs, 2)), encoding="utf-8")


def join_pages(path: Path, folder: Path, count: int) -> None:
    """One PDF of `count` pages: those of the folder's PDF files one after the other, again and again if need be."""
    import pypdfium2

    whole = pypdfium2.PdfDocument.new()
    with closing(whole):
        for source in cycle(_pdfs(folder)):
            with closing(pypdfium2.PdfDocument(source)) as manual:
                wanted = min(len(manual), count - len(whole))
                whole.import_pages(manual, list(range(wanted)))
            if len(whole) >= count:
                break
        whole.save(str(path))


def _pdfs(folder: Path) -> Sequence[Path]:
    found = sorted(folder.rglob("*.pdf"), key=lambda path: -path.stat().st_size)
    if not found:
        raise SystemExit(f"no PDF files in {folder}")
    return found
