"""JSON and JSON Lines (RFC 8259): each object of a list becomes a record that stays whole, its keys as dotted paths.

What leads to a list of objects gives the headings. An object that is too large for one record is opened: its own
values are a record, and what it holds goes under its title. Numbers stay as they were written.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Field, Records, named, one_line, title_of
from rag_desktop.text.chunks import PARENT_TOKENS
from rag_desktop.text.words import count_tokens

LINES_DAMAGED = "json-lines-damaged"
"""Warning: some lines of a JSON Lines file are no JSON, and were taken as text."""
DATA_LEFT_OUT = "json-data-left-out"
"""Warning: long arrays of numbers were cut, or encoded binary data was left out: nobody reads or asks for them."""

MOST_VALUES = 4_000_000
"""Commas and colons, which are counted before anything is built: a value takes some hundred bytes of memory."""
MOST_DEPTH = 100
MOST_NUMBERS = 64
"""Numbers of one array that are written. Longer ones are vectors, measurements, outlines on a map."""
_LONGEST_RECORD = PARENT_TOKENS * 7
"""Characters: no text with more has fewer tokens than a parent."""
_BINARY = re.compile(r"(?:data:[\w/.+-]*;base64,)?[A-Za-z0-9+/_=-]{1000,}")


class _Number(str):
    """A number as it was written: 89.90 is a price."""

    __slots__ = ()


class _Object(tuple[tuple[str, "_Value"], ...]):
    """Members in their order; a key may come twice."""

    __slots__ = ()


_Value: TypeAlias = "_Object | list[_Value] | str | bool | None"
_Path: TypeAlias = tuple[str, ...]

_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object, parse_float=_Number, parse_int=_Number, parse_constant=_Number, strict=False
)


@dataclass(slots=True)
class _Sheet:
    """What has been written of one file, and what was left out."""

    records: Records = field(default_factory=lambda: Records("json-too-large"))
    warnings: set[str] = field(default_factory=set)


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    _check_size(decoded.text)
    sheet = _Sheet()
    is_lines = file.path.suffix.lower() != ".json"
    if is_lines or not _take_whole(sheet, decoded.text):
        _take_lines(sheet, decoded.text, is_lines=is_lines)
    return Contents(tuple(sheet.records.blocks), warnings=(*decoded.warnings, *sorted(sheet.warnings)))


def _check_size(text: str) -> None:
    values = text.count(",") + text.count(":")
    if values > MOST_VALUES:
        raise UnreadableError("json-too-large", limit=MOST_VALUES)


def _take_whole(sheet: _Sheet, text: str) -> bool:
    """False where more follows the first value, as in JSON Lines that are called .json."""
    try:
        value = _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Extra data"):
            return False
        raise _damaged(error, error.lineno) from error
    _open(sheet, value, (), 0)
    return True


def _take_lines(sheet: _Sheet, text: str, *, is_lines: bool) -> None:
    """One value a line. A line that is none is kept as text, but the first and those of a .json file must be values."""
    for number, match in enumerate(re.finditer(r"[^\n]+|\n(?=\n)", text), 1):
        line = match[0].strip()
        if not line:
            continue
        try:
            value = _parsed(line)
        except json.JSONDecodeError as error:
            if not is_lines or not sheet.records.blocks:
                raise _damaged(error, number) from error
            sheet.warnings.add(LINES_DAMAGED)
            sheet.records.add_text(line + "\n", BlockKind.CODE)
        else:
            _enter(sheet, value, (), 0)


def _parsed(text: str) -> _Value:
    try:
        value: _Value = _DECODER.decode(text)
    except RecursionError as error:
        raise UnreadableError("json-too-deep", limit=MOST_DEPTH) from error
    return value


def _damaged(error: json.JSONDecodeError, line: int) -> UnreadableError:
    return UnreadableError("json-damaged", line=line, reason=error.msg)


def _open(sheet: _Sheet, value: _Value, path: _Path, depth: int) -> None:
    """What stands above the records: an object that holds lists of objects, or only objects, is no record itself."""
    if isinstance(value, _Object) and _holds_records(value):
        _check_depth(depth)
        sheet.records.add(_own_fields(sheet, value), path)
        for key, member in value:
            if _is_nested(member):
                _open(sheet, member, (*path, named(key, "").name), depth + 1)
    else:
        _enter(sheet, value, path, depth)


def _holds_records(value: _Object) -> bool:
    members = [member for _, member in value]
    lists = any(isinstance(member, list) and any(isinstance(each, _Object) for each in member) for member in members)
    objects = sum(isinstance(member, _Object) for member in members)
    return lists or (objects == len(members) > 1) or any(isinstance(m, _Object) and _holds_lists(m) for m in members)


def _holds_lists(value: _Object) -> bool:
    """Whether a list of objects lies right below, as in {"data": {"products": [...]}}."""
    return any(isinstance(member, list) and any(isinstance(e, _Object) for e in member) for _, member in value)


def _enter(sheet: _Sheet, value: _Value, path: _Path, depth: int) -> None:
    """Writes a value as one record if it fits a parent, else opens it."""
    _check_depth(depth)
    if isinstance(value, _Object):
        whole = _whole(sheet, value, depth)
        if whole is not None:
            sheet.records.add(whole, path)
        else:
            _enter_members(sheet, value, path, depth)
    elif isinstance(value, list) and _is_nested(value):
        for each in value:
            if isinstance(each, list) and not _is_nested(each) and not _is_numeric(each):
                sheet.records.add([named("", _scalar(sheet, cell)) for cell in each], path)
            else:
                _enter(sheet, each, path, depth + 1)
    else:
        sheet.records.add([named("", _joined(sheet, value))], path)


def _enter_members(sheet: _Sheet, value: _Object, path: _Path, depth: int) -> None:
    own = _own_fields(sheet, value)
    title = title_of(own)
    below = (*path, title.value) if title else path
    sheet.records.add(own, path)
    for key, member in value:
        if _is_nested(member):
            _enter(sheet, member, (*below, named(key, "").name), depth + 1)


def _own_fields(sheet: _Sheet, value: _Object) -> list[Field]:
    return [named(key, _joined(sheet, member)) for key, member in value if not _is_nested(member)]


def _whole(sheet: _Sheet, value: _Object, depth: int) -> list[Field] | None:
    """All fields of an object, or None where they are more than a parent holds."""
    found: list[Field] = []
    characters = 0
    for each in _fields(sheet, value, "", depth):
        found.append(each)
        characters += len(each.name) + len(each.value)
        if characters > _LONGEST_RECORD:
            return None
    return found if sum(count_tokens(str(each)) + 1 for each in found) <= PARENT_TOKENS else None


def _fields(sheet: _Sheet, value: _Value, name: str, depth: int) -> Iterator[Field]:
    _check_depth(depth)
    if isinstance(value, _Object):
        for key, member in value:
            yield from _fields(sheet, member, f"{name}.{key}" if name else key, depth + 1)
    elif isinstance(value, list) and _is_nested(value):
        for number, member in enumerate(value, 1):
            yield from _fields(sheet, member, f"{name}.{number}", depth + 1)
    else:
        yield named(name, _joined(sheet, value))


def _is_nested(value: _Value) -> bool:
    """Whether there is more below than values side by side, or numbers however deep."""
    if isinstance(value, _Object):
        return True
    return (
        isinstance(value, list) and any(isinstance(each, list | _Object) for each in value) and not _is_numeric(value)
    )


def _is_numeric(value: list[_Value]) -> bool:
    """Whether an array, with those inside it, holds numbers alone: coordinates, vectors."""
    stack: list[_Value] = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(each)
        elif not isinstance(each, _Number):
            return False
    return True


def _joined(sheet: _Sheet, value: _Value) -> str:
    """A value, or values side by side, in words."""
    if not isinstance(value, list):
        return _scalar(sheet, value)
    shown = list(_numbers(value)) if _is_numeric(value) else [_scalar(sheet, each) for each in value]
    if len(shown) > MOST_NUMBERS and _is_numeric(value):
        sheet.warnings.add(DATA_LEFT_OUT)
        shown = [*shown[:MOST_NUMBERS], "…"]
    return ", ".join(filter(None, shown))


def _numbers(value: list[_Value]) -> Iterator[str]:
    """The first of the numbers in an array of arrays, one more than is written."""
    left = MOST_NUMBERS + 1
    stack: list[_Value] = [value]
    while stack and left:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(reversed(each))
        elif isinstance(each, str):
            left -= 1
            yield each


def _scalar(sheet: _Sheet, value: _Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return ""
    if len(value) >= 1000 and not isinstance(value, _Number) and _BINARY.fullmatch(value):
        sheet.warnings.add(DATA_LEFT_OUT)
        return ""
    return one_line(value)


def _check_depth(depth: int) -> None:
    if depth > MOST_DEPTH:
        raise UnreadableError("json-too-deep", limit=MOST_DEPTH)


READER = Reader("json", (".json", ".jsonl", ".ndjson"), _contents)
