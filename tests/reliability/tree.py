"""A real tree of files with watched roots in it, and a record of what a watcher would tell of its changes."""

import os
import random
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rag_desktop.files.walking import is_within
from tests.reliability.material import Material

PAPERS, INNER, DRIVE, ALONE = "papers", "papers/inner", "drive", "papers/alone.md"
ROOTS = (PAPERS, INNER, DRIVE, ALONE)
"""One folder lies in another, one can be unplugged, one is a single file."""
State = tuple[int, int, int]
_LONG = 1500
"""Bytes of a folder's path from which on nothing new is put into it."""


@dataclass
class Tree:
    """The files below `home`. `touched` are paths that changed since `forget_touched`, as a watcher names them."""

    home: Path
    chance: random.Random
    touched: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    hidden: set[tuple[int, int]] = field(default_factory=set)
    """Folders that cannot be listed, by device and inode: their disk is broken there."""
    foreign: set[str] = field(default_factory=set)
    """Roots in whose place an empty mount point was left: another file system."""
    unplugged: dict[str, str] = field(default_factory=dict)
    """Where the root of an unplugged folder is now, by its own path."""

    def __post_init__(self) -> None:
        self.material = Material(self.chance)
        self.base = self.home / "tree"
        self.stash = str(self.home / "elsewhere")
        self.roots = tuple(str(self.base / name) for name in ROOTS)
        for path in (*self.roots[:3], self.stash):
            os.makedirs(path)
        self.write(self.roots[3], self.material.content(".md"))

    # What is there

    def entries(self) -> Iterator[os.DirEntry[str]]:
        """All entries below the roots in a stable order, but not below what is hidden."""
        waiting = self._tops()
        while waiting:
            with os.scandir(waiting.pop()) as found:
                entries = sorted(found, key=lambda entry: entry.name)
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False) and not self.is_hidden(entry.path):
                    waiting.append(entry.path)

    def files(self) -> list[str]:
        """Regular files."""
        return [entry.path for entry in self.entries() if entry.is_file(follow_symlinks=False)]

    def folders(self) -> list[str]:
        """Folders that can be written to, roots too."""
        below = [entry.path for entry in self.entries() if entry.is_dir(follow_symlinks=False)]
        return self._tops() + [path for path in below if len(os.fsencode(path)) < _LONG and not self.is_hidden(path)]

    def branches(self) -> list[str]:
        """Folders that are no roots and hold none."""
        return [path for path in self.folders() if not any(is_within(root, [path]) for root in self.roots)]

    def states(self) -> dict[str, State]:
        """Size and times of all files, those in hidden folders too."""
        found = {}
        for where, _, names in os.walk(self.base):
            for name in names:
                path = os.path.join(where, name)
                status = os.lstat(path)
                if stat.S_ISREG(status.st_mode):
                    found[path] = status.st_size, status.st_mtime_ns, status.st_ctime_ns
        return found

    def is_hidden(self, path: str) -> bool:
        """Whether a folder itself cannot be listed."""
        status = os.lstat(path)
        return (status.st_dev, status.st_ino) in self.hidden

    def hidden_paths(self) -> list[str]:
        """Where the hidden folders are now."""
        return [entry.path for entry in self.entries() if entry.is_dir(follow_symlinks=False)
                and self.is_hidden(entry.path)]  # fmt: skip

    def fits(self, path: str, to: str) -> bool:
        """Whether no path gets too long for the system when a folder goes there."""
        below = [len(os.fsencode(os.path.join(where, name))) for where, folders, names in os.walk(path)
                 for name in (*folders, *names)]  # fmt: skip
        return max(below, default=0) + len(os.fsencode(to)) - len(os.fsencode(path)) < 2 * _LONG

    def relative(self, path: str) -> str:
        """A path as it is logged."""
        return os.path.relpath(path, self.home)

    def free(self, folder: str, suffix: str | None = None) -> str:
        """A path in a folder at which there is nothing."""
        while True:
            name = self.material.name() if suffix is None else self.material.stem() + suffix
            path = os.path.join(folder, name)
            if not os.path.lexists(path):
                return path

    # What happens; all changes go through these

    def note(self, kind: str, *paths: str) -> None:
        """Count an operation and log it."""
        self.counts[kind] += 1
        self.log.append(f"{kind} {' '.join(repr(self.relative(path)) for path in paths)}")

    def write(self, path: str, content: bytes) -> None:
        """Put bytes in a file, new or there."""
        with open(path, "wb") as file:
            file.write(content)
        self.touched.add(path)

    def edit(self, path: str, content: bytes, *, secretly: bool = False) -> None:
        """Change a file in place; secretly: its time stays."""
        before = os.lstat(path)
        self.write(path, content)
        if secretly:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def move(self, path: str, to: str) -> None:
        """Rename a file or a folder; a file at the new path is replaced."""
        os.rename(path, to)
        self.touched.update((path, to))

    def copy(self, path: str, to: str) -> None:
        """Copy a file, or a folder with all it holds."""
        if os.path.isdir(path):
            shutil.copytree(path, to, symlinks=True, ignore=self._unlistable)
        else:
            shutil.copy2(path, to)
        self.touched.add(to)

    def remove(self, path: str) -> None:
        """Delete a file, a link, or a folder with all it holds."""
        if os.path.isdir(path) and not os.path.islink(path):
            for where, _, _ in os.walk(path):
                status = os.lstat(where)
                self.hidden.discard((status.st_dev, status.st_ino))  # the number may be given to another folder
            shutil.rmtree(path)
        else:
            os.unlink(path)
        self.touched.add(path)

    def make_folder(self, path: str) -> None:
        """Make a folder, with those above it."""
        os.makedirs(path)
        self.touched.add(path)

    def hide(self, path: str, *, hidden: bool) -> None:
        """Let a folder be one that cannot be listed, or can be again."""
        status = os.lstat(path)
        (self.hidden.add if hidden else self.hidden.discard)((status.st_dev, status.st_ino))
        self.touched.add(path)

    def _tops(self) -> list[str]:
        return [root for root in (self.roots[0], self.roots[2]) if os.path.isdir(root) and not self.is_hidden(root)]

    def _unlistable(self, _: str, names: list[str]) -> list[str]:
        """Names that are not copied: special files."""
        return [name for name in names if name.startswith("pipe")]
