"""Where things are on this machine: the library, the models, the settings and the program's own resources."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from rag_desktop.domain.errors import UserFacingError

_PROGRAM = "rag-desktop"
_MARK = "models.toml"
"""A file that only our own resources hold."""


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute folders. Only `resources` is sure to exist. `caches` may be emptied at any time."""

    library: Path
    models: Path
    config: Path
    caches: Path
    resources: Path


def find_places(library: Path | None = None, environment: Mapping[str, str] | None = None) -> Places:
    """The folders to use: `library` where given, else RAG_DESKTOP_LIBRARY, RAG_DESKTOP_MODELS, RAG_DESKTOP_CONFIG
    and RAG_DESKTOP_CACHES, else the system's own places for a program's files.

    Raises UserFacingError `resources-missing` where the program was not installed whole.
    """
    given = os.environ if environment is None else environment
    files = platformdirs.user_data_path(_PROGRAM, appauthor=False)
    settings = platformdirs.user_config_path(_PROGRAM, appauthor=False)
    caches = platformdirs.user_cache_path(_PROGRAM, appauthor=False)
    return Places(
        library=_folder(library or given.get("RAG_DESKTOP_LIBRARY"), files / "library"),
        models=_folder(given.get("RAG_DESKTOP_MODELS"), files / "models"),
        config=_folder(given.get("RAG_DESKTOP_CONFIG"), settings),
        caches=_folder(given.get("RAG_DESKTOP_CACHES"), caches),
        resources=find_resources(Path(__file__).resolve().parents[1], getattr(sys, "_MEIPASS", None)),
    )


def find_resources(package: Path, bundle: str | None) -> Path:
    """The resources of a frozen bundle, of an installed package, or of a checkout, in this order.

    Raises UserFacingError `resources-missing`.
    """
    bundled = [Path(bundle) / "resources"] if bundle else []
    candidates = [*bundled, package / "_resources", package.parent / "resources"]
    for candidate in candidates:
        if (candidate / _MARK).is_file():
            return candidate
    raise UserFacingError("resources-missing")


def _folder(given: Path | str | None, usual: Path) -> Path:
    return Path(given).expanduser().absolute() if given else usual.absolute()
