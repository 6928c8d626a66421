"""Jupyter notebooks (nbformat 3 and 4): Markdown cells with their headings, code cells, and what they printed.

Pictures and pages among the outputs are left out; a table that pandas made is there as text as well.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.markdown import sections
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.plain import paragraphs
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

OUTPUTS_CUT = "notebook-outputs-cut"
"""Warning: outputs longer than LONGEST_OUTPUT were cut."""
LONGEST_OUTPUT = 20_000
"""Characters of what one cell printed."""
MOST_VALUES = 2_000_000
"""Commas and colons outside of pictures: each value takes some hundred bytes of memory."""

_PICTURE = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]*")
_EMBEDDED = re.compile(r"!\[([^\]]{0,500})\]\((?:attachment:[^)]{0,500})?\)")
_COLOUR = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_SHOWN = ("text/markdown", "text/plain", "text/latex")

_Json = dict[str, Any]


@dataclass(slots=True)
class _Notebook:
    trail: Trail = field(default_factory=Trail)
    blocks: list[Block] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)

    def add(self, text: str, kind: BlockKind) -> None:
        if text.strip():
            self.blocks.append(Block(text.rstrip() + "\n\n", kind, self.trail.path))


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    if decoded.text.count(",") + decoded.text.count(":") > MOST_VALUES:
        raise UnreadableError("file-too-large", size=len(file.content), limit=MOST_VALUES)
    try:
        whole = json.loads(decoded.text)
    except json.JSONDecodeError as error:
        raise UnreadableError("file-damaged", reason=error.msg) from error
    except (RecursionError, ValueError) as error:  # ValueError: a number of thousands of digits
        raise UnreadableError("file-damaged", reason=type(error).__name__) from error
    notebook = _Notebook()
    for cell in _cells(whole):
        _take(notebook, cell)
    first = next((block.headings[-1] for block in notebook.blocks if block.kind is BlockKind.HEADING), None)
    said = _mapping(_mapping(whole).get("metadata")).get("title")
    title = said if isinstance(said, str) and said else first
    return Contents(tuple(notebook.blocks), Metadata(title), (*decoded.warnings, *sorted(notebook.warnings)))


def _cells(whole: object) -> list[_Json]:
    """The cells, which version 3 keeps in worksheets. Raises UnreadableError where there is no list of them."""
    top = _mapping(whole)
    sheets = [_mapping(sheet) for sheet in _listed(top.get("worksheets"))]
    found = [top.get("cells"), *(sheet.get("cells") for sheet in sheets)]
    if not any(isinstance(each, list) for each in found):
        raise UnreadableError("file-damaged", reason="no cells")
    return [_mapping(cell) for each in found for cell in _listed(each)]


def _take(notebook: _Notebook, cell: _Json) -> None:
    kind = cell.get("cell_type")
    source = _text(cell.get("source", cell.get("input")))
    if kind == "markdown":
        _take_markdown(notebook, source)
    elif kind == "heading":  # of version 3
        level = cell.get("level")
        notebook.trail.enter(level if isinstance(level, int) else 1, source)
        notebook.add(source, BlockKind.HEADING)
    elif kind == "code":
        notebook.add(source, BlockKind.CODE)
        _take_outputs(notebook, _listed(cell.get("outputs")))
    else:
        notebook.add(source, BlockKind.CODE)


def _take_markdown(notebook: _Notebook, source: str) -> None:
    text = _EMBEDDED.sub(r"\1", _PICTURE.sub("", source)).rstrip() + "\n\n"
    if text.strip():
        notebook.blocks += (replace(block, source_start=None) for block in sections(text, notebook.trail))


def _take_outputs(notebook: _Notebook, outputs: list[Any]) -> None:
    left = LONGEST_OUTPUT
    for kind, text in _printed(outputs):
        plain = _settled(_PICTURE.sub("", text[: 4 * LONGEST_OUTPUT]))
        if len(plain) > left or len(text) > 4 * LONGEST_OUTPUT:
            notebook.warnings.add(OUTPUTS_CUT)
        if kind == "text/markdown" and left:
            notebook.blocks += (
                replace(block, headings=notebook.trail.path, source_start=None)
                for block in paragraphs(plain[:left].rstrip() + "\n\n")
                if plain.strip()
            )
        else:
            notebook.add(plain[:left], BlockKind.CODE)
        left = max(left - len(plain), 0)


def _settled(text: str) -> str:
    """What stays on a terminal: no colours, and of a progress bar its last state."""
    lines = _COLOUR.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _printed(outputs: list[Any]) -> Iterator[tuple[str, str]]:
    """What each output says, with its MIME type; of an error its name and words, not its traceback."""
    for each in map(_mapping, outputs):
        match each.get("output_type"):
            case "stream":
                yield "text/plain", _text(each.get("text"))
            case "error" | "pyerr":
                yield "text/plain", f"{_text(each.get('ename'))}: {_text(each.get('evalue'))}"
            case _:
                shown = {**_mapping(each.get("data")), "text/plain": _mapping(each.get("data")).get("text/plain")}
                shown["text/plain"] = shown["text/plain"] or each.get("text")
                if _text(shown["text/plain"]).startswith("<") and len(shown) > 1:  # what Python calls a picture
                    continue
                kind = next((kind for kind in _SHOWN if _text(shown.get(kind)).strip()), "text/plain")
                yield kind, _text(shown.get(kind))


def _text(value: object) -> str:
    """A string, or a list of its lines."""
    if isinstance(value, list):
        return "".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> _Json:
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


READER = Reader("notebook", (".ipynb",), _contents)
