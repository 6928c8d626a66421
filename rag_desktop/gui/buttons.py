"""Buttons made in one line, with the names that screen readers say."""

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton, QToolButton

from rag_desktop.gui.theme import Theme


def push(label: str, act: Callable[[], object], *, primary: bool = False) -> QPushButton:
    """A button with words on it; `primary` is the one thing most people want here."""
    button = QPushButton(label)
    button.setProperty("primary", primary)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _: act())
    return button


def tool(theme: Theme, icon: str, name: str, act: Callable[[], object]) -> QToolButton:
    """A button with a picture, whose name is its tooltip too."""
    button = QToolButton()
    button.setProperty("flat", True)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.clicked.connect(lambda _: act())
    theme.dress(button, icon)
    return button
