"""What a look at the library's own files finds, and what was brought back after damage."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from rag_desktop.domain.errors import UserFacingError

At = Callable[[str, int, int], None]
"""Told a stage (`CareStage`), how many of its steps are done, and how many there are. May raise Cancelled."""


class CareStage(StrEnum):
    """Where a check or repair stands."""

    STRUCTURE = "structure"
    DOCUMENTS = "documents"
    WORDS = "words"
    VECTORS = "vectors"
    FILES = "files"
    REPAIRING = "repairing"


class Severity(StrEnum):
    """`damaged`: results may be wrong or missing. `untidy`: nothing but room or speed is lost."""

    DAMAGED = "damaged"
    UNTIDY = "untidy"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be; `error` words it."""

    error: UserFacingError
    severity: Severity = Severity.DAMAGED
    is_repairable: bool = True

    @property
    def code(self) -> str:
        return self.error.code


@dataclass(frozen=True, slots=True)
class Recovered:
    """Something that was brought back, or given up. `error` says what, from when, and what is lost."""

    error: UserFacingError


def unwatched(_stage: str, _done: int, _total: int) -> None:
    """An `At` for those who do not look."""
