"""The stage that merges passages upward: a parent's text in the place of its parts, where enough of them were found."""

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.ids import ChunkId
from rag_desktop.ranking.merging import merged
from rag_desktop.store.library import Library


def merge_up(library: Library, passages: tuple[Passage, ...], share: float = 0.5) -> tuple[Passage, ...]:
    """Passages, best first, no words of which lie in another because that is its parent.

    share: of a parent's parts that must be there for it to take their place. A parent's passage has its best part as
    `leaf`, that one's document, twins, score and trace, and in the trace how many passages were merged.
    """
    by_id: dict[ChunkId, Passage] = {}
    for passage in passages:
        by_id.setdefault(passage.chunk.id, passage)
    with library.reading():
        families = library.chunks.families(list(by_id))
        chunks = [passage.chunk for passage in by_id.values()] + [family.parent for family in families.values()]
        parents = {chunk.id: chunk.parent_id for chunk in chunks if chunk.parent_id in families}
        children = {id_: family.children for id_, family in families.items()}
        units = merged([(id_, passage.score) for id_, passage in by_id.items()], parents, children, share)
        found = []
        for unit in units:
            best = by_id[unit.best]
            if unit.id == best.chunk.id:
                found.append(best)
                continue
            parent = families[unit.id].parent
            text = library.documents.text(parent.document_id, parent.span)
            trace = (*best.trace, StageScore("merged", float(unit.found)))
            leaf = best.leaf or best.chunk
            found.append(Passage(parent, best.document, text, unit.score, trace, leaf, best.twins))
    return tuple(found)
