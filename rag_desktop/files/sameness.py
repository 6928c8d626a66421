"""When two paths are one file though they are spelled differently: case, and composed or decomposed letters."""

import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass


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
            return os.path.samestat(os.lstat(os.path.join(folder, name)), os.lstat(os.path.join(folder, other)))
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
