"""Finds the formats there are, and tells a file's format from its name alone, so that scanning a folder is cheap."""

from functools import cache
from importlib import import_module
from pathlib import PurePath
from pkgutil import iter_modules

import rag_desktop.formats
from rag_desktop.formats.reader import Reader


def format_of(path: str | PurePath) -> str | None:
    """The name of the format that reads this file, or None. The file is not touched and need not exist."""
    reader = reader_of(path)
    return None if reader is None else reader.name


def reader_of(path: str | PurePath) -> Reader | None:
    """The reader whose exact file name, or else whose suffix, the path has; case does not matter."""
    pure = path if isinstance(path, PurePath) else PurePath(path)
    claims = _claims()
    return claims.get(pure.name.lower()) or (claims.get(pure.suffix.lower()) if pure.suffix else None)


@cache
def readers() -> tuple[Reader, ...]:
    """All readers, by name: each module of this package that has a `READER`."""
    names = sorted(module.name for module in iter_modules(rag_desktop.formats.__path__))
    modules = [import_module(f"rag_desktop.formats.{name}") for name in names]
    found = [reader for module in modules if isinstance(reader := getattr(module, "READER", None), Reader)]
    return tuple(sorted(found, key=lambda reader: reader.name))


@cache
def _claims() -> dict[str, Reader]:
    claims: dict[str, Reader] = {}
    for reader in readers():
        for key in (*reader.suffixes, *reader.file_names):
            if key in claims or key != key.lower():
                raise ValueError(f"{key!r} of {reader.name} is taken or not lower case")
            claims[key] = reader
    return claims
