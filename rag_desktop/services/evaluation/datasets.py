"""What an evaluation is about: questions with judgements, and the documents these are about."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rag_desktop.domain.answers import Passage
from rag_desktop.ranking.metrics import Grades


@dataclass(frozen=True, slots=True)
class Record:
    """A document of a collection that is no file yet. `id` may be any text, `title` may be empty."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with what was judged for it: documents, or pages of documents where `by_page`.

    grades: by the id of a record or the path below the folder, with `/`; of a page by `page_name`. words: what one of
    the passages found must hold, or empty. kind: what sort of question its author calls it, or empty.
    """

    id: str
    question: str
    grades: Grades
    by_page: bool = False
    words: str = ""
    kind: str = ""

    @property
    def is_answerable(self) -> bool:
        """Whether anything was judged relevant: only then can a ranking be good or bad."""
        return any(grade > 0 for grade in self.grades.values())


@dataclass(frozen=True, slots=True)
class Collection:
    """Records, read anew at each call, and the file that holds them."""

    file: Path
    records: Callable[[], Iterator[Record]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions with something relevant, about a collection or about the files in a folder; `left_out` others.

    source: the file of the questions, which is no document though it may lie among them.
    """

    name: str
    questions: tuple[Judged, ...]
    left_out: int
    documents: Collection | Path
    source: Path


def page_name(document: str, page: int) -> str:
    """The name of a page, 1-based, among those that are judged."""
    return f"{document}#{page}"


def ranked(passages: Iterable[Passage], name_of: Callable[[str], str], *, by_page: bool = False) -> list[str]:
    """Names of documents, or of pages, each at the place of its best passage.

    A passage over several pages stands for one of them: that on which its best leaf begins. Documents whose nearly
    equal words were folded into a passage stand right behind its own, as they do on the screen.
    """
    names: dict[str, None] = {}
    for passage in passages:
        if by_page:
            page = (passage.leaf or passage.chunk).page_start
            names.setdefault(page_name(name_of(passage.document.path), page or 0))
        else:
            for document in (passage.document, *passage.twins):
                names.setdefault(name_of(document.path))
    return list(names)


def holds(passages: Iterable[Passage], words: str) -> bool:
    """Whether one of the passages has these words, however they are spaced and composed."""
    wanted = _plain(words)
    return any(wanted in _plain(passage.text) for passage in passages)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
