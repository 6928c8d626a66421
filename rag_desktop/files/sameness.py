"""When two paths are one place though they are spelled differently: links, case, composed or decomposed letters."""

import os
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rag_desktop.files.walking import upward


@dataclass(frozen=True, slots=True)
class Sameness:
    """How a file system tells names apart. Linux: by their bytes. Windows: not by case. macOS: usually by neither."""

    ignores_case: bool = False
    ignores_composition: bool = False

    def canonical(self, path: str) -> str:
        """Equal for two spellings of one path; to compare by, never to open."""
        if path.isascii():
            return path.lower() if self.ignores_case else path
        if self.ignores_composition:
            path = unicodedata.normalize("NFC", path)
        if self.ignores_case:
            path = path.casefold()
            if self.ignores_composition:
                path = unicodedata.normalize("NFC", path)
        return path


_FORGIVING = Sameness(ignores_case=True, ignores_composition=True)


def spelled(path: str, roots: Iterable[str]) -> str:
    """One spelling for one place, however it was named: as the innermost of these roots that holds it begins it, and
    from there, or where none holds it, as the folders on the way list it.

    All paths are absolute. One through links into a root is a place in that root; a link to elsewhere stays itself.
    A root that is not there is known by its name alone.
    """
    if "\0" in path:
        return path  # which no file system has
    folders: dict[tuple[int, int], str] = {}
    others: list[str] = []
    for root in roots:
        identity = _identity(root)
        if identity:
            folders.setdefault(identity, root)
        else:
            others.append(root)
    named = [(root, same := sameness_of(root), same.canonical(os.path.realpath(root))) for root in others]
    real = listed(os.path.realpath(path))
    for above in upward(real):
        identity = _identity(above)
        found = folders.get(identity) if identity else None
        found = found or next((root for root, same, name in named if same.canonical(above) == name), None)
        if found:
            return found if above == real else os.path.join(found, os.path.relpath(real, above))
    return listed(path)


def listed(path: str) -> str:
    """An absolute path as the folders on the way list it, which may differ from it in case and composition."""
    top, *below = reversed(tuple(upward(path)))
    for each in below:
        top = os.path.join(top, _listed(top, os.path.basename(each)))
    return top


def _listed(folder: str, name: str) -> str:
    here = os.path.join(folder, name)
    try:
        status = os.lstat(here)
        names = set(os.listdir(folder))
        if name in names:
            return name
        alike = [each for each in names if _FORGIVING.canonical(each) == _FORGIVING.canonical(name)]
        return next((each for each in alike if os.path.samestat(os.lstat(os.path.join(folder, each)), status)), name)
    except OSError:  # it is not there, or nobody may list the folder: nothing says that it is spelled otherwise
        return name


def _identity(path: str) -> tuple[int, int] | None:
    """What tells a folder from all others. None for a file, whose names (hard links) are places of their own, and where
    the file system does not tell."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) and status.st_ino else None


def sameness_of(root: str) -> Sameness:
    """What the file system of a folder does, found out without writing; where no name tells, what the system does."""
    return Sameness(is_case_insensitive(root), is_normalising(root))


def is_case_insensitive(root: str) -> bool:
    """Whether a name in this folder, or its own, is found in the other case too."""
    found = _is_found_as(root, str.swapcase)
    return sys.platform in ("win32", "darwin") if found is None else found


def is_normalising(root: str) -> bool:
    """Whether a name in this folder, or its own, is found in the other composition too."""
    found = _is_found_as(root, _other_composition)
    return sys.platform == "darwin" if found is None else found


def _other_composition(name: str) -> str:
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", name) if decomposed == name else decomposed


def _is_found_as(root: str, respelled: Callable[[str], str]) -> bool | None:
    """None where no name can be spelled in another way."""
    names = {name: folder for folder, name in _names(root)}
    for name, folder in names.items():
        other = respelled(name)
        if other in (name, *names) or respelled(other) != name:
            continue
        try:
            there = os.lstat(os.path.join(folder, name))
        except OSError:
            continue
        try:
            return os.path.samestat(there, os.lstat(os.path.join(folder, other)))
        except FileNotFoundError:
            return False
        except OSError:
            continue
    return None


def _names(root: str) -> Iterator[tuple[str, str]]:
    """Folders with a name in them: of the root's entries, of the root itself."""
    try:
        with os.scandir(root) as entries:
            for _, entry in zip(range(1_000), entries, strict=False):
                yield root, entry.name
    except OSError:
        pass
    yield os.path.split(os.path.abspath(root))
