"""Compares folders and path patterns that a person names with stored paths; case and composition do not count."""

import fnmatch
import os
import re
import unicodedata
from collections.abc import Sequence

from rag_desktop.store.codec import path_from_blob

_WILD = re.compile(r"[*?\[]")
_ANY_DEPTH = None


def plain(name: str) -> str:
    """`name` as it is compared: file systems differ in what they keep of case and composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class FolderName:
    """A folder by its name, by the last of its path (`Contracts/2023`), or by its whole path (also with `~`)."""

    def __init__(self, named: str) -> None:
        path = _at_home(named)
        self._is_whole = os.path.isabs(path)
        self._parts = _parts(path)

    def holds(self, root: bytes | None, directory: bytes) -> bool:
        """Whether files in `directory` lie in this folder, at any depth.

        root: the watched folder they were found in. A name means it or a folder below it, never one above; None for a
        file that is watched by itself, which only the folder it lies in can name.
        """
        parts = _parts(path_from_blob(directory))
        wanted = len(self._parts)
        if self._is_whole:
            return parts[:wanted] == self._parts
        watched = len(parts) if root is None else len(_parts(path_from_blob(root)))
        inside = parts[max(0, watched - 1) :]
        return bool(wanted) and any(inside[at : at + wanted] == self._parts for at in range(len(inside) - wanted + 1))


class PathPattern:
    """A shell pattern over a path, or over its name where it holds no separator.

    `*` and `?` stay within one name, `**` goes over any number of folders, and a pattern that does not begin at the
    root may begin in any folder. A separator at the end means all that lies below. A name by itself without any of
    `*?[` may stand inside a longer one.
    """

    def __init__(self, glob: str) -> None:
        path = _at_home(glob)
        is_whole, is_folder = os.path.isabs(path), path.endswith(("/", os.sep))
        parts = _parts(path)
        self._is_name = len(parts) == 1 and parts != ["**"] and not is_whole and not is_folder
        if self._is_name and not _WILD.search(parts[0]):
            parts = [f"*{parts[0]}*"]
        steps = [None if part == "**" else re.compile(fnmatch.translate(part)) for part in parts]
        self._steps = (*([] if is_whole else [_ANY_DEPTH]), *steps, *([_ANY_DEPTH] if is_folder else []))

    def matches(self, path: bytes) -> bool:
        """Whether the pattern fits the whole of a stored path."""
        shown = path_from_blob(path)
        return self._fits([plain(os.path.basename(shown))] if self._is_name else _parts(shown))

    def _fits(self, names: Sequence[str]) -> bool:
        """Which steps can have been taken after each name: time is bounded by names times steps."""
        reached = self._resting({0})
        for name in names:
            after = {step for step in reached if step < len(self._steps) and self._steps[step] is _ANY_DEPTH}
            for step in reached:
                pattern = self._steps[step] if step < len(self._steps) else None
                if pattern is not None and pattern.fullmatch(name):
                    after.add(step + 1)
            reached = self._resting(after)
            if not reached:
                return False
        return len(self._steps) in reached

    def _resting(self, reached: set[int]) -> set[int]:
        """With the steps that `**` may leave out."""
        found = set(reached)
        for step in range(len(self._steps)):
            if step in found and self._steps[step] is _ANY_DEPTH:
                found.add(step + 1)
        return found


def _parts(path: str) -> list[str]:
    shown = path if os.sep == "/" else path.replace(os.sep, "/")
    return [part for part in plain(shown).split("/") if part]


def _at_home(path: str) -> str:
    """`path` with the home folder for a `~` at its beginning; other people's homes are not looked up."""
    return os.path.expanduser(path) if path == "~" or path.startswith(("~/", f"~{os.sep}")) else path
