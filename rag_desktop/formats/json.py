"""JSON and JSON Lines (RFC 8259): each object of a list becomes a record that stays whole, its keys as dotted paths.

What leads to a list of objects gives the headings. An object that is too large for one record is opened: its own
values are a record, and what it holds goes under its title. Numbers stay as they were written.
"""

import json
import re

from rag_desktop.domain.documents import BlockKind
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.records import Records
from rag_desktop.formats.values import MOST_DEPTH, Number, Object, Sheet, Value, write, write_record

LINES_DAMAGED = "json-lines-damaged"
"""Warning: some lines of a JSON Lines file are no JSON, and were taken as text."""

MOST_VALUES = 4_000_000
"""Commas and colons, which are counted before anything is built: a value takes some hundred bytes of memory."""

_DECODER = json.JSONDecoder(
    object_pairs_hook=Object, parse_float=Number, parse_int=Number, parse_constant=Number, strict=False
)


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    _check_size(decoded.text)
    sheet = Sheet(Records("json-too-large"))
    is_lines = file.path.suffix.lower() != ".json"
    if is_lines or not _take_whole(sheet, decoded.text):
        _take_lines(sheet, decoded.text, is_lines=is_lines)
    return Contents(tuple(sheet.records.blocks), warnings=(*decoded.warnings, *sorted(sheet.warnings)))


def _check_size(text: str) -> None:
    values = text.count(",") + text.count(":")
    if values > MOST_VALUES:
        raise UnreadableError("json-too-large", limit=MOST_VALUES)


def _take_whole(sheet: Sheet, text: str) -> bool:
    """False where more follows the first value, as in JSON Lines that are called .json."""
    try:
        value = _parsed(text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Extra data"):
            return False
        raise _damaged(error, error.lineno) from error
    write(sheet, value, (), 0)
    return True


def _take_lines(sheet: Sheet, text: str, *, is_lines: bool) -> None:
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
            write_record(sheet, value, (), 0)


def _parsed(text: str) -> Value:
    try:
        value: Value = _DECODER.decode(text)
    except RecursionError as error:
        raise UnreadableError("json-too-deep", limit=MOST_DEPTH) from error
    return value


def _damaged(error: json.JSONDecodeError, line: int) -> UnreadableError:
    return UnreadableError("json-damaged", line=line, reason=error.msg)


READER = Reader("json", (".json", ".jsonl", ".ndjson"), _contents)
