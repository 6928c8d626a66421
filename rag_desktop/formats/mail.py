"""One mail message as blocks: its subject as a heading, who wrote to whom and when, the words, then what is attached.

Parsed by the standard library with its old policy (compat32): the new one parses addresses in quadratic time, and
leaves a dozen kinds of errors open for headers that are not well-formed. Headers are decoded here (RFC 2047).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from pathlib import Path, PurePosixPath

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats import html
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.ocr import Recognise
from rag_desktop.formats.plain import paragraphs
from rag_desktop.formats.reader import OpenedFile
from rag_desktop.formats.registry import reader_of

ATTACHMENTS_UNREADABLE = "attachments-unreadable"
"""Warning: something attached is of a format that is read, but could not be; or there was too much of it."""
MESSAGES_ENCRYPTED = "messages-encrypted"
"""Warning: the words of a message are encrypted."""

MOST_DEPTH = 5
"""Messages within messages."""
MOST_PARTS_DEPTH = 50
"""Multiparts within multiparts of one message."""
MOST_ATTACHMENTS = 200
"""Of one message, with those of the messages in it."""
MOST_ATTACHED = 256 * 1024 * 1024
"""Bytes of all attachments of one message that are read, as they come out of their transfer encoding."""
MOST_CHARACTERS = 192 * 1024 * 1024
"""Of all that is written for one file."""

_SHOWN = ("From", "To", "Cc", "Date")
_LONGEST_HEADER = 16 * 1024
_LEAST_PLAIN = 150
"""Words; where the plain alternative has fewer, it may only say that there is another."""
_ALTERNATIVES = ("text/plain", "text/html")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_ENVELOPE = re.compile(rb"\A[\r\n]*(?:>?From [^\n]*\n)*")
"""The line that a message brings along from a folder of mail (see mbox)."""
_HEADER = re.compile(rb"[!-9;-~]{1,100}[ \t]*:")
_WORDS = frozenset({"text/plain", "text/html", "text/enriched", "text/markdown"})
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_MALFORMED = (MessageError, LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the standard library raises for messages that are not well-formed."""

_Part = Message


@dataclass(slots=True)
class Mail:
    """What has been found in one file, and how much of it still may be."""

    recognise: Recognise | None = None
    blocks: list[Block] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)
    characters: int = 0
    attachments: int = 0
    attached: int = 0

    def add(self, blocks: Sequence[Block], path: tuple[str, ...]) -> None:
        """Puts blocks under a heading path. Raises UnreadableError: file-too-large."""
        self.characters += sum(len(block.text) for block in blocks)
        if self.characters > MOST_CHARACTERS:
            raise UnreadableError("file-too-large", size=self.characters, limit=MOST_CHARACTERS)
        self.blocks += (
            replace(block, headings=(*path, *block.headings), page=None, source_start=None) for block in blocks
        )

    def next_message(self) -> None:
        """Counts attachments anew."""
        self.attachments = self.attached = 0


@dataclass(slots=True)
class _Sorted:
    """The parts of one message: those that are its words, alternatives together, and those that are attached to it."""

    words: list[tuple[_Part, ...]] = field(default_factory=list)
    attached: list[_Part] = field(default_factory=list)


def parse(content: bytes) -> _Part:
    """The message in `content`. Raises UnreadableError: file-damaged, where it has no header or cannot be parsed."""
    if content.startswith(_WIDE_MARKS) or b"\0" in content[:64]:
        content = decode(content).text.encode("utf-8")
    content = _ENVELOPE.sub(b"", content, count=1)
    if not _HEADER.match(content):
        raise UnreadableError("file-damaged", reason="no header")
    try:
        return message_from_bytes(content)
    except _MALFORMED as error:
        raise UnreadableError("file-damaged", reason=type(error).__name__) from error


def add_message(mail: Mail, message: _Part, path: tuple[str, ...] = (), depth: int = 0, *, untitled: str = "") -> None:
    """Writes a message and what is attached to it under `path`. One without a subject is called `untitled`.

    Raises UnreadableError: file-damaged, file-too-large.
    """
    subject = header(message, "Subject") or untitled
    below = (*path, subject) if subject else path
    if subject:
        mail.add([Block(f"{subject}\n\n", BlockKind.HEADING)], below)
    try:
        parts = _sorted(message)
        names = [name for part in parts.attached if (name := _name(part))]
    except _MALFORMED as error:
        raise UnreadableError("file-damaged", reason=type(error).__name__) from error
    if first := _first_lines(message, names):
        mail.add([Block(first, BlockKind.PROSE)], below)
    if message.get_content_type() in _ENCRYPTED:
        mail.warnings.add(MESSAGES_ENCRYPTED)
    for choice in parts.words:
        mail.add(_words(mail, _fuller(choice)), below)
    for part in parts.attached:
        _attach(mail, part, below, depth)


def header(message: _Part, name: str) -> str:
    """A header in words, on one line; empty where the message does not have it."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(_decoded(raw[:_LONGEST_HEADER]).split())


def _decoded(raw: str) -> str:
    """A header's encoded words decoded (RFC 2047); bytes that should not be there are read as text files are."""
    if not raw.isascii():
        raw = _text(raw.encode("ascii", "surrogateescape"), None)
    if "=?" not in raw:
        return raw
    try:
        found = decode_header(raw)
    except _MALFORMED:
        return raw
    return "".join(piece if isinstance(piece, str) else _text(piece, charset) for piece, charset in found) or raw


def _text(content: bytes, charset: str | None) -> str:
    """As readable as can be: a header is never a reason to give up a message."""
    try:
        return decode(content, charset).text
    except UnreadableError:
        return content.decode("ascii", "replace")


def _first_lines(message: _Part, names: Sequence[str]) -> str:
    lines = [f"{name}: {value}\n" for name in _SHOWN if (value := header(message, name))]
    if names:
        lines.append(f"Attachments: {', '.join(names)}\n")
    return "".join(lines) + "\n" if lines else ""


def _sorted(message: _Part) -> _Sorted:
    """The parts in their order."""
    parts = _Sorted()
    stack: list[tuple[_Part, int]] = [(message, 0)]
    while stack:
        part, depth = stack.pop()
        if depth > MOST_PARTS_DEPTH:
            raise UnreadableError("file-damaged", reason="nested too deeply")
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            choice: tuple[_Part, ...] = ()
            chosen = list(_inside(part))
            if part.get_content_subtype() == "alternative":
                choice, chosen = _alternatives(part)
            parts.words += [choice] if choice else []
            stack += ((each, depth + 1) for each in reversed(chosen))
        elif _is_words(part):
            parts.words.append((part,))
        else:
            parts.attached.append(part)
    return parts


def _inside(part: _Part) -> Iterator[_Part]:
    payload = part.get_payload()
    yield from (each for each in payload if isinstance(each, Message)) if isinstance(payload, list) else ()


def _is_words(part: _Part) -> bool:
    """Text that a mail program shows. A text with a name is a file, if there is a reader for it."""
    if part.get_content_maintype() != "multipart" and part.get_content_type() not in _WORDS:  # one that has no parts
        return False
    name = _name(part)
    return part.get_content_disposition() != "attachment" and not (name and reader_of(name))


def _alternatives(part: _Part) -> tuple[tuple[_Part, ...], list[_Part]]:
    """The plain words and the page of which one is to be chosen, and the files beside them.

    Where there is neither, whatever comes last, which is the richest.
    """
    inside = list(_inside(part))
    leaves = [leaf for each in inside for leaf in each.walk() if not leaf.is_multipart()]
    words = [leaf for leaf in leaves if _is_words(leaf)]
    firsts = (next((leaf for leaf in words if leaf.get_content_type() == kind), None) for kind in _ALTERNATIVES)
    choice = tuple(leaf for leaf in firsts if leaf is not None)
    return choice, [leaf for leaf in leaves if not _is_words(leaf) and _name(leaf)] if choice else inside[-1:]


def _fuller(choice: tuple[_Part, ...]) -> _Part:
    """The plain words, unless they are a stand-in for a page."""
    plain, page = choice[0], choice[-1]
    size = len(_payload(plain).split())
    if plain is page or size >= _LEAST_PLAIN:
        return plain
    shown = sum(len(block.text.split()) for block in _words(Mail(), page))
    return page if shown > 5 * size else plain


def _payload(part: _Part) -> bytes:
    """What the part holds, out of its transfer encoding. Raises UnreadableError: file-damaged."""
    try:
        found = part.get_payload(decode=True)
    except _MALFORMED as error:
        raise UnreadableError("file-damaged", reason=type(error).__name__) from error
    return found if isinstance(found, bytes) else b""


def _words(mail: Mail, part: _Part) -> Sequence[Block]:
    """The blocks of a part that is text. What is no text though it says so is left out, with a warning."""
    try:
        content = _payload(part)
        if not content.strip():
            return ()
        text = decode(content, _charset(part)).text
        if part.get_content_type() != "text/html":
            return tuple(paragraphs(text.rstrip() + "\n\n"))
        page = html.READER.contents(OpenedFile(Path("body.html"), text.encode("utf-8")))
    except UnreadableError:
        mail.warnings.add(ATTACHMENTS_UNREADABLE)
        return ()
    mail.warnings.update(page.warnings)
    return page.blocks


def _charset(part: _Part) -> str | None:
    try:
        return part.get_content_charset()
    except _MALFORMED:
        return None


def _name(part: _Part) -> str:
    """The last word of an attachment's name: folders in it mean nothing."""
    try:
        found = part.get_filename("")
    except _MALFORMED:
        return ""
    flat = " ".join(_decoded(found).replace("\0", "").split()).replace("\\", "/")
    return PurePosixPath(flat).name[-200:]


def _attach(mail: Mail, part: _Part, path: tuple[str, ...], depth: int) -> None:
    """Reads one attachment, if it is a message or there is a reader for its name."""
    name = _name(part)
    reader = reader_of(name) if name else None
    is_message = part.get_content_type() == "message/rfc822" or (reader is not None and reader.name == "email")
    if not is_message and (reader is None or (reader.name == "image" and mail.recognise is None)):
        return
    mail.attachments += 1
    if depth >= MOST_DEPTH or mail.attachments > MOST_ATTACHMENTS:
        mail.warnings.add(ATTACHMENTS_UNREADABLE)
        return
    try:
        if is_message:
            inside = list(_inside(part))
            add_message(mail, inside[0] if inside else parse(_payload(part)), path, depth + 1)
            return
        content = _payload(part)
        mail.attached += len(content)
        if reader is None or mail.attached > MOST_ATTACHED:
            raise UnreadableError("file-too-large", size=mail.attached, limit=MOST_ATTACHED)
        found = reader.contents(OpenedFile(Path(name), content, mail.recognise))
    except UnreadableError:
        if mail.characters > MOST_CHARACTERS:
            raise
        mail.warnings.add(ATTACHMENTS_UNREADABLE)
        return
    mail.warnings.update(found.warnings)
    mail.add(_ended(found.blocks), (*path, name))


def _ended(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks of a file with a blank line after them: another may follow it here."""
    return [*blocks[:-1], replace(blocks[-1], text=blocks[-1].text.rstrip("\n") + "\n\n")] if blocks else ()
