"""What indexing may take of the machine: of a file, of the disk, of the battery."""

from dataclasses import dataclass

from rag_desktop.services.power import Power
from rag_desktop.services.room import Room


@dataclass(frozen=True, slots=True)
class Caps:
    """What one file may be and take: bytes, and seconds, to which large files are given some more."""

    bytes: int = 512 * 1024 * 1024
    seconds: float = 90.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Asked by whatever reads and embeds, after each piece of work."""

    caps: Caps
    room: Room
    power: Power
