"""Light and dark from one set of named tokens, as a palette and a style sheet."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, each `#rrggbb`. Text reaches 4.5 : 1 on both surfaces, marks and rings 3 : 1."""

    surface: str
    surface_raised: str
    text: str
    text_muted: str
    line: str
    accent: str
    accent_soft: str
    on_accent: str
    mark: str
    warn: str
    good: str


LIGHT = Tokens(
    surface="#f7f7f5", surface_raised="#ffffff", text="#1d1f21", text_muted="#5c6166", line="#8d9297",
    accent="#1f5fae", accent_soft="#dfeafa", on_accent="#ffffff", mark="#ffe08a", warn="#9a4a00", good="#1b6b3a",
)  # fmt: skip
DARK = Tokens(
    surface="#1b1d1f", surface_raised="#25282b", text="#eceef0", text_muted="#a3a9af", line="#6d747b",
    accent="#7fb2f5", accent_soft="#23354d", on_accent="#10161d", mark="#6b5510", warn="#f0b070", good="#7ecb9a",
)  # fmt: skip

BASE_PX, SMALL_PX, LARGE_PX, TITLE_PX = 13, 11, 15, 20
GRID, RADIUS = 8, 8


class Theme(QObject):
    """The theme in use: follows the system, or what the person chose."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: str = "system") -> None:
        super().__init__()
        self._application = application
        self._choice = choice
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(lambda _: self.apply())

    @property
    def is_dark(self) -> bool:
        """Whether the dark tokens are in use."""
        if self._choice != "system":
            return self._choice == "dark"
        return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark

    @property
    def tokens(self) -> Tokens:
        return DARK if self.is_dark else LIGHT

    def choose(self, choice: str) -> None:
        """`system`, `light` or `dark`."""
        self._choice = choice
        self.apply()

    def apply(self) -> None:
        """Put the tokens on the whole application."""
        tokens = self.tokens
        self._application.setPalette(palette(tokens))
        self._application.setStyleSheet(style_sheet(tokens))
        self.changed.emit()


def palette(tokens: Tokens) -> QPalette:
    """The tokens in Qt's own roles, so that widgets without a style of ours fit in."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: tokens.surface,
        roles.Base: tokens.surface_raised,
        roles.AlternateBase: tokens.surface,
        roles.Button: tokens.surface_raised,
        roles.WindowText: tokens.text,
        roles.Text: tokens.text,
        roles.ButtonText: tokens.text,
        roles.ToolTipBase: tokens.surface_raised,
        roles.ToolTipText: tokens.text,
        roles.PlaceholderText: tokens.text_muted,
        roles.Highlight: tokens.accent,
        roles.HighlightedText: tokens.on_accent,
        roles.Link: tokens.accent,
        roles.Mid: tokens.line,
    }
    made = QPalette()
    for role, colour in colours.items():
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.text_muted))
    return made


def style_sheet(tokens: Tokens) -> str:
    """What the palette cannot say: lines, radii, focus rings."""
    return f"""
        * {{ font-size: {BASE_PX}px; }}
        QToolTip {{ border: 1px solid {tokens.line}; padding: 4px; }}
        QPushButton, QToolButton {{
            border: 1px solid {tokens.line}; border-radius: {RADIUS}px; padding: 4px 10px;
            background: {tokens.surface_raised}; color: {tokens.text};
        }}
        QPushButton:hover, QToolButton:hover {{ background: {tokens.accent_soft}; }}
        QPushButton:focus, QToolButton:focus, QLineEdit:focus, QPlainTextEdit:focus, QListView:focus, QTreeView:focus,
        QTextBrowser:focus {{ border: 2px solid {tokens.accent}; }}
        QPushButton[primary="true"] {{
            background: {tokens.accent}; color: {tokens.on_accent}; border-color: {tokens.accent};
        }}
        QLineEdit, QPlainTextEdit, QTextBrowser, QListView, QTreeView {{
            border: 1px solid {tokens.line}; border-radius: {RADIUS}px; background: {tokens.surface_raised};
            color: {tokens.text};
        }}
        QLabel[muted="true"] {{ color: {tokens.text_muted}; }}
        QLabel[small="true"] {{ font-size: {SMALL_PX}px; }}
        QLabel[large="true"] {{ font-size: {LARGE_PX}px; }}
        QLabel[title="true"] {{ font-size: {TITLE_PX}px; }}
        QSplitter::handle {{ background: {tokens.surface}; }}
    """
