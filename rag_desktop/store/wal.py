"""Looks whether SQLite left out a part of a write-ahead log that once was committed.

SQLite ends at the first frame whose checksum is wrong, without a word: right after a crash, but not where the disk
changed what was there. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from pathlib import Path

import apsw

_MAGIC = (0x377F0682, 0x377F0683)
_HEADER, _FRAME = 32, 24


def lost_commits(path: Path, connection: apsw.Connection) -> bool:
    """Whether the log of the database at `path` holds commits that the connection, already open, does not see."""
    try:
        with Path(str(path) + "-wal").open("rb") as file:
            header = file.read(_HEADER)
            if len(header) < _HEADER:
                return False
            magic, _, page_size = struct.unpack(">III", header[:12])
            if magic not in _MAGIC or page_size not in {1 << power for power in range(9, 17)}:
                return True
            seen = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)[0]
            salts, place = b"", 0
            while len(frame := file.read(_FRAME)) == _FRAME:
                size_after_commit, frame_salts = int.from_bytes(frame[4:8], "big"), frame[8:16]
                salts = salts or frame_salts
                if frame_salts != salts:
                    return False
                place += 1
                if size_after_commit and place > seen:
                    return True
                file.seek(page_size, 1)
    except FileNotFoundError:
        return False
    return False
