"""One turn of a conversation: a question, its answer as it comes, and what can be done with it."""

import math
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication, QHelpEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QTextBrowser, QToolTip, QVBoxLayout

from rag_desktop.domain.answers import Answer, Citation, Ended, Passage
from rag_desktop.domain.events import AbsentStage, PassagesFound
from rag_desktop.domain.filters import EVERYTHING, Filters
from rag_desktop.gui.cards import cited, merged, place_words
from rag_desktop.gui.filters import inexact_words, is_narrowed, spelled
from rag_desktop.gui.markdown import Look, cite_number, render
from rag_desktop.gui.naming import file_name
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID, Theme
from rag_desktop.prompting import citing

LEAST_SUPPORT = 0.5
"""Below this a sentence counts as not supported by the documents."""
_REDRAW_MS = 40
_LONGEST_TIP = 600


class AnswerText(QTextBrowser):
    """Rendered words, as high as they are. Nothing is ever fetched: no resource, no address is followed."""

    cite_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._tips: dict[int, str] = {}
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(0)
        self.document().setDefaultStyleSheet("p, ul, ol, pre { margin-top: 0px; margin-bottom: 6px; }")
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self.anchorClicked.connect(self._choose)

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        return None

    def show_markdown(
        self, text: str, tips: dict[int, str], note: str = "", unsupported: Sequence[int] = ()
    ) -> None:  # fmt: skip
        """Replace what is shown. tips: what hovering over each citation says; only these numbers become chips."""
        tokens = self._theme.tokens
        look = Look(tokens.accent, tokens.accent_soft, tokens.hover, tokens.line, tokens.warn, note)
        self._tips = tips
        cursor = self.textCursor()
        anchor, position = cursor.anchor(), cursor.position()
        self.setHtml(render(text, tips.keys(), look, unsupported))
        if anchor != position and max(anchor, position) < self.document().characterCount():
            cursor = self.textCursor()
            cursor.setPosition(anchor)
            cursor.setPosition(position, cursor.MoveMode.KeepAnchor)
            self.setTextCursor(cursor)
        self._fit()

    def tip_at(self, place: QPoint) -> str:
        """What hovering over a point of the viewport says."""
        number = cite_number(self.anchorAt(place))
        return self._tips.get(number, "") if number else ""

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.tip_at(self.viewport().mapFromGlobal(event.globalPos()))
            if words:
                QToolTip.showText(event.globalPos(), f"<p>{escape(words)}</p>", self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        height = math.ceil(self.document().size().height()) + 2 * self.frameWidth() + 6
        if height != self.height():
            self.setFixedHeight(height)

    def _choose(self, address: QUrl) -> None:
        number = cite_number(address.toString())
        if number is not None:
            self.cite_chosen.emit(number)


class Turn(QFrame):
    """A question with its answer. Knows how to show each state; what happens is told to it."""

    cite_chosen = Signal(object)
    """The Citation behind a chip that was chosen."""
    asked_again = Signal(str, object)
    """(question, Filters)"""
    grown = Signal()

    def __init__(self, question: str, context: Context, filters: Filters | None = None) -> None:
        """filters: chosen beside the question; None where nobody knows any more, as of an answer that was kept."""
        super().__init__()
        self.question = question
        self.filters = filters
        self.passages: tuple[Passage, ...] = ()
        self.absent: tuple[AbsentStage, ...] = ()
        self._fitting: int | None = None
        self._is_inexact = False
        self.answer: Answer | None = None
        self.text = ""
        self._context = context
        self._citations: dict[int, Citation] = {}
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        self._build()
        context.theme.changed.connect(self._draw)

    def _build(self) -> None:
        say = self._context.wording.say
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 2 * GRID)
        layout.setSpacing(GRID)
        asked = QLabel(self.question)
        asked.setTextFormat(Qt.TextFormat.PlainText)
        asked.setWordWrap(True)
        asked.setProperty("large", True)
        asked.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        asked.setAccessibleName(say("Question: {question}", question=self.question))
        font = asked.font()
        font.setBold(True)
        asked.setFont(font)
        layout.addWidget(asked)
        if self.filters:
            narrowed = QLabel(spelled("", self.filters, self._context.wording))
            narrowed.setTextFormat(Qt.TextFormat.PlainText)
            narrowed.setWordWrap(True)
            narrowed.setProperty("muted", True)
            narrowed.setProperty("small", True)
            layout.addWidget(narrowed)
        self.words = AnswerText(self._context.theme)
        self.words.setAccessibleName(say("Answer"))
        self.words.setObjectName("answer")
        self.words.setStyleSheet(
            "#answer { border: 2px solid transparent; background: transparent; padding: 0px; margin-left: -2px; }"
        )
        self.words.cite_chosen.connect(self._choose)
        self.words.hide()
        layout.addWidget(self.words)
        self.status = QLabel(say("Looking through your documents…"))
        self.status.setTextFormat(Qt.TextFormat.PlainText)
        self.status.setWordWrap(True)
        self.status.setProperty("muted", True)
        layout.addWidget(self.status)
        layout.addLayout(self._actions())

    def _actions(self) -> QHBoxLayout:
        say = self._context.wording.say
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.copy_button = QPushButton(say("Copy"))
        self.copy_button.clicked.connect(self._copy)
        self.again_button = QPushButton(say("Ask again"))
        self.again_button.clicked.connect(lambda: self.asked_again.emit(self.question, self.filters))
        self._about = QLabel()
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setProperty("muted", True)
        self._about.setProperty("small", True)
        for button in (self.copy_button, self.again_button):
            button.setProperty("flat", True)
            button.hide()
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._about)
        return row

    # what happens

    def show_sources(self, found: PassagesFound) -> None:
        """The sources are there, the first word is not."""
        self._fitting, self._is_inexact = found.fitting, found.is_inexact
        self.know(found.passages, found.absent)
        passages = found.passages
        count = self._context.wording.count
        self._say(count("Reading {n} source…", "Reading {n} sources…", len(passages)))

    def know(self, passages: tuple[Passage, ...], absent: tuple[AbsentStage, ...] = ()) -> None:
        """These passages are the sources, each quoting what fits the question. absent: steps that found none."""
        self.passages, self.absent = passages, absent
        self._know(cited(passages, self.question))

    def append(self, words: str) -> None:
        """New words of the answer; drawn a few times a second."""
        self.text += words
        if not self._redraw.isActive():
            self._redraw.start()

    def finish(self, answer: Answer, *, is_new: bool = True) -> None:
        """The answer is whole, refused or stopped; one from earlier is not announced."""
        self._redraw.stop()
        self.answer, self.text = answer, answer.text
        self._know(merged(self.passages, answer.citations, self.question))
        self._draw()
        self._say(self._end_words(answer))
        self.copy_button.setVisible(bool(answer.text))
        self.again_button.show()
        self._about.setText(self._about_words(answer))
        if is_new:
            self.announce()

    def fail(self, reason: str) -> None:
        """The answer ended with an error; the words so far stay."""
        self._redraw.stop()
        self._draw()
        self._say(reason, is_warning=True)
        self.copy_button.setVisible(bool(self.text))
        self.again_button.show()
        self.announce()

    def announce(self) -> None:
        """Tell a screen reader, when it has nothing more urgent, what came."""
        told = "\n".join(filter(None, (self.words.toPlainText(), self.status.text())))
        event = QAccessibleAnnouncementEvent(self.words, told)
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
        QAccessible.updateAccessibility(event)

    def citation(self, number: int) -> Citation | None:
        """The source with a number."""
        return self._citations.get(number)

    @property
    def numbers(self) -> list[int]:
        """The numbers of all sources."""
        return sorted(self._citations)

    # how it looks

    def _know(self, citations: Sequence[Citation]) -> None:
        self._citations = {each.number: each for each in citations}

    def _draw(self) -> None:
        text = self.text if self.answer else citing.clean(self.text, len(self.passages))
        ends = [
            sentence.span.end
            for sentence in (self.answer.sentences if self.answer else ())
            if sentence.support is not None and sentence.support < LEAST_SUPPORT
        ]
        note = self._context.wording.say("⚠ not supported by your documents")
        tips = {number: self._tip(each) for number, each in self._citations.items()}
        self.words.show_markdown(text, tips, note, ends)
        self.words.setVisible(bool(text.strip()))
        if text.strip() and self.answer is None and not self.again_button.isVisible():
            self.status.hide()
        self.grown.emit()

    def _tip(self, citation: Citation) -> str:
        words = " ".join((citation.quoted_text or citation.passage.text).split())
        cut = words if len(words) <= _LONGEST_TIP else words[:_LONGEST_TIP].rpartition(" ")[0] + " …"
        head = "  ".join(
            filter(None, (file_name(citation.passage.document), place_words(citation, self._context.wording)))
        )
        return f"{head} — “{cut}”"

    def _say(self, words: str, *, is_warning: bool = False) -> None:
        self.status.setText(words)
        colour = f"color: {self._context.theme.tokens.warn};" if is_warning else ""
        self.status.setStyleSheet(colour)
        self.status.setVisible(bool(words))
        self.grown.emit()

    def _end_words(self, answer: Answer) -> str:
        say = self._context.wording.say
        if answer.ended is Ended.STOPPED:
            return say("Stopped.")
        if answer.ended is Ended.LENGTH:
            return say("The answer was cut here: it reached its greatest length.")
        if answer.refused:
            return self._searched_words()
        if answer.text and not answer.citations and answer.ended is Ended.COMPLETE:
            return say("⚠ This answer cites none of your documents. Check it before you rely on it.")
        return inexact_words(self._context.wording) if self._is_inexact and answer.text else ""

    def _searched_words(self) -> str:
        """What was searched for a question that nothing answers."""
        say = self._context.wording.say
        if is_narrowed(self.question, self.filters or EVERYTHING):
            filters = spelled(self.question, self.filters or EVERYTHING, self._context.wording)
            if self._fitting == 0:
                return say("No document fits: {filters}", filters=filters)
            if self.passages:
                return say(
                    "Only this was searched: {filters}. The passages that come nearest are shown under Sources.",
                    filters=filters,
                )
            return say("Only this was searched: {filters}", filters=filters)
        if self.filters is None:
            return ""
        if self.passages:
            return say("All your folders were searched. The passages that come nearest are shown under Sources.")
        return say("All your folders were searched.")

    def _about_words(self, answer: Answer) -> str:
        if not answer.model:
            return ""
        say = self._context.wording.say
        return say("{model} · {seconds:.1f} s", model=answer.model, seconds=answer.timing.total)

    def _choose(self, number: int) -> None:
        citation = self.citation(number)
        if citation:
            self.cite_chosen.emit(citation)

    def _copy(self) -> None:
        """The answer's words, and beneath them what its numbers stand for."""
        lines = [self.text, ""]
        for each in self.answer.citations if self.answer else ():
            place = place_words(each, self._context.wording)
            lines.append(f"[{each.number}] " + ", ".join(filter(None, (file_name(each.passage.document), place))))
        QGuiApplication.clipboard().setText("\n".join(lines).strip())
        self._context.moves.notice.emit(self._context.wording.say("Copied."), "", None)
