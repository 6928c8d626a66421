"""The dialog in which a person says what of a folder is left out, one pattern a line."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase, QKeySequence, QShortcut, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from rag_desktop.files import patterns
from rag_desktop.gui.buttons import push
from rag_desktop.gui.folders import Folder
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID, SMALL_PX

_WIDTH = 520
_LINES = 8
_EXAMPLE = "!\u2060node_modules/"
"""With a word joiner: a line must not break after the exclamation mark."""


class LeaveOut(QDialog):
    """Lines of .gitignore syntax; they can be saved only while each means something."""

    saved = Signal(str)
    """The lines, as they were typed."""

    def __init__(self, parent: QWidget, context: Context, folder: Folder) -> None:
        super().__init__(parent)
        self._context = context
        say = context.wording.say
        self.lines = QPlainTextEdit(folder.status.patterns if folder.status else "")
        self.said = QLabel()
        self.save = push(say("Save"), self.accept, primary=True)
        self.cancel = push(say("Cancel"), self.reject)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(say("Leave out of {name}", name=folder.name))
        self._lay_out()
        self._check()
        self.lines.textChanged.connect(self._check)
        context.theme.changed.connect(self._check)
        done = QShortcut(QKeySequence("Ctrl+Return"), self)
        done.activated.connect(self.accept)

    def _lay_out(self) -> None:
        say = self._context.wording.say
        self.lines.setAccessibleName(say("What is left out, one pattern a line"))
        self.lines.setPlaceholderText("drafts/\n*.log\n!important.log")
        self.lines.setTabChangesFocus(True)
        self.lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.lines.document().setDefaultFont(font)
        self.lines.setFont(font)
        self.lines.setMinimumHeight(_LINES * self.lines.fontMetrics().lineSpacing() + 2 * GRID)
        self.said.setProperty("small", True)
        self.said.setMinimumHeight(2 * (SMALL_PX + 4))
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addStretch()
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID * 3, GRID * 2, GRID * 3, GRID * 2)
        layout.setSpacing(GRID)
        for label in (self._explanation(), self._defaults()):
            layout.addWidget(label)
        layout.addWidget(self.lines, 1)
        layout.addWidget(self.said)
        layout.addLayout(buttons)
        for label in (*self.findChildren(QLabel), self.said):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.resize(_WIDTH, layout.totalHeightForWidth(_WIDTH))
        self.lines.moveCursor(QTextCursor.MoveOperation.End)
        self.lines.setFocus()

    def _explanation(self) -> QLabel:
        return QLabel(
            self._context.wording.say(
                "What these lines match is not read, and what was read of it is no longer found. One pattern a line,"
                " as in .gitignore: “drafts/” leaves out every folder of that name, “*.log” all files that end so,"
                " “!important.log” brings one back."
            )
        )

    def _defaults(self) -> QLabel:
        label = QLabel(
            self._context.wording.say(
                "Always left out are version control, caches and installed packages of programs, keys and passwords,"
                " waste bins and temporary files. A line such as “{example}” brings them back.",
                example=_EXAMPLE,
            )
        )
        label.setProperty("muted", True)
        return label

    def accept(self) -> None:
        """Save the lines, unless one of them means nothing."""
        text = self.lines.toPlainText()
        if not patterns.refused(text):
            self.saved.emit(text)
            super().accept()

    def _check(self) -> None:
        refused = patterns.refused(self.lines.toPlainText())
        self.save.setEnabled(not refused)
        wording = self._context.wording
        words = (
            wording.count(
                "This line cannot match anything: {line}",
                "{n:,} lines cannot match anything, the first is: {line}",
                len(refused),
                line=refused[0].strip()[:120],
            )
            if refused
            else ""
        )
        self.said.setText(words)
        self.said.setAccessibleName(words)
        for name, is_set in (("warn", bool(refused)), ("muted", not refused)):
            self.said.setProperty(name, is_set)
        self.said.style().polish(self.said)
        self._mark(frozenset(refused))

    def _mark(self, refused: frozenset[str]) -> None:
        """Underline the lines that mean nothing."""
        form = QTextCharFormat()
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        form.setUnderlineColor(QColor(self._context.theme.tokens.warn))
        marks, block = [], self.lines.document().begin()
        while block.isValid():
            if block.text() in refused:
                mark = QTextEdit.ExtraSelection()
                cursor = QTextCursor(block)
                cursor.select(QTextCursor.SelectionType.LineUnderCursor)
                mark.cursor, mark.format = cursor, form
                marks.append(mark)
            block = block.next()
        self.lines.setExtraSelections(marks)
