"""Walks a watched folder, whole or in parts: what lies there, and what was passed over for which reason."""

import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.files import FileState
from rag_desktop.files.rules import Rules

FormatOf = Callable[[str], str | None]
At = Callable[[int, str], None]
_LONGEST_ON_WINDOWS = 248
"""Characters of a folder's path, where the system was not told to take longer ones."""


@dataclass(slots=True)
class Found:
    """What a walk met, in a stable order."""

    files: list[FileState] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    """Folders that could not be listed and files that could not be looked at: what lies there is not known."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Files of formats that cannot be read, by suffix."""
    excluded: int = 0
    """Entries that the rules leave out; a folder is one."""
    links: int = 0
    """Links and junctions, and folders that hold themselves by way of a mount."""
    is_bare: bool = False
    """The root has no entry at all, as the mount point of a drive that is not there."""
    device: int = 0
    """The root's st_dev. That of one drive may change when it comes again; a change together with `is_bare`, or with
    files of other folders in the root, tells that a mount went away."""
    mounts: list[str] = field(default_factory=list)
    """Folders below the root that are file systems of their own: one that is missing next time may be away."""
    complete: tuple[str, ...] = ()
    """The subtrees this speaks for: what is not in `files`, nor below `unreadable`, is not there."""

    def speaks_for(self, path: str) -> bool:
        """Whether a path that is not in `files` is thereby known to be gone or left out."""
        return is_within(path, self.complete) and not is_within(path, self.unreadable)


def is_within(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of these or lies below one."""
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def upward(path: str) -> Iterator[str]:
    """A path, then each folder above it, the nearest first."""
    yield path
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that do not lie below another one, in order."""
    kept: list[str] = []
    for path in sorted(set(paths), key=lambda path: path.split(os.sep)):
        if not kept or not is_within(path, kept[-1:]):
            kept.append(path)
    return tuple(kept)


def walk(
    rules: Rules, format_of: FormatOf, *, excluded: Iterable[str], at: At, below: Iterable[str] | None = None
) -> Found:
    """All files below the root of the rules that some reader takes. Special files are passed over, other file systems
    walked, links not followed: what lies inside is met at its own place, and nobody gave the program what lies outside.

    excluded: files and folders that are left out, with all they hold, by whatever way the walk comes to them; the root
    is none of these. at: told how many files were met, and where.
    below: look only at these files and folders, which may be gone. Raises UserFacingError `folder-away` where the
    root cannot be listed, or went away meanwhile: nothing that was met then tells what is gone.
    """
    return _Walk(rules, format_of, _Places(rules.root, excluded), at).look(below)


def single_file(path: str) -> FileState:
    """The state of a file that was added by itself. Raises UserFacingError `folder-away` where it is not there."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise UserFacingError("folder-away", path=path) from error
    if not stat.S_ISREG(status.st_mode):
        raise UserFacingError("path-not-regular", path=path)
    return _state(path, status)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that is to be listed. `relative` is empty for the root, else ends in a slash."""

    path: str
    relative: str
    above: "_Chain | None"


@dataclass(frozen=True, slots=True)
class _Chain:
    """A folder with those that hold it. `identity` is its device and its inode, which is 0 where it has none."""

    identity: tuple[int, int]
    above: "_Chain | None"

    def holds(self, identity: tuple[int, int]) -> bool:
        link: _Chain | None = self
        while link:
            if identity[1] and link.identity == identity:
                return True
            link = link.above
        return False


class _Places:
    """Files and folders that a walk of `root` leaves out.

    The walk may come to them by paths that nobody named, where its root is a link or lies behind one. Folders are known
    by what they are, too: a mount, or another case of a name, leads to them as well. Files are not: one that has two
    names (hard links) is two files.
    """

    def __init__(self, root: str, paths: Iterable[str]) -> None:
        self._paths = set(paths)
        self._folders: set[tuple[int, int]] = set()
        really = os.path.realpath(root)
        for path in tuple(self._paths):
            above, name = os.path.split(path)
            place = os.path.join(os.path.realpath(above), name)
            if is_within(place, [really]):
                self._paths.add(root.rstrip(os.sep) + os.sep + place[len(really) :].lstrip(os.sep))
            with suppress(OSError):  # what is not there holds nothing
                status = os.stat(path)
                if stat.S_ISDIR(status.st_mode) and status.st_ino:
                    self._folders.add(_identity(status))

    def has_path(self, path: str) -> bool:
        return path in self._paths

    def has_folder(self, identity: tuple[int, int]) -> bool:
        return identity in self._folders


class _Walk:
    """One walk."""

    def __init__(self, rules: Rules, format_of: FormatOf, excluded: _Places, at: At) -> None:
        self._root = rules.root
        self._rules = rules
        self._format_of = format_of
        self._left_out = excluded
        self._at = at
        self._found = Found()
        self._mounts: dict[str, tuple[int, int]] = {}
        self._something_vanished = False

    def look(self, below: Iterable[str] | None) -> Found:
        root = self._status_of_root()
        self._found.device = root.st_dev
        inner = outermost(below) if below is not None else (self._root,)
        if self._root in inner:
            self._found.complete = (self._root,)
            self._descend(_Folder(self._root, "", None), is_root=True)
        else:
            self._found.complete = inner
            self._found.is_bare = self._is_bare()
            for path in inner:
                self._look_at(path, root)
        if self._something_vanished:
            self._make_sure_nothing_went_away(_identity(root))
        self._found.mounts.extend(self._mounts)
        return self._found

    def _make_sure_nothing_went_away(self, root: tuple[int, int]) -> None:
        """A drive that is taken away in the middle of a walk looks as if its folders had been deleted."""
        if _identity(self._status_of_root()) != root:
            raise UserFacingError("folder-away", path=self._root)
        for path, identity in self._mounts.items():
            try:
                is_there = _identity(os.lstat(path)) == identity
            except OSError:
                is_there = False
            if not is_there:
                self._found.unreadable.append(path)

    def _status_of_root(self) -> os.stat_result:
        try:
            status = os.stat(self._root)
        except OSError as error:
            raise UserFacingError("folder-away", path=self._root) from error
        if not stat.S_ISDIR(status.st_mode):
            raise UserFacingError("folder-away", path=self._root)
        return status

    def _is_bare(self) -> bool:
        try:
            with os.scandir(self._root) as entries:
                return next(entries, None) is None
        except OSError as error:
            raise UserFacingError("folder-away", path=self._root) from error

    def _look_at(self, path: str, root: os.stat_result) -> None:
        """Look at one path below the root, unless something on the way to it is a link, or left out."""
        if not is_within(path, [self._root]):
            raise ValueError(f"{path!r} is not below {self._root!r}")
        names = path[len(self._root.rstrip(os.sep)) + 1 :].split(os.sep)
        chain = _Chain(_identity(root), None)
        folder, relative = self._root, ""
        for name in names[:-1]:
            status = self._status(os.path.join(folder, name), relative + name)
            if status is None or not stat.S_ISDIR(status.st_mode):
                return
            chain = _Chain(_identity(status), chain)
            folder, relative = os.path.join(folder, name), f"{relative}{name}/"
        status = self._status(path, relative + names[-1])
        if status is None:
            return
        if stat.S_ISDIR(status.st_mode):
            self._descend(_Folder(path, f"{relative}{names[-1]}/", chain))
        elif stat.S_ISREG(status.st_mode):
            self._take(path, names[-1], lambda: status)

    def _status(self, path: str, relative: str) -> os.stat_result | None:
        """None for what is not walked: it is gone, or a link, or left out."""
        if self._left_out.has_path(path):
            return None
        try:
            status = os.lstat(path)
        except OSError as error:
            self._missed(path, error)
            return None
        if is_link(status):
            self._found.links += 1
            return None
        is_dir = stat.S_ISDIR(status.st_mode)
        if is_dir and self._left_out.has_folder(_identity(status)):
            return None
        if self._rules.excludes_entry(relative, os.path.basename(path), is_dir):
            self._found.excluded += 1
            return None
        return status

    def _descend(self, start: _Folder, *, is_root: bool = False) -> None:
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            chain = self._chain(folder, is_root=folder is start and is_root)
            entries = self._entries(folder.path) if chain else None
            if entries is None:
                continue
            inner = [
                _Folder(entry.path, f"{folder.relative}{entry.name}/", chain)
                for entry in entries
                if self._meet(entry, folder.relative + entry.name)
            ]
            waiting.extend(reversed(inner))
            self._at(len(self._found.files), folder.path)
            if is_root and folder is start:
                self._found.is_bare = not entries

    def _chain(self, folder: _Folder, *, is_root: bool) -> _Chain | None:
        """The folder with those that hold it; None where it is not to be listed."""
        try:
            status = os.stat(folder.path) if is_root else os.lstat(folder.path)
        except OSError as error:
            self._missed(folder.path, error)
            return None
        identity = _identity(status)
        if not stat.S_ISDIR(status.st_mode):
            self._something_vanished = True
            return None
        if not is_root and self._left_out.has_folder(identity):
            return None
        if folder.above and folder.above.holds(identity):
            self._found.links += 1
            return None
        if folder.above and status.st_dev != folder.above.identity[0]:
            self._mounts[folder.path] = identity
        return _Chain(identity, folder.above)

    def _entries(self, folder: str) -> list[os.DirEntry[str]] | None:
        """In order, or None where they cannot be told. A name too long to be opened is one that cannot be read."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._missed(folder, error)
        return None

    def _missed(self, path: str, error: OSError) -> None:
        """Something was there when its folder was listed, or asked for, and could not be looked at."""
        if path == self._root:
            raise UserFacingError("folder-away", path=path) from error
        # Windows says of a path that is too long that it is not there.
        is_too_long = sys.platform == "win32" and len(path) >= _LONGEST_ON_WINDOWS
        if isinstance(error, FileNotFoundError | NotADirectoryError) and not is_too_long:
            self._something_vanished = True
        else:
            self._found.unreadable.append(path)

    def _meet(self, entry: os.DirEntry[str], relative: str) -> bool:
        """Take an entry that is a file; whether it is a folder to be walked."""
        if self._left_out.has_path(entry.path):
            return False
        try:
            is_dir = entry.is_dir(follow_symlinks=False)
            if self._rules.excludes_entry(relative, entry.name, is_dir):
                self._found.excluded += 1
            elif entry.is_symlink() or (is_dir and _is_junction(entry)):
                self._found.links += 1
            elif is_dir:
                return True
            elif entry.is_file(follow_symlinks=False):
                self._take(entry.path, entry.name, lambda: entry.stat(follow_symlinks=False))
        except OSError as error:
            self._missed(entry.path, error)
        return False

    def _take(self, path: str, name: str, status: Callable[[], os.stat_result]) -> None:
        if self._format_of(path) is None:
            self._found.skipped[os.path.splitext(name)[1].lower() or name] += 1
        else:
            self._found.files.append(_state(path, status()))


def _state(path: str, status: os.stat_result) -> FileState:
    return FileState(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def is_link(status: os.stat_result) -> bool:
    """Whether what `os.lstat` said is a symbolic link, or a junction or mounted folder of Windows."""
    return stat.S_ISLNK(status.st_mode) or (
        getattr(status, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    )


def _is_junction(entry: os.DirEntry[str]) -> bool:
    return sys.platform == "win32" and is_link(entry.stat(follow_symlinks=False))
