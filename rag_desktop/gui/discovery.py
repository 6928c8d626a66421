"""Finds the panels: every module of gui/panels that exposes PANEL. A new panel is a new file, and nothing else."""

import pkgutil
from importlib import import_module

from rag_desktop.gui import panels
from rag_desktop.gui.panel import Panel, Place


def find_panels() -> list[Panel]:
    """All panels that there are, in the order they are shown."""
    modules = (
        import_module(f"rag_desktop.gui.panels.{module.name}") for module in pkgutil.iter_modules(panels.__path__)
    )
    found = [module.PANEL for module in modules if isinstance(getattr(module, "PANEL", None), Panel)]
    return sorted(found, key=lambda panel: (list(Place).index(panel.place), panel.order, panel.name))
