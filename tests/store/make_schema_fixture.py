"""Writes the library file that stays in the tests for the schema in force; run once, when a schema is released.

`python tests/store/make_schema_fixture.py` from the repository's root refuses to overwrite a file that is there.
"""

import shutil
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.neighbours import Neighbours
from rag_desktop.store.library import Library
from rag_desktop.store.migrations import MIGRATIONS
from tests.store import material

FIXTURES = Path(__file__).parent / "schemas"
CONTRACT = ("The contract ends on 31 March 2031.", "계약서를 다시 검토해 주십시오.")
NOTES = ("Charlie keeps bees.",)


def fill(library: Library) -> None:
    """Two documents, one failure, a removed folder, vectors, and a ledger that goes beyond its snapshot."""
    folder, removed = material.watched(library, "/docs"), material.watched(library, "/removed")
    with library.transaction():
        material.put(library, folder.id, "/docs/contract.txt", CONTRACT, ("Terms",), parent=True)
    space = material.begun_space(library)
    material.embed_pending(library, space)
    Neighbours(library, space).snapshot()
    with library.transaction():
        material.put(library, folder.id, "/docs/notes.txt", NOTES)
        material.put(library, removed.id, "/removed/old.txt", ("Nobody sees this.",))
        material.fail(library, folder.id, "/docs/locked.pdf", UserFacingError("pdf-locked", path="/docs/locked.pdf"))
        library.folders.mark_removed(removed.id)
    material.embed_pending(library, space)


def main() -> None:
    target = FIXTURES / f"{len(MIGRATIONS):04}"
    if target.exists():
        sys.exit(f"{target} is there, and stays as it is")
    with tempfile.TemporaryDirectory() as made:
        with Library.writer(Path(made)) as library:
            fill(library)
        target.mkdir(parents=True)
        shutil.copy(Path(made) / "library.sqlite", target)
        shutil.copytree(Path(made) / "vectors", target / "vectors")


if __name__ == "__main__":
    main()
