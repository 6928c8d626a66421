"""What was recognised is kept whole or not at all, within bounds, and anew where it is damaged."""

import os
from pathlib import Path

import pytest

from rag_desktop.formats.ocr_cache import RecognitionCache
from rag_desktop.formats.ocr_order import Line

LINES = (Line("계약서 and “words”", 1, 2, 30, 40, 0.953), Line("more", -1, 50, 30, 70, 1.0))
KEY = "ab" + "0" * 62


def test_lines_come_back_as_they_were(tmp_path: Path) -> None:
    cache = RecognitionCache(tmp_path / "new" / "folder")
    assert cache.get(KEY) is None
    cache.put(KEY, LINES)
    assert RecognitionCache(tmp_path / "new" / "folder").get(KEY) == LINES
    cache.put(KEY, ())
    assert cache.get(KEY) == ()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{}",
        b"[[1]]",
        b'[["a",1,2,3,4]]',
        b'[["a",1,2,3,"4",1]]',
        b'[["a",1,2,3,4,{}]]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_damaged_entry_counts_for_nothing(damage: bytes, tmp_path: Path) -> None:
    cache = RecognitionCache(tmp_path)
    cache.put(KEY, LINES)
    (entry,) = tmp_path.glob("*/*")
    entry.write_bytes(damage)
    assert not cache.get(KEY)
    cache.put(KEY, LINES)
    assert cache.get(KEY) == LINES
    assert list(tmp_path.glob("*/*")) == [entry]


def test_the_entries_asked_for_the_longest_ago_go_first(tmp_path: Path) -> None:
    cache = RecognitionCache(tmp_path)
    keys = [f"{number:02x}" + "0" * 62 for number in range(40)]
    for age, key in enumerate(keys):
        cache.put(key, LINES)
        (entry,) = tmp_path.glob(f"*/{key}.json")
        os.utime(entry, (1_000_000 + age, 1_000_000 + age))
    assert cache.get(keys[0]) == LINES  # asked for just now
    size = entry.stat().st_size
    smaller = RecognitionCache(tmp_path, most_bytes=20 * size)
    smaller.put("ff" + "0" * 62, LINES)
    left = {path.stem for path in tmp_path.glob("*/*")}
    assert len(left) == 15
    assert {keys[0], keys[-1], "ff" + "0" * 62} <= left


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = RecognitionCache(tmp_path / "file" / "folder")
    cache.put(KEY, LINES)
    assert cache.get(KEY) is None
