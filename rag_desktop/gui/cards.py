"""A card: one numbered passage with its place, the words that matter in their context, and why it was found."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from rag_desktop.domain.answers import Citation, Passage
from rag_desktop.domain.documents import Document, Span
from rag_desktop.gui.elided import ElidedLabel
from rag_desktop.gui.naming import file_name
from rag_desktop.gui.theme import GRID, RADIUS, SMALL_PX, Theme
from rag_desktop.gui.twins import Twins
from rag_desktop.gui.why import NO_GROUND, Ground, Why, lines
from rag_desktop.prompting.evidence import Evidence
from rag_desktop.services.wording import Wording

_BEFORE, _AFTER = 90, 170
"""Code points of context shown round the words that matter."""
_LONGEST_MARKED = 420


def page_name(document: Document, page: int) -> str:
    """The printed name of a page where the document has one, else its number."""
    label = document.page_labels[page - 1] if 0 < page <= len(document.page_labels) else ""
    return label or str(page)


def place_words(citation: Citation, wording: Wording) -> str:
    """The page of a citation, or nothing where its format has none."""
    page = citation.page or citation.passage.chunk.page_start
    return wording.say("p. {page}", page=page_name(citation.passage.document, page)) if page else ""


def cited(passages: Sequence[Passage], question: str) -> tuple[Citation, ...]:
    """Passages as citations in their order; each quotes the sentence that fits the question best."""
    evidence = Evidence([passage.text for passage in passages])
    return tuple(_cited(number, each, evidence, question) for number, each in enumerate(passages, 1))


def _cited(number: int, passage: Passage, evidence: Evidence, question: str) -> Citation:
    match = evidence.best(number - 1, question)
    chunk = passage.chunk
    page = chunk.page_start if chunk.page_start == chunk.page_end else None
    if match is None:
        return Citation(number, passage, None, page)
    return Citation(number, passage, _moved(match.span, chunk.span.start), page)


def merged(passages: Sequence[Passage], citations: Sequence[Citation], question: str) -> tuple[Citation, ...]:
    """All sources of an answer in the order of their numbers: those it cites with the words it cites."""
    known = {each.number: each for each in cited(passages, question)}
    for each in citations:
        guessed = known.get(each.number, each)
        known[each.number] = replace(each, quoted=each.quoted or guessed.quoted)
    return tuple(known[number] for number in sorted(known))


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def context_pieces(citation: Citation) -> tuple[str, str, str]:
    """The words before, the quoted words, and those after; white space as single blanks, "…" where something is cut."""
    text, offset = citation.passage.text, citation.passage.chunk.span.start
    if citation.quoted is None:
        return "", "", _cut_end(_without_heading(text, citation.passage.chunk.headings), _BEFORE + _AFTER)
    start, end = citation.quoted.start - offset, citation.quoted.end - offset
    before = _without_heading(text[:start], citation.passage.chunk.headings)
    return _cut_start(before, _BEFORE), _cut_end(text[start:end], _LONGEST_MARKED), _cut_end(text[end:], _AFTER)


def _without_heading(text: str, headings: Sequence[str]) -> str:
    """`text` without a first line that only repeats the heading, which the card shows above."""
    first, _, rest = text.lstrip().partition("\n")
    return rest.lstrip() if headings and first.strip("# ") == headings[-1] else text


def _cut_start(text: str, most: int) -> str:
    if len(text) <= most:
        return _blank(text)
    _, _, kept = text[-most:].partition(" ")
    return "… " + _blank(kept)


def _cut_end(text: str, most: int) -> str:
    if len(text) <= most:
        return _blank(text)
    kept, _, _ = text[:most].rpartition(" ")
    return _blank(kept or text[:most]) + " …"


def _blank(text: str) -> str:
    """White space as single blanks, also at the ends where there was some."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + words + (" " if text[-1].isspace() else "")


class Card(QFrame):
    """One source. Click, Enter or Space opens its document at the words."""

    opened = Signal(object)
    """The card's Citation."""

    def __init__(
        self, citation: Citation, wording: Wording, theme: Theme, note: str = "", ground: Ground = NO_GROUND
    ) -> None:
        super().__init__()
        self.citation = citation
        self._ground = ground
        self._wording = wording
        self._theme = theme
        self._is_selected = False
        self._is_near = False
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._is_quiet = bool(note)
        self._away = self._away_label()
        self._build(note)
        self.show_away(is_away=citation.passage.document.is_away)
        self._paint()
        theme.changed.connect(self._paint)

    def _build(self, note: str) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(4)
        layout.addLayout(self._head())
        path = " › ".join(self.citation.passage.chunk.headings)
        if path:
            layout.addWidget(self._small(path))
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._words)
        self._twins = Twins(self._wording, self._theme)
        self._twins.chosen.connect(self._open_twin)
        layout.addWidget(self._twins)
        layout.addLayout(self._foot(note))
        self._why = Why(self._theme, self._wording)
        self._why.hide()
        layout.addWidget(self._why)
        self.renew(self.citation, self._ground)

    def renew(self, citation: Citation, ground: Ground) -> None:
        """Show the same passage with another number, other words marked, or other scores."""
        self.citation, self._ground = citation, ground
        name = file_name(citation.passage.document)
        self._number.setText(str(citation.number))
        self.setAccessibleName(self._wording.say("Source {number}: {name}", number=citation.number, name=name))
        self._twins.show_twins(citation.passage.twins)
        self.why.setVisible(bool(citation.passage.trace))
        self._explain(self.why.isChecked())
        self._show_words()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._number = QLabel(str(self.citation.number))
        self._number.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row.addWidget(self._number)
        name = ElidedLabel(file_name(self.citation.passage.document))
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        row.addWidget(name, 1)
        place = place_words(self.citation, self._wording)
        if place:
            row.addWidget(self._muted(place))
        row.addWidget(self._away)
        return row

    def _away_label(self) -> QLabel:
        label = self._small(self._wording.say("away"))
        label.setWordWrap(False)
        label.setObjectName("away")
        label.setToolTip(self._wording.say("The folder cannot be reached right now"))
        label.setAccessibleName(label.toolTip())
        return label

    def _foot(self, note: str) -> QHBoxLayout:
        row = QHBoxLayout()
        self.why = QPushButton(self._wording.say("Why this?"))
        self.why.setCheckable(True)
        self.why.setObjectName("why")
        self.why.setCursor(Qt.CursorShape.PointingHandCursor)
        self.why.toggled.connect(self._explain)
        row.addWidget(self.why)
        row.addStretch(1)
        if note:
            told = self._small(note)
            told.setWordWrap(False)
            row.addWidget(told)
        return row

    def _muted(self, words: str) -> QLabel:
        label = QLabel(words)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("muted", True)
        return label

    def _small(self, words: str) -> QLabel:
        label = self._muted(words)
        label.setProperty("small", True)
        label.setWordWrap(True)
        return label

    def show_away(self, *, is_away: bool) -> None:
        """Say whether the folder of the document cannot be reached; its words are shown all the same."""
        self._away.setVisible(is_away)
        words = " ".join("".join(context_pieces(self.citation)).split())
        say = self._wording.say
        self.setAccessibleDescription(
            say("The folder cannot be reached right now. {words}", words=words) if is_away else words
        )

    @property
    def is_away(self) -> bool:
        """Whether the card says that its document cannot be reached."""
        return not self._away.isHidden()

    def _explain(self, is_open: bool) -> None:
        if is_open:
            self._why.show_lines(lines(self.citation.passage.trace, self._ground, self._wording))
        self._why.setVisible(is_open)

    def _open_twin(self, twin: Document) -> None:
        """Show another document that holds nearly the same words; they are looked for in it."""
        passage = self.citation.passage
        chunk = replace(passage.chunk, page_start=None, page_end=None)
        there = replace(passage, document=twin, chunk=chunk)
        self.opened.emit(replace(self.citation, passage=there, page=None))

    def select(self, *, is_selected: bool) -> None:
        """Show whether this is the source that the document pane shows."""
        self._is_selected = is_selected
        self._paint()

    @property
    def is_selected(self) -> bool:
        return self._is_selected

    @property
    def marked_words(self) -> str:
        """The quoted words, as they are marked."""
        return context_pieces(self.citation)[1]

    @property
    def explanation(self) -> str:
        """What "Why this?" says."""
        return self._why.words

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Where the Tab key halts, in order."""
        return self, self._twins, self.why

    def _show_words(self) -> None:
        tokens = self._theme.tokens
        before, words, after = map(escape, context_pieces(self.citation))
        mark = f'<span style="background-color:{tokens.mark};color:{tokens.text};">{words}</span>'
        self._words.setText(f"<p>{before}{mark if words else ''}{after}</p>")

    def _paint(self) -> None:
        tokens = self._theme.tokens
        self._show_words()
        line = tokens.accent if self._is_selected or self.hasFocus() else tokens.hairline
        ground = tokens.accent_soft if self._is_selected else tokens.surface_raised
        thick = 2 if self.hasFocus() or self._is_selected else 1
        padding = 2 - thick
        self.setStyleSheet(
            f"#card {{ border: {thick}px solid {line}; border-radius: {RADIUS}px; background: {ground};"
            f" padding: {padding}px; }}"
            f"#card QPushButton#why {{ border: none; background: transparent; color: {tokens.accent};"
            f" padding: 0px; font-size: {SMALL_PX}px; text-decoration: {'underline' if self._is_near else 'none'}; }}"
            f"#card QLabel#away {{ border: 1px solid {tokens.hairline}; border-radius: 4px; padding: 0px 4px; }}"
            f"#card QPushButton#why:focus {{ text-decoration: underline; }}"
        )
        ink, ground = (tokens.text_muted, "transparent") if self._is_quiet else (tokens.on_accent, tokens.accent)
        self._number.setStyleSheet(
            f"background: {ground}; color: {ink}; border: 1px solid {ink if self._is_quiet else ground};"
            f" border-radius: 4px; padding: 0px 5px;"
        )

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._paint()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._paint()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._is_near = True
        self._paint()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._is_near = False
        self._paint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self.citation)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.citation)
        else:
            super().keyPressEvent(event)
