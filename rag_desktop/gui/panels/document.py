"""The document behind a citation, opened at the words: PDF page by page, everything else as text."""

import os

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFocusEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from rag_desktop.domain.answers import Answer, Citation, Passage
from rag_desktop.domain.events import DocumentOpened, Event, TaskEnded
from rag_desktop.domain.ids import TaskId
from rag_desktop.domain.status import DocumentView
from rag_desktop.gui.cards import merged, page_name
from rag_desktop.gui.elided import ElidedLabel
from rag_desktop.gui.find_bar import FindBar
from rag_desktop.gui.naming import file_name
from rag_desktop.gui.panel import Context, Panel, Place, show_beside
from rag_desktop.gui.pdf_view import PdfView
from rag_desktop.gui.reading_view import ReadingView
from rag_desktop.gui.reveal import reveal
from rag_desktop.gui.theme import GRID
from rag_desktop.services.wording import N_

_PROSE = frozenset({"text", "markdown"})
"""Formats whose lines may have been broken by hand at some width."""


class DocumentPane(QWidget):
    """Shows one document at a time; of several that were asked for, only the last one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._task: TaskId | None = None
        self._citations: tuple[Citation, ...] = ()
        self.citation: Citation | None = None
        self.view: DocumentView | None = None
        self.pdf = PdfView(context)
        self.reading = ReadingView(context)
        self.message = self._label()
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.message.setMargin(2 * GRID)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notice = self._label()
        self.find_bar = FindBar(context)
        self.pages = QStackedWidget()
        for page in (self.message, self.pdf, self.reading):
            self.pages.addWidget(page)
        self._build()
        self._connect()
        self._show_message(context.wording.say("Choose a source to see its words in their document."))

    def _label(self) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setProperty("muted", True)
        return label

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._head())
        layout.addLayout(self._tools())
        layout.addWidget(self.find_bar)
        layout.addWidget(self.notice)
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._foot())

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.name = ElidedLabel("")
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.place = self._label()
        self.place.setWordWrap(False)
        row.addWidget(self.name, 1)
        row.addWidget(self.place)
        return row

    def _tools(self) -> QHBoxLayout:
        say = self._context.wording.say
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        self.previous = self._tool("", say("Previous source"))
        self.next = self._tool("", say("Next source"))
        self._context.theme.dress(self.previous, "previous")
        self._context.theme.dress(self.next, "next")
        self.which = self._label()
        self.which.setWordWrap(False)
        self.smaller = self._tool("−", say("Smaller"))
        self.larger = self._tool("+", say("Larger"))
        self.fit = self._tool(say("Fit width"), say("Make the page as wide as the pane"))
        for widget in (self.previous, self.next, self.which):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.smaller, self.larger, self.fit):
            row.addWidget(widget)
        return row

    def _tool(self, words: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setProperty("flat", True)
        button.setAccessibleName(name)
        button.setToolTip(name)
        return button

    def _foot(self) -> QHBoxLayout:
        say = self._context.wording.say
        row = QHBoxLayout()
        self.open_button = QPushButton(say("Open"))
        self.folder_button = QPushButton(say("Show in folder"))
        for button in (self.open_button, self.folder_button):
            button.setProperty("flat", True)
        row.addWidget(self.open_button)
        row.addWidget(self.folder_button)
        row.addStretch(1)
        return row

    def _connect(self) -> None:
        moves = self._context.moves
        self._context.bridge.happened.connect(self._take)
        moves.citation_shown.connect(self.show_citation)
        moves.citations_changed.connect(self._change)
        self.previous.clicked.connect(lambda: self._step(-1))
        self.next.clicked.connect(lambda: self._step(1))
        self.smaller.clicked.connect(self.pdf.zoom_out)
        self.larger.clicked.connect(self.pdf.zoom_in)
        self.fit.clicked.connect(self.pdf.fit_width)
        self.pdf.page_changed.connect(lambda _: self._show_place())
        self.pdf.found_changed.connect(self.find_bar.show_count)
        self.find_bar.wanted.connect(self._find)
        self.find_bar.chosen.connect(self._show_found)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self._open_find)
        self.open_button.clicked.connect(self._open_file)
        self.folder_button.clicked.connect(self._show_in_folder)

    # what is asked for

    def show_citation(self, citation: Citation) -> None:
        """Ask for a citation's document, its words marked."""
        self.citation = citation
        if (citation.number, citation.passage.chunk.id) not in [
            (each.number, each.passage.chunk.id) for each in self._citations
        ]:
            self._citations = (citation,)
        self._task = self._context.desk.open_document(
            citation.passage.document.id,
            citation.quoted or citation.passage.chunk.span,
            citation.quoted_text or citation.passage.text,
        )
        self._show_which()
        show_beside(self._context, self, "document", opens=True)

    def _change(self, passages: tuple[Passage, ...], told: Answer | str | None) -> None:
        answer = told if isinstance(told, Answer) else None
        question = answer.question if answer else told if isinstance(told, str) else ""
        self._citations = merged(passages, answer.citations if answer else (), question)
        self._show_which()

    def _step(self, by: int) -> None:
        at = self._index()
        if at is not None and 0 <= at + by < len(self._citations):
            self._context.moves.citation_shown.emit(self._citations[at + by])

    def _index(self) -> int | None:
        number = self.citation.number if self.citation else None
        return next((at for at, each in enumerate(self._citations) if each.number == number), None)

    # what came

    def _take(self, event: Event) -> None:
        if self._task is None or event.task != self._task:
            return
        match event:
            case DocumentOpened(view=view):
                self._show(view)
            case TaskEnded(error=error):
                self._task = None
                if error and error.code != "cancelled":
                    self._show_message(self._context.wording.error(error))

    def _show(self, view: DocumentView) -> None:
        self.view = view
        self.find_bar.close_bar()
        self.name.show_words(file_name(view.document))
        self._say("")
        is_there = os.path.isfile(view.document.path)
        self.open_button.setEnabled(is_there)
        self.folder_button.setEnabled(is_there)
        if view.document.format == "pdf":
            self._show_pdf(view)
        else:
            self._show_text(view, is_there=is_there)
        is_pdf = self.pages.currentWidget() is self.pdf
        for tool in (self.smaller, self.larger, self.fit):
            tool.setVisible(is_pdf)
        self._show_place()
        self._describe(view)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Hand the focus on to the document."""
        super().focusInEvent(event)
        shown = self.pages.currentWidget()
        if shown is not None and shown is not self.message:
            shown.setFocus(event.reason())

    def _show_pdf(self, view: DocumentView) -> None:
        page = self._page_of(view)
        code = self.pdf.open(view.document.path, page)
        if code:
            self._show_message(self._refusal(code, view))
            return
        self.pages.setCurrentWidget(self.pdf)
        if not self.pdf.mark(view.marks, view.quoted):
            self.pdf.go_to(page)
            self._say(self._unmarked(view, page))

    def _page_of(self, view: DocumentView) -> int:
        """The 0-based page to look at first."""
        if view.marks:
            return view.marks[0].page - 1
        page = self.citation and (self.citation.page or self.citation.passage.chunk.page_start)
        return page - 1 if page else 0

    def _unmarked(self, view: DocumentView, page: int) -> str:
        say = self._context.wording.say
        name = page_name(view.document, page + 1)
        if not view.quoted:
            return ""
        if view.span is None:
            return self._changed(view)
        return say("The words are on page {page}, but could not be marked there: “{words}”", page=name,
                   words=_short(view.quoted))  # fmt: skip

    def _changed(self, view: DocumentView) -> str:
        words = _short(view.quoted, 1_000)
        return self._context.wording.say("The document has changed since. It said: “{words}”", words=words)

    def _refusal(self, code: str, view: DocumentView) -> str:
        say = self._context.wording.say
        words = _short(view.quoted, 1_000)
        if code == "file-missing" and view.document.is_away:
            return say(
                "The folder cannot be reached right now. When the file was read, it said: “{words}”", words=words
            )
        if code == "file-missing":
            return say("The file is no longer there. When it was read, it said: “{words}”", words=words)
        if code == "file-too-large":
            return say("The file is too large to be shown here. It says: “{words}”", words=words)
        return say("The file cannot be shown here. When it was read, it said: “{words}”", words=words)

    def _show_text(self, view: DocumentView, *, is_there: bool) -> None:
        self.pages.setCurrentWidget(self.reading)
        self.reading.show_text(view.text, view.span, is_prose=view.document.format in _PROSE)
        say = self._context.wording.say
        if not is_there and view.document.is_away:
            self._say(say("The folder cannot be reached right now. This is the text of the file when it was read."))
        elif not is_there:
            self._say(say("The file is no longer there. This is its text when it was read."))
        elif view.quoted and view.span is None:
            self._say(self._changed(view))

    # finding

    def _open_find(self) -> None:
        if self.view is not None and self.pages.currentWidget() is not self.message:
            self.find_bar.open()

    def _find(self, words: str) -> None:
        if self.pages.currentWidget() is self.pdf:
            self.pdf.look_for(words)
        else:
            self.find_bar.show_count(self.reading.look_for(words))

    def _show_found(self, number: int) -> None:
        if self.pages.currentWidget() is self.pdf:
            self.pdf.show_found(number)
        else:
            self.reading.show_found(number)

    # words round it

    def _show_place(self) -> None:
        say = self._context.wording.say
        if self.view is None:
            return
        if self.pages.currentWidget() is self.pdf and self.pdf.page_count:
            name = page_name(self.view.document, self.pdf.page + 1)
            self.place.setText(say("p. {page} of {count}", page=name, count=self.pdf.page_count))
        else:
            self.place.setText("")

    def _describe(self, view: DocumentView) -> None:
        say = self._context.wording.say
        name, words = file_name(view.document), _short(view.quoted)
        self.setAccessibleName(say("Document {name}", name=name))
        self.pdf.setAccessibleName(say("Page of {name}. Marked words: {words}", name=name, words=words))
        self.reading.field.setAccessibleDescription(say("Marked words: {words}", words=words))

    def _show_which(self) -> None:
        at = self._index()
        self.previous.setEnabled(at is not None and at > 0)
        self.next.setEnabled(at is not None and at + 1 < len(self._citations))
        number = self.citation.number if self.citation and at is not None else None
        self.which.setText(self._context.wording.say("Source {number}", number=number) if number else "")

    def _say(self, words: str) -> None:
        self.notice.setText(words)
        self.notice.setVisible(bool(words))

    def _show_message(self, words: str) -> None:
        self.message.setText(words)
        self.pages.setCurrentWidget(self.message)
        self._say("")
        if self.view is None:
            self.open_button.setEnabled(False)
            self.folder_button.setEnabled(False)
            for tool in (self.smaller, self.larger, self.fit):
                tool.hide()
            self._show_which()

    def _open_file(self) -> None:
        if self.view:
            QDesktopServices.openUrl(QUrl.fromLocalFile(self.view.document.path))

    def _show_in_folder(self) -> None:
        if self.view:
            reveal(self.view.document.path)


def _short(words: str, most: int = 300) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else line[:most].rpartition(" ")[0] + " …"


PANEL = Panel("document", N_("Document"), Place.RIGHT, "", DocumentPane, order=2)
