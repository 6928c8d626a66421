"""What a person narrows a search to, in words: the names of folders, formats and times, and the query syntax."""

import os
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.gui.amounts import documents
from rag_desktop.services.wording import N_, Wording
from rag_desktop.text.queries import Piece, PieceKind, parsed

FORMATS: dict[str, str] = {
    "bibtex": N_("BibTeX"),
    "code": N_("Source code"),
    "csv": N_("Tables (CSV)"),
    "docx": N_("Word"),
    "email": N_("E-mail"),
    "epub": N_("E-books (EPUB)"),
    "fb2": N_("E-books (FB2)"),
    "html": N_("Web pages"),
    "hwpx": N_("Hangul (HWPX)"),
    "image": N_("Pictures"),
    "json": N_("JSON"),
    "latex": N_("LaTeX"),
    "log": N_("Logs"),
    "markdown": N_("Markdown"),
    "mbox": N_("Mailboxes"),
    "notebook": N_("Notebooks"),
    "odp": N_("OpenDocument slides"),
    "ods": N_("OpenDocument sheets"),
    "odt": N_("OpenDocument text"),
    "org": N_("Org"),
    "pdf": N_("PDF"),
    "pptx": N_("PowerPoint"),
    "rst": N_("reStructuredText"),
    "rtf": N_("RTF"),
    "syslog": N_("Logs (syslog)"),
    "text": N_("Plain text"),
    "xls": N_("Excel (XLS)"),
    "xlsx": N_("Excel"),
    "xml": N_("XML"),
    "yaml": N_("YAML"),
}
"""Formats as readers name them, and as people do."""


class Period(StrEnum):
    """When a document was changed last, counted back from today or between two days."""

    ANY = "any"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    DAYS = "days"


_BACK = {Period.WEEK: 7, Period.MONTH: 30, Period.YEAR: 365}
"""Days."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the chips stand for. folders: paths. formats: names of readers. after, before: of Period.DAYS, included."""

    folders: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    period: Period = Period.ANY
    after: date | None = None
    before: date | None = None

    def filters(self, today: date) -> Filters:
        """As a search takes it."""
        if self.period in _BACK:
            return Filters(self.folders, self.formats, today - timedelta(days=_BACK[self.period]))
        if self.period is Period.DAYS:
            return Filters(self.folders, self.formats, self.after, self.before)
        return Filters(self.folders, self.formats)


def folder_name(path: str) -> str:
    """The name of a folder, or its path where it has none."""
    return os.path.basename(path) or path


def format_name(name: str, wording: Wording) -> str:
    """A format as people call it."""
    return wording.say(FORMATS[name]) if name in FORMATS else name.upper()


def folder_words(choice: Choice, wording: Wording) -> str:
    """What the chip of the folders says."""
    return _listed([folder_name(path) for path in choice.folders], wording.say("All folders"), wording)


def format_words(choice: Choice, wording: Wording) -> str:
    """What the chip of the types says."""
    return _listed([format_name(name, wording) for name in choice.formats], wording.say("Any type"), wording)


def _listed(names: list[str], nothing: str, wording: Wording) -> str:
    if not names:
        return nothing
    return wording.say("{name} and {n} more", name=names[0], n=len(names) - 1) if names[1:] else names[0]


def period_words(choice: Choice, wording: Wording) -> str:
    """What the chip of the times says."""
    match choice.period:
        case Period.WEEK:
            return wording.say("Past week")
        case Period.MONTH:
            return wording.say("Past month")
        case Period.YEAR:
            return wording.say("Past year")
        case Period.DAYS if choice.after and choice.before:
            return wording.say("{first} to {last}", first=choice.after, last=choice.before)
        case Period.DAYS if choice.after:
            return wording.say("Since {first}", first=choice.after)
        case Period.DAYS if choice.before:
            return wording.say("Until {last}", last=choice.before)
        case _:
            return wording.say("Any time")


def piece_words(piece: Piece, typed: str, wording: Wording) -> str:
    """What the chip of a typed piece says: operators as they were typed, the others in words."""
    match piece.kind:
        case PieceKind.PHRASE:
            return wording.say("“{words}” word for word", words=piece.value)
        case PieceKind.WITHOUT:
            return wording.say("without “{words}”", words=piece.value)
        case _:
            return " ".join(typed[piece.span.start : piece.span.end].split())


def without(typed: str, piece: Piece) -> str:
    """The text without a piece of it."""
    before, after = typed[: piece.span.start].rstrip(), typed[piece.span.end :].lstrip()
    return f"{before} {after}" if before and after else before + after


def spelled(typed: str, chosen: Filters, wording: Wording) -> str:
    """All that a search is narrowed to, in the query syntax: what was typed, then what else was chosen."""
    query = parsed(typed)
    kinds = (PieceKind.PHRASE, PieceKind.WITHOUT)
    words = [piece_words(each, typed, wording) for each in query.pieces if each.kind not in kinds]
    named = query.filters
    rest = replace(
        chosen,
        folders=() if named.folders else chosen.folders,
        formats=() if named.formats else chosen.formats,
        after=None if named.after else chosen.after,
        before=None if named.before else chosen.before,
    )
    return "  ".join([*words, *_spelled(rest, wording)])


def _spelled(filters: Filters, wording: Wording) -> list[str]:
    found = []
    if filters.folders:
        found.append(wording.say("in:{value}", value=_value([folder_name(path) for path in filters.folders])))
    if filters.formats:
        found.append(wording.say("type:{value}", value=_value(filters.formats)))
    if filters.after:
        found.append(wording.say("after:{value}", value=filters.after))
    if filters.before:
        found.append(wording.say("before:{value}", value=filters.before + timedelta(days=1)))
    return found


def _value(names: list[str] | tuple[str, ...]) -> str:
    return ",".join(f'"{name}"' if " " in name or "," in name else name for name in names)


def is_narrowed(typed: str, chosen: Filters) -> bool:
    """Whether fewer than all documents are searched."""
    return chosen.narrowed(parsed(typed).filters) != EVERYTHING


def inexact_words(wording: Wording) -> str:
    """That words in quotation marks were not found as they are."""
    return wording.say("The words in quotation marks stand nowhere together; this is what comes nearest.")


def nothing_words(typed: str, chosen: Filters, fitting: int | None, wording: Wording) -> str:
    """Why a search found nothing. fitting: documents that its filters leave, None where there are none."""
    if fitting is None:
        return wording.say("Nothing fits these words. Try fewer, or other ones.")
    filters = spelled(typed, chosen, wording)
    if not fitting:
        return wording.say("No document fits: {filters}", filters=filters)
    left = documents(fitting, wording)
    return wording.say("Nothing fits these words in {filters} ({documents}).", filters=filters, documents=left)
