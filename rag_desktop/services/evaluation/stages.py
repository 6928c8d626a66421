"""The searches that show what each stage of retrieval does: the one place here that knows how a search is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from rag_desktop.domain.answers import Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.retrieval import Found, Mode, Retrieval, Steps
from rag_desktop.services.stages import STAGES

SIGNALS = (Mode.KEYWORD.value, Mode.VECTOR.value)
FUSED = "fused"
_FAILURES = ("child-", "model-")
"""What codes begin with of a stage that should have run."""
MERGE = "merge"
"""Runs in every search, but does nothing where the question does not ask for it."""
LATER = tuple(stage.name for stage in STAGES)
"""Stages after the signals were fused, in order."""
REMOVABLE = (*SIGNALS, *LATER)
"""Stages that a search can do without."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A search that ends after `stage`, leaves some stages out, and runs others though they are off."""

    stage: str
    without: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()

    @property
    def mode(self) -> Mode:
        if self.stage in SIGNALS:
            return Mode(self.stage)
        left = [signal for signal in SIGNALS if signal not in self.without]
        return Mode.HYBRID if len(left) == len(SIGNALS) else Mode(left[0])

    @property
    def steps(self) -> Steps:
        """Which of the later stages run."""
        until = self.stage if self.stage in LATER else FUSED
        return Steps(until, self.without.intersection(LATER), self.also, keeps=True)


def recipes(without: frozenset[str], also: frozenset[str], *, has_vectors: bool) -> tuple[Recipe, ...]:
    """One search for each stage that runs, the last one being the whole search. At least one signal is left."""
    absent = without if has_vectors else without | {Mode.VECTOR.value}
    if absent.issuperset(SIGNALS):
        raise UserFacingError("stages-none")
    later = [stage.name for stage in STAGES if stage.is_on or stage.name in also]
    return tuple(Recipe(stage, absent, also) for stage in (*SIGNALS, FUSED, *later) if stage not in absent)


def search(retrieval: Retrieval, question: Question, recipe: Recipe, *, exact: bool) -> Found:
    """Search as `search` does. A question without any word finds nothing.

    Raises UserFacingError `evaluation-partial` where a search by meaning failed and words alone were searched.
    """
    try:
        found = retrieval.search(question, recipe.mode, exact=exact, steps=recipe.steps)
    except UserFacingError as error:
        if error.code != "question-empty":
            raise
        return Found((), recipe.mode, {})
    if found.mode is not recipe.mode or any(code.startswith(_FAILURES) for code in found.absent.values()):
        raise UserFacingError("evaluation-partial")
    return found


def milliseconds(found: Found) -> Mapping[str, float]:
    """What each stage of a whole search took, and the `total`."""
    spent = {each.stage: 1000 * each.seconds for each in found.stages if each.absent is None}
    return {**spent, "total": 1000 * found.seconds.get("total", 0.0)}
