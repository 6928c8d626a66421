"""What the stories do in a window, by the names of the things a person sees."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from rag_desktop.gui.answer_view import Turn
from rag_desktop.gui.panels.conversation import Conversation
from rag_desktop.gui.panels.conversations import ConversationList
from rag_desktop.gui.panels.document import DocumentPane
from rag_desktop.gui.panels.sources import Sources
from tests.desktop.conftest import Opened


@dataclass
class Talk:
    """A window with its panels by their own types."""

    opened: Opened

    @property
    def conversation(self) -> Conversation:
        panel = self.opened.panels["conversation"]
        assert isinstance(panel, Conversation)
        return panel

    @property
    def conversations(self) -> ConversationList:
        panel = self.opened.panels["conversations"]
        assert isinstance(panel, ConversationList)
        return panel

    @property
    def sources(self) -> Sources:
        panel = self.opened.panels["sources"]
        assert isinstance(panel, Sources)
        return panel

    @property
    def document(self) -> DocumentPane:
        panel = self.opened.panels["document"]
        assert isinstance(panel, DocumentPane)
        return panel

    @property
    def last(self) -> Turn:
        return self.conversation.turns[-1]

    def type(self, question: str) -> None:
        """Type into the composer and press Enter."""
        field = self.conversation.composer.field
        field.setPlainText(question)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def ask(self, question: str) -> Turn:
        """Ask, and wait until the answer is there."""
        self.type(question)
        turn = self.last
        assert turn.question == question
        self.opened.until(lambda: turn.again_button.isVisibleTo(turn))
        return turn

    def click_chip(self, turn: Turn, number: int) -> None:
        """Click `[number]` in an answer, where it is drawn."""
        words = turn.words
        cursor = words.document().find(f"[{number}]")
        assert not cursor.isNull(), words.toPlainText()
        middle = cursor.position() - 1
        cursor.setPosition(middle)
        place = words.cursorRect(cursor).center()
        self.opened.until(lambda: words.isVisibleTo(self.conversation))
        assert words.anchorAt(place) == f"cite:{number}"
        QTest.mouseClick(words.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def wait_for_document(self) -> None:
        """Wait until the cited document is shown."""
        document = self.document
        self.opened.until(lambda: document.view is not None and document._task is None)
