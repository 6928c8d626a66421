"""What is believed of a damaged file, and what of its backup."""

from pathlib import Path

import pytest

from rag_desktop.store.codec import path_to_blob
from rag_desktop.store.library import Library
from rag_desktop.store.salvage import Known, salvage
from tests.store import material


@pytest.mark.parametrize(
    ("chunker", "believed"), [("tokens:256/20", "tokens:256/20"), ("leavez", "leaves"), ("tokens:256/200", "leaves")]
)
def test_a_folder_keeps_its_scheme_where_that_is_one(tmp_path: Path, chunker: str, believed: str) -> None:
    with Library.writer(tmp_path) as library:
        row = material.watched(library)
        with library.transaction():
            library.folders.set_chunker(row.id, chunker)
    backup = {"id": row.id, "path": path_to_blob("/documents"), "is_file": 0, "chunker": "leaves"}
    salvage(tmp_path, Known([backup]))
    with Library.writer(tmp_path) as library:
        assert [(each.path, each.chunker) for each in library.folders.all()] == [("/documents", believed)]
