"""One model of the catalogue or of this machine: what it is, whether it is here, and the one thing to do with it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout

from rag_desktop.domain.models import Model
from rag_desktop.domain.status import ListedModel
from rag_desktop.gui import amounts
from rag_desktop.gui.buttons import push
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID


@dataclass(frozen=True, slots=True)
class Acts:
    """What a card asks for, each with the name of its model."""

    get: Callable[[str], object]
    use: Callable[[str], object]
    cancel: Callable[[str], object]


class ModelCard(QFrame):
    """Shows one ListedModel, and how far its download is."""

    def __init__(self, context: Context, acts: Acts, listed: ListedModel) -> None:
        super().__init__()
        say, name = context.wording.say, listed.model.name
        self._context = context
        self._listed = listed
        self.title, self.about, self.state = QLabel(), QLabel(), QLabel()
        self.get = push(say("Download"), lambda: acts.get(name))
        self.use = push(say("Use"), lambda: acts.use(name))
        self.cancel = push(say("Cancel"), lambda: acts.cancel(name))
        self.bar = QProgressBar()
        self._lay_out()
        self.show_model(listed)

    def _lay_out(self) -> None:
        self.setProperty("card", True)
        self.about.setProperty("muted", True)
        self.about.setProperty("small", True)
        for label in (self.title, self.about):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setProperty("muted", True)
        self.bar.setTextVisible(False)
        words = QVBoxLayout()
        words.setSpacing(GRID // 2)
        words.addWidget(self.title)
        words.addWidget(self.about)
        words.addWidget(self.bar)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GRID * 2, GRID, GRID + 4, GRID)
        layout.setSpacing(GRID + 4)
        layout.addLayout(words, 1)
        for widget in (self.state, self.get, self.use, self.cancel):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    def show_model(self, listed: ListedModel) -> None:
        """Show what is known of the model now."""
        say, model = self._context.wording.say, listed.model
        self._listed = listed
        self.title.setText(model.title)
        self.about.setText(_about(listed, self._context))
        self.state.setText(say("In use") if listed.in_use else say("Installed") if listed.is_installed else "")
        self.get.setAccessibleName(say("Download {title}", title=model.title))
        self.use.setAccessibleName(say("Use {title}", title=model.title))
        self.rest()

    def rest(self) -> None:
        """Nothing goes on with this model."""
        is_here, in_use = self._listed.is_installed, self._listed.in_use
        self.get.setVisible(not is_here)
        self.use.setVisible(is_here and not in_use)
        self.cancel.hide()
        self.bar.hide()
        self.state.setVisible(is_here)

    def wait(self) -> None:
        """A download was asked for and has not begun."""
        self.progress(0, 0)

    def progress(self, done: int, total: int) -> None:
        """`done` of `total` bytes have come; a total of 0 is not known yet."""
        say, wording = self._context.wording.say, self._context.wording
        self.get.hide()
        self.use.hide()
        self.cancel.show()
        self.bar.show()
        self.state.show()
        self.bar.setRange(0, 100 if total else 0)
        self.bar.setValue(amounts.share(done, total))
        self.state.setText(
            say("{done} of {total}", done=amounts.size(done, wording), total=amounts.size(total, wording))
            if total
            else say("Waiting")
        )


def download_size(model: Model) -> int | None:
    """Bytes to fetch for a model, or None where they are unknown."""
    sizes = [file.size for file in model.fetched]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _about(listed: ListedModel, context: Context) -> str:
    """Size, licence and languages; the size is that on disk, or of the download while the model is not here."""
    model, say = listed.model, context.wording.say
    size = amounts.size(model.size if listed.is_installed else download_size(model), context.wording)
    if "*" in model.languages:
        return say("{size} · licence {licence} · many languages", size=size, licence=model.licence)
    if not model.languages:
        return say("{size} · licence {licence}", size=size, licence=model.licence)
    languages = ", ".join(model.languages)
    return say(
        "{size} · licence {licence} · languages: {languages}", size=size, licence=model.licence, languages=languages
    )
