"""What happens to passages after the signals were fused: a line of stages, each leaving its score in the trace.

A new stage is one function `(Scene, passages) -> passages` and its line in `STAGES`; its name then shows in the trace,
in "why this?" and in the evaluation. A stage that cannot run raises `AbsentError`, and its report says why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.documents import Chunk
from rag_desktop.domain.ids import ChunkId
from rag_desktop.ranking import folding
from rag_desktop.ranking.context import Surroundings, in_context
from rag_desktop.ranking.diversity import spread
from rag_desktop.services import reranking
from rag_desktop.services.merging import merge_up
from rag_desktop.services.reranking import Reranked
from rag_desktop.services.signals import Asked, Meant
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.store.fulltext import LONGEST_FAMILY
from rag_desktop.store.library import Library

CONTEXT = 30
"""Passages whose surroundings are looked at: more changed nothing in the first ten."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a stage may draw on.

    names: its rare identifiers, as index tokens. rarity: inverse document frequency of its terms. meant: None
    where meaning was not asked. reranking: value of the setting. also: stages that run whatever speaks against them.
    """

    library: Library
    asked: Asked
    names: tuple[tuple[str, ...], ...]
    rarity: Mapping[str, float]
    embedding: EmbedderChoice | None
    meant: Meant | None
    reranking: str
    also: frozenset[str] = frozenset()


class AbsentError(Exception):
    """A stage that could not run. `code` says why, as an error's code does."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stage:
    """A named step. is_quick: whether it runs while a person types; is_on: whether it runs where nobody says."""

    name: str
    act: Callable[[Scene, tuple[Passage, ...]], tuple[Passage, ...]]
    is_quick: bool = True
    is_on: bool = True


def context(scene: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The first passages by what stands around them too: their parent's words and its leaves' meaning."""
    head = passages[:CONTEXT]
    library = scene.library
    with library.reading():
        parents = library.chunks.get([each.chunk.parent_id for each in head if each.chunk.parent_id])
        homes = [_home(each, parents) for each in head]
        texts = {home.id: _text(library, home) for home in homes if home}
        cosines, around = _cosines(scene, head)
    scores = in_context(
        [
            Surroundings(each.score, texts[home.id] if home else each.text, cosines.get(each.chunk.id), around[place])
            for place, (each, home) in enumerate(zip(head, homes, strict=True))
        ],
        scene.rarity,
    )
    return _reordered("context", head, scores, passages)


def _text(library: Library, parent: Chunk) -> str:
    return "\n".join((*parent.headings, library.documents.text(parent.document_id, parent.span)))


def _home(passage: Passage, parents: Mapping[ChunkId, Chunk]) -> Chunk | None:
    """The parent of a leaf, unless it is one of those large ones that say little of each leaf."""
    parent = parents.get(passage.chunk.parent_id) if passage.chunk.parent_id else None
    return parent if parent and len(parent.span) <= LONGEST_FAMILY else None


def _cosines(scene: Scene, head: tuple[Passage, ...]) -> tuple[Mapping[ChunkId, float], list[float | None]]:
    """Cosines of all leaves around these passages, and the mean of each passage's siblings and itself."""
    if scene.meant is None:
        return {}, [None] * len(head)
    siblings = scene.library.chunks.siblings([each.chunk.id for each in head])
    # Of a very large parent not all leaves are among the siblings, and so the passage itself may not be.
    families = [{each.chunk.id, *siblings.get(each.chunk.id, ())} for each in head]
    found = scene.meant.of(sorted(set().union(*families)))
    cosines = {ChunkId(id_): score for id_, score in found.items()}
    around: list[float | None] = []
    for family in families:
        known = [cosines[leaf] for leaf in sorted(family) if leaf in cosines]
        around.append(sum(known) / len(known) if known else None)
    return cosines, around


def identified(scene: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Passages that hold the question's rare identifiers (INV-2024-31, match.arg) before those that do not."""
    wanted = scene.names
    if not wanted:
        return passages
    full_text, ids = scene.library.fulltext, [each.chunk.id for each in passages]
    holders = [full_text.holding(ids, [phrase]) for phrase in wanted]
    counts = [sum(id_ in held for held in holders) / len(wanted) for id_ in ids]
    if not any(counts):
        return passages
    scores = [each.score + count for each, count in zip(passages, counts, strict=True)]
    # By the counts alone: after a cross-encoder the first passages have scores of another scale than those behind them.
    ranked = sorted(zip(counts, _scored("identifiers", passages, scores), strict=True), key=lambda pair: -pair[0])
    return tuple(each for _, each in ranked)


def late(scene: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Late interaction with the tokens of the model that made the vectors."""
    if scene.embedding is None or scene.meant is None:
        raise AbsentError("vector-absent")
    if not scene.embedding.is_late and "late" not in scene.also:
        raise AbsentError("late-unhelpful")
    if _reranks(scene):
        raise AbsentError("reranker-instead")
    child = scene.embedding.embedder.child
    return _done(reranking.late_interaction(child, scene.asked.words, passages))


def rerank(scene: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """A cross-encoder's order of the first passages."""
    if scene.embedding is None or scene.embedding.reranker is None:
        raise AbsentError("reranker-missing")
    if not _reranks(scene):
        raise AbsentError("reranker-unsuited")
    return _done(reranking.rerank(scene.embedding.embedder.child, scene.asked.words, passages))


def _reranks(scene: Scene) -> bool:
    """Whether there is a cross-encoder that is to read what was found for this question."""
    model = scene.embedding.reranker if scene.embedding else None
    return model is not None and reranking.suits(scene.reranking, scene.asked.words, model.model.languages)


def fold(_: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Near-duplicates folded into the best of them."""
    return folding.fold(passages)


def diverse(scene: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The first passages spread over documents where many are about as good."""
    return spread(passages, scene.asked.question.top_k)


def merge(scene: Scene, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Parents in the place of their leaves, where enough of them are among the passages that are wanted."""
    if not scene.asked.question.merges:
        return passages
    wanted = scene.asked.question.top_k
    merged = merge_up(scene.library, passages[:wanted])
    return (*merged, *(each for each in passages[wanted:] if not any(_lies_in(each, whole) for whole in merged)))


def _lies_in(passage: Passage, whole: Passage) -> bool:
    """Whether `whole` is a parent with all words of `passage`."""
    return bool(whole.leaf) and whole.document.id == passage.document.id and whole.chunk.span.covers(passage.chunk.span)


STAGES: tuple[Stage, ...] = (
    Stage("context", context),
    Stage("late", late, is_quick=False),
    Stage("rerank", rerank, is_quick=False),
    Stage("identifiers", identified),
    Stage("fold", fold),
    Stage("diversity", diverse),
    Stage("merge", merge),
)
"""In the order in which they run."""


def _reordered(
    stage: str, head: tuple[Passage, ...], scores: list[float], passages: tuple[Passage, ...]
) -> tuple[Passage, ...]:
    """The first passages by new scores, which never fall below those of the passages behind them."""
    return (*sorted(_scored(stage, head, scores), key=lambda each: -each.score), *passages[len(head) :])


def _scored(stage: str, passages: tuple[Passage, ...], scores: list[float]) -> list[Passage]:
    return [
        replace(each, score=score, trace=(*each.trace, StageScore(stage, score)))
        for each, score in zip(passages, scores, strict=True)
    ]


def _done(result: Reranked) -> tuple[Passage, ...]:
    if result.missed:
        raise AbsentError(result.missed.code)
    return result.passages
