"""What was typed, chosen and ticked in the forms of a PDF (ISO 32000-1, 12.7), as a line for each field.

Values are no part of a page's text or picture: PDFium keeps them apart. So they have no character index, and cannot be
selected on the page. Scripts of forms are not run.
"""

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rag_desktop.formats.pdf_hidden import LEAST_POINTS, WHITISH, is_faint
from rag_desktop.formats.pdf_render import Box, draw, pixels

_MOST_WIDGETS = 5_000
"""Of one page; tax forms have two hundred."""
_MOST_BYTES = 1 << 20
"""Of one name or value; longer ones are left out."""
_MOST_OPTIONS = 1_000
_MOST_NAME = 120
"""Characters; the end of a longer name is kept."""
_UNSEEN = 1 << 1 | 1 << 5
"""Annotation flags 2 (hidden) and 6 (no view)."""
_PASSWORD = 1 << 13
"""Field flag 14 of text fields."""
_OFF = frozenset({"", "Off"})
_INDEX = re.compile(r"\[\d+\]")
_MOST_SIDE = 2000
_MOST_DRAWN = 100
"""Text and other objects of an appearance; more are taken to be seen."""

_Ask = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one page that hold something: a line `name: value` for each. hidden: letters that nobody sees."""

    lines: tuple[str, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a document that is open. `is_left_out`: its pages are made by XFA when it is shown, and not here."""

    handle: Any
    is_left_out: bool

    def fields(self, page: Any, words: Any, text: str) -> Fields:
        """What the fields of a page hold, in their order, without what `text`, its own text, says at the same place."""
        import pypdfium2.raw as pdfium

        count = min(pdfium.FPDFPage_GetAnnotCount(page), _MOST_WIDGETS)
        values = [found for number in range(count) if (found := self._value(page, number)) is not None]
        if not values:
            return Fields()
        squeezed = _squeezed(text)
        printed = [each for each in values if not _is_printed(each, words, squeezed)]
        shown, hidden = _parted(page, printed)
        return Fields(tuple(dict.fromkeys(each.line for each in shown)), sum(len(each.value) for each in hidden))

    def _value(self, page: Any, number: int) -> "_Value | None":
        import pypdfium2.raw as pdfium

        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            return None
        try:
            if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_WIDGET:
                return None
            widget = _Widget(self.handle, annotation)
            value = " ".join(widget.value().replace("\0", " ").split())
            if not any(map(str.isalnum, value)):
                return None
            return _Value(widget.name(), value, widget.box(), widget.is_unseen(), widget.is_faint())
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


@contextmanager
def opened_form(document: Any) -> Iterator[Form]:
    """The form of a pypdfium2 document, until the end of the `with` block; the document must be closed after it.

    Not by pypdfium2's `init_forms`, which has each page prepared for typing.
    """
    import pypdfium2.raw as pdfium

    callbacks = pdfium.FPDF_FORMFILLINFO(version=2)  # none of them; it must live as long as the handle
    handle = pdfium.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    try:
        yield Form(handle, pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_XFA_FULL)
    finally:
        pdfium.FPDFDOC_ExitFormFillEnvironment(handle)


@dataclass(frozen=True, slots=True)
class _Value:
    name: str
    value: str
    box: Box
    is_unseen: bool
    """Whether it is switched off."""
    is_faint: bool
    """Whether it is seen on a dark ground only."""

    @property
    def line(self) -> str:
        return f"{self.name}: {self.value}" if self.name else self.value


class _Widget:
    """One field as it stands on a page.

    Where the document has lost its list of fields, as pages do that were taken out of another, the widget says what it
    can say itself.
    """

    def __init__(self, form: Any, annotation: Any) -> None:
        import pypdfium2.raw as pdfium

        self._pdfium = pdfium
        self._form = form
        self._annotation = annotation
        self._kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
        self._is_lost = self._kind < 0
        if self._is_lost:
            kinds = {
                "Tx": pdfium.FPDF_FORMFIELD_TEXTFIELD,
                "Ch": pdfium.FPDF_FORMFIELD_COMBOBOX,
                "Btn": pdfium.FPDF_FORMFIELD_CHECKBOX,
            }
            self._kind = kinds.get(self._own("FT"), -1)

    def name(self) -> str:
        """What a reader is told of the field, or else its name without what only programs count by."""
        pdfium = self._pdfium
        told = self._own("TU") if self._is_lost else self._said(pdfium.FPDFAnnot_GetFormFieldAlternateName)
        name = told or (self._own("T") if self._is_lost else self._said(pdfium.FPDFAnnot_GetFormFieldName))
        if not told and _INDEX.search(name):  # form1[0].Page1[0].City[0]
            name = _INDEX.sub("", name.rpartition(".")[2])
        return " ".join(name.replace("\0", " ").split())[-_MOST_NAME:].rstrip(".: ")

    def value(self) -> str:
        pdfium = self._pdfium
        held = self._own("V") if self._is_lost else self._said(pdfium.FPDFAnnot_GetFormFieldValue)
        if self._kind in {pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON}:
            state = self._own("AS")
            return "" if state in _OFF else held if held not in _OFF else state
        if self._kind in {pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX}:
            return ", ".join(self._chosen()) or held
        if self._kind != pdfium.FPDF_FORMFIELD_TEXTFIELD:  # buttons and signatures
            return ""
        flags: int = 0 if self._is_lost else pdfium.FPDFAnnot_GetFormFieldFlags(self._form, self._annotation)
        return "" if flags & _PASSWORD else held

    def box(self) -> Box:
        box = self._pdfium.FS_RECTF()
        self._pdfium.FPDFAnnot_GetRect(self._annotation, box)
        left, right = sorted((box.left, box.right))
        bottom, top = sorted((box.bottom, box.top))
        return left, bottom, right, top

    def is_unseen(self) -> bool:
        return bool(self._pdfium.FPDFAnnot_GetFlags(self._annotation) & _UNSEEN)

    def is_faint(self) -> bool:
        """Whether its appearance is nothing but words that are too small, or hardly seen on white."""
        pdfium = self._pdfium
        count = pdfium.FPDFAnnot_GetObjectCount(self._annotation)
        if count > _MOST_DRAWN:
            return False
        drawn = [pdfium.FPDFAnnot_GetObject(self._annotation, number) for number in range(count)]
        inks = [each for each in drawn if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_TEXT]
        return bool(inks) and all(map(_is_faint, drawn))

    def _chosen(self) -> Iterator[str]:
        pdfium, where = self._pdfium, (self._form, self._annotation)
        for number in range(min(pdfium.FPDFAnnot_GetOptionCount(*where), _MOST_OPTIONS)):
            if pdfium.FPDFAnnot_IsOptionSelected(*where, number):
                yield _text(pdfium.FPDFAnnot_GetOptionLabel, *where, number)

    def _said(self, ask: _Ask) -> str:
        return _text(ask, self._form, self._annotation)

    def _own(self, key: str) -> str:
        return _text(self._pdfium.FPDFAnnot_GetStringValue, self._annotation, key.encode("ascii"))


def _text(ask: _Ask, *what: object) -> str:
    """A text that PDFium copies as UTF-16 with a NUL at its end; it says before how many bytes that takes."""
    from pypdfium2.raw import FPDF_WCHAR

    size = ask(*what, None, 0)
    if not 2 < size <= _MOST_BYTES:
        return ""
    held = (FPDF_WCHAR * (size // 2))()
    ask(*what, held, size)
    return bytes(held)[: size - 2].decode("utf-16-le", "replace")


def _is_printed(found: _Value, words: Any, squeezed: str) -> bool:
    """Whether the page's own text says the same at the same place, as when a form was filled in by drawing on it."""
    value = _squeezed(found.value)
    if value not in squeezed:
        return False
    left, bottom, right, top = found.box
    return value in _squeezed(words.get_text_bounded(left, bottom, right, top))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _parted(page: Any, values: list[_Value]) -> tuple[list[_Value], list[_Value]]:
    """Values that are seen, and those that are not: switched off, beside the page, or in the colour of their ground."""
    left, bottom, right, top = page.get_bbox()
    drawn = draw(page, 1, _MOST_SIDE) if any(each.is_faint for each in values) else None
    shown, hidden = list[_Value](), list[_Value]()
    for each in values:
        x0, y0, x1, y1 = each.box
        is_beside = x1 <= left or x0 >= right or y1 <= bottom or y0 >= top or x0 == x1 or y0 == y1
        is_blank = each.is_faint and drawn is not None and _is_bright(drawn[pixels(page, each.box, drawn.shape)])
        (hidden if each.is_unseen or is_beside or is_blank else shown).append(each)
    return shown, hidden


def _is_bright(ground: Any) -> bool:
    return bool(ground.size) and int(ground.mean()) >= WHITISH  # a border may be dark


def _is_faint(drawn: Any) -> bool:
    """Whether an object of an appearance is hardly seen on white; what is not words or a plain shape may be."""
    import pypdfium2.raw as pdfium

    kind = pdfium.FPDFPageObj_GetType(drawn)
    if kind == pdfium.FPDF_PAGEOBJ_TEXT:
        edges = [ctypes.c_float() for _ in range(4)]
        pdfium.FPDFPageObj_GetBounds(drawn, *map(ctypes.byref, edges))
        left, bottom, right, top = (edge.value for edge in edges)
        return min(right - left, top - bottom) < LEAST_POINTS or _is_filled_faintly(drawn)
    if kind != pdfium.FPDF_PAGEOBJ_PATH:
        return False
    filling, is_stroked = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(drawn, filling, is_stroked)
    return filling.value == pdfium.FPDF_FILLMODE_NONE or _is_filled_faintly(drawn)


def _is_filled_faintly(drawn: Any) -> bool:
    import pypdfium2.raw as pdfium

    colour = [ctypes.c_uint() for _ in range(4)]
    return bool(pdfium.FPDFPageObj_GetFillColor(drawn, *colour)) and is_faint(*(part.value for part in colour))
