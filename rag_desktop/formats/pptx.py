"""Presentations (ECMA-376 PresentationML): slide by slide, the title first, then what stands on it in reading order.

A slide is a page. Speaker notes follow their slide. Hidden slides are read: a person looks for their own words,
shown or not. Left out: comments, headers, footers, slide numbers, shapes that are switched off, words in the colour of
their ground, and what pictures show.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import BlockKind
from rag_desktop.formats.block_writer import BlockWriter
from rag_desktop.formats.core_properties import core_properties
from rag_desktop.formats.docx import PARTS_LEFT_OUT
from rag_desktop.formats.drawings import (
    Paragraph,
    chart_lines,
    chart_title,
    chosen,
    diagram_paragraphs,
    paragraphs,
    words,
)
from rag_desktop.formats.markup import child, children, inside, local, natural, value
from rag_desktop.formats.package import Package
from rag_desktop.formats.pptx_hidden import Looks
from rag_desktop.formats.pptx_layouts import Layout, Layouts, Marks, is_hidden, kind_of
from rag_desktop.formats.reader import Contents, OpenedFile, Reader
from rag_desktop.formats.shape_order import in_order
from rag_desktop.formats.tables import Cell, grid, table_blocks

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TITLES = frozenset({"title", "ctrTitle"})
_ON_EACH_SLIDE = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})
_READ = frozenset({"sp", "grpSp", "graphicFrame"})
_MOST_SPANNED = 1000


@dataclass(slots=True)
class _Slide:
    """The slide in hand, and the writer of all slides."""

    package: Package
    writer: BlockWriter
    layout: Layout
    related: dict[str, str]
    looks: Looks
    taken: set[str] = field(default_factory=set)
    """Parts that were read, each once."""


def _contents(file: OpenedFile) -> Contents:
    package = Package(file.content)
    main = package.target("", "officeDocument") or "ppt/presentation.xml"
    slides = list(_slides(package, main))
    writer, layouts = BlockWriter(), Layouts(package)
    for number, part in enumerate(slides, 1):
        writer.begin_page(number)
        root, layout = package.root(part), layouts.of(part)
        looks = Looks(root, layout, writer.hide)
        _read_slide(_Slide(package, writer, layout, package.related(part), looks), root, part)
    writer.end_lines()
    metadata = replace(core_properties(package), page_count=len(slides))
    return Contents(tuple(writer.blocks), metadata, tuple(sorted(writer.warnings)))


def _slides(package: Package, main: str) -> Iterator[str]:
    """The parts of the slides in the order in which they are shown, each once."""
    root = next(package.elements(main, 1))
    left = set(package.targets(main, "slide"))
    related = package.related(main)
    for each in children(child(root, "sldIdLst"), "sldId"):
        # the element has two attributes named id: the relationship's is in a namespace
        name = next((said for key, said in each.attrib.items() if key.endswith("}id")), "")
        part = related.get(name)
        if part in left and part in package:
            left.discard(part)
            yield part


def _read_slide(slide: _Slide, root: "Element | None", part: str) -> None:
    shapes = list(_shapes(inside(child(child(root, "cSld"), "spTree"))))
    titles = [each for each in shapes if kind_of(each) in _TITLES]
    title = " ".join(each.text for shape in titles[:1] for each in _paragraphs(slide, shape))
    slide.writer.add_heading(1, title)
    _read_shapes(slide, [each for each in shapes if each not in titles[:1]])
    for notes in slide.package.targets(part, "notesSlide")[:1]:
        _read_notes(slide, notes)


def _shapes(elements: "Iterable[Element]") -> "Iterator[Element]":
    """What may hold words; of several forms of the same thing one."""
    for each in elements:
        name = local(each.tag)
        if name in _READ and kind_of(each) not in _ON_EACH_SLIDE:
            yield each
        elif name == "AlternateContent":
            yield from _shapes(chosen(each))


def _read_shapes(slide: _Slide, shapes: "list[Element]") -> None:
    for place in in_order([slide.layout.box(each) for each in shapes]):
        shape = shapes[place]
        name = local(shape.tag)
        if is_hidden(shape):
            slide.writer.hide(words(shape))
        elif name == "grpSp":
            _read_shapes(slide, list(_shapes(shape)))
        elif name == "graphicFrame":
            _read_frame(slide, inside(child(child(shape, "graphic"), "graphicData")))
        else:
            _write(slide.writer, _paragraphs(slide, shape), Marks(slide.layout.bullets(shape)))


def _paragraphs(slide: _Slide, shape: "Element") -> Iterator[Paragraph]:
    return paragraphs(child(shape, "txBody"), slide.looks.hides(shape))


def _write(writer: BlockWriter, found: Iterable[Paragraph], marks: Marks) -> None:
    for paragraph in found:
        if mark := marks.of(paragraph):
            writer.add_line(f"{mark} {paragraph.text}")
        else:
            writer.add(paragraph.text + "\n\n")
    writer.end_lines()


def _read_frame(slide: _Slide, elements: "Iterable[Element]") -> None:
    """A table, a chart, a diagram, or a file of another program, whose words are not read."""
    for each in elements:
        name = local(each.tag)
        if name == "tbl":
            _read_table(slide, each)
        elif name == "chart" and (root := _part(slide, value(each, "id"))) is not None:
            if title := chart_title(root):
                slide.writer.add(title + "\n\n")
            if lines := list(chart_lines(root)):
                slide.writer.add("\n".join(lines) + "\n\n", BlockKind.TABLE)
        elif name == "relIds" and (root := _part(slide, value(each, "dm"))) is not None:
            for paragraph in diagram_paragraphs(root):
                slide.writer.add_line(f"- {paragraph.text}")
            slide.writer.end_lines()
        elif name == "AlternateContent":
            _read_frame(slide, chosen(each))
        else:
            slide.writer.warnings.add(PARTS_LEFT_OUT)


def _part(slide: _Slide, identity: str) -> "Element | None":
    part = slide.related.get(identity)
    if part is None or part in slide.taken:
        return None
    slide.taken.add(part)
    return slide.package.root(part)


def _read_table(slide: _Slide, table: "Element") -> None:
    is_unseen = slide.looks.hides()
    rows = [list(_cells(row, is_unseen)) for row in children(table, "tr")]
    has_header = value(child(table, "tblPr"), "firstRow") in {"1", "true"} and len(rows) > 1
    for text, kind in table_blocks(grid(rows), int(has_header)):
        slide.writer.add(text, kind)


def _cells(row: "Element", is_unseen: "Callable[[Element], bool]") -> Iterator[Cell]:
    for column, each in enumerate(children(row, "tc")):
        if value(each, "hMerge") not in {"1", "true"}:
            text = " ".join(paragraph.text for paragraph in paragraphs(child(each, "txBody"), is_unseen))
            columns = natural(value(each, "gridSpan"), 1, _MOST_SPANNED)
            is_continued = value(each, "vMerge") in {"1", "true"}
            yield Cell(text.replace("\n", " "), column, columns, is_continued=is_continued)


def _read_notes(slide: _Slide, part: str) -> None:
    root = slide.package.root(part)
    for shape in _shapes(inside(child(child(root, "cSld"), "spTree"))):
        if kind_of(shape) == "body" and not is_hidden(shape):
            _write(slide.writer, paragraphs(child(shape, "txBody"), slide.looks.hides()), Marks([]))


READER = Reader("pptx", (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx"), _contents)
