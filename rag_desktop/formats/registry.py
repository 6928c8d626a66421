"""Finds the formats there are, and tells a file's format from its name alone, so that scanning a folder is cheap."""

import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from pkgutil import iter_modules

import rag_desktop.formats
from rag_desktop.formats.reader import Reader

_ROTATION = re.compile(r"[.-](?:\d{1,3}|\d{4}-?\d\d-?\d\d)$")
"""What is put after a log's name when a new one is begun."""


def format_of(path: str | PurePath) -> str | None:
    """The name of the format that reads this file, or None. The file is not touched and need not exist."""
    reader = reader_of(path)
    return None if reader is None else reader.name


def reader_of(path: str | PurePath) -> Reader | None:
    """The reader whose exact file name, or else whose suffix, the path has; case does not matter."""
    pure = path if isinstance(path, PurePath) else PurePath(path)
    return _claimed(pure) or _rotated(pure)


def _claimed(pure: PurePath) -> Reader | None:
    claims = _claims()
    return claims.get(pure.name.lower()) or (claims.get(pure.suffix.lower()) if pure.suffix else None)


def _rotated(pure: PurePath) -> Reader | None:
    """The reader of `app.log` for `app.log.1` and `app.log-2026-01-31`, where its format is one that is rotated."""
    name = _ROTATION.sub("", pure.name)
    if not name or name == pure.name:
        return None
    found = _claimed(PurePath(name))
    return found if found and found.is_rotated else None


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
        if not all(find_spec(package) for package in reader.packages):
            continue  # an extra that is not installed: its files are passed over, and not failures
        for key in (*reader.suffixes, *reader.file_names):
            if key in claims or key != key.lower():
                raise ValueError(f"{key!r} of {reader.name} is taken or not lower case")
            claims[key] = reader
    return claims
