"""Backups: made after changes and not too often, verified, the last three kept; one that fails leaves the others."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services import care
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.settings.declarations import TOP_K
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.backups import Backups, Kind, known_in, known_out
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.library import Library
from rag_desktop.store.salvage import Known
from tests.road.damaged import an_answer
from tests.store import material


@pytest.fixture
def talks(tmp_path: Path) -> Iterator[Conversations]:
    opened = Conversations(tmp_path)
    yield opened
    opened.close()


def numbers(place: Path) -> list[int]:
    return [each.number for each in Backups(place).all()]


def tell(talks: Conversations, question: str) -> None:
    talks.add(talks.begin(question), an_answer(question))


def test_the_last_three_are_kept(talks: Conversations, tmp_path: Path) -> None:
    safe = Safekeeping(tmp_path, None, every_s=0)
    for number in range(5):
        tell(talks, str(number))
        assert safe.conversations(talks)
    assert numbers(tmp_path) == [3, 4, 5]
    newest = Backups(tmp_path).newest(Kind.CONVERSATIONS)
    assert newest
    copy = apsw.Connection(str(newest.path), flags=apsw.SQLITE_OPEN_READONLY)
    assert copy.execute("SELECT count(*) FROM turns").get == 5
    copy.close()
    assert newest.is_sound, "reading it changed nothing"


def test_what_did_not_change_is_not_copied_again(talks: Conversations, tmp_path: Path) -> None:
    tell(talks, "one")
    safe = Safekeeping(tmp_path, None, every_s=0)
    assert safe.conversations(talks)
    assert not safe.conversations(talks)
    assert numbers(tmp_path) == [1]


def test_copies_are_not_made_too_often(talks: Conversations, tmp_path: Path) -> None:
    safe = Safekeeping(tmp_path, None)
    assert safe.conversations(talks)
    tell(talks, "one")
    assert not safe.conversations(talks)
    assert safe.conversations(talks, now=True)


def test_what_was_deleted_for_good_is_in_no_copy(talks: Conversations, tmp_path: Path) -> None:
    safe = Safekeeping(tmp_path, None, every_s=0)
    for number in range(3):
        tell(talks, f"secret {number}")
        safe.conversations(talks)
    for row in talks.all():
        talks.forget(row.id)
    safe.conversations(talks, alone=True)
    (only,) = Backups(tmp_path).all()
    assert b"secret" not in only.path.read_bytes()


def test_the_newest_sound_copy_counts_whatever_the_clock_says(talks: Conversations, tmp_path: Path) -> None:
    safe = Safekeeping(tmp_path, None, every_s=0)
    for number in range(3):
        tell(talks, str(number))
        safe.conversations(talks)
    _, second, third = Backups(tmp_path).all()
    os.utime(third.path, (0, 0))
    assert Backups(tmp_path).newest(Kind.CONVERSATIONS) == third
    third.path.write_bytes(third.path.read_bytes()[:-1])
    assert Backups(tmp_path).newest(Kind.CONVERSATIONS) == second
    tell(talks, "more")
    safe.conversations(talks)
    assert max(numbers(tmp_path)) == 4


def test_a_disk_that_is_full_leaves_the_older_copies(
    talks: Conversations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = Safekeeping(tmp_path, None, every_s=0)
    tell(talks, "one")
    safe.conversations(talks)
    tell(talks, "two")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(UserFacingError) as caught:
            safe.conversations(talks)
    assert caught.value.code == "disk-full"
    assert numbers(tmp_path) == [1]
    assert Backups(tmp_path).strays() == []
    assert safe.conversations(talks)


def test_half_written_copies_are_swept_away(talks: Conversations, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "conversations-0a.part").write_bytes(b"half")
    assert Backups(tmp_path).newest(Kind.CONVERSATIONS) is None
    Safekeeping(tmp_path, None).conversations(talks)
    assert Backups(tmp_path).strays() == []


def test_folders_and_spaces_are_backed_up(tmp_path: Path) -> None:
    with Library.writer(tmp_path) as library:
        material.watched(library, "/docs/caf\udce9")
        gone = material.watched(library, "/gone")
        with library.transaction():
            library.folders.mark_removed(gone.id)
        material.begun_space(library)
        Safekeeping(tmp_path, None).folders(library)
    known = care.backed_up(tmp_path)
    assert [each["path"] for each in known.folders] == [b"/docs/caf\xe9"]
    assert known.spaces[0][1:4] == ("key", "model", material.DIMENSION)


def test_a_list_of_folders_comes_back_as_it_was() -> None:
    known = Known([{"id": 1, "path": b"/a\xff", "removed_at": None, "patterns": "*.tmp"}], [(1, "k", "m", 8, 0.5)])
    assert known_in(known_out(known)) == known


def test_settings_are_backed_up_while_they_are_sound(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "config")
    safe = Safekeeping(tmp_path, settings, every_s=0)
    assert not safe.settings()
    settings.set(TOP_K, 9)
    assert safe.settings()
    (tmp_path / "config" / "settings.json").write_text("{", encoding="utf-8")
    assert not safe.settings()
    assert numbers(tmp_path) == [1]
