"""How a library stands: what the window's panes and `status` show."""

from dataclasses import dataclass

from rag_desktop.domain.documents import Document, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import FolderId
from rag_desktop.domain.models import Model


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be read, or a folder that could not be listed.

    tried_at: seconds since 1970, None where nobody noted it. is_ignored: nobody wants to hear of it.
    """

    path: str
    error: UserFacingError
    tried_at: float | None = None
    is_ignored: bool = False


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """A folder with what of it is in the library; `failed` counts the failures that nobody ignores.

    is_away: it could not be reached at the last scan.
    is_paused: nothing more of it is read until the person says so. patterns: what is left out, in .gitignore syntax.
    """

    id: FolderId
    path: str
    documents: int
    failed: int
    passages: int
    is_away: bool
    is_paused: bool = False
    patterns: str = ""


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """A model's vectors: how many, how many leaves still lack one, and how many the recorded HNSW file holds.

    is_serving: questions are answered with these.
    """

    model: str
    dimension: int
    vectors: int
    pending: int
    snapshot: int | None
    is_serving: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An embedding model that reads what `used`, the one in use (or the default), does not.

    scripts: English names of what it does not read, the most frequent first. share: of the passages, 0 to 1.
    """

    model: Model
    is_installed: bool
    used: Model
    scripts: tuple[str, ...]
    share: float

    @property
    def note(self) -> UserFacingError:
        """What to tell a person."""
        code = "embedder-better-here" if self.is_installed else "embedder-better"
        model, percent = self.model, round(100 * self.share)
        return UserFacingError(code, percent=percent, used=self.used.title, title=model.title, name=model.name)


@dataclass(frozen=True, slots=True)
class FormatStatus:
    """How many documents of a format were read."""

    format: str
    documents: int


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """One look at a library. `bytes` is what it takes on disk; `failed` are all failures, ignored ones too.

    recommended: the embedding model that reads more of it than the one in use, where there is one. formats: those of
    its documents, the most frequent first.
    """

    path: str
    folders: tuple[FolderStatus, ...]
    spaces: tuple[SpaceStatus, ...]
    passages: int
    bytes: int
    failed: tuple[Failure, ...]
    recommended: Recommendation | None = None
    formats: tuple[FormatStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation; `changed_at` is seconds since 1970."""

    id: int
    title: str
    changed_at: float


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model of the catalogue or of the shelf. `in_use`: it is the one that would be used now for its kind."""

    model: Model
    is_installed: bool
    in_use: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters of a PDF page: `count` from PDFium's character index `start` on `page` (1-based)."""

    page: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document to be shown with some of its words marked.

    text: the normalised text (empty for a PDF, which is shown page by page). span: of the marked words in that text.
    marks: the same words on PDF pages, in order; empty for other formats.
    """

    document: Document
    text: str
    span: Span | None
    quoted: str
    marks: tuple[Mark, ...]
