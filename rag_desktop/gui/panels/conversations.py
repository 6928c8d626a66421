"""The list of conversations: what was asked before, to be gone on with or deleted."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QMenu, QMessageBox, QToolButton, QVBoxLayout, QWidget

from rag_desktop.domain.events import ConversationBegun, ConversationOpened, ConversationsListed, Event
from rag_desktop.domain.status import ConversationRow
from rag_desktop.gui.panel import Context, Panel, Place
from rag_desktop.gui.theme import GRID, RADIUS
from rag_desktop.services.wording import N_, Wording

_NO_PARENT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex
ID_ROLE = Qt.ItemDataRole.UserRole


class ConversationModel(QAbstractListModel):
    """Conversations, the last one first; a title, and when it was last gone on with."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self._rows: tuple[ConversationRow, ...] = ()

    def show_rows(self, rows: Sequence[ConversationRow]) -> None:
        """Replace the rows, keeping what is selected where it is still there."""
        if tuple(rows) == self._rows:
            return
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def row_of(self, conversation: int | None) -> int:
        """The row of a conversation, or -1."""
        return next((at for at, row in enumerate(self._rows) if row.id == conversation), -1)

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return " ".join(row.title.split())
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._wording.say("{title}, {when}", title=row.title, when=when_words(row, self._wording))
            case Qt.ItemDataRole.ToolTipRole:
                return when_words(row, self._wording)
            case _ if role == ID_ROLE:
                return row.id
        return None


def when_words(row: ConversationRow, wording: Wording, today: date | None = None) -> str:
    """When a conversation was last gone on with, as people say it."""
    changed = datetime.fromtimestamp(row.changed_at).astimezone()
    days = ((today or datetime.now().astimezone().date()) - changed.date()).days
    if days <= 0:
        return wording.say("Today, {time}", time=f"{changed:%H:%M}")
    if days == 1:
        return wording.say("Yesterday, {time}", time=f"{changed:%H:%M}")
    if days < 7:
        return wording.count("{n} day ago", "{n} days ago", days)
    return f"{changed:%Y-%m-%d}"


class ConversationList(QWidget):
    """Conversations with a way to begin a new one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._current: int | None = None
        self._tasks: set[int] = set()
        self.model = ConversationModel(context.wording)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName(context.wording.say("Conversations"))
        self.list.setProperty("plain", True)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._build()
        self._connect()
        self._paint()
        context.theme.changed.connect(self._paint)
        context.desk.conversations()

    def _build(self) -> None:
        say = self._context.wording.say
        title = QLabel(say("Conversations"))
        title.setProperty("heading", True)
        self.new_button = QToolButton()
        self.new_button.setProperty("flat", True)
        self._context.theme.dress(self.new_button, "plus")
        self.new_button.setAccessibleName(say("New conversation"))
        self.new_button.setToolTip(say("New conversation (Ctrl+N)"))
        head = QHBoxLayout()
        head.setContentsMargins(GRID + 2, 0, 0, 0)
        head.addWidget(title)
        head.addStretch()
        head.addWidget(self.new_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, 0)
        layout.setSpacing(GRID // 4)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        self.setFocusProxy(self.list)
        self._delete = QAction(say("Delete…"), self)
        self._delete.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self._delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.list.addAction(self._delete)

    def _paint(self) -> None:
        tokens = self._context.theme.tokens
        self.list.setStyleSheet(
            f"QListView::item {{ padding: 5px 6px; border-radius: {RADIUS - 2}px; color: {tokens.text}; }}"
            f"QListView::item:selected {{ background: {tokens.accent_soft}; }}"
            f"QListView::item:hover:!selected {{ background: {tokens.hover}; }}"
        )

    def _connect(self) -> None:
        moves = self._context.moves
        self._context.bridge.happened.connect(self._take)
        self.new_button.clicked.connect(moves.conversation_begun)
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self._delete.triggered.connect(self.ask_to_delete)
        moves.conversation_begun.connect(lambda: self._choose(None))
        moves.conversation_chosen.connect(self._choose)

    def _take(self, event: Event) -> None:
        match event:
            case ConversationsListed(conversations=rows):
                self.model.show_rows(rows)
                self._choose(self._current)
            case ConversationBegun(conversation=conversation):
                self._current = conversation
                self._context.desk.conversations()
            case ConversationOpened(conversation=conversation):
                self._choose(conversation)

    def _open(self, index: QModelIndex) -> None:
        conversation = index.data(ID_ROLE)
        if conversation != self._current:
            self._context.moves.conversation_chosen.emit(conversation)

    def _choose(self, conversation: int | None) -> None:
        self._current = conversation
        row = self.model.row_of(conversation)
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row, 0))
        else:
            self.list.clearSelection()
            self.list.setCurrentIndex(QModelIndex())

    def _show_menu(self, place: QPoint) -> None:
        if self.list.indexAt(place).isValid():
            menu = QMenu(self)
            menu.addAction(self._delete)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.list.viewport().mapToGlobal(place))

    def ask_to_delete(self) -> QMessageBox | None:
        """Ask whether the selected conversation may go; it cannot be brought back."""
        index = self.list.currentIndex()
        if not index.isValid():
            return None
        say, conversation = self._context.wording.say, index.data(ID_ROLE)
        box = QMessageBox(QMessageBox.Icon.NoIcon, say("Delete conversation"), "", parent=self)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(say("Delete “{title}”? This cannot be undone.", title=str(index.data())[:80]))
        delete = box.addButton(say("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(say("Keep"), QMessageBox.ButtonRole.RejectRole)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        delete.clicked.connect(lambda: self._forget(conversation))
        box.open()
        return box

    def _forget(self, conversation: int) -> None:
        self._context.desk.forget_conversation(conversation)
        if conversation == self._current:
            self._context.moves.conversation_begun.emit()


PANEL = Panel("conversations", N_("Conversations"), Place.LEFT, "", ConversationList, order=2)
