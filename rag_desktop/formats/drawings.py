"""What DrawingML holds of words, in slides and sheets: text bodies, charts and diagrams (ECMA-376 part 1, 20, 21)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_desktop.formats.block_writer import LINE_BREAK, collapsed
from rag_desktop.formats.markup import child, children, deep, inside, local, natural, value
from rag_desktop.formats.number_formats import GENERAL, shown
from rag_desktop.formats.package import Package
from rag_desktop.formats.records import Field, lines, named

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SKIPPED = frozenset({"pPr", "rPr", "endParaRPr", "mcPr", "ctrlPr"})
_RUNS = frozenset({"r", "fld"})
_NUMBERED = frozenset({"slidenum"})
"""Fields that say where they stand."""
_BEFORE = {"den": "/", "sup": "^", "sub": "_"}
"""What joins the parts of a formula (22.1)."""
_DEEPEST = 8
_SAID = frozenset({"", "node", "asst"})
"""Points of a diagram that a person wrote; the others arrange it (21.4.7.51, ST_PtType)."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with its words, the level of its list from 0, and its properties."""

    text: str
    level: int
    properties: "Element | None"


def paragraphs(body: "Element | None", is_unseen: "Callable[[Element], bool]" = lambda _: False) -> Iterator[Paragraph]:
    """The paragraphs of a text body, those without words left out. is_unseen: asked of each run."""
    for each in children(body, "p"):
        properties = child(each, "pPr")
        level = value(properties, "lvl")
        found: list[str] = []
        _gather(each, found, is_unseen)
        if text := collapsed("".join(found)):
            yield Paragraph(text, natural(level, 0, _DEEPEST), properties)


def chosen(element: "Element") -> "Iterable[Element]":
    """One of several forms of the same thing (ECMA-376 part 3): the newest."""
    choice = child(element, "Choice")
    return inside(choice if choice is not None else child(element, "Fallback"))


def _gather(elements: "Iterable[Element]", found: list[str], is_unseen: "Callable[[Element], bool]") -> None:
    for each in elements:
        name = local(each.tag)
        if name == "t":
            found.append(each.text or "")
        elif name == "br":
            found.append(LINE_BREAK)
        elif name == "AlternateContent":
            _gather(chosen(each), found, is_unseen)
        elif name in _RUNS and is_unseen(each):
            continue
        elif name not in _SKIPPED and not (name == "fld" and value(each, "type") in _NUMBERED):
            if name in _BEFORE and len(each):
                found.append(_BEFORE[name])
            _gather(each, found, is_unseen)


def words(element: "Element") -> str:
    """All words below an element, for counting them."""
    return " ".join(each.text or "" for each in element.iter() if local(each.tag) == "t")


def text_boxes(package: Package, part: str) -> Iterator[str]:
    """The words of each shape that is drawn over the sheet `part`."""
    for drawing in dict.fromkeys(package.targets(part, "drawing")):
        if drawing in package:
            for body in package.named(drawing, "txBody"):
                if text := "\n".join(each.text for each in paragraphs(body)):
                    yield text
                body.clear()


def chart_title(root: "Element") -> str:
    """What stands above a chart; empty where nothing does."""
    title = child(child(root, "chart"), "title")
    return collapsed(words(title)) if title is not None else ""


def chart_lines(root: "Element") -> Iterator[str]:
    """A line for each category, with the value of each series by its name."""
    rows: dict[str, list[Field]] = {}
    for series in (each for each in root.iter() if local(each.tag) == "ser"):
        name = next(iter(_points(child(series, "tx")).values()), "")
        categories = _points(child(series, "cat", "xVal"))
        for place, figure in _points(child(series, "val", "yVal")).items():
            category = categories.get(place, place)
            rows.setdefault(category, [Field("", category)]).append(named(name, figure))
    for fields in rows.values():
        yield from lines(fields)


def _points(element: "Element | None") -> dict[str, str]:
    """What was saved of the cells that a chart shows, by their place."""
    found = {}
    code = GENERAL
    for each in deep(element):
        if local(each.tag) == "formatCode":
            code = each.text or GENERAL
        elif local(each.tag) == "pt" and (held := child(each, "v")) is not None and held.text:
            found[value(each, "idx")] = _figure(held.text, code)
        elif local(each.tag) == "v" and not found and each.text:
            found[""] = each.text
    return found


def _figure(said: str, code: str) -> str:
    try:
        return shown(float(said), code)
    except ValueError:
        return " ".join(said.split())


def diagram_paragraphs(root: "Element") -> Iterator[Paragraph]:
    """What each point of a diagram says, in the order in which they were written."""
    for point in children(child(root, "ptLst"), "pt"):
        if value(point, "type") in _SAID:
            yield from paragraphs(child(point, "t"))
