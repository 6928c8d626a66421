"""Folders of mail in one file (RFC 4155): each message is parsed by itself, so that one is in memory at a time."""

import re
from collections.abc import Iterator

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.mail import Mail, add_message, header, parse
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

MESSAGES_UNREADABLE = "messages-unreadable"
"""Warning: some messages could not be parsed."""

_START = re.compile(rb"^From [^\n]*\r?\n(?=(?:>?From [^\n]*\r?\n)?[!-9;-~]{1,100}[ \t]*:)", re.MULTILINE)
"""The line before each message. What looks like one in the words of a message has no header after it."""
_DATED = re.compile(rb"\d\d:\d\d.*\b(?:19|20)\d\d")
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
"""How such lines are hidden in the words of a message (mboxo and mboxrd)."""


def _contents(file: OpenedFile) -> Contents:
    mail = Mail(file.recognise)
    failure: UnreadableError | None = None
    for content in _messages(file.content):
        try:
            message = parse(content)
            mail.next_message()
            add_message(mail, message, untitled=header(message, "From"))
        except UnreadableError as error:
            if error.code == "file-too-large":
                raise
            failure = error
            mail.warnings.add(MESSAGES_UNREADABLE)
    if failure and not mail.blocks:
        raise failure
    return Contents(tuple(mail.blocks), warnings=tuple(sorted(mail.warnings)))


def _messages(content: bytes) -> Iterator[bytes]:
    """The messages without the lines before them; all of `content` where it has no such line."""
    start = 0
    for match in _START.finditer(content):
        if not _is_separator(content, match):
            continue
        if content[start : match.start()].strip():
            yield _QUOTED.sub(b"", content[start : match.start()])
        start = match.end()
    yield _QUOTED.sub(b"", content[start:])


def _is_separator(content: bytes, match: re.Match[bytes]) -> bool:
    """A blank line stands above, or the file begins here, or the line says when, as the format asks."""
    before = content[max(match.start() - 3, 0) : match.start()]
    return not before or before.endswith((b"\n\n", b"\n\r\n")) or bool(_DATED.search(match[0]))


READER = Reader("mbox", (".mbox", ".mbx"), _contents)
