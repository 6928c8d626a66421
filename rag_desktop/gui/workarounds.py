"""Repairs of faults in PySide6 itself, each with the reason and when it can go."""

import ctypes
import sys

_MANY = 1 << 40


def keep_true_alive() -> None:
    """Lend `True` and `False` references to spare, as Python 3.12 does by making them immortal.

    SignalInstance.emit of PySide6 6.12.0 returns True without taking a reference, so that on Python 3.11 a few
    hundred emits end the program with "bool_dealloc: deallocating True or False". Can go with Python 3.11, or when a
    PySide6 without this fault is required.
    """
    if sys.version_info >= (3, 12):
        return
    for lasting in (True, False):
        count = ctypes.c_ssize_t.from_address(id(lasting))
        if count.value < _MANY:
            count.value += _MANY
