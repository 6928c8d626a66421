"""Deletes the vectors of models that are used no more."""

from collections.abc import Callable

from rag_desktop.services.neighbours import forget_snapshot
from rag_desktop.store.library import Library
from rag_desktop.store.vectors import SpaceRow


def retire(library: Library, used: SpaceRow, is_wanted: Callable[[], bool] = lambda: False) -> None:
    """Delete the vectors of all models but the one in use and the one before it; on the writing lane.

    Call when `used` is complete. The one before stays, so that going back costs only what changed since; which of
    several that is, the number of their vectors tells. is_wanted: asked between short transactions whether other work
    waits; the next call goes on from there.
    """
    vectors = library.vectors
    others = [space for space in vectors.spaces() if space.id != used.id]
    if len(others) < 2:
        return
    others.sort(key=lambda space: (vectors.count(space.id), space.id))
    for space in others[:-1]:
        forget_snapshot(library, space)
        is_left = True
        while is_left and not is_wanted():
            with library.transaction():
                is_left = vectors.drop_some(space.id)
                if not is_left:
                    vectors.forget(space.id)
