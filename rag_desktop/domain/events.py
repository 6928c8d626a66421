"""What happened, told to whoever listens. Each event names its task, so that a late word is dropped by design."""

from dataclasses import dataclass
from enum import StrEnum

from rag_desktop.domain.answers import Answer, Passage
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import DocumentId, FolderId, TaskId
from rag_desktop.domain.status import ConversationRow, DocumentView, LibraryStatus, ListedModel


class Stage(StrEnum):
    """Where an indexing task stands."""

    SCANNING = "scanning"
    READING = "reading"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps; `words` says what is in hand, e.g. a path. At most ten a second for one task.

    seconds_left: until the stage is done, where the task can tell better than its steps do.
    """

    task: TaskId
    stage: str
    done: int
    total: int
    words: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class LibraryRecovered:
    """Something of the library, the conversations or the settings was damaged and brought back; `error` tells all."""

    task: TaskId
    error: UserFacingError


@dataclass(frozen=True, slots=True)
class IndexingPlanned:
    """A look found files to read in these folders; nothing was read yet.

    bytes: of the files. predicted: bytes by which the library will grow.
    """

    task: TaskId
    folders: tuple[FolderId, ...]
    files: int
    bytes: int
    predicted: int


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
class AbsentStage:
    """A step of a search that did not run, and why: an error's code, or a word of services.retrieval."""

    stage: str
    code: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Sources, in the order of their numbers, before the first word of an answer.

    absent, fitting, is_inexact: as SearchFinished has them.
    """

    task: TaskId
    passages: tuple[Passage, ...]
    absent: tuple[AbsentStage, ...] = ()
    fitting: int | None = None
    is_inexact: bool = False


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
    """A task is over. `error` is None, or what ended it (`cancelled` where the person stopped it)."""

    task: TaskId
    error: UserFacingError | None = None


@dataclass(frozen=True, slots=True)
class TaskBegan:
    """A waiting task is being worked on."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class LibraryLooked:
    """How the library stands now."""

    task: TaskId
    status: LibraryStatus


@dataclass(frozen=True, slots=True)
class SearchFinished:
    """Passages for a search, best first, and the seconds it took.

    absent: steps of the search that did not run. fitting: documents that the filters leave, None where there are none.
    is_inexact: the words in quotation marks stand nowhere. is_final: False for what words alone found, while meaning is
    still asked.
    """

    task: TaskId
    query: str
    passages: tuple[Passage, ...]
    seconds: float
    absent: tuple[AbsentStage, ...] = ()
    fitting: int | None = None
    is_inexact: bool = False
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class DocumentOpened:
    """A document to show, with the words to mark."""

    task: TaskId
    view: DocumentView


@dataclass(frozen=True, slots=True)
class FolderRegistered:
    """A folder is part of the library, and a task will index it."""

    task: TaskId
    folder: FolderId
    path: str


@dataclass(frozen=True, slots=True)
class FolderRemoved:
    """A folder is out of all results; until it is purged that can be taken back."""

    task: TaskId
    folder: FolderId
    path: str


@dataclass(frozen=True, slots=True)
class ModelsChanged:
    """A model was installed, removed or chosen."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class ModelsListed:
    """Models of the catalogue and of this machine. `answering` answers; `missed` would, were it installed."""

    task: TaskId
    models: tuple[ListedModel, ...]
    answering: str | None
    missed: str | None


@dataclass(frozen=True, slots=True)
class ConversationsListed:
    """All conversations, the last one that was changed first."""

    task: TaskId
    conversations: tuple[ConversationRow, ...]


@dataclass(frozen=True, slots=True)
class ConversationOpened:
    """The answers of a conversation, in order."""

    task: TaskId
    conversation: int
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class ConversationBegun:
    """A question began a conversation, or goes on in one."""

    task: TaskId
    conversation: int


@dataclass(frozen=True, slots=True)
class IndexingHeld:
    """All indexing was paused (`held`), or goes on. Belongs to no task (0)."""

    task: TaskId
    held: bool


@dataclass(frozen=True, slots=True)
class WindowWanted:
    """The program was started again: its window is to come forward. Belongs to no task (0)."""

    task: TaskId


@dataclass(frozen=True, slots=True)
class BugMet:
    """A bug of ours ended a task; `report` is for the crash dialog."""

    task: TaskId
    report: str


Event = (
    Progress
    | IndexingPlanned
    | LibraryRecovered
    | FolderChanged
    | DocumentStored
    | DocumentFailed
    | PassagesFound
    | Token
    | Answered
    | TaskBegan
    | TaskEnded
    | LibraryLooked
    | SearchFinished
    | DocumentOpened
    | FolderRegistered
    | FolderRemoved
    | ModelsChanged
    | ModelsListed
    | ConversationsListed
    | ConversationOpened
    | ConversationBegun
    | IndexingHeld
    | WindowWanted
    | BugMet
)
