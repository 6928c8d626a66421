"""Which embedding model answers questions, and which one would suit the library's documents better.

While the model that was chosen last embeds the library, the one before it goes on answering: docs/decisions/0018.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag_desktop.domain.ids import ChunkId, SpaceId
from rag_desktop.domain.models import InstalledModel, Model, ModelKind, Relevance
from rag_desktop.domain.status import ListedModel, Recommendation
from rag_desktop.services.indexing import Embedder
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow
from rag_desktop.text.scripts import Script, script_of

_RECOUNT_EVERY = 5_000
"""Changes of vectors after which it is counted again which space has more."""
_SAMPLED = 256
"""Leaves whose script is looked at."""
_UNREAD_SHARE = 0.05
_UNBEGUN = SpaceId(0)
"""Stands for a space that no vector was stored in yet."""
_FIRST = ChunkId(0)


@dataclass(frozen=True, slots=True)
class EmbedderChoice:
    """The embedder in use, the languages its model reads, and what its cosines say.

    reranker: the cross-encoder that the same child serves, where one is installed. is_late: late interaction of its
    tokens helps.
    """

    embedder: Embedder
    languages: tuple[str, ...]
    relevance: Relevance | None
    reranker: InstalledModel | None = None
    is_late: bool = False


@dataclass(slots=True)
class _Rival:
    """Another model's space, and where in it the chosen model's space still lacks a leaf."""

    choice: EmbedderChoice
    space: SpaceRow
    lacking: ChunkId = _FIRST
    counted_at: int | None = None
    has_more: bool = True


class Serving:
    """Says which embedder to ask for a query's vector. For one lane: it uses the lane's reading connection.

    The chosen model answers as soon as its space lacks no leaf that another's has. Until then the one whose space is
    the fullest does. That it does is found out in some microseconds; once the chosen model has caught up, in none.
    """

    def __init__(self, library: Library, choices: Sequence[EmbedderChoice]) -> None:
        """choices: the chosen model first, then others that are installed."""
        self._library = library
        self._chosen = choices[0] if choices else None
        self._others = tuple(choices[1:])
        self._rival: _Rival | None = None
        self._has_caught_up = False

    def choice(self) -> EmbedderChoice | None:
        """The embedder that answers now; None where none is installed."""
        if self._chosen is None or self._has_caught_up:
            return self._chosen
        with self._library.reading():
            rows = {row.key: row for row in self._library.vectors.spaces()}
            self._rival = self._rival or self._fullest(rows)
            own = rows.get(self._chosen.embedder.key)
            if self._rival is None or not self._lacks(own.id if own else _UNBEGUN, self._rival):
                self._has_caught_up = True
                return self._chosen
            return self._rival.choice if self._has_more(self._rival, own) else self._chosen

    def _fullest(self, rows: dict[str, SpaceRow]) -> _Rival | None:
        found = [_Rival(each, rows[each.embedder.key]) for each in self._others if each.embedder.key in rows]
        found = [rival for rival in found if self._library.vectors.has_any(rival.space.id)]
        if len(found) < 2:
            return found[0] if found else None
        return max(found, key=lambda rival: (self._library.vectors.count(rival.space.id), rival.space.id))

    def _lacks(self, own: SpaceId, rival: _Rival) -> bool:
        """Whether the chosen model's space lacks a leaf of the rival's: the one it lacked last time, or a later one."""
        vectors = self._library.vectors
        found = vectors.first_lacking(own, rival.space.id, rival.lacking)
        if found is None and rival.lacking:
            found = vectors.first_lacking(own, rival.space.id, _FIRST)
        rival.lacking = found or _FIRST
        return found is not None

    def _has_more(self, rival: _Rival, own: SpaceRow | None) -> bool:
        """Whether the rival finds more: a few leaves that wait for long must not keep an old model in office."""
        vectors = self._library.vectors
        seq = vectors.seq()
        if rival.counted_at is None or seq - rival.counted_at >= _RECOUNT_EVERY:
            rival.has_more = own is None or vectors.count(rival.space.id) > vectors.count(own.id)
            rival.counted_at = seq
        return rival.has_more


def scripts_of(library: Library) -> Counter[Script]:
    """The scripts of some hundred leaves from all over the library."""
    with library.reading():
        leaves = library.chunks.spread(_SAMPLED)
        return Counter(script_of(library.documents.text(document, span)) for document, span in leaves)


def recommended(library: Library, models: Iterable[ListedModel]) -> Recommendation | None:
    """The embedding model to use instead, where the one in use cannot read a good part of the passages.

    models: the catalogue and the shelf; one that is installed is preferred, then the order of the catalogue.
    """
    embedders = [each for each in models if each.model.kind is ModelKind.EMBEDDER]
    used = next((each.model for each in embedders if each.in_use), None)
    used = used or next((each.model for each in embedders if each.model.default), None)
    if used is None or "*" in used.languages:
        return None
    found = scripts_of(library)
    unread = {script: count for script, count in found.items() if not _reads(used, script)}
    share = unread.total() / found.total() if (unread := Counter(unread)) else 0.0
    if share < _UNREAD_SHARE:
        return None
    fitting = [each for each in embedders if all(_reads(each.model, script) for script in found)]
    better = min(fitting, key=lambda each: not each.is_installed, default=None)
    if better is None:
        return None
    scripts = tuple(script.value for script, _ in unread.most_common())
    return Recommendation(better.model, better.is_installed, used, scripts, share)


def _reads(model: Model, script: Script) -> bool:
    known = model.languages
    return script is Script.LATIN or "*" in known or any(language in known for language in script.languages)
