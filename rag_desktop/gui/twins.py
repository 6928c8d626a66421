"""The line of a card that names other documents with nearly the same words."""

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel

from rag_desktop.domain.documents import Document
from rag_desktop.gui.naming import file_name
from rag_desktop.gui.theme import Theme
from rag_desktop.services.wording import Wording

_MOST = 3
_LINK = "twin:"


class Twins(QLabel):
    """Names as links, by mouse and by key; shown only where there are some."""

    chosen = Signal(object)
    """The Document whose name was chosen."""

    def __init__(self, wording: Wording, theme: Theme) -> None:
        super().__init__()
        self._wording = wording
        self._theme = theme
        self.documents: tuple[Document, ...] = ()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setProperty("muted", True)
        self.setProperty("small", True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.linkActivated.connect(self._choose)
        theme.changed.connect(self._draw)
        self.hide()

    def show_twins(self, documents: tuple[Document, ...]) -> None:
        """Name these documents."""
        if documents != self.documents:
            self.documents = documents
            self.setToolTip("<br>".join(escape(each.path) for each in documents))
            self._draw()
        self.setVisible(bool(documents))

    def _draw(self) -> None:
        say, shown = self._wording.say, self.documents[:_MOST]
        more = len(self.documents) - len(shown)
        plain = ", ".join(map(file_name, shown))
        colour = self._theme.tokens.accent
        links = ", ".join(
            f'<a href="{_LINK}{place}" style="color:{colour};text-decoration:none;">{escape(file_name(each))}</a>'
            for place, each in enumerate(shown)
        )
        if more:
            self.setText(say("Also in: {names} and {n} more", names=links, n=more))
            self.setAccessibleName(say("Also in: {names} and {n} more", names=plain, n=more))
        else:
            self.setText(say("Also in: {names}", names=links))
            self.setAccessibleName(say("Also in: {names}", names=plain))

    def _choose(self, link: str) -> None:
        place = link.removeprefix(_LINK)
        if place.isdecimal() and int(place) < len(self.documents):
            self.chosen.emit(self.documents[int(place)])
