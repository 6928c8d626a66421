"""Decides what of a folder is left out: the defaults, then a person's own lines for it."""

import os
import re
import sys
from collections.abc import Iterable, Sequence

from rag_desktop.files.defaults import DEFAULTS
from rag_desktop.files.patterns import Pattern, parse, subject


class Rules:
    """What is left out below one root. The last pattern that matches an entry decides; nothing below a folder that is
    left out can be brought back, as in git: `!node_modules/` brings the folder back, `!node_modules/a.txt` nothing.

    patterns: lines in the syntax of .gitignore, relative to the root; they come after the defaults. ignore_case: None
    is what the system does. Raises UserFacingError `pattern-refused`.
    """

    def __init__(self, root: str, patterns: str = "", *, ignore_case: bool | None = None) -> None:
        self.root = root
        self.patterns = patterns
        self._ignore_case = sys.platform in ("win32", "darwin") if ignore_case is None else ignore_case
        self._before = root.rstrip(os.sep) + os.sep
        own = parse(patterns, ignore_case=self._ignore_case)
        parsed = (*parse(DEFAULTS, ignore_case=self._ignore_case), *own)
        self._matchers = [(pattern, re.compile(pattern.expression)) for pattern in reversed(parsed)]
        excluding = [pattern for pattern in parsed if pattern.excludes]
        self._named = _Named([pattern for pattern in excluding if pattern.is_named])
        placed = [pattern for pattern in excluding if not pattern.is_named]
        self._placed_folders = _any(placed)
        self._placed_files = _any([pattern for pattern in placed if not pattern.is_for_folders])

    def excludes(self, path: str, is_dir: bool) -> bool:
        """Whether an absolute path below the root, or a folder on the way to it, is left out.

        Raises ValueError for a path that is not below the root.
        """
        return self._excluding(path, is_dir) is not None

    def reason(self, path: str, is_dir: bool = False) -> str | None:
        """The pattern, as it was typed, for which a path is left out."""
        pattern = self._excluding(path, is_dir)
        return pattern.text if pattern else None

    def excludes_entry(self, relative: str, name: str, is_dir: bool) -> bool:
        """Whether an entry is left out whose folder is not; relative: its path below the root, with `/`."""
        return self._excluding_entry(relative, name, is_dir) is not None

    def _excluding(self, path: str, is_dir: bool) -> Pattern | None:
        if not path.startswith(self._before):
            raise ValueError(f"{path!r} is not below {self.root!r}")
        *above, last = path[len(self._before) :].split(os.sep)
        relative = ""
        for name in above:
            relative += name
            if found := self._excluding_entry(relative, name, True):
                return found
            relative += "/"
        return self._excluding_entry(relative + last, last, is_dir)

    def _excluding_entry(self, relative: str, name: str, is_dir: bool) -> Pattern | None:
        name = subject(name, ignore_case=self._ignore_case)
        placed = self._placed_folders if is_dir else self._placed_files
        may_match = self._named.may_match(name)
        if placed is None and not may_match:
            return None
        slash = "/" if is_dir else ""
        relative = subject(relative, ignore_case=self._ignore_case) + slash
        if not may_match and not (placed and placed.fullmatch(relative)):
            return None
        name += slash
        for pattern, expression in self._matchers:
            if expression.fullmatch(name if pattern.is_named else relative):
                return pattern if pattern.excludes else None
        return None


class _Named:
    """All patterns about names at once: nearly every entry matches none, and this has to be quick to say."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._literals = frozenset(pattern.literal for pattern in patterns if pattern.literal)
        rest = [pattern for pattern in patterns if not pattern.literal]
        self._prefixes = tuple(pattern.prefix for pattern in rest if pattern.prefix)
        self._suffixes = tuple(pattern.suffix for pattern in rest if pattern.suffix)
        self._others = _any([pattern for pattern in rest if not pattern.prefix and not pattern.suffix])

    def may_match(self, name: str) -> bool:
        """Whether a name may be excluded, as a folder's or as a file's."""
        if name in self._literals or name.endswith(self._suffixes) or name.startswith(self._prefixes):
            return True
        others = self._others
        return others is not None and (others.fullmatch(name) or others.fullmatch(name + "/")) is not None


def _any(patterns: Iterable[Pattern]) -> re.Pattern[str] | None:
    expressions = [f"(?:{pattern.expression})" for pattern in patterns]
    return re.compile("|".join(expressions)) if expressions else None
