"""Amounts in words: times, sizes, counts; each a whole sentence or label of the catalogue."""

from datetime import date, datetime

from rag_desktop.domain.events import IndexingPlanned
from rag_desktop.services.wording import Wording

_MINUTE, _HOUR = 60, 3600
_MB, _GB = 10**6, 10**9


def time_left(seconds: float, wording: Wording) -> str:
    """`2 min left`; rounded, because it is a guess."""
    if seconds < 10:
        return wording.say("a few seconds left")
    if seconds < _MINUTE:
        return wording.say("{seconds} s left", seconds=round(seconds / 5) * 5)
    if seconds < _HOUR:
        return wording.say("{minutes} min left", minutes=round(seconds / _MINUTE))
    return wording.say("{hours:.1f} h left", hours=seconds / _HOUR)


def size(count: int | None, wording: Wording) -> str:
    """Bytes as MB or GB, in the decimal way disks are sold."""
    if count is None:
        return wording.say("size unknown")
    if count < _MB:
        kilobytes = max(1.0, count / 1000)
        return wording.say("{kilobytes:.0f} KB", kilobytes=kilobytes)
    if count < _GB:
        return wording.say("{megabytes:.0f} MB", megabytes=count / _MB)
    return wording.say("{gigabytes:.1f} GB", gigabytes=count / _GB)


def documents(count: int, wording: Wording) -> str:
    """`12 documents`."""
    return wording.count("{n:,} document", "{n:,} documents", count)


def passages(count: int, wording: Wording) -> str:
    """`8,412 passages`."""
    return wording.count("{n:,} passage", "{n:,} passages", count)


def problems(count: int, wording: Wording) -> str:
    """`3 problems`."""
    return wording.count("{n:,} problem", "{n:,} problems", count)


def rate(each_second: float) -> str:
    """`4.1` or `1,204`: no more digits than mean something."""
    return f"{each_second:.1g}" if each_second < 1 else f"{each_second:,.{int(each_second < 10)}f}"


def plan(planned: IndexingPlanned, wording: Wording) -> str:
    """`1,204 files, 1.2 GB; the library will grow by about 300 MB`."""
    return wording.count(
        "{n:,} file, {size}; the library will grow by about {more}",
        "{n:,} files, {size}; the library will grow by about {more}",
        planned.files,
        size=size(planned.bytes, wording),
        more=size(planned.predicted, wording),
    )


def moment(seconds: float, today: date | None = None) -> str:
    """When something was (seconds since 1970): the time for today, else the day."""
    then = datetime.fromtimestamp(seconds).astimezone()
    return f"{then:%H:%M}" if then.date() == (today or datetime.now().astimezone().date()) else f"{then:%Y-%m-%d}"


def share(done: int, total: int) -> int:
    """Per cent, never 100 before all is done."""
    return 0 if total <= 0 else 100 if done >= total else min(99, done * 100 // total)
