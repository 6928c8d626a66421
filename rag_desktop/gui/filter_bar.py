"""The line of chips above the field: folders, types and times that were chosen, and what of the text is a filter."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from rag_desktop.domain.events import Event, LibraryLooked
from rag_desktop.domain.filters import Filters
from rag_desktop.domain.status import FormatStatus
from rag_desktop.gui import filters as words
from rag_desktop.gui.chip import Chip, MenuChip
from rag_desktop.gui.days import Days
from rag_desktop.gui.filters import Choice, Period
from rag_desktop.gui.flow import Flow
from rag_desktop.gui.panel import Context
from rag_desktop.services.wording import N_
from rag_desktop.text.queries import Piece, Query

_MOST_TYPED = 12
"""Chips of typed pieces that are shown."""
_PERIODS = (
    (Period.ANY, N_("Any time")),
    (Period.WEEK, N_("Past week")),
    (Period.MONTH, N_("Past month")),
    (Period.YEAR, N_("Past year")),
)


class FilterBar(QWidget):
    """Three chips with menus, and one for each piece of the text that was recognised."""

    changed = Signal()
    """Something else was chosen."""
    piece_removed = Signal(object)
    """The Piece of the text whose chip was taken away."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        say = context.wording.say
        self._context = context
        self._paths: tuple[str, ...] = ()
        self._formats: tuple[FormatStatus, ...] = ()
        self._typed: tuple[str, Query] = ("", Query(""))
        self.choice = Choice()
        self.folders = MenuChip(context, say("Folders"), say("Search all folders again"))
        self.formats = MenuChip(context, say("Types"), say("Search all types again"))
        self.period = MenuChip(context, say("Time"), say("Search all times again"))
        self.typed: list[Chip] = []
        self._flow = Flow(self)
        for chip in (self.folders, self.formats, self.period):
            self._flow.addWidget(chip)
        self.folders.cleared.connect(lambda: self.choose(replace(self.choice, folders=())))
        self.formats.cleared.connect(lambda: self.choose(replace(self.choice, formats=())))
        self.period.cleared.connect(lambda: self.choose(replace(self.choice, period=Period.ANY)))
        self.folders.menu.aboutToShow.connect(self._fill_folders)
        self.formats.menu.aboutToShow.connect(self._fill_formats)
        self.period.menu.aboutToShow.connect(self._fill_periods)
        context.bridge.happened.connect(self._take)
        self._show()

    @property
    def filters(self) -> Filters:
        """What was chosen, as a search takes it."""
        return self.choice.filters(datetime.now().astimezone().date())

    def choose(self, choice: Choice) -> None:
        """Narrow to other folders, types or times."""
        if choice != self.choice:
            self.choice = choice
            self._show()
            self.changed.emit()

    def show_typed(self, text: str, query: Query) -> None:
        """Show what of the text is a filter, a phrase or an exclusion."""
        if query.pieces == self._typed[1].pieces and not query.pieces:
            return
        self._typed = text, query
        for chip in self.typed:
            self._flow.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.typed = [self._chip(piece, text) for piece in query.pieces[:_MOST_TYPED]]
        for chip in self.typed:
            self._flow.addWidget(chip)
        self._show()

    def _chip(self, piece: Piece, text: str) -> Chip:
        said = words.piece_words(piece, text, self._context.wording)
        chip = Chip(self._context, said, self._context.wording.say("Remove {words}", words=said))
        chip.cleared.connect(partial(self.piece_removed.emit, piece))
        return chip

    def _show(self) -> None:
        choice, named, wording = self.choice, self._typed[1].filters, self._context.wording
        is_dated = bool(named.after or named.before)
        for chip, said, is_set, is_overruled in (
            (self.folders, words.folder_words(choice, wording), bool(choice.folders), bool(named.folders)),
            (self.formats, words.format_words(choice, wording), bool(choice.formats), bool(named.formats)),
            (self.period, words.period_words(choice, wording), choice.period is not Period.ANY, is_dated),
        ):
            chip.show_choice(said, is_set=is_set, is_overruled=is_overruled)
            if chip.menu.actions():
                chip.menu.actions()[0].setChecked(not is_set)
        self._flow.invalidate()
        self.updateGeometry()

    # the menus

    def _take(self, event: Event) -> None:
        if not isinstance(event, LibraryLooked):
            return
        self._paths = tuple(folder.path for folder in event.status.folders)
        self._formats = event.status.formats
        kept = tuple(path for path in self.choice.folders if path in self._paths)
        self.choose(replace(self.choice, folders=kept))

    def _fill_folders(self) -> None:
        menu, say = self.folders.menu, self._context.wording.say
        paths = [path for path in self._paths if not os.path.isfile(path)]
        shared = Counter(map(words.folder_name, paths))
        menu.clear()
        self._add_all(menu, say("All folders"), self.choice.folders, lambda: replace(self.choice, folders=()))
        for path in paths:
            name = words.folder_name(path)
            label = path if shared[name] > 1 else name
            self._add_box(menu, label, path in self.choice.folders, partial(self._toggle_folder, path)).setToolTip(path)

    def _fill_formats(self) -> None:
        menu, wording = self.formats.menu, self._context.wording
        menu.clear()
        self._add_all(menu, wording.say("Any type"), self.choice.formats, lambda: replace(self.choice, formats=()))
        for each in self._formats:
            label = wording.say(
                "{format} ({n:,})", format=words.format_name(each.format, wording), n=each.documents
            )  # fmt: skip
            self._add_box(menu, label, each.format in self.choice.formats, partial(self._toggle_format, each.format))

    def _fill_periods(self) -> None:
        menu, say = self.period.menu, self._context.wording.say
        menu.clear()
        group = QActionGroup(menu)
        for period, label in _PERIODS:
            action = self._add_box(
                menu, say(label), self.choice.period is period, partial(self._choose_period, period)
            )  # fmt: skip
            group.addAction(action)
        menu.addSeparator()
        group.addAction(self._add_box(menu, say("Between days…"), self.choice.period is Period.DAYS, self.ask_days))

    def _add_all(self, menu: QMenu, label: str, chosen: Iterable[str], cleared: Callable[[], Choice]) -> None:
        """The entry that stands for no filter; ticked while nothing else is, and closing the menu."""
        action = QAction(label, menu)
        action.setCheckable(True)
        action.setChecked(not chosen)
        action.triggered.connect(lambda _: self.choose(cleared()))
        QActionGroup(menu).addAction(action)
        menu.addAction(action)
        menu.addSeparator()

    def _add_box(self, menu: QMenu, label: str, is_ticked: bool, act: Callable[[], object]) -> QAction:
        action = menu.addAction(label.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(is_ticked)
        action.triggered.connect(lambda _: act())
        return action

    def _toggle_folder(self, path: str) -> None:
        self.choose(replace(self.choice, folders=_toggled(self.choice.folders, path)))

    def _toggle_format(self, name: str) -> None:
        self.choose(replace(self.choice, formats=_toggled(self.choice.formats, name)))

    def _choose_period(self, period: Period) -> None:
        self.choose(replace(self.choice, period=period))

    def ask_days(self) -> Days:
        """Ask between which days."""
        dialog = Days(self.window(), self._context, self.choice.after, self.choice.before)
        dialog.chosen.connect(self._choose_days)
        dialog.open()
        return dialog

    def _choose_days(self, after: date | None, before: date | None) -> None:
        period = Period.DAYS if after or before else Period.ANY
        self.choose(replace(self.choice, period=period, after=after, before=before))


def _toggled(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name) if name in names else (*names, name)
