"""Why a passage was found: what each stage of the search thought of it, beside the best of the list, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from rag_desktop.domain.answers import Passage, StageScore
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import AbsentStage
from rag_desktop.gui.theme import GRID, Theme
from rag_desktop.services.wording import N_, Wording

_LABELS: Mapping[str, str] = {
    "keyword": N_("Its words"),
    "vector": N_("Its meaning"),
    "fused": N_("Both together"),
    "context": N_("What stands around it"),
    "late": N_("Word by word"),
    "rerank": N_("Read with the question"),
    "identifiers": N_("Names and numbers"),
}
_MERGED = "merged"
_SIGNALS = ("keyword", "vector")
_REASONS: Mapping[str, str] = {
    "question-unreadable": N_("The model that searches by meaning does not read this language."),
    "reranker-unsuited": N_("The reranking model does not read this language."),
    "typing": N_("When you press Enter, the best passages are looked at more closely."),
}
_SHOWN_AS_ERRORS = frozenset({"embedder-missing", "reranker-missing", "vectors-missing"})
_FAILURES = ("child-", "model-")
_BAR = QSize(72, 5)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the passages of one list share: the best score of each stage, and the stages that did not run."""

    best: Mapping[str, float] = field(default_factory=dict)
    absent: tuple[AbsentStage, ...] = ()


NO_GROUND = Ground()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the explanation. share: of the best of the list, 0 to 1; None where there is nothing to compare."""

    words: str
    score: float | None = None
    share: float | None = None


def ground_of(passages: Sequence[Passage], absent: tuple[AbsentStage, ...] = ()) -> Ground:
    """What these passages share."""
    best: dict[str, float] = {}
    for each in (score for passage in passages for score in passage.trace):
        best[each.stage] = max(each.score, best.get(each.stage, 0.0))
    return Ground(best, absent)


def lines(trace: Sequence[StageScore], ground: Ground, wording: Wording) -> tuple[Line, ...]:
    """Why a passage was found: a line for each stage, then one for each reason why another did not run."""
    scores = {each.stage: each.score for each in trace}
    absent = {each.stage: each.code for each in ground.absent}
    found = [Line(_missed(stage, wording)) for stage in _SIGNALS if stage not in scores and stage not in absent]
    for stage, score in scores.items():
        if stage == _MERGED:
            found.append(Line(wording.say("{n:.0f} passages of this section are shown as one.", n=score)))
        elif stage != "fused" or not any(signal in absent for signal in _SIGNALS):
            best = ground.best.get(stage, 0.0)
            share = min(1.0, max(0.0, score / best)) if best > 0 else None
            label = wording.say(_LABELS[stage]) if stage in _LABELS else stage
            found.append(Line(label, score, share))
    reasons = dict.fromkeys(_reason(code, wording) for code in absent.values())
    return (*found, *(Line(reason) for reason in reasons if reason))


def _missed(stage: str, wording: Wording) -> str:
    if stage == "keyword":
        return wording.say("Not among the best by its words.")
    return wording.say("Not among the best by its meaning.")


def _reason(code: str, wording: Wording) -> str:
    """Why a stage did not run, where a person may want to know; what is as it should be is passed over."""
    if code in _REASONS:
        return wording.say(_REASONS[code])
    if code in _SHOWN_AS_ERRORS:
        return wording.error(UserFacingError(code))
    if code.startswith(_FAILURES):
        return wording.say("A part of the search failed this time. The log tells more.")
    return ""


def told(line: Line, wording: Wording) -> str:
    """A line as one sentence, as a screen reader says it."""
    if line.score is None:
        return line.words
    return wording.say("{stage}: {score:.2f}", stage=line.words, score=line.score)


class Why(QWidget):
    """The lines one under the other: a label, a bar beside the best of the list, the number."""

    def __init__(self, theme: Theme, wording: Wording) -> None:
        super().__init__()
        self._theme = theme
        self._wording = wording
        self.lines: tuple[Line, ...] = ()
        self._rows: list[QWidget] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 2, 0, 2)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)

    def show_lines(self, shown: tuple[Line, ...]) -> None:
        """Replace what is shown."""
        if shown == self.lines:
            return
        self.lines = shown
        for widget in self._rows:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows = []
        for row, line in enumerate(shown):
            self._show_line(row, line)
        self.setAccessibleName(self.words)

    @property
    def words(self) -> str:
        """All lines as text."""
        return "\n".join(told(line, self._wording) for line in self.lines)

    def _show_line(self, row: int, line: Line) -> None:
        label = _small(line.words)
        if line.score is None:
            label.setWordWrap(True)
            self._put(label, row, 0, 3)
            return
        self._put(label, row, 0, 1)
        if line.share is not None:
            self._put(Bar(self._theme, line.share), row, 1, 1)
        self._put(_small(f"{line.score:.2f}"), row, 2, 1)

    def _put(self, widget: QWidget, row: int, column: int, span: int) -> None:
        self._rows.append(widget)
        self._grid.addWidget(widget, row, column, 1, span)


class Bar(QWidget):
    """A short bar, filled to a share."""

    def __init__(self, theme: Theme, share: float) -> None:
        super().__init__()
        self._theme = theme
        self._share = share
        self.setFixedSize(_BAR.width(), _BAR.height() + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        round_ = _BAR.height() / 2
        for colour, share in ((self._theme.tokens.hairline, 1.0), (self._theme.tokens.accent, self._share)):
            width = max(_BAR.height() * 1.0, _BAR.width() * share)
            left = _BAR.width() - width if self.isRightToLeft() else 0
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(left, 1, width, _BAR.height()), round_, round_)


def _small(words: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("muted", True)
    label.setProperty("small", True)
    return label
