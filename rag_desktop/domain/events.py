"""What happened, told to whoever listens. Each event names its task, so that a late word is dropped by design."""

from dataclasses import dataclass
from enum import StrEnum

from rag_desktop.domain.answers import Answer, Passage
from rag_desktop.domain.ids import DocumentId, FolderId, TaskId


class Stage(StrEnum):
    """Where an indexing task stands."""

    SCANNING = "scanning"
    READING = "reading"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps; `words` says what is in hand, e.g. a path. At most ten a second for one task."""

    task: TaskId
    stage: str
    done: int
    total: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class FolderChanged:
    """Counts or state of a folder changed."""

    task: TaskId
    folder: FolderId


@dataclass(frozen=True, slots=True)
class DocumentStored:
    """A document can be found by keyword from now on."""

    task: TaskId
    document: DocumentId


@dataclass(frozen=True, slots=True)
class DocumentFailed:
    """A document could not be read; the reason is a code and its arguments (domain.errors)."""

    task: TaskId
    path: str
    code: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Sources, in the order of their numbers, before the first word of an answer."""

    task: TaskId
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """New words of an answer."""

    task: TaskId
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer is whole, refused or stopped."""

    task: TaskId
    answer: Answer


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task is over. `error` is None, or a code of domain.errors (`cancelled` where the person stopped it)."""

    task: TaskId
    error: str | None = None


Event = Progress | FolderChanged | DocumentStored | DocumentFailed | PassagesFound | Token | Answered | TaskEnded
