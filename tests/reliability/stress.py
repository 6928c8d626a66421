"""The rounds: operations on a tree, a program that is made to follow them and may be killed, and a comparison."""

import math
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag_desktop.files.walking import outermost
from rag_desktop.services import vigil
from rag_desktop.services.indexing import DEFAULT_CHUNKER
from rag_desktop.services.storing import READING_VERSION
from tests.reliability import acts, operations
from tests.reliability.acts import Watched
from tests.reliability.expectation import Situation, Standing, differences
from tests.reliability.process import Difference, Killed, Process, settings
from tests.reliability.program import Beginning, Fate, Notes
from tests.reliability.tree import ALONE, State, Tree
from tests.reliability.views import LibraryView, look_at

MODES = {
    "calm": 50, "apart": 10, "killed": 12, "killed at snapshot": 2, "child killed": 7, "stopped": 7, "edited": 8,
    "restarted": 4, "damaged": 7, "new reader": 2,
}  # fmt: skip
"""What befalls the program in a round, and how often."""
_CALM = Fate()
_MEMORY = "/dev/shm"


@dataclass
class Round:
    """What a round did besides operations on files."""

    mode: str
    notes: Notes = field(default_factory=Notes)
    had_acts: bool = False
    log: list[str] = field(default_factory=list)


class Stress:
    """A tree, a program that follows it, and a second one that makes the oracles."""

    def __init__(
        self,
        seed: int,
        *,
        mutant: str | None = None,
        favoured: tuple[str, ...] = (),
        modes: Sequence[str] = (),
        is_real: bool = False,
        oracle: Process | None = None,
    ) -> None:
        """favoured: operations that happen more often. modes: those of each round in turn, instead of chance.

        oracle: a program that other stresses use too; it is not ended here.
        """
        self.seed = seed
        memory = _MEMORY if os.path.isdir(_MEMORY) else None
        self.home = Path(tempfile.mkdtemp(prefix="reliability-", dir=memory))
        self.tree = Tree(self.home, random.Random(seed))
        self.counts: Counter[str] = Counter()
        self.seconds = 0.0
        self.rounds = 0
        self._fates = random.Random(seed)
        self._favoured = favoured
        self._modes = modes
        self._watched = {root: Watched() for root in self.tree.roots}
        self._place = self.home / "library"
        self._settings = settings(self.home, is_real=is_real)
        self._mutant = mutant
        self._version = READING_VERSION
        self._usual = 300.0
        """Statements of a look, lately."""
        self._older: list[bytes] = []
        self._states: dict[str, State] = {}
        self._known: dict[str, State] = {}
        """As the library last could take note of them: not while a folder is away or paused."""
        self._seen = LibraryView({}, {}, (), frozenset(), None)
        self._shared = oracle
        self._oracle = oracle or Process(Beginning(self.home / "oracle", self._settings))
        self._program = self._begun()
        self._program.ask("open", self._place, str(self.tree.base), _CALM)
        self._program.ask("register", list(self.tree.roots))

    def run(self, rounds: int, at: Callable[[int], None] = lambda _: None) -> None:
        """Go through so many rounds. at: told how many are done. Raises Difference."""
        began = time.monotonic()
        for _ in range(20):
            operations.create(self.tree)
        for _ in range(rounds):
            self._round()
            self.rounds += 1
            self.seconds = time.monotonic() - began
            at(self.rounds)

    def close(self) -> None:
        """End the programs and delete everything."""
        self._program.end()
        if not self._shared:
            self._oracle.end()
        shutil.rmtree(self.home, ignore_errors=True)

    # one round

    def _round(self) -> None:
        self.tree.log.clear()
        # Anew for each round: how far the program came before a kill must not change what the next rounds do.
        self.tree.chance.seed(f"{self.seed} tree {self.rounds}")
        self._fates.seed(f"{self.seed} fate {self.rounds}")
        mode = self._modes[self.rounds % len(self._modes)] if self._modes else self._chosen_mode()
        this = Round(mode)
        self.counts[f"mode {mode}"] += 1
        try:
            self._change(this)
            self._follow(this)
            found = differences(self._situation(this))
        except Killed:
            raise self._difference(this, ["the program ended by itself"]) from None
        except Difference as error:
            raise self._difference(this, [str(error)]) from None
        if found:
            raise self._difference(this, found)

    def _chosen_mode(self) -> str:
        return "calm" if not self.rounds else self._fates.choices(list(MODES), list(MODES.values()))[0]

    def _change(self, this: Round) -> None:
        is_long = this.mode not in ("calm", "apart")
        for _ in range(self.tree.chance.choice((4, 6, 9) if is_long else (0, 1, 2, 3, 4, 6, 9))):
            operations.happen(self.tree, self._favoured)
        if self.rounds and self.tree.chance.random() < 0.25:
            self._act(this, self._program.ask)
        self._program.ask("hide", self.tree.hidden, self.tree.foreign)

    def _act(self, this: Round, do: acts.Do) -> None:
        done = acts.act(self.tree, self._watched, do)
        if done:
            this.had_acts = True
            this.log.append(done)
            self.counts[f"act {done.split()[0]}"] += 1

    # the program follows

    def _follow(self, this: Round) -> None:
        match this.mode:
            case "killed" | "killed at snapshot":
                self._be_killed(this)
                self._look(this, whole=True)
            case "stopped":
                self._look(this, Fate(stop=self._moment()))
                self._look(this, whole=True)
            case "edited":
                self._look(this, Fate(edit=self._fates.randrange(1, 4)))
                self._look(this, whole=self._fates.random() < 0.5)
            case "child killed":
                self._look(this, Fate(kill_child=self._fates.randrange(1, 8)))
            case "damaged" | "restarted" | "new reader":
                self._restart(this)
                self._look(this, whole=True)
            case "apart":
                self._look(this, whole=self._fates.random() < 0.5, apart=True)
            case _:
                self._look(this, whole=self._fates.random() < 0.3)

    def _look(self, this: Round, fate: Fate = _CALM, *, whole: bool = False, apart: bool = False) -> None:
        rows = [self._seen.folders[root] for root in self._current() if root in self._seen.folders]
        self.tree.touched.update(row.path for row in rows if row.is_away is vigil._is_there(row))  # as at each tick
        whole = whole or not self.rounds or self._has_unseen_changes()
        order = self._fates.sample(self.tree.roots, len(self.tree.roots)) if apart else []
        touched = None if whole else sorted(self.tree.touched)
        self.tree.touched.clear()
        this.log.append(f"look {'whole' if whole else 'at what was touched'} {'apart' if apart else ''} {fate}")
        kill_after = self._fates.random() * 0.3 if fate.kill < 0 else None
        notes = self._program.ask(
            "look", touched, order, fate, edit=lambda: self._edit_meanwhile(this), kill_after=kill_after
        )
        this.notes.read += notes.read
        this.notes.embedded += notes.embedded
        this.notes.opened += notes.opened
        self._usual = max(10.0, 0.7 * self._usual + 0.3 * notes.statements)

    def _edit_meanwhile(self, this: Round) -> None:
        kinds = (operations.edit, operations.append, operations.create, operations.rename, operations.truncate,
                 operations.touch, operations.edit_secretly)  # fmt: skip
        for _ in range(3):
            self.tree.chance.choice(kinds)(self.tree)
        if self.tree.chance.random() < 0.5:
            with acts.Beside(self._place) as beside:
                self._act(this, beside.ask)

    def _has_unseen_changes(self) -> bool:
        """Whether something changed that no watcher tells, such as a file by another of its hard links."""
        there, touched = self.tree.states(), outermost(self.tree.touched)
        changed = {path for path in there.keys() | self._states.keys() if there.get(path) != self._states.get(path)}
        roots = [root for root in self._current() if os.path.isdir(root)]
        return any(not _is_covered(path, touched) and _is_covered(path, roots) for path in changed)

    def _be_killed(self, this: Round) -> None:
        for _ in range(self._fates.choice((1, 1, 2))):
            fate = Fate(kill=self._moment() if self._fates.random() < 0.7 else -1)
            if this.mode == "killed at snapshot":
                fate = Fate(kill_at_snapshot=True)
            opening = Fate(kill=self._fates.randrange(1, 60)) if self._fates.random() < 0.3 else _CALM
            try:
                self._look(this, fate)
                self._program.kill()
                self.counts["killed after a look"] += 1
            except Killed:
                self.counts["killed in a look"] += 1
            self._start_anew(opening)

    def _restart(self, this: Round) -> None:
        if self._fates.random() < 0.6:
            self._program.ask("close")
            for left in ("-wal", "-shm"):
                Path(f"{self._place / 'library.sqlite'}{left}").unlink(missing_ok=True)
            self._program.end()
        else:
            self._program.kill()
        if this.mode == "new reader":
            self._version += 1
        if this.mode == "damaged":
            this.log.append(f"damage: {self._damage()}")
        self._start_anew(_CALM)

    def _damage(self) -> str:
        """Spoil the file of the index."""
        path = self._seen.snapshot
        how = self._fates.choice(("truncate", "flip", "flip", "delete", "older", "older"))
        whole = path.read_bytes() if path and path.exists() else b""
        if path is None or not whole:
            return "nothing there"
        if how == "truncate":
            path.write_bytes(whole[: self._fates.randrange(len(whole))])
        elif how == "flip":
            place = self._fates.randrange(len(whole))
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        elif how == "older" and self._older:
            path.write_bytes(self._fates.choice(self._older))
        else:
            path.unlink()
        self.counts[f"damage {how}"] += 1
        return how

    def _start_anew(self, fate: Fate) -> None:
        self._program.end()
        self._program = self._begun()
        self._watched = {root: each for root, each in self._watched.items() if not each.is_removed}
        try:
            self._program.ask("open", self._place, str(self.tree.base), fate)
        except Killed:
            if not fate.kill:
                raise
            self.counts["killed while opening"] += 1
            self._start_anew(_CALM)
            return
        self._program.ask("hide", self.tree.hidden, self.tree.foreign)

    def _begun(self) -> Process:
        return Process(Beginning(self.home / "started", self._settings, self._mutant, self._version))

    def _moment(self) -> int:
        """A number of statements that a look may well have; small ones as often as large ones."""
        return round(math.exp(self._fates.uniform(math.log(3), math.log(self._usual))))

    # and is judged

    def _current(self) -> list[str]:
        return acts.current(self._watched)

    def _situation(self, this: Round) -> Situation:
        now, before = look_at(self._place), self._seen
        standings = {root: self._standing(root, before) for root in self._current()}
        states, hidden = self.tree.states(), tuple(self.tree.hidden_paths())
        case = Situation(
            before=before,
            now=now,
            oracle=self._made_from_scratch(standings),
            index=self._program.ask("index"),
            notes=this.notes,
            folders=standings,
            paused=frozenset(root for root, each in self._watched.items() if each.is_paused),
            hidden=hidden,
            states=states,
            known=self._known,
            is_settled=this.mode in ("calm", "restarted", "damaged", "new reader") and not this.had_acts,
            was_edited_meanwhile=this.mode == "edited",
            had_acts=this.had_acts,
            reader=f"{self._version}/{DEFAULT_CHUNKER}",
        )
        if now.snapshot and now.snapshot.exists():
            self._older = [*self._older[-3:], now.snapshot.read_bytes()]
        self.counts.update(f"compared {case.standing(path)}" for path in now.documents)
        live = {path for path in states if case.standing(path) is Standing.LIVE}
        kept = {path: state for path, state in self._known.items() if case.standing(path) is not Standing.LIVE}
        self._known = kept | {path: states[path] for path in live}
        self._states, self._seen = states, now
        return case

    def _standing(self, root: str, before: LibraryView) -> Standing:
        is_there = os.path.isfile(root) if root.endswith(ALONE) else os.path.isdir(root)
        if not is_there or self.tree.is_hidden(root):
            return Standing.AWAY
        row = before.folders.get(root)
        held = [path for path in before.documents if self._home(path) == root]
        if held and os.path.isdir(root):
            is_bare = not os.listdir(root)
            is_moved = row and row.device not in (None, os.stat(root).st_dev + (root in self.tree.foreign))
            if is_moved and not any(map(os.path.lexists, held)):
                return Standing.AWAY
            if is_bare and (row is None or row.device is None):  # as in scanning: on which device it was is not known
                return Standing.AWAY
        return Standing.PAUSED if self._watched[root].is_paused else Standing.LIVE

    def _home(self, path: str) -> str | None:
        return max((root for root in self._current() if _is_covered(path, [root])), key=len, default=None)

    def _made_from_scratch(self, standings: dict[str, Standing]) -> LibraryView:
        place = self.home / "oracles" / str(self.rounds)
        self._oracle.ask("open", place, "\0", _CALM)
        roots = [root for root, standing in standings.items() if standing is not Standing.AWAY]
        self._oracle.ask("register", roots)
        for root in roots:
            self._oracle.ask("set_patterns", root, self._watched[root].patterns)
        self._oracle.ask("look", None, [], _CALM)
        self._oracle.ask("close")
        made = look_at(place)
        shutil.rmtree(place)
        return made

    def _difference(self, this: Round, found: Iterable[str]) -> Difference:
        listed = list(found)
        lines = [
            f"seed {self.seed}, round {self.rounds}, {this.mode}: {len(listed)} differences",
            *listed[:20],
            "operations of the round:",
            *self.tree.log,
            *this.log,
            f"again: python -m tests.reliability --seed {self.seed} --rounds {self.rounds + 1}",
        ]
        return Difference("\n  ".join(lines))


def _is_covered(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(root + os.sep) for root in roots)
