"""What a search is narrowed to: documents by folder, format, date, author and path."""

from dataclasses import dataclass, fields, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Filters:
    """What a document must be like to be searched. Each kind that is named must hold; within a kind any one will do.

    folders: names of watched folders or of folders below them, or paths. formats: as readers name them, or suffixes.
    after, before: days, both included, of the file's last change in local time. authors: parts of the author's name.
    globs: shell patterns over the whole path, or over the name where they hold no separator; `**` goes over folders,
    and a name without wildcards may be a part of it. Case and composition count nowhere.
    """

    folders: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    authors: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def narrowed(self, other: "Filters") -> "Filters":
        """These filters, with each kind that `other` names taken from there."""
        named = {each.name: value for each in fields(other) if (value := getattr(other, each.name))}
        return replace(self, **named)


EVERYTHING = Filters()
