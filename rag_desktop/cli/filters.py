"""Options that narrow a search: what `in:`, `type:`, `after:` and the like mean in a query, without its syntax."""

import argparse
import os
from collections.abc import Callable
from datetime import date, timedelta

from rag_desktop.domain.filters import Filters
from rag_desktop.services.wording import Wording
from rag_desktop.text.queries import day_named, formats_named

_FROM_HERE = (os.curdir, os.pardir)


def add_filters(verb: argparse.ArgumentParser, wording: Wording) -> None:
    """The options that `filters_of` reads."""
    say = wording.say
    group = verb.add_argument_group(say("search in some documents only; what the query itself names goes before"))

    def several(option: str, name: str, metavar: str, type_: Callable[[str], object], help_: str) -> None:
        group.add_argument(option, dest=name, action="append", default=[], metavar=metavar, type=type_, help=help_)

    several("--in", "folders", "FOLDER", _folder, say("those in a folder of this name or path; may be repeated"))
    several("--type", "formats", "TYPE", _formats(wording), say("those of a type, such as pdf; may be repeated"))
    group.add_argument("--after", metavar="DATE", type=_day(wording), help=say("changed on this day or after it"))
    group.add_argument("--before", metavar="DATE", type=_day(wording), help=say("changed before this day"))
    several("--author", "authors", "NAME", _words, say("those of an author; may be repeated"))
    several("--path", "globs", "PATTERN", _words, say("those whose path fits a pattern; may be repeated"))


def filters_of(options: argparse.Namespace) -> Filters:
    """What was chosen."""
    return Filters(
        folders=tuple(options.folders),
        formats=tuple(name for names in options.formats for name in names),
        after=options.after,
        before=options.before - timedelta(days=1) if options.before else None,
        authors=tuple(options.authors),
        globs=tuple(options.globs),
    )


def _folder(text: str) -> str:
    """A name or path; one that begins at the folder one is in is made whole."""
    named = _words(text)
    return os.path.abspath(named) if named.replace(os.sep, "/").split("/")[0] in _FROM_HERE else named


def _formats(wording: Wording) -> Callable[[str], tuple[str, ...]]:
    def formats(text: str) -> tuple[str, ...]:
        named = [formats_named(part.strip()) for part in text.split(",")]
        if not all(named):
            raise argparse.ArgumentTypeError(wording.say("“{text}” is no type of files, as pdf is.", text=text))
        return tuple(name for names in named for name in names)

    return formats


def _day(wording: Wording) -> Callable[[str], date]:
    def day(text: str) -> date:
        found = day_named(text.strip())
        if found is None:
            raise argparse.ArgumentTypeError(
                wording.say(
                    "“{text}” is no date. A year, a month or a day is one: 2023, 2023-05 or 2023-05-17.", text=text
                )
            )
        return found

    return day


def _words(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError(repr(text))
    return text.strip()
