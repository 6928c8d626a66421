"""One window for a library: a second start, and writes of a command line beside the window."""

import json
import os
import stat
import sys
import threading
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.events import Event, FolderRemoved, LibraryLooked, Progress, WindowWanted
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import Failure
from rag_desktop.services import instance as instances
from rag_desktop.services import wire
from rag_desktop.services.indexing import FolderReport, IndexingReport
from rag_desktop.services.instance import CARD_NAME, SOCKET_NAME, Instance, Visit, claim_or_activate
from rag_desktop.services.tasks import Task
from rag_desktop.services.wire import Wish
from tests.desktop.conftest import Opened
from tests.road.conftest import CommandLine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths of sockets are looked at here")


@pytest.fixture
def served(window: Opened) -> Iterator[Opened]:
    """A window that listens."""
    instance = Instance.claim(window.program.places.library)
    assert instance
    instance.serve(window.desk, lambda: window.bridge.mailbox.publish(WindowWanted(TaskId(0))))
    yield window
    instance.close()


@pytest.fixture
def beside(served: Opened, tmp_path: Path) -> CommandLine:
    """A command line over the library of the open window."""
    places = served.program.places
    variables = {
        "RAG_DESKTOP_ENGINE": "scripted",
        "RAG_DESKTOP_LIBRARY": str(places.library),
        "RAG_DESKTOP_CONFIG": str(tmp_path / "config"),
        "RAG_DESKTOP_MODELS": str(tmp_path / "models"),
        "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
    }
    return CommandLine(places.library, {**os.environ, **variables})


def visit(opened: Opened) -> Visit:
    paid = Visit.pay(opened.program.places.library)
    assert paid
    return paid


def test_only_one_can_be_the_window_of_a_library(served: Opened) -> None:
    assert Instance.claim(served.program.places.library) is None
    visit(served).ping()


def test_a_second_start_brings_the_first_forward(served: Opened, beside: CommandLine) -> None:
    beside()
    served.until(lambda: served.happened(WindowWanted))
    assert claim_or_activate(served.program.places.library) is None


def test_add_beside_a_window_prints_what_it_prints_alone(served: Opened, beside: CommandLine, sample: Path) -> None:
    added = beside("add", str(sample), "--json").json
    (folder,) = added["folders"]
    assert set(added) == {"folders", "seconds", "vectors_pending", "embedding_error"}
    assert folder["documents"] == 9
    assert folder["passages"] == folder["embedded"]
    served.until(lambda: any(look.status.folders for look in served.happened(LibraryLooked)))
    assert beside("add", str(sample), "--json").json["folders"][0]["embedded"] == 0


def test_a_scheme_is_chosen_beside_a_window(beside: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    (folder / "lease.txt").write_text("The tenant pays the rent on the first day of a month. " * 60, encoding="utf-8")
    few = beside("add", str(folder), "--chunker", "tokens:500/0", "--json").json["folders"][0]["passages"]
    assert beside("folder", str(folder), "--chunker", "tokens:50/0", "--json").json["chunker"] == "tokens:50/0"
    assert beside("add", str(folder), "--json").json["folders"][0]["passages"] > few
    assert "sideways" in beside("add", str(folder), "--chunker", "sideways", status=1).err
    assert "sideways" in beside("folder", str(folder), "--chunker", "sideways", status=1).err


def test_exit_statuses_are_those_of_a_command_line_alone(beside: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of use")
    added = beside("add", str(folder), "--json", status=3).json["folders"][0]
    assert "damaged" in added["failed"][0]["reason"]
    assert "no file or folder" in beside("add", "/nowhere/at/all", status=1).err
    assert "not a folder" in beside("remove", "/nowhere/at/all", status=1).err


def test_remove_beside_a_window_can_be_undone_in_it(served: Opened, beside: CommandLine, sample: Path) -> None:
    beside("add", str(sample))
    assert beside("remove", str(sample), "--json").json == {"removed": [str(sample)], "documents": 9}
    served.until(lambda: served.happened(FolderRemoved))
    assert beside("search", "notice period", "--json").json["passages"] == []
    assert served.widget.notices.action.text() == "Undo"


def test_reading_does_not_need_the_window(served: Opened, beside: CommandLine, sample: Path) -> None:
    served.ended(served.desk.upkeep.add(str(sample)))
    assert beside("status", "--json").json["passages"] > 0
    assert "three months" in beside("search", "notice period").out


def test_progress_is_told_and_a_stop_stops(served: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number}.txt").write_text(f"Document {number}. " * 50, encoding="utf-8")
    told: list[Event] = []

    def follow(event: Event) -> None:
        told.append(event)
        if isinstance(event, Progress) and event.stage == "reading":
            task.stop()

    task = Task(follow)
    with pytest.raises(Cancelled):
        visit(served).add([str(folder)], task)
    assert told
    served.until(lambda: not any(each.id for each in served.desk.upkeep.lane.tasks()))


def test_a_dead_window_leaves_nothing_in_the_way(served: Opened, tmp_path: Path) -> None:
    library = tmp_path / "other"
    library.mkdir()
    (library / SOCKET_NAME).write_bytes(b"")
    (library / CARD_NAME).write_text(json.dumps({"address": str(library / SOCKET_NAME), "key": "00"}), encoding="utf-8")
    assert Visit.pay(library) is None
    instance = claim_or_activate(library)
    assert instance
    instance.serve(served.desk, lambda: None)
    again = Visit.pay(library)
    assert again
    again.ping()
    instance.close()
    assert Visit.pay(library) is None
    assert not (library / CARD_NAME).exists()


def test_only_its_owner_can_read_the_key(served: Opened) -> None:
    card = served.program.places.library / CARD_NAME
    assert stat.S_IMODE(card.stat().st_mode) == 0o600


def test_who_does_not_know_the_key_is_not_heard(served: Opened) -> None:
    card = json.loads((served.program.places.library / CARD_NAME).read_text(encoding="utf-8"))
    with pytest.raises(AuthenticationError):
        Client(card["address"], "AF_UNIX", authkey=b"guessed")
    visit(served).ping()


@pytest.mark.parametrize("message", [b"", b"nonsense", b"[]", b'{"verb": 3}', b'{"verb": "add", "paths": [1]}'])
def test_nonsense_is_hung_up_on(served: Opened, message: bytes) -> None:
    card = json.loads((served.program.places.library / CARD_NAME).read_text(encoding="utf-8"))
    with Client(card["address"], "AF_UNIX", authkey=bytes.fromhex(card["key"])) as connection:
        connection.send_bytes(message)
        with pytest.raises(EOFError):
            connection.recv_bytes()
    visit(served).ping()


def test_a_caller_that_says_nothing_keeps_nobody_waiting(served: Opened) -> None:
    card = json.loads((served.program.places.library / CARD_NAME).read_text(encoding="utf-8"))
    with Client(card["address"], "AF_UNIX"):
        visit(served).ping()


def test_a_long_path_still_has_a_socket(served: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    library = tmp_path / ("long" * 30)
    instance = Instance.claim(library)
    assert instance
    instance.serve(served.desk, lambda: None)
    reached = Visit.pay(library)
    assert reached
    reached.ping()
    instance.close()


def test_a_window_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "_STARTING_S", 0.4)
    silent = Instance.claim(tmp_path)
    assert silent
    with pytest.raises(UserFacingError) as raised:
        claim_or_activate(tmp_path)
    assert raised.value.code == "window-silent"
    silent.close()


def test_a_window_that_ends_meanwhile_is_said(served: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up(*_: object) -> TaskId:
        raise EOFError

    monkeypatch.setattr(served.desk.upkeep, "index", hang_up)
    with pytest.raises(UserFacingError) as raised:
        visit(served).add(["/a"], Task(lambda _: None))
    assert raised.value.code == "window-gone"


def test_the_listening_thread_ends_with_the_window(tmp_path: Path, served: Opened) -> None:
    def listening() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "instance"]

    before = len(listening())
    instance = Instance.claim(tmp_path / "one")
    assert instance
    instance.serve(served.desk, lambda: None)
    assert len(listening()) > before
    instance.close()
    served.until(lambda: len(listening()) == before)


def test_what_crosses_the_wire_comes_out_as_it_went_in() -> None:
    failure = Failure("/a/caf\udce9.pdf", UserFacingError("reader-bug", path="/a", report="x"))
    report = IndexingReport(
        (FolderReport("/a", 3, 9, 4, (failure,), {".bin": 2}),), 0.5, 1.25, 7, UserFacingError("child-died", name="e")
    )
    back = wire.report_in(wire.decoded(wire.encoded(wire.report_out(report))))
    assert str(back) == str(report)
    wish = Wish("add", ("/a/caf\udce9", "/나"))
    assert wire.wish_in(wire.decoded(wire.encoded(wire.wish_out(wish)))) == wish
