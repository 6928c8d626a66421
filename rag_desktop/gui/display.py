"""Whether a window can be opened here at all; asked before Qt is loaded, which ends the process where it cannot."""

import ctypes
import sys
from collections.abc import Mapping
from pathlib import Path

from rag_desktop.services.wording import Wording

PACKAGES = (
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 "
    "libxcb-xkb1 libxkbcommon-x11-0 libegl1 libgl1"
)
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def is_missing(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether nothing says where a window could be shown."""
    return platform.startswith(("linux", "freebsd")) and not any(environment.get(name) for name in _DISPLAYS)


def no_display(wording: Wording) -> str:
    """What to say where there is none."""
    return wording.say(
        "There is no display to open a window on. The command line works without one: rag-desktop --help"
    )


def no_window(wording: Wording, plugins: Path, environment: Mapping[str, str]) -> str:
    """What to say where Qt could not open a window. plugins: Qt's folder of plugins."""
    library = missing_library(plugins / "platforms" / "libqxcb.so")
    if library:
        return wording.say(
            "No window can be opened: the system library {library} is missing. On Debian and Ubuntu: "
            "sudo apt install {packages}",
            library=library,
            packages=PACKAGES,
        )
    shown = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or environment.get("QT_QPA_PLATFORM")
    return wording.say(
        "No window can be opened on the display {display}. The command line works without one: rag-desktop --help",
        display=shown or "?",
    )


def missing_library(plugin: Path) -> str | None:
    """The shared library that a Qt plugin needs and this system lacks; None where it is whole, or not there."""
    if not plugin.exists():
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return str(error).partition(":")[0]
    return None
