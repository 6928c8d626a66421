"""One line of .gitignore syntax (https://git-scm.com/docs/gitignore), made exact and safe to match.

pathspec translates; its expressions say whether a path or anything above it matches. Git asks about each folder on the
way by itself, which decides what a later `!line` brings back, so here a pattern matches an entry itself or not at all.
"""

import re
import unicodedata
from dataclasses import dataclass

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from rag_desktop.domain.errors import UserFacingError

_MOST_CHARACTERS = 1_000
_MOST_LINES = 2_000
_SET_OPERATION = re.compile(r"\[[^]]*(?:\[|--|&&|~~|\|\|)")
"""Inside brackets Python reserves these; POSIX classes such as [[:alpha:]] are not translated either."""
_PLAIN = re.compile(r"[^*?\[\\/]+")
_SLASH = "(?P<ps_d>/)"
_LEADING, _INNER = "^(?:.+/)?", "(?:/.+)?"
"""How pathspec spells `**` at the start and in the middle."""
_NEGATED = re.compile(r"\[\^(?!/\])")
"""`[!a]` stands for no slash either."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line that says something. `text` is as typed; `is_named`: it is about names, wherever they are."""

    text: str
    excludes: bool
    is_named: bool
    is_for_folders: bool
    core: str
    """Without `!` and slashes at its ends."""
    expression: str
    """To match an entry's name or its path below the root as a whole; a folder's ends in a slash."""

    @property
    def literal(self) -> str | None:
        """The one name it matches, where it has no wildcard."""
        return self.core if self.is_named and _PLAIN.fullmatch(self.core) else None

    @property
    def suffix(self) -> str | None:
        """What it matches all names with this end for."""
        end = self.core.removeprefix("*")
        return end if self.is_named and end != self.core and _PLAIN.fullmatch(end) else None

    @property
    def prefix(self) -> str | None:
        """What it matches all names with this beginning for."""
        start = self.core.removesuffix("*")
        return start if self.is_named and start != self.core and _PLAIN.fullmatch(start) else None


def subject(text: str, *, ignore_case: bool) -> str:
    """A name, a path or a pattern as they are compared: composed, for a person sees no difference."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    # No name holds NUL and no pattern a line feed: so `.` and `$` of an expression treat one like any character.
    return (text.lower() if ignore_case else text).replace("\n", "\0")


def parse(patterns: str, *, ignore_case: bool) -> tuple[Pattern, ...]:
    """The patterns of some lines, in order. Raises UserFacingError `pattern-refused` with the first bad line."""
    lines = enumerate(patterns.split("\n"))
    return tuple(found for number, line in lines if (found := _parsed(line, number, ignore_case=ignore_case)))


def refused(patterns: str) -> tuple[str, ...]:
    """The lines that mean nothing, could never match, or are too many, as they were typed."""
    return tuple(line for number, line in enumerate(patterns.split("\n")) if _is_refused(line, number))


def _is_refused(line: str, number: int) -> bool:
    try:
        _parsed(line, number, ignore_case=False)
    except UserFacingError:
        return True
    return False


def _parsed(line: str, number: int, *, ignore_case: bool) -> Pattern | None:
    """None for an empty line or a comment. number: of the line, from 0."""
    typed = line.rstrip("\r")
    text = subject(typed, ignore_case=ignore_case)
    if not text.strip() or text.startswith("#"):
        return None
    body = text.removeprefix("!")
    if not text.endswith("\\ "):
        body = body.rstrip()
    parts = body.removeprefix("/").removesuffix("/").split("/")
    if number >= _MOST_LINES or len(text) > _MOST_CHARACTERS or not _can_match(parts, text):
        raise UserFacingError("pattern-refused", pattern=typed)
    core = "/".join(parts)
    is_named = not body.startswith("/") and len(parts) == 1
    expression = _expression(text, typed)
    return Pattern(typed, not text.startswith("!"), is_named, body.endswith("/"), core, expression)


def _can_match(parts: list[str], text: str) -> bool:
    return "\0" not in text and not any(part in ("", ".", "..") for part in parts) and not _SET_OPERATION.search(text)


def _expression(text: str, typed: str) -> str:
    # pathspec reads `a/**/` as `a/`; to git it is the folders inside.
    whole = text.rstrip() + "*/" if text.rstrip().endswith("/**/") else text
    try:
        translated, _ = GitIgnoreSpecPattern.pattern_to_regex(whole)
        if translated is not None:
            expression = _linear(_exact(translated))
            re.compile(expression)
            return expression
    except (ValueError, re.error) as error:
        raise UserFacingError("pattern-refused", pattern=typed) from error
    raise UserFacingError("pattern-refused", pattern=typed)


def _exact(expression: str) -> str:
    """What matches an entry itself: pathspec's ends where a folder above may, and its catch-alls at any character."""
    if expression == ".":
        return ".+"
    if expression == _SLASH:
        return ".+/"
    if expression == "/":
        return ".+/.+"
    if expression.endswith("/"):
        return expression + ".+"
    return _NEGATED.sub("(?!/)[^", expression.replace(_SLASH, "/"))


def _linear(expression: str) -> str:
    """Each wildcard but the last takes as little as it can and is not tried again: whatever fits behind a later place
    fits behind the first. Else a name of many letters, or a deep path, takes as good as for ever."""
    if not expression.startswith("^"):
        return expression
    is_anywhere = expression.startswith(_LEADING)
    first, *others = expression.removeprefix(_LEADING if is_anywhere else "^").split(_INNER)
    parts = [("(?:[^/]+/)*" if is_anywhere else "", first), *(("(?:/[^/]+)*", part) for part in others)]
    *middle, (skipped, last) = [(skipped, _stars(part)) for skipped, part in parts]
    return "".join(f"(?>{skipped and skipped + '?'}{part}(?=/))" for skipped, part in middle) + skipped + last


def _stars(part: str) -> str:
    """The same for `*` within one name."""
    first, *middle = part.split("[^/]*")
    if not middle:
        return part
    *middle, last = middle
    return "".join((first, *(f"(?>[^/]*?{word})" for word in middle), "[^/]*", last))
