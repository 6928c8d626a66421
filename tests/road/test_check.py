"""`check` and `check --repair` as a person runs them."""

from pathlib import Path

import apsw
import pytest

from rag_desktop.store.library import Library
from tests.road.conftest import CommandLine

DAMAGE = "UPDATE passage_words_data SET block = zeroblob(length(block)) WHERE id > 10"


def damage(library: Path, statement: str) -> None:
    connection = apsw.Connection(str(library / "library.sqlite"))
    connection.execute(statement)
    connection.close()


def test_a_sound_library_is_said_to_be_so(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    assert "as it should be" in scripted("check").out
    assert scripted("check", "--json").json == {"findings": [], "recovered": []}


def test_there_is_nothing_to_check_where_there_is_no_library(scripted: CommandLine) -> None:
    assert "no library" in scripted("check", status=1).err.lower()


def test_damage_is_named_and_mended(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    before = scripted("search", "notice period", "--mode", "keyword", "--json").json["passages"]
    damage(scripted.library, DAMAGE)
    assert "keyword index" in scripted("check", status=1).out
    assert scripted("check", "--json", status=1).json["findings"][0]["severity"] == "damaged"
    mended = scripted("check", "--repair", "--json").json
    assert mended["findings"] == []
    assert [each["code"] for each in mended["recovered"]] == ["library-repaired"]
    assert scripted("search", "notice period", "--mode", "keyword", "--json").json["passages"] == before
    assert "as it should be" in scripted("check").out


@pytest.mark.parametrize("content", [b"garbage " * 5000, bytes(40_000), b"SQLite format 3\0"])
def test_a_file_that_is_no_database_is_named_and_begun_anew(
    scripted: CommandLine, sample: Path, content: bytes
) -> None:
    scripted("add", str(sample))
    (scripted.library / "library.sqlite").write_bytes(content)
    assert "damaged" in scripted("check", status=1).out
    assert "damaged" in scripted("search", "lease", status=1).err
    assert "beyond mending" in scripted("check", "--repair").out
    assert scripted("add", str(sample), "--json").json["folders"][0]["documents"] == 9
    assert "as it should be" in scripted("check").out


def test_nothing_is_repaired_beside_a_writer(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    with Library.writer(scripted.library):
        assert "as it should be" in scripted("check").out
        assert "Another program" in scripted("check", "--repair", status=1).err
