"""The window's frame: panes, notices, drops, the status bar, and what it remembers."""

from tests.desktop.conftest import Opened


def test_smoke(filled: Opened) -> None:
    assert filled.desk
