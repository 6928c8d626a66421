"""What must hold after a round: the library is what one made from scratch is, and no work was done twice.

Folders that are away keep what they had; of paused ones only what cannot be is told.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rag_desktop.files.walking import is_within
from tests.reliability.program import IndexLook, Notes
from tests.reliability.tree import State
from tests.reliability.views import LEAST_COSINE, LibraryView, View, alike, cosine


class Standing(StrEnum):
    """How a folder, or a part of it, stands at a look."""

    LIVE = "live"
    PAUSED = "paused"
    HIDDEN = "hidden"
    AWAY = "away"
    UNWATCHED = "unwatched"


@dataclass(frozen=True)
class Situation:
    """All that a round is judged by. folders: those that are watched now, by their roots.
    paused: those that a person paused, away or not.

    hidden: paths of folders that cannot be listed. states: of files now, known: when they were last read.
    had_acts: a person changed what is watched.
    is_settled: one calm look at all folders together came from what `before` shows.
    """

    before: LibraryView
    now: LibraryView
    oracle: LibraryView
    index: IndexLook
    notes: Notes
    folders: Mapping[str, Standing]
    paused: frozenset[str]
    hidden: tuple[str, ...]
    states: Mapping[str, State]
    known: Mapping[str, State]
    is_settled: bool
    was_edited_meanwhile: bool
    had_acts: bool
    reader: str
    """The version of reading in force: documents of another are read again."""

    def home(self, path: str) -> str | None:
        """The innermost watched folder that holds a path."""
        return max((root for root in self.folders if is_within(path, [root])), key=len, default=None)

    def standing(self, path: str) -> Standing:
        """How the place of a file stands."""
        home = self.home(path)
        if home is None:
            return Standing.UNWATCHED
        own = self.folders[home]
        return Standing.HIDDEN if own is not Standing.AWAY and is_within(path, self.hidden) else own


def differences(case: Situation) -> list[str]:
    """Everything that is not as it must be; empty for a round that went well."""
    return [*_documents(case), *_vectors(case), *_index(case), *_away(case), *_work(case), *case.now.troubles]


def _documents(case: Situation) -> Iterator[str]:
    for path in sorted(case.before.documents.keys() | case.now.documents.keys() | case.oracle.documents.keys()):
        standing, now = case.standing(path), case.now.documents.get(path)
        if now is not None and now.is_removed and standing is not Standing.UNWATCHED:
            now = None
        if now is not None and standing is not Standing.UNWATCHED and now.folder != case.home(path):
            yield f"documents: {path!r} belongs to {now.folder!r}"
        allowed = _allowed(case, path, standing)
        if now not in allowed:
            wanted = allowed[0]
            if now is None or wanted is None:
                yield f"documents: {path!r} ({standing}) is {'missing' if now is None else 'there'}"
            else:
                yield f"documents: {path!r} ({standing}) differs in {now.difference(wanted)}"


def _allowed(case: Situation, path: str, standing: Standing) -> tuple[View | None, ...]:
    held, fresh = case.before.documents.get(path), case.oracle.documents.get(path)
    if standing is Standing.LIVE:
        return (fresh,)
    if standing is Standing.UNWATCHED:
        now = case.now.documents.get(path)
        if now and now.is_removed:
            return (held, now if case.was_edited_meanwhile else held)
        return (None,)
    # What a removed folder holds is hidden with it, until its rows go to the folder around it.
    is_handed_over = held is not None and (held.is_removed or held.folder not in case.folders)
    if standing in (Standing.AWAY, Standing.HIDDEN):
        return (held, None) if is_handed_over else (held,)
    if case.was_edited_meanwhile:
        return (case.now.documents.get(path), None)
    has_same_bytes = held and fresh and held.sha256 == fresh.sha256 is not None
    return (held,) if has_same_bytes and not is_handed_over else (fresh and held, fresh, None)


def _vectors(case: Situation) -> Iterator[str]:
    for path, view in case.now.documents.items():
        standing = case.standing(path)
        if view.is_removed or standing is Standing.UNWATCHED:
            continue
        truth = case.oracle.documents.get(path) if standing is Standing.LIVE else case.before.documents.get(path)
        for ordinal in view.digests:
            mine, other = view.vectors.get(ordinal), truth.vectors.get(ordinal) if truth == view and truth else None
            if mine is None:
                if case.home(path) not in case.paused:
                    yield f"vectors: {path!r} leaf {ordinal} has none"
            elif other is not None and cosine(mine, other) < LEAST_COSINE:
                yield f"vectors: {path!r} leaf {ordinal} is not that of its words ({cosine(mine, other):.3f})"


def _index(case: Situation) -> Iterator[str]:
    if case.index.labels != case.now.vector_ids:
        yield f"index in memory: members differ by {len(case.index.labels ^ case.now.vector_ids)}"
    if case.index.likeness < LEAST_COSINE:
        yield f"index in memory: a vector is not the stored one ({case.index.likeness:.3f})"
    if not all(alike(found, truth) for found, truth in case.index.nearest):
        yield "index in memory: neighbours are not the nearest"


def _away(case: Situation) -> Iterator[str]:
    for root, standing in case.folders.items():
        row = case.now.folders.get(root)
        if row is None:
            yield f"folders: {root!r} is missing"
        elif row.is_away != (standing is Standing.AWAY) and not (row.is_file and os.path.isdir(root)):
            yield f"folders: {root!r} is {standing} and its mark says {row.is_away}"


def _work(case: Situation) -> Iterator[str]:
    """What was read, hashed or embedded though that was known."""
    embedded = Counter(case.notes.embedded)
    if again := embedded.keys() & _kept(case):
        yield f"work: {len(again)} passages were embedded that had a vector all the time"
    if case.is_settled and any(count > 1 for count in embedded.values()):
        yield "work: a passage was embedded twice"
    unchanged = _unchanged(case)
    for path in sorted(unchanged.intersection((*case.notes.opened, *case.notes.read))):
        yield f"work: {path!r} did not change and was opened"
    if case.is_settled:
        yield from _readings(case)


def _kept(case: Situation) -> set[bytes]:
    """Digests whose vectors a run had no reason to lose."""
    before, now = _by_id(case.before), _by_id(case.now)
    kept = {digest for id_, digest in before.items() if now.get(id_) == digest}
    if not case.is_settled:
        return kept
    lying = {(view.sha256, suffix(path)) for path, view in case.oracle.documents.items() if _is_live(case, path)}
    for path, view in case.before.documents.items():
        digests = {digest for ordinal, digest in view.digests.items() if ordinal in view.vectors}
        is_known = view.reader == case.reader and not view.is_removed
        if is_known and _is_live(case, path) and (view.sha256, suffix(path)) in lying:
            kept |= digests
        there = case.now.documents.get(path)
        if there and path in case.notes.read:
            kept |= digests.intersection(there.digests.values())
    return kept


def _by_id(view: LibraryView) -> dict[int, bytes]:
    """Digests of leaves that have a vector, by chunk id."""
    return {
        each.ids[ordinal]: digest
        for each in view.documents.values()
        for ordinal, digest in each.digests.items()
        if ordinal in each.vectors
    }


def _unchanged(case: Situation) -> set[str]:
    """Files that a look knows by a stat alone."""
    if case.was_edited_meanwhile and case.had_acts:  # a folder that came back meanwhile takes over what others had
        return set()
    return {
        path
        for path, view in case.before.documents.items()
        if view.sha256 is not None
        and not view.is_removed
        and view.reader == case.reader
        and view.folder == case.home(path)
        and case.known.get(path) == case.states.get(path) is not None
    }


def _readings(case: Situation) -> Iterator[str]:
    """A file is read when its bytes are nowhere else to be had."""
    read: Counter[tuple[bytes, str]] = Counter()
    for path in case.notes.read:
        view, held = case.now.documents.get(path), case.before.documents.get(path)
        if view and view.sha256 is not None and _is_live(case, path):
            read[view.sha256, suffix(path)] += 1
            is_known = held and held.reader == case.reader and held.folder == view.folder
            if held and is_known and held.sha256 == view.sha256:
                yield f"work: {path!r} was read though it has the same bytes"
    known = _contents(case, case.before, (Standing.LIVE,), case.reader)
    # A document may as well have moved to a file of a paused folder that was never read.
    lying = _contents(case, case.oracle, (Standing.LIVE, Standing.PAUSED))
    for content, count in read.items():
        if count > max(0, lying[content] - known[content]):
            yield f"work: bytes that moved were read again (…{content[1]!r})"


def _contents(
    case: Situation, view: LibraryView, standings: tuple[Standing, ...], reader: str | None = None
) -> Counter[tuple[bytes, str]]:
    return Counter(
        (each.sha256, suffix(path))
        for path, each in view.documents.items()
        if each.sha256 is not None
        and case.standing(path) in standings
        and not each.is_removed
        and reader in (None, each.reader)
    )


def _is_live(case: Situation, path: str) -> bool:
    return case.standing(path) is Standing.LIVE


def suffix(path: str) -> str:
    """What chooses the reader."""
    return os.path.splitext(path)[1].lower() or os.path.basename(path).lower()
