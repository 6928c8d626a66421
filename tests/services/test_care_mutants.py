"""The damage tests are only worth what they notice: each fault put in here must leave something wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from rag_desktop.services import care
from rag_desktop.store import expected, mending, retelling, salvage
from rag_desktop.store.connection import FILE_NAME
from rag_desktop.store.conversations import FILE_NAME as CONVERSATIONS
from rag_desktop.store.library import Library
from tests.road import damaged

Mutant = Callable[[pytest.MonkeyPatch], None]


def change(*statements: str, name: str = FILE_NAME) -> Callable[[Path], None]:
    def act(home: Path) -> None:
        connection = apsw.Connection(str(home / "library" / name))
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return act


def overwrite(home: Path) -> None:
    (home / "library" / FILE_NAME).write_bytes(b"garbage " * 4000)


def forgetful_conversations(home: Path) -> None:
    (home / "library" / CONVERSATIONS).write_bytes(b"garbage " * 4000)


def words_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(expected.ExpectedWords, "differs", lambda *_: set())


def text_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("rag_desktop.store.integrity.Integrity._are_chunks_sound", lambda *_: True)


def leaves_of_wrong_words_stay(patch: pytest.MonkeyPatch) -> None:
    """A new reading would keep them, and their wrong words in the full text."""
    patch.setattr(mending, "digest_of", lambda *_: Everything())


def copies_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(care, "_differing", lambda *_: iter(()))


def the_backup_of_folders_is_not_used(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(salvage, "_united", lambda found, _: found.folders)


def the_backup_of_conversations_is_not_used(patch: pytest.MonkeyPatch) -> None:
    real = retelling.restore
    patch.setattr(retelling, "restore", lambda folder, _: real(folder, None))


class Everything:
    """Equal to whatever it is compared with."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


TURNED = (
    "DROP TRIGGER vectors_changed",
    # The signs of half of the places change: the length is as before, the direction is not.
    "UPDATE vectors SET vector = CAST(substr(vector, 9) || substr(vector, 1, 8) AS BLOB)",
    expected.schema()["trigger", "vectors_changed"],
)
LETTER = "UPDATE texts SET text = replace(text, 'anchor', 'anchob') WHERE document_id = 2"
STALE = "INSERT OR REPLACE INTO passage_words (rowid, words, headings) VALUES (5, 'anchor anchor', 'Top Words')"

MUTANTS: dict[Mutant, tuple[Callable[[Path], None], str]] = {
    words_are_not_compared: (change(STALE), "results differ"),
    text_is_not_compared: (change(LETTER), "results differ"),
    leaves_of_wrong_words_stay: (change(LETTER), "results differ|still damaged"),
    copies_are_not_compared: (change(*TURNED), "results differ"),
    the_backup_of_folders_is_not_used: (overwrite, "unpack"),
    the_backup_of_conversations_is_not_used: (forgetful_conversations, "turns are lost|check-conversations"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("whole") / "home"
    damaged.build(made, is_killed=False)
    return made


def said(mutant: Mutant | None, whole: Path, tmp_path: Path, patch: pytest.MonkeyPatch, damage: Any) -> str:
    with Library.reader(Path(shutil.copytree(whole, tmp_path / "read")) / "library") as reader:
        oracle = damaged.results(reader)
    home = Path(shutil.copytree(whole, tmp_path / "home"))
    damage(home)
    if mutant:
        mutant(patch)
    try:
        return damaged.attempt(lambda: damaged.outcome(home, oracle))
    except (AssertionError, ValueError, KeyError, apsw.Error) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_fault_is_noticed(mutant: Mutant, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damage, expectation = MUTANTS[mutant]
    outcome = said(mutant, whole, tmp_path, monkeypatch, damage)
    assert not outcome.startswith("ok"), "nobody noticed"
    assert any(each in outcome for each in expectation.split("|")), outcome


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_without_the_fault_all_is_well(
    mutant: Mutant, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(None, whole, tmp_path, monkeypatch, MUTANTS[mutant][0]).startswith("ok")
