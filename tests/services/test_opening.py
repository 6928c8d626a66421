"""Opening a damaged library: mended or salvaged once, never in a loop, and whole whenever the program is killed."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.services import care, opening
from rag_desktop.services import library as libraries
from rag_desktop.services.holdings import Holdings
from rag_desktop.services.neighbours import load_snapshot, snapshot_path
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.settings.declarations import TOP_K
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.attempts import Attempts
from rag_desktop.store.connection import FILE_NAME
from rag_desktop.store.conversations import FILE_NAME as CONVERSATIONS
from rag_desktop.store.conversations import Conversations
from rag_desktop.store.exchange import kept_files
from rag_desktop.store.holder import HOLDER
from rag_desktop.store.library import Library
from rag_desktop.vectors.index import HnswIndex
from tests.road import damaged
from tests.store import material


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("whole") / "home"
    damaged.build(made, is_killed=False)
    return made


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "home"))


@pytest.fixture(scope="module")
def oracle(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> damaged.Results:
    read = shutil.copytree(whole, tmp_path_factory.mktemp("read") / "home")
    with Library.reader(read / "library") as reader:
        return damaged.results(reader)


def opened(place: Path) -> list[str]:
    """Open and close; the codes of what was brought back or lost."""
    library, recovered = opening.open_writer(place)
    library.close()
    return [each.error.code for each in recovered]


def spoil(path: Path) -> None:
    path.write_bytes(b"garbage " * 2000)


def test_a_sound_library_is_opened_without_a_word(home: Path) -> None:
    assert opened(home / "library") == []
    assert not Attempts(home / "library" / FILE_NAME).mark.exists()


def test_folders_and_vectors_are_salvaged_and_the_damaged_file_is_kept(home: Path) -> None:
    file = home / "library" / FILE_NAME
    content = bytearray(file.read_bytes())
    content[:100] = bytes(100)
    file.write_bytes(content)
    assert opened(home / "library") == ["library-salvaged"]
    (kept,) = kept_files(file)
    assert kept.read_bytes()[100:] == content[100:]
    with closing(opening.open_writer(home / "library")[0]) as library:
        assert [folder.path for folder in library.folders.all()] == ["/docs"]
        assert damaged.rescan(library) == 0, "no leaf had to be embedded again"
        assert [folder.path for folder in library.folders.all(with_removed=True)] == ["/docs"]
        assert care.check(library) == []


def test_salvaged_vectors_stay_until_all_documents_have_theirs(home: Path) -> None:
    file = home / "library" / FILE_NAME
    content = bytearray(file.read_bytes())
    content[:100] = bytes(100)
    file.write_bytes(content)
    with closing(opening.open_writer(home / "library")[0]) as library:
        libraries.purge(library)
        assert library.folders.at(HOLDER.decode()), "documents are still to be read"
        (folder,) = library.folders.all()
        with library.transaction():
            material.put(library, folder.id, "/docs/new.txt", ["A new leaf."])
            library.folders.scanned(folder.id)
        libraries.purge(library)
        assert library.folders.at(HOLDER.decode()), "a leaf has no vector yet"
        damaged.embed(library)
        assert library.folders.at(HOLDER.decode()) is None


def test_ids_of_a_salvaged_library_never_mean_other_words(home: Path) -> None:
    with Library.reader(home / "library") as reader:
        highest = max(chunk for (chunk,) in reader.connection.execute("SELECT id FROM chunks"))
    file = home / "library" / FILE_NAME
    content = bytearray(file.read_bytes())
    content[:100] = bytes(100)
    for spoilt in (bytes(content), b"garbage " * 2000):
        file.write_bytes(spoilt)
        with closing(opening.open_writer(home / "library")[0]) as library:
            (folder,) = library.folders.all()
            with library.transaction():
                document = material.put(library, folder.id, "/docs/new.txt", ["A new leaf."])
            assert library.chunks.of_document(document)[0].id > highest


def test_two_damaged_files_are_kept_and_no_more(home: Path) -> None:
    file = home / "library" / FILE_NAME
    for _ in range(4):
        spoil(file)
        opened(home / "library")
    assert [each.name for each in kept_files(file)] == ["library.damaged-003.sqlite", "library.damaged-004.sqlite"]


def test_a_missing_library_takes_its_folders_from_the_backup(home: Path) -> None:
    (home / "library" / FILE_NAME).unlink()
    assert opened(home / "library") == ["library-missing-remade"]
    with Library.reader(home / "library") as reader:
        assert [folder.path for folder in reader.folders.all()] == ["/docs"]


def test_a_new_library_is_just_begun(tmp_path: Path) -> None:
    assert opened(tmp_path / "library") == []


def test_a_newer_library_is_refused_and_left_as_it_is(home: Path) -> None:
    for name, open_ in ((FILE_NAME, opened), (CONVERSATIONS, opening.open_conversations)):
        connection = apsw.Connection(str(home / "library" / name))
        connection.execute("CREATE TABLE of_the_future (x)")
        connection.execute("INSERT INTO migrations VALUES (99, '', 0)") if name == FILE_NAME else None
        connection.pragma("user_version", 99)
        connection.close()
        before = (home / "library" / name).read_bytes()
        for _ in range(5):
            with pytest.raises(UserFacingError) as caught:
                open_(home / "library")
            assert caught.value.code == "library-newer"
        assert (home / "library" / name).read_bytes() == before


def test_a_number_in_the_header_alone_makes_no_library_newer(home: Path) -> None:
    for name in (FILE_NAME, CONVERSATIONS):
        connection = apsw.Connection(str(home / "library" / name))
        connection.pragma("user_version", 99)
        connection.close()
    assert opened(home / "library") == []
    talks, recovered = opening.open_conversations(home / "library")
    talks.close()
    assert [each.error.code for each in recovered] == ["conversations-restored"]


def test_two_openings_without_an_end_make_the_next_one_careful(home: Path) -> None:
    connection = apsw.Connection(str(home / "library" / FILE_NAME))
    connection.execute("DELETE FROM passage_words WHERE rowid = 2")  # no opening would notice
    connection.close()
    assert opened(home / "library") == []
    Attempts(home / "library" / FILE_NAME).note(2)
    assert opened(home / "library") == ["library-repaired"]
    assert opened(home / "library") == []


def test_an_opening_that_ends_the_program_is_not_tried_for_ever(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class KilledError(BaseException):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_opened", die)
        for _ in range(4):
            with pytest.raises(KilledError):
                opening.open_writer(home / "library")
    for _ in range(2):
        with pytest.raises(UserFacingError) as caught:
            opening.open_writer(home / "library")
        assert caught.value.code == "library-unopenable"
    opening.repair(home / "library")
    assert opened(home / "library") == []


def test_stopping_a_check_is_no_failure_and_it_is_made_the_next_time(home: Path) -> None:
    opening.distrust(home / "library")

    def at(*_: object) -> None:
        raise Cancelled

    for _ in range(6):
        with pytest.raises(Cancelled):
            opening.open_writer(home / "library", at)
        assert Attempts(home / "library" / FILE_NAME).count() == 2
    assert opened(home / "library") == []
    assert Attempts(home / "library" / FILE_NAME).count() == 0


def test_damage_that_is_met_at_work_is_mended_at_the_next_start(home: Path) -> None:
    holdings = Holdings(home / "library")
    holdings.writer().connection.execute("DELETE FROM passage_words WHERE rowid = 2")
    holdings.met(UserFacingError("library-damaged", path=""))
    holdings.close()
    told: list[str] = []
    again = Holdings(home / "library", lambda each: told.append(each.error.code))
    again.writer()
    again.close()
    assert told == ["library-repaired"]


def test_nobody_opens_a_library_that_is_being_mended(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holdings, is_mending, may_end = Holdings(home / "library"), threading.Event(), threading.Event()
    monkeypatch.setattr("rag_desktop.services.holdings._OPENING_S", 0.1)

    def at(*_: object) -> None:
        is_mending.set()
        may_end.wait()

    opening.distrust(home / "library")
    writing = threading.Thread(target=lambda: holdings.writer(at))
    writing.start()
    is_mending.wait()
    for open_ in (holdings.beside, holdings.reader):
        with pytest.raises(UserFacingError) as caught:
            open_()
        assert caught.value.code == "library-mending"
    may_end.set()
    writing.join()
    assert holdings.reader().folders.all()
    holdings.close()


def test_a_vector_index_that_took_the_program_with_it_twice_is_left_alone(home: Path) -> None:
    with Library.writer(home / "library") as library:
        space = library.vectors.spaces()[0]
        row = library.vectors.snapshot(space.id)
        assert row
        attempts = Attempts(snapshot_path(library, row))
        for count, is_loaded in ((1, True), (2, False), (0, True)):
            attempts.note(count)
            assert (load_snapshot(library, space) is not None) is is_loaded
            assert not attempts.mark.exists()


def test_a_running_load_is_marked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def load(path: Path, *_: Any) -> None:
        seen.append(Attempts(path).count())
        raise RuntimeError

    monkeypatch.setattr(HnswIndex, "load", load)
    with Library.reader(home / "library") as library:
        assert load_snapshot(library, library.vectors.spaces()[0]) is None
    assert seen == [1]


# conversations and settings


def turns(place: Path) -> tuple[list[str], list[str]]:
    """Questions of all conversations, and the codes of what was told."""
    talks, recovered = opening.open_conversations(place)
    with closing(talks):
        found = [answer.question for row in talks.all() for answer in talks.turns(row.id)]
    return sorted(found), [each.error.code for each in recovered]


BACKED = ["question 0", "question 1", "question 2"]


def test_conversations_come_back_from_the_backup(home: Path) -> None:
    spoil(home / "library" / CONVERSATIONS)
    assert turns(home / "library") == (BACKED, ["conversations-restored"])
    assert turns(home / "library") == (BACKED, [])


def test_newer_turns_are_salvaged_and_what_was_deleted_stays_so(home: Path) -> None:
    talks = Conversations(home / "library")
    talks.forget(2)
    talks.connection.execute("UPDATE turns SET answer = '{' WHERE id = 1")
    talks.close()
    expected = ["a newer question", "question 0", "question 2"]
    assert turns(home / "library") == (expected, ["conversations-restored"])


def test_an_answer_that_was_changed_is_believed_as_it_was_backed_up(home: Path) -> None:
    talks = Conversations(home / "library")
    talks.connection.execute("UPDATE turns SET answer = replace(answer, 'About', 'Abott') WHERE id = 1")
    talks.close()
    turns(home / "library")
    with closing(Conversations(home / "library")) as restored:
        assert restored.turns(1)[0].text == "About question 0."


def test_without_a_backup_what_can_be_read_is_kept(home: Path) -> None:
    shutil.rmtree(home / "library" / "backups")
    connection = apsw.Connection(str(home / "library" / CONVERSATIONS))
    connection.execute("UPDATE turns SET answer = '{' WHERE id = 1")
    connection.close()
    found, told = turns(home / "library")
    assert (found, told) == (["a newer question", "question 1", "question 2"], ["conversations-salvaged"])


def test_a_missing_file_of_conversations_comes_back(home: Path) -> None:
    (home / "library" / CONVERSATIONS).unlink()
    assert turns(home / "library")[0] == BACKED


def test_settings_come_back_from_the_backup(home: Path) -> None:
    settings = SettingsFile(home / "config")
    assert opening.restore_settings(settings, home / "library") == []
    (home / "config" / "settings.json").write_text("{", encoding="utf-8")
    (told,) = opening.restore_settings(settings, home / "library")
    assert (told.error.code, settings.get(TOP_K)) == ("settings-restored", 11)
    assert (home / "config" / "settings.json.damaged").read_text(encoding="utf-8") == "{"


# killed at any step


class KilledError(BaseException):
    """The program ends here."""


@pytest.fixture
def copies(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The library as it lies there before each change of a name, each deletion, and each writing to the disk."""
    made: list[Path] = []
    is_copying = [False]

    def noting(real: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            if not is_copying[0]:
                is_copying[0] = True
                made.append(Path(shutil.copytree(home, tmp_path / f"copy-{len(made)}")))
                is_copying[0] = False
            return real(*arguments, **named)

        return noted

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink", "write_bytes"):
            patch.setattr(Path, name, noting(getattr(Path, name)))
        patch.setattr("os.fsync", noting(os.fsync))
        yield made
        is_copying[0] = True


def salvaging(home: Path) -> None:
    spoil(home / "library" / FILE_NAME)
    opened(home / "library")


def mending(home: Path) -> None:
    connection = apsw.Connection(str(home / "library" / FILE_NAME))
    connection.execute("DELETE FROM passage_words WHERE rowid = 2")
    connection.execute("UPDATE texts SET text = 'x' WHERE document_id = 1")
    connection.execute("DELETE FROM snapshots")
    connection.close()
    opening.repair(home / "library")


def restoring(home: Path) -> None:
    spoil(home / "library" / CONVERSATIONS)
    turns(home / "library")


def restoring_settings(home: Path) -> None:
    spoil(home / "config" / "settings.json")
    opening.restore_settings(SettingsFile(home / "config"), home / "library")


def backing_up(home: Path) -> None:
    for number in range(4):
        talks = Conversations(home / "library")
        talks.add(talks.begin("more"), damaged.an_answer(f"more {number}"))
        safe = Safekeeping(home / "library", SettingsFile(home / "config"))
        safe.conversations(talks)
        talks.close()


@pytest.mark.parametrize("act", [salvaging, mending, restoring, restoring_settings, backing_up])
def test_a_program_killed_at_any_step_finds_its_way(
    home: Path,
    copies: list[Path],
    oracle: damaged.Results,
    act: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    act(home)
    taken = list(copies)
    monkeypatch.undo()
    assert len(taken) >= 3
    for copy in taken:
        assert damaged.outcome(copy, oracle).startswith("ok")
        assert not list((copy / "library").rglob("*.new")), "leftovers"
        assert not list(copy.rglob("*.part")), "leftovers"
