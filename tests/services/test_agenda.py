"""What is read next."""

from dataclasses import replace

from rag_desktop.domain.files import FileState
from rag_desktop.domain.ids import FolderId
from rag_desktop.services.agenda import Agenda, FileToRead

HERE, THERE = FolderId(1), FolderId(2)


def file(folder: FolderId, name: str, changed: int, *, size: int = 10, format_: str = "text") -> FileToRead:
    return FileToRead(folder, FileState(name, size, changed), "leaves", format_)


def taken(agenda: Agenda) -> list[str]:
    names = []
    while item := agenda.next():
        names.append(item.file.path)
    return names


def test_what_changed_last_comes_first() -> None:
    agenda = Agenda([file(HERE, "old", 1), file(HERE, "new", 3), file(HERE, "middle", 2)])
    assert taken(agenda) == ["new", "middle", "old"]


def test_pictures_wait_for_all_else_in_their_folder() -> None:
    items = [file(HERE, "scan", 9, format_="image"), file(HERE, "note", 1), file(THERE, "other", 1)]
    assert taken(Agenda(items)) == ["note", "scan", "other"]


def test_the_folder_in_hand_comes_before_the_others() -> None:
    items = [file(HERE, "a", 9), file(HERE, "b", 8), file(THERE, "c", 1), file(THERE, "d", 2)]
    assert taken(Agenda(items, touched=[THERE])) == ["d", "c", "a", "b"]
    agenda = Agenda(items)
    assert agenda.next() == items[0]
    agenda.touch(THERE)
    assert taken(agenda) == ["d", "c", "b"]


def test_the_folder_touched_last_comes_first_of_those_touched() -> None:
    items = [file(HERE, "a", 1), file(THERE, "b", 1), file(FolderId(3), "c", 1)]
    assert taken(Agenda(items, touched=[THERE, FolderId(3)])) == ["c", "b", "a"]


def test_a_file_put_back_is_next_in_its_folder() -> None:
    agenda = Agenda([file(HERE, "a", 2), file(HERE, "b", 1)])
    first = agenda.next()
    assert first is not None
    agenda.again(first)
    assert (taken(agenda), agenda.total) == (["a", "b"], 2)


def test_a_folder_that_is_left_is_no_longer_counted() -> None:
    agenda = Agenda([file(HERE, "a", 1), file(THERE, "b", 1), file(THERE, "c", 1)])
    assert (agenda.total, len(agenda)) == (3, 3)
    assert agenda.leave(THERE) == 2
    assert (agenda.total, len(agenda), taken(agenda)) == (1, 1, ["a"])
    assert agenda.leave(THERE) == 0


def test_sizes_are_told_by_format() -> None:
    agenda = Agenda(
        [file(HERE, "a", 1, size=5), file(THERE, "b", 1, size=7), file(HERE, "c", 1, size=1, format_="pdf")]
    )
    assert agenda.sizes() == {"text": (2, 12), "pdf": (1, 1)}


def test_what_was_in_hand_when_reading_ended_waits_again() -> None:
    agenda = Agenda([file(HERE, "a", 3), file(HERE, "b", 2), file(THERE, "c", 1)])
    kept, lost = agenda.next(), agenda.next()
    assert kept is not None
    assert lost is not None
    agenda.finished([kept])
    agenda.put_back()
    assert (sorted(taken(agenda)), agenda.done) == (["b", "c"], 1)


def test_a_look_changes_only_what_it_covers() -> None:
    agenda = Agenda([file(HERE, "a", 1), file(HERE, "b", 2)])
    fresh = agenda.put(HERE, [file(HERE, "c", 3)], lambda path: path != "a")
    assert [item.file.path for item in fresh] == ["c"]
    assert taken(agenda) == ["c", "a"]


def test_a_file_in_hand_is_not_put_again_unless_it_changed() -> None:
    agenda = Agenda([file(HERE, "a", 1)])
    agenda.next()
    assert agenda.put(HERE, [file(HERE, "a", 1)]) == []
    assert [item.file.mtime_ns for item in agenda.put(HERE, [file(HERE, "a", 2)])] == [2]


def test_what_was_left_waits_again_only_when_it_changed_or_is_taken_up() -> None:
    agenda = Agenda([file(HERE, "a", 1), file(HERE, "b", 1)])
    agenda.leave(HERE)
    assert [item.file.path for item in agenda.put(HERE, [file(HERE, "a", 1), file(HERE, "b", 2)])] == ["b"]
    agenda.take_up(HERE)
    assert len(agenda.put(HERE, [file(HERE, "a", 1), file(HERE, "b", 2)])) == 1
    assert len(agenda) == 2


def test_a_file_in_hand_is_put_again_where_it_is_to_be_cut_otherwise() -> None:
    agenda = Agenda([file(HERE, "a", 1)])
    agenda.next()
    other = replace(file(HERE, "a", 1), chunker="tokens:256/20")
    assert agenda.put(HERE, [other]) == [other]
