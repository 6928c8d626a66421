"""One file a panel, each exposing `PANEL`; menu, shortcut and place follow from it."""
