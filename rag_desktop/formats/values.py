"""Writes nested values (objects, lists, words) as records: what JSON and data in XML have in common.

What leads to a list of objects gives the headings. An object that is too large for one record is opened: its own
values are a record, and what it holds goes under its title. Numbers stay as they were written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.records import Field, Records, named, one_line, title_of
from rag_desktop.text.chunks import PARENT_TOKENS
from rag_desktop.text.words import count_tokens

DATA_LEFT_OUT = "json-data-left-out"
"""Warning: long arrays of numbers were cut, or encoded binary data was left out: nobody reads or asks for them."""

MOST_DEPTH = 100
MOST_NUMBERS = 64
"""Numbers of one array that are written. Longer ones are vectors, measurements, outlines on a map."""
_LONGEST_RECORD = PARENT_TOKENS * 7
"""Characters: no text with more has fewer tokens than a parent."""
_BINARY = re.compile(r"(?:data:[\w/.+-]*;base64,)?[A-Za-z0-9+/_=-]{1000,}")


class Number(str):
    """A number as it was written: 89.90 is a price."""

    __slots__ = ()


class Object(tuple[tuple[str, "Value"], ...]):
    """Members in their order; a key may come twice."""

    __slots__ = ()


Value: TypeAlias = "Object | list[Value] | str | bool | None"
_Path: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Sheet:
    """What has been written of one file, and what was left out."""

    records: Records
    warnings: set[str] = field(default_factory=set)


def write(sheet: Sheet, value: Value, path: _Path, depth: int) -> None:
    """Writes a whole file. What stands above the records (an object that holds lists of objects, or only objects) is no
    record itself. Raises UnreadableError: json-too-deep, or the code of `sheet.records`.
    """
    if isinstance(value, Object) and _holds_records(value):
        _check_depth(depth)
        sheet.records.add(_own_fields(sheet, value), path)
        for key, member in value:
            if _is_nested(member):
                write(sheet, member, (*path, named(key, "").name), depth + 1)
    else:
        write_record(sheet, value, path, depth)


def _holds_records(value: Object) -> bool:
    members = [member for _, member in value]
    lists = any(isinstance(member, list) and any(isinstance(each, Object) for each in member) for member in members)
    objects = sum(isinstance(member, Object) for member in members)
    return lists or (objects == len(members) > 1) or any(isinstance(m, Object) and _holds_lists(m) for m in members)


def _holds_lists(value: Object) -> bool:
    """Whether a list of objects lies right below, as in {"data": {"products": [...]}}."""
    return any(isinstance(member, list) and any(isinstance(e, Object) for e in member) for _, member in value)


def write_record(sheet: Sheet, value: Value, path: _Path, depth: int) -> None:
    """Writes a value as one record if it fits a parent, else opens it."""
    _check_depth(depth)
    if isinstance(value, Object):
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
                write_record(sheet, each, path, depth + 1)
    else:
        sheet.records.add([named("", _joined(sheet, value))], path)


def _enter_members(sheet: Sheet, value: Object, path: _Path, depth: int) -> None:
    own = _own_fields(sheet, value)
    title = title_of(own)
    below = (*path, title.value) if title else path
    sheet.records.add(own, path)
    for key, member in value:
        if _is_nested(member):
            write_record(sheet, member, (*below, named(key, "").name), depth + 1)


def _own_fields(sheet: Sheet, value: Object) -> list[Field]:
    return [named(key, _joined(sheet, member)) for key, member in value if not _is_nested(member)]


def _whole(sheet: Sheet, value: Object, depth: int) -> list[Field] | None:
    """All fields of an object, or None where they are more than a parent holds."""
    found: list[Field] = []
    characters = 0
    for each in _fields(sheet, value, "", depth):
        found.append(each)
        characters += len(each.name) + len(each.value)
        if characters > _LONGEST_RECORD:
            return None
    return found if sum(count_tokens(str(each)) + 1 for each in found) <= PARENT_TOKENS else None


def _fields(sheet: Sheet, value: Value, name: str, depth: int) -> Iterator[Field]:
    _check_depth(depth)
    if isinstance(value, Object):
        for key, member in value:
            yield from _fields(sheet, member, f"{name}.{key}" if name else key, depth + 1)
    elif isinstance(value, list) and _is_nested(value):
        for number, member in enumerate(value, 1):
            yield from _fields(sheet, member, f"{name}.{number}", depth + 1)
    else:
        yield named(name, _joined(sheet, value))


def _is_nested(value: Value) -> bool:
    """Whether there is more below than values side by side, or numbers however deep."""
    if isinstance(value, Object):
        return True
    return isinstance(value, list) and any(isinstance(each, list | Object) for each in value) and not _is_numeric(value)


def _is_numeric(value: list[Value]) -> bool:
    """Whether an array, with those inside it, holds numbers alone: coordinates, vectors."""
    stack: list[Value] = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(each)
        elif not isinstance(each, Number):
            return False
    return True


def _joined(sheet: Sheet, value: Value) -> str:
    """A value, or values side by side, in words."""
    if not isinstance(value, list):
        return _scalar(sheet, value)
    shown = list(_numbers(value)) if _is_numeric(value) else [_scalar(sheet, each) for each in value]
    if len(shown) > MOST_NUMBERS and _is_numeric(value):
        sheet.warnings.add(DATA_LEFT_OUT)
        shown = [*shown[:MOST_NUMBERS], "…"]
    return ", ".join(filter(None, shown))


def _numbers(value: list[Value]) -> Iterator[str]:
    """The first of the numbers in an array of arrays, one more than is written."""
    left = MOST_NUMBERS + 1
    stack: list[Value] = [value]
    while stack and left:
        each = stack.pop()
        if isinstance(each, list):
            stack.extend(reversed(each))
        elif isinstance(each, str):
            left -= 1
            yield each


def _scalar(sheet: Sheet, value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return ""
    if len(value) >= 1000 and not isinstance(value, Number) and _BINARY.fullmatch(value):
        sheet.warnings.add(DATA_LEFT_OUT)
        return ""
    return one_line(value)


def _check_depth(depth: int) -> None:
    if depth > MOST_DEPTH:
        raise UnreadableError("json-too-deep", limit=MOST_DEPTH)
