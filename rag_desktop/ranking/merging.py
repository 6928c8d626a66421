"""Auto-merging: where enough of a parent's leaves were found, the parent is what was looked for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rag_desktop.domain.ids import ChunkId

LEAST_CHILDREN = 2
"""One part alone never brings its parent, however few the parent has."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a passage is made of: a chunk that was found, or a parent of several.

    best: the one of them that was found first, whose score it has. found: how many of those that were found it holds.
    """

    id: ChunkId
    best: ChunkId
    score: float
    found: int = 1


def merged(
    hits: Sequence[tuple[ChunkId, float]],
    parents: Mapping[ChunkId, ChunkId],
    children: Mapping[ChunkId, int],
    share: float = 0.5,
) -> tuple[Unit, ...]:
    """`hits`, each once, with parents in the place of parts: of at least `share` of a parent's parts, and of two.

    hits: chunks with their scores, best first. parents: by part, of all levels; children: how many parts a parent has.
    Merging goes on upward as long as it can; whatever else was found inside a parent then goes into it. A unit stands
    where its best hit stood, with that one's score. Source: LlamaIndex's auto-merging retriever, which gives a parent
    the mean of its parts; but a part that answers the question does so no less among others that hardly do, and the
    mean would put it behind passages which it had beaten.
    """
    units: dict[ChunkId, Unit] = {}
    for id_, score in hits:
        units.setdefault(id_, Unit(id_, id_, score))
    for id_ in [id_ for id_ in units if id_ in children]:  # parents that were hits themselves
        if id_ in units:
            units = _with(id_, units, parents)
    while full := _full(units, parents, children, share):
        units = _with(full, units, parents)
    return tuple(units.values())


def _full(
    units: Mapping[ChunkId, Unit], parents: Mapping[ChunkId, ChunkId], children: Mapping[ChunkId, int], share: float
) -> ChunkId | None:
    """A parent enough of whose parts are there, if there is one."""
    below: dict[ChunkId, int] = defaultdict(int)
    for id_ in units:
        if id_ in parents:
            below[parents[id_]] += 1
    enough = (id_ for id_, count in below.items() if count >= max(LEAST_CHILDREN, share * children.get(id_, count)))
    return next(enough, None)


def _with(parent: ChunkId, units: Mapping[ChunkId, Unit], parents: Mapping[ChunkId, ChunkId]) -> dict[ChunkId, Unit]:
    """The units with `parent` in the place of all that lies in it."""
    inside = [unit for unit in units.values() if unit.id == parent or parent in _above(unit.id, parents)]
    whole = replace(inside[0], id=parent, found=sum(unit.found for unit in inside))
    gone = {unit.id for unit in inside}
    found: dict[ChunkId, Unit] = {}
    for unit in units.values():
        if unit is inside[0]:
            found[parent] = whole
        elif unit.id not in gone:
            found[unit.id] = unit
    return found


def _above(id_: ChunkId, parents: Mapping[ChunkId, ChunkId]) -> Iterator[ChunkId]:
    while id_ in parents:
        id_ = parents[id_]
        yield id_
