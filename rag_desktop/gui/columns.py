"""The three columns of the window and the pages of the middle one."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from rag_desktop.gui.geometry import Memory, restore_splitter, save_splitter
from rag_desktop.gui.model_hint import ModelHint
from rag_desktop.gui.overlay import OverlayPage
from rag_desktop.gui.panel import Context, Panel, Place
from rag_desktop.gui.theme import GRID
from rag_desktop.gui.welcome import Welcome

_USUAL = (248, 680, 352)
_LEAST = (200, 380, 280)


class Columns(QSplitter):
    """Left: panels one above the other. Centre: the conversation, with pages over it. Right: tabs."""

    def __init__(self, context: Context, panels: Sequence[Panel], built: Mapping[str, QWidget], memory: Memory) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._context = context
        self._places = {panel.name: panel.place for panel in panels}
        self._built = built
        self._memory = memory
        self.left = QSplitter(Qt.Orientation.Vertical)
        self.right = QTabWidget()
        self.centre = QStackedWidget()
        self.welcome = Welcome(context)
        self.conversation = QWidget()
        self._pages: dict[str, OverlayPage] = {}
        self._is_empty = False
        self._fill(panels)
        self._lay_out()

    def _fill(self, panels: Sequence[Panel]) -> None:
        middle = QVBoxLayout(self.conversation)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        for panel in panels:
            widget, title = self._built[panel.name], self._context.wording.say(panel.title)
            match panel.place:
                case Place.LEFT:
                    self.left.addWidget(widget)
                case Place.CENTRE:
                    middle.addWidget(widget, 1)
                case Place.RIGHT:
                    self.right.addTab(widget, title)
                case Place.OVERLAY:
                    self._add_page(panel.name, title, widget)

    def _add_page(self, name: str, title: str, widget: QWidget) -> None:
        page = OverlayPage(self._context, title, widget)
        page.closed.connect(self.show_conversation)
        self._pages[name] = page
        self.centre.addWidget(page)

    def _lay_out(self) -> None:
        self.setObjectName("columns")
        self.left.setObjectName("left")
        self.setHandleWidth(1)
        self.left.setHandleWidth(1)
        self.left.setChildrenCollapsible(False)
        self.right.setDocumentMode(True)
        self.centre.addWidget(self.welcome)
        self.centre.addWidget(self.conversation)
        for place, (column, least) in enumerate(zip((self.left, self._middle(), self.right), _LEAST, strict=True)):
            column.setMinimumWidth(least)
            self.addWidget(column)
            self.setCollapsible(place, place != 1)
            self.setStretchFactor(place, int(place == 1))
        restore_splitter(self, self._memory, _USUAL)
        restore_splitter(self.left, self._memory, [320] * self.left.count())
        self.left.setVisible(self._memory.text("left-pane", "shown") == "shown" and self.left.count() > 0)
        self.right.setVisible(self._memory.text("right-pane", "shown") == "shown" and self.right.count() > 0)
        self.centre.setCurrentWidget(self.conversation)

    def _middle(self) -> QWidget:
        """The pages, and above them the word that no model answers yet."""
        middle, hint = QWidget(), ModelHint(self._context)
        above = QVBoxLayout()
        above.setContentsMargins(GRID * 2, GRID, GRID * 2, 0)
        above.addWidget(hint)
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(above)
        layout.addWidget(self.centre, 1)
        return middle

    def show_emptiness(self, *, is_empty: bool) -> None:
        """Without a folder there is nothing to ask: the welcome takes the conversation's place."""
        was_home, self._is_empty = self.centre.currentWidget() in (self.welcome, self.conversation), is_empty
        if was_home:
            self.show_conversation()

    def show_conversation(self) -> None:
        """The page that stands in the centre when nothing lies over it."""
        self.centre.setCurrentWidget(self.welcome if self._is_empty else self.conversation)

    def show_panel(self, name: str) -> None:
        """Bring a panel to where it can be seen, and give it the focus."""
        widget, place = self._built.get(name), self._places.get(name)
        if widget is None:
            return
        match place:
            case Place.OVERLAY:
                self.centre.setCurrentWidget(self._pages[name])
            case Place.RIGHT:
                self.open_pane(self.right)
                self.right.setCurrentWidget(widget)
            case Place.LEFT:
                self.open_pane(self.left)
            case _:
                self.show_conversation()
        widget.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def open_pane(self, pane: QWidget) -> None:
        """Show a side pane, also one that was dragged shut."""
        pane.show()
        place = self.indexOf(pane)
        sizes = self.sizes()
        if sizes[place] == 0:
            sizes[place] = _USUAL[place]
            sizes[1] = max(_LEAST[1], sizes[1] - _USUAL[place])
            self.setSizes(sizes)

    def toggle_pane(self, pane: QWidget) -> None:
        """Hide or show a side pane."""
        if pane.isVisible() and self.sizes()[self.indexOf(pane)] > 0:
            pane.hide()
        else:
            self.open_pane(pane)

    def focus_centre(self) -> None:
        """Give the focus to what stands in the centre."""
        panes = [pane for pane in self.panes() if self.centre.isAncestorOf(pane)]
        if panes:
            panes[0].setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def panes(self) -> list[QWidget]:
        """What F6 goes through, from left to right: only what can be seen."""
        current = self.right.currentWidget()
        page = self.centre.currentWidget()
        middle = [self._built[name] for name, place in self._places.items() if place is Place.CENTRE]
        if page is self.welcome:
            middle = [self.welcome.choose]
        elif page is not self.conversation and page is not None:
            middle = [page]
        left = [self.left.widget(place) for place in range(self.left.count())]
        return [pane for pane in (*left, *middle, current) if pane is not None and pane.isVisible()]

    def save(self) -> None:
        """Remember sizes and which panes are shown."""
        save_splitter(self, self._memory)
        save_splitter(self.left, self._memory)
        for name, pane in (("left-pane", self.left), ("right-pane", self.right)):
            self._memory.keep(name, "hidden" if pane.isHidden() else "shown")
