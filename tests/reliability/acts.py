"""What a person changes about the watched folders, between two looks or in the midst of one."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_desktop.formats import registry
from rag_desktop.services import library as libraries
from rag_desktop.services.bounds import Bounds, Caps
from rag_desktop.services.indexing import Indexing, Means
from rag_desktop.services.power import Power
from rag_desktop.services.room import Room
from rag_desktop.store.library import Library
from tests.reliability.tree import Tree

Do = Callable[..., Any]
"""Has something done: the name of a method of `program.Served`, and its arguments."""
PATTERNS = ("", "*.csv", "drafts/\n*.docx", "/notes*\n!/notes1.txt")


@dataclass
class Watched:
    """A folder as a person set it up. is_removed: marked, and purged when the program starts anew."""

    is_paused: bool = False
    patterns: str = ""
    is_removed: bool = False

    @property
    def is_followed(self) -> bool:
        return not self.is_paused and not self.is_removed


def current(watched: Mapping[str, Watched]) -> list[str]:
    """Roots of folders that are not removed."""
    return [root for root, each in watched.items() if not each.is_removed]


def act(tree: Tree, watched: dict[str, Watched], do: Do) -> str | None:
    """Change something by chance; says what, or None where nothing could be."""
    chance = tree.chance
    odd = [root for root in tree.roots if root not in watched or not watched[root].is_followed]
    root = chance.choice(odd if odd and chance.random() < 0.6 else tree.roots)
    kind, pattern = chance.choice(("pause", "patterns", "remove")), chance.choice(PATTERNS)
    there = watched.get(root)
    if there and there.is_paused and chance.random() < 0.6:
        kind = "pause"
    if there is None or there.is_removed:
        kind = chance.choice(("register", "undo")) if there else "register"
        if kind == "register" and not os.path.exists(root):
            return None
        do(*(("register", [root]) if kind == "register" else ("undo_remove", root)))
        watched[root] = there or Watched()
        watched[root].is_removed = False
    elif kind == "pause":
        there.is_paused = not there.is_paused
        do("pause", root, there.is_paused)
    elif kind == "patterns":
        there.patterns = pattern
        do("set_patterns", root, pattern)
    elif len(current(watched)) > 1:
        there.is_removed = True
        do("remove", root)
    # Whoever holds the folder too is looked at whole: its files may be the other's now.
    tree.touched.update(each for each in current(watched) if each in root or root in each)
    tree.touched.add(root)
    return f"{kind} {tree.relative(root)} {pattern!r}"


class Beside:
    """The library over a second connection, as the searching lane writes while the writing lane is at work."""

    def __init__(self, place: Path) -> None:
        self._library = Library.beside(place)

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *_: object) -> None:
        self._library.close()

    def ask(self, name: str, *arguments: Any) -> None:
        """As `Process.ask`, for what a person changes."""
        getattr(self, name)(*arguments)

    def register(self, paths: list[str]) -> None:
        bounds = Bounds(Caps(), Room(self._library.folder), Power(lambda: "full"))
        Indexing(self._library, Means((), None, registry.format_of, bounds)).register(paths)

    def remove(self, path: str) -> None:
        libraries.mark_removed(self._library, path)

    def undo_remove(self, path: str) -> None:
        row = self._library.folders.at(path)
        assert row
        libraries.restore(self._library, row)

    def pause(self, path: str, paused: bool) -> None:
        libraries.pause(self._library, path, paused=paused)

    def set_patterns(self, path: str, patterns: str) -> None:
        libraries.set_patterns(self._library, path, patterns)
