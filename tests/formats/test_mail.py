"""Mail: which words of a message are taken, what is attached to it, and where one message of a folder ends."""

from pathlib import Path

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import eml, mail, mbox
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.make_text import attachment, encoded, multipart

PLAIN = "Content-Type: text/plain; charset=utf-8\n\n"
PAGE = "Content-Type: text/html; charset=utf-8\n\n"


def read(message: str | bytes) -> Contents:
    content = message.encode() if isinstance(message, str) else message
    return eml.READER.contents(OpenedFile(Path("a.eml"), content))


def folder(content: str) -> Contents:
    return mbox.READER.contents(OpenedFile(Path("a.mbox"), content.encode()))


def words(found: Contents) -> str:
    return "".join(block.text for block in found.blocks)


def test_plain_words_are_preferred() -> None:
    found = read(
        "Subject: s\n" + multipart([f"{PLAIN}plain words\n", f"{PAGE}<p>page words</p>\n"], "x", "alternative")
    )
    assert "plain words" in words(found)
    assert "page words" not in words(found)


def test_a_stand_in_for_a_page_is_not() -> None:
    page = "<p>" + "many words of the page " * 40 + "</p>"
    found = read(multipart([f"{PLAIN}Your program shows no pages.\n", f"{PAGE}{page}\n"], "x", "alternative"))
    assert "many words" in words(found)
    assert "Your program" not in words(found)


def test_a_file_beside_an_alternative_that_was_not_chosen_is_kept() -> None:
    rich = multipart([f"{PAGE}<p>p</p>\n", attachment("inner.txt", b"attached words")], "y", "mixed")
    found = read(multipart([f"{PLAIN}plain words\n", rich], "x", "alternative"))
    assert "attached words" in words(found)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (encoded("견적서"), "견적서"),
        (encoded("견적서", "iso-2022-kr"), "견적서"),
        (f"{encoded('견적')}\n {encoded('서')}", "견적서"),
        ("=?utf-8?Q?caf=C3=A9?= au lait", "café au lait"),
        ("=?utf-8?B?!!!?=", "=?utf-8?B?!!!?="),
        ("no\n folding", "no folding"),
    ],
)
def test_a_subject_is_decoded(written: str, shown: str) -> None:
    assert read(f"Subject: {written}\n\nwords\n").metadata.title == shown


def test_bytes_in_a_header_are_read_as_text_files_are() -> None:
    subject = "Subject: 계약서를 보냅니다\n\nwords\n".encode("cp949")
    assert read(subject).metadata.title == "계약서를 보냅니다"


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "C:\\Windows\\passwd.txt", "/passwd.txt", "a/../passwd.txt"])
def test_folders_in_the_name_of_an_attachment_mean_nothing(name: str) -> None:
    found = read("Subject: s\n" + multipart([attachment(name.replace("\\", "\\\\"), b"words")], "x"))
    assert found.blocks[-1].headings == ("s", "passwd.txt")


def test_nothing_attached_has_a_place_in_the_source() -> None:
    found = read("Subject: s\n" + multipart([attachment("a.txt", b"one\n\ntwo")], "x"))
    assert {(block.source_start, block.page) for block in found.blocks} == {(None, None)}


def test_all_that_is_written_of_one_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MOST_CHARACTERS", 1000)
    with pytest.raises(UnreadableError) as failure:
        read("Subject: s\n" + multipart([attachment("a.txt", b"word " * 300)], "x"))
    assert failure.value.code == "file-too-large"


def test_what_is_attached_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MOST_ATTACHED", 1000)
    found = read(multipart([f"{PLAIN}Hello\n", attachment("a.txt", b"word " * 300)], "x"))
    assert (found.warnings, words(found)) == (("attachments-unreadable",), "Attachments: a.txt\n\nHello\n\n")


def test_a_message_without_words_is_still_found_by_who_wrote_it() -> None:
    assert words(read("From: a@b.example\nSubject: s\n\n")) == "s\n\nFrom: a@b.example\n\n"


def test_encrypted_words_are_said_to_be() -> None:
    found = read("Subject: s\nContent-Type: application/pkcs7-mime\n\nMIIB\n")
    assert found.warnings == ("messages-encrypted",)


SEPARATOR = "From a@b.example Mon Jan  5 09:00:00 2026\n"


def test_words_that_look_like_a_separator_part_nothing() -> None:
    found = folder(f"{SEPARATOR}Subject: one\n\nFrom here on\nit goes.\n\nFrom there too.\n")
    assert [block.text for block in found.blocks[1:]] == ["From here on\nit goes.\n\n", "From there too.\n\n"]


def test_separators_are_seen_without_a_blank_line_above() -> None:
    found = folder(f"{SEPARATOR}Subject: one\n\nwords\n{SEPARATOR}Subject: two\n\nwords\n")
    assert [block.headings for block in found.blocks[::2]] == [("one",), ("two",)]


@pytest.mark.parametrize(
    ("quoted", "shown"), [(">From x", "From x"), (">>From x", ">From x"), ("> From x", "> From x")]
)
def test_quoted_separators_are_unquoted(quoted: str, shown: str) -> None:
    assert folder(f"{SEPARATOR}Subject: one\n\n{quoted}\n").blocks[-1].text.strip() == shown


def test_a_folder_without_separators_is_one_message() -> None:
    assert folder("Subject: alone\n\nwords\n").blocks[0].headings == ("alone",)


def test_what_is_no_mail_is_refused() -> None:
    with pytest.raises(UnreadableError) as failure:
        folder("Dear diary,\n\ntoday\n")
    assert failure.value.code == "file-damaged"
