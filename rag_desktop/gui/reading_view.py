"""Shows a document's text with a span of it marked; of a long one only the part round the span, more on request."""

import re
from itertools import islice

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QTextEdit, QVBoxLayout, QWidget

from rag_desktop.domain.documents import Span
from rag_desktop.gui.panel import Context

_ROUND = 60_000
"""Code points shown on each side of the span at first, and added by each "Show more"."""
_LONGEST_LINE = 5_000
"""Qt lays a line out whole, so that one of a megabyte would stop the window; such lines are broken for showing."""


def utf16_length(text: str) -> int:
    """How many of Qt's characters `text` takes: those beyond U+FFFF count as two."""
    return len(text) + sum(each > "\uffff" for each in text) if not text.isascii() else len(text)


MOST_FOUND = 1_000
_MOST_FLOWING = 500_000
_ITEM = re.compile(r"(?:\d{1,3}|[^\W\d_])[.)]\s")
_HAND_BROKEN = re.compile(r"(?<=\S)\n(?=[^\W\d_]|[\d\"'“‘(])")
_LEAST_BROKEN = 60


class ReadingView(QWidget):
    """Read-only text. Offsets are code points of the document's text."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._text = ""
        self._span: Span | None = None
        self._part = Span(0, 0)
        self._marked = Span(0, 0)
        self._found: list[Span] = []
        self.field = QPlainTextEdit()
        self.field.setReadOnly(True)
        self.field.setUndoRedoEnabled(False)
        self.field.setFrameShape(QFrame.Shape.NoFrame)
        self.field.setAccessibleName(context.wording.say("Text of the document"))
        self.earlier = QPushButton(context.wording.say("Show what comes before"))
        self.later = QPushButton(context.wording.say("Show what comes after"))
        self.earlier.clicked.connect(lambda: self._widen(_ROUND, 0))
        self.later.clicked.connect(lambda: self._widen(0, _ROUND))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.earlier, self.field, self.later):
            layout.addWidget(widget)
        self.setFocusProxy(self.field)
        context.theme.changed.connect(self._mark)

    def show_text(self, text: str, span: Span | None, *, is_prose: bool = False) -> None:
        """Show a text and bring its marked span into view. is_prose: lines may flow on where they were broken."""
        self._found = []
        self._text = _flowing(text) if is_prose and len(text) <= _MOST_FLOWING else text
        self._span = span if span and span.end <= len(text) else None
        start, end = (self._span.start, self._span.end) if self._span else (0, 0)
        self._part = Span(max(0, start - _ROUND), min(len(text), end + _ROUND))
        self._fill()
        self._bring()

    @property
    def marked_text(self) -> str:
        """The words that are marked, read back from what is shown."""
        selections = self.field.extraSelections()
        return selections[0].cursor.selection().toPlainText() if selections else ""

    def look_for(self, words: str) -> int:
        """Look for words, whatever their case; how often they are there, at most `MOST_FOUND`."""
        pattern = re.compile(re.escape(words), re.IGNORECASE)
        matches = islice(pattern.finditer(self._text), MOST_FOUND) if words else ()
        self._found = [Span(*match.span()) for match in matches]
        return len(self._found)

    def show_found(self, number: int) -> None:
        """Bring the 0-based find into view, selected."""
        span = self._found[number]
        if not self._part.covers(span):
            self._part = Span(max(0, span.start - _ROUND), min(len(self._text), span.end + _ROUND))
            self._fill()
        before = utf16_length(_broken(self._text[self._part.start : span.start]))
        self.field.setTextCursor(self._cursor(Span(before, before + utf16_length(span.of(self._text)))))
        self.field.centerCursor()

    def _widen(self, before: int, after: int) -> None:
        """Show more; what is in view stays where it is."""
        cursor = self.field.cursorForPosition(self.field.viewport().rect().topLeft())
        kept = cursor.position()
        old = self._part
        self._part = Span(max(0, old.start - before), min(len(self._text), old.end + after))
        self._fill()
        added = utf16_length(_broken(self._text[self._part.start : old.start]))
        cursor = self.field.textCursor()
        cursor.setPosition(min(kept + added, self.field.document().characterCount() - 1))
        self.field.setTextCursor(cursor)
        bar = self.field.verticalScrollBar()
        bar.setValue(cursor.blockNumber())

    def _fill(self) -> None:
        part, span = self._part, self._span
        self.earlier.setVisible(part.start > 0)
        self.later.setVisible(part.end < len(self._text))
        if span is None or not part.covers(span):
            self.field.setPlainText(_broken(part.of(self._text)))
            self._marked = Span(0, 0)
        else:
            before = _broken(self._text[part.start : span.start])
            words = span.of(self._text)
            self.field.setPlainText(before + words + _broken(self._text[span.end : part.end]))
            start = utf16_length(before)
            self._marked = Span(start, start + utf16_length(words))
        self._mark()

    def _mark(self) -> None:
        selections = []
        if len(self._marked):
            tokens = self._context.theme.tokens
            look = QTextCharFormat()
            look.setBackground(QColor(tokens.mark))
            look.setForeground(QColor(tokens.text))
            look.setFontUnderline(True)
            look.setUnderlineColor(QColor(tokens.warn))
            selection = QTextEdit.ExtraSelection()
            selection.format = look
            selection.cursor = self._cursor(self._marked)
            selections.append(selection)
        self.field.setExtraSelections(selections)

    def _cursor(self, span: Span) -> QTextCursor:
        cursor = QTextCursor(self.field.document())
        cursor.setPosition(span.start)
        cursor.setPosition(span.end, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _bring(self) -> None:
        cursor = QTextCursor(self.field.document())
        cursor.setPosition(self._marked.start)
        self.field.setTextCursor(cursor)
        self.field.centerCursor()


def _flowing(text: str) -> str:
    """`text` with blanks for line ends that only broke a long line: each for one, so that offsets stay."""

    def joined(match: re.Match[str]) -> str:
        begin = text.rfind("\n", 0, match.start()) + 1
        line = text[begin : match.start()]
        is_short = match.start() - begin < _LEAST_BROKEN or line.lstrip().startswith(("#", "|", "```", ">"))
        return "\n" if is_short or _ITEM.match(text, match.end()) else " "

    return _HAND_BROKEN.sub(joined, text)


def _broken(text: str) -> str:
    """`text` with very long lines broken."""
    if len(text) < _LONGEST_LINE:
        return text
    lines = text.split("\n")
    if max(map(len, lines)) <= _LONGEST_LINE:
        return text
    return "\n".join(
        line[at : at + _LONGEST_LINE] for line in lines for at in range(0, max(1, len(line)), _LONGEST_LINE)
    )
