"""Light and dark from one set of named tokens, as a palette and a style sheet."""

from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication
from shiboken6 import isValid

from rag_desktop.settings.places import find_places


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
    hairline: str
    """Parts what belongs together; where a line must be seen to know what a thing is, `line` is used."""
    hover: str


LIGHT = Tokens(
    surface="#f7f7f5", surface_raised="#ffffff", text="#1d1f21", text_muted="#5c6166", line="#8d9297",
    accent="#1f5fae", accent_soft="#dfeafa", on_accent="#ffffff", mark="#ffe08a", warn="#9a4a00", good="#1b6b3a",
    hairline="#dededa", hover="#ecece8",
)  # fmt: skip
DARK = Tokens(
    surface="#1b1d1f", surface_raised="#25282b", text="#eceef0", text_muted="#a3a9af", line="#6d747b",
    accent="#7fb2f5", accent_soft="#23354d", on_accent="#10161d", mark="#6b5510", warn="#f0b070", good="#7ecb9a",
    hairline="#34383c", hover="#2d3135",
)  # fmt: skip

BASE_PX, SMALL_PX, LARGE_PX, TITLE_PX = 13, 11, 15, 20
GRID, RADIUS = 8, 8
_ICON_SIDES = (16, 24, 32, 48, 64)


class Theme(QObject):
    """The theme in use: follows the system, or what the person chose."""

    changed = Signal()

    def __init__(self, application: QApplication, choice: str = "system", icons: Path | None = None) -> None:
        super().__init__()
        self._dressed: WeakKeyDictionary[QAbstractButton, str] = WeakKeyDictionary()
        self._icons = icons or find_places().resources / "icons"
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

    @property
    def choice(self) -> str:
        """`system`, `light` or `dark`: what the person chose."""
        return self._choice

    def icon(self, name: str, colour: str = "") -> QIcon:
        """resources/icons/NAME.svg in a colour (`#rrggbb`), the text's where none is given."""
        drawn = (self._icons / f"{name}.svg").read_text(encoding="utf-8")
        return _tinted(drawn.replace("currentColor", colour or self.tokens.text))

    def dress(self, button: QAbstractButton, name: str) -> None:
        """Give a button an icon that follows the theme."""
        button.setIcon(self.icon(name))
        self._dressed[button] = name

    def choose(self, choice: str) -> None:
        """`system`, `light` or `dark`."""
        self._choice = choice
        self.apply()

    def apply(self) -> None:
        """Put the tokens on the whole application."""
        tokens = self.tokens
        self._application.setPalette(palette(tokens))
        self._application.setStyleSheet(style_sheet(tokens))
        for button, name in list(self._dressed.items()):
            if isValid(button):
                button.setIcon(self.icon(name))
        self.changed.emit()


def _tinted(svg: str) -> QIcon:
    icon, drawing = QIcon(), QSvgRenderer(svg.encode("utf-8"))
    for side in _ICON_SIDES:
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        drawing.render(painter)
        painter.end()
        icon.addPixmap(pixmap)
    return icon


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
    return _controls(tokens) + _surfaces(tokens)


def _controls(tokens: Tokens) -> str:
    # A focus ring is one pixel wider than the line it replaces; the padding gives that pixel, so that nothing moves.
    return f"""
        * {{ font-size: {BASE_PX}px; }}
        QToolTip {{ border: 1px solid {tokens.line}; padding: 4px; }}
        QPushButton, QToolButton {{
            border: 1px solid {tokens.line}; border-radius: {RADIUS - 2}px; padding: 4px 11px;
            background: {tokens.surface_raised}; color: {tokens.text};
        }}
        QPushButton:hover, QToolButton:hover {{ background: {tokens.hover}; }}
        QPushButton:pressed, QToolButton:pressed, QToolButton:checked {{ background: {tokens.accent_soft}; }}
        QPushButton:disabled, QToolButton:disabled {{ color: {tokens.text_muted}; border-color: {tokens.hairline}; }}
        QPushButton:focus, QToolButton:focus {{ border: 2px solid {tokens.accent}; padding: 3px 10px; }}
        QPushButton[primary="true"] {{
            background: {tokens.accent}; color: {tokens.on_accent}; border-color: {tokens.accent};
        }}
        QPushButton[primary="true"]:hover {{ border-color: {tokens.text}; }}
        QPushButton[primary="true"]:focus {{ border-color: {tokens.text}; }}
        QPushButton[primary="true"]:disabled {{
            background: {tokens.hairline}; color: {tokens.text_muted}; border-color: {tokens.hairline};
        }}
        QPushButton[flat="true"], QToolButton[flat="true"] {{
            border: 1px solid transparent; background: transparent; padding: 3px 5px;
        }}
        QPushButton[flat="true"]:hover, QToolButton[flat="true"]:hover {{ background: {tokens.hover}; }}
        QPushButton[flat="true"]:focus, QToolButton[flat="true"]:focus {{
            border: 2px solid {tokens.accent}; padding: 2px 4px;
        }}
        QToolButton::menu-indicator {{ image: none; width: 0; }}
        QLineEdit, QPlainTextEdit, QTextBrowser, QListView, QTreeView {{
            border: 1px solid {tokens.line}; border-radius: {RADIUS}px; background: {tokens.surface_raised};
            color: {tokens.text};
        }}
        QLineEdit {{ padding: 4px 7px; }}
        QLineEdit:focus {{ border: 2px solid {tokens.accent}; padding: 3px 6px; }}
        QPlainTextEdit:focus, QListView:focus, QTreeView:focus, QTextBrowser:focus {{
            border: 2px solid {tokens.accent};
        }}
        QListView[plain="true"], QTextBrowser[plain="true"] {{
            border: 2px solid transparent; background: transparent;
        }}
        QListView[plain="true"]:focus, QTextBrowser[plain="true"]:focus {{ border: 2px solid {tokens.accent}; }}
        QProgressBar {{
            border: none; border-radius: 2px; background: {tokens.hairline}; max-height: 4px; min-height: 4px;
        }}
        QProgressBar::chunk {{ border-radius: 2px; background: {tokens.accent}; }}
    """


def _surfaces(tokens: Tokens) -> str:
    return f"""
        QLabel {{ background: transparent; }}
        QLabel[muted="true"] {{ color: {tokens.text_muted}; }}
        QLabel[warn="true"] {{ color: {tokens.warn}; }}
        QLabel[small="true"] {{ font-size: {SMALL_PX}px; }}
        QLabel[large="true"] {{ font-size: {LARGE_PX}px; }}
        QLabel[title="true"] {{ font-size: {TITLE_PX}px; }}
        QLabel[heading="true"] {{ font-size: {SMALL_PX}px; font-weight: 600; color: {tokens.text_muted}; }}
        QFrame[card="true"] {{
            border: 1px solid {tokens.hairline}; border-radius: {RADIUS}px; background: {tokens.surface_raised};
        }}
        QFrame[chip="true"] {{ border: 1px solid {tokens.hairline}; border-radius: {RADIUS - 2}px; }}
        QFrame[chip="true"] QLabel, QToolButton[chip-button="true"] {{ font-size: {SMALL_PX}px; }}
        QFrame[chip="true"][set="true"] {{ border-color: {tokens.accent}; background: {tokens.accent_soft}; }}
        QFrame[chip="true"][overruled="true"] QToolButton[chip-button="true"] {{ text-decoration: line-through; }}
        QToolButton[chip-button="true"] {{
            border: 2px solid transparent; border-radius: {RADIUS - 3}px; background: transparent;
            padding: 1px 4px; color: {tokens.text};
        }}
        QToolButton[cross="true"] {{
            border: 2px solid transparent; border-radius: {RADIUS - 3}px; background: transparent; padding: 1px;
        }}
        QToolButton[chip-button="true"]:hover, QToolButton[cross="true"]:hover {{ background: {tokens.hover}; }}
        QToolButton[chip-button="true"]:focus, QToolButton[cross="true"]:focus {{ border-color: {tokens.accent}; }}
        QFrame[rule="true"] {{ background: {tokens.hairline}; border: none; max-height: 1px; min-height: 1px; }}
        QScrollArea {{ border: none; background: transparent; }}
        QScrollArea > QWidget > QWidget {{ background: transparent; }}
        QSplitter::handle {{ background: {tokens.hairline}; }}
        QTabWidget::pane {{ border: none; border-top: 1px solid {tokens.hairline}; }}
        QTabWidget::tab-bar {{ left: {GRID}px; }}
        QTabBar {{ qproperty-drawBase: 0; }}
        QTabBar::tab {{
            background: transparent; border: none; border-bottom: 2px solid transparent;
            padding: 9px 8px 7px 8px; margin-right: 8px; color: {tokens.text_muted};
        }}
        QTabBar::tab:selected {{ color: {tokens.text}; border-bottom-color: {tokens.accent}; }}
        QTabBar::tab:hover {{ color: {tokens.text}; }}
        QTabBar::tab:focus {{ border: 2px solid {tokens.accent}; padding: 7px 6px 7px 6px; }}
        QMenuBar {{ background: {tokens.surface}; border-bottom: 1px solid {tokens.hairline}; padding: 1px 4px; }}
        QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
        QMenuBar::item:selected {{ background: {tokens.hover}; }}
        QMenu {{ background: {tokens.surface_raised}; border: 1px solid {tokens.line}; padding: 4px; }}
        QMenu::item {{ padding: 5px 24px 5px 24px; border-radius: 4px; }}
        QMenu::item:selected {{ background: {tokens.accent_soft}; color: {tokens.text}; }}
        QMenu::item:disabled {{ color: {tokens.text_muted}; }}
        QMenu::separator {{ height: 1px; background: {tokens.hairline}; margin: 4px 8px; }}
        QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
        QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
        QScrollBar::handle {{ background: {tokens.line}; border-radius: 3px; margin: 2px; min-height: 24px; }}
        QScrollBar::handle:hover {{ background: {tokens.text_muted}; }}
        QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
        QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """
