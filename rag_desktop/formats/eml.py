"""A mail message as mail programs save it (RFC 5322, MIME), with what is attached to it."""

from rag_desktop.domain.documents import Metadata
from rag_desktop.formats.mail import Mail, add_message, header, parse
from rag_desktop.formats.reader import Contents, OpenedFile, Reader


def _contents(file: OpenedFile) -> Contents:
    message = parse(file.content)
    mail = Mail(file.recognise)
    add_message(mail, message)
    metadata = Metadata(header(message, "Subject") or None, header(message, "From") or None)
    return Contents(tuple(mail.blocks), metadata, tuple(sorted(mail.warnings)))


READER = Reader("email", (".eml",), _contents)
