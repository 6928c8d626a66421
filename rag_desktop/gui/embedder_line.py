"""What is to be known of the searching model: that another still stands in for it, and that another reads more."""

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rag_desktop.domain.events import Event, LibraryLooked, ModelsChanged, ModelsListed
from rag_desktop.domain.models import ModelKind
from rag_desktop.domain.status import LibraryStatus, ListedModel, Recommendation
from rag_desktop.gui import amounts
from rag_desktop.gui.buttons import push
from rag_desktop.gui.model_card import Acts, download_size
from rag_desktop.gui.panel import Context
from rag_desktop.gui.theme import GRID

_LOOK_MS = 2_000
"""While one model stands in for another, the library is looked at so often."""


class EmbedderLine(QWidget):
    """Two quiet lines above the models that find passages by meaning, each there only when it has something to say."""

    def __init__(self, context: Context, acts: Acts) -> None:
        super().__init__()
        self._context = context
        self._acts = acts
        self._status: LibraryStatus | None = None
        self._models: tuple[ListedModel, ...] = ()
        self.switching, self.advice = QLabel(), QLabel()
        self.get = push("", self._act)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(context.desk.upkeep.look)
        for label in (self.switching, self.advice):
            label.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.advice, 1)
        row.addWidget(self.get)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID // 2, GRID + 4, GRID // 2)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.switching)
        layout.addLayout(row)
        context.bridge.happened.connect(self._take)
        self._show()

    def _take(self, event: Event) -> None:
        match event:
            case LibraryLooked(status=status):
                self._status = status
                self._show()
            case ModelsListed(models=models):
                self._models = models
                self._show()
            case ModelsChanged():
                self._context.desk.upkeep.look()
            case _:
                pass

    def _show(self) -> None:
        switching = self._switching_words()
        self.switching.setText(switching)
        self.switching.setVisible(bool(switching))
        better = self._better()
        self.advice.setVisible(better is not None)
        self.get.setVisible(better is not None)
        self.setVisible(bool(switching) or better is not None)
        self._pace()
        if better is not None:
            say, wording = self._context.wording.say, self._context.wording
            title, used, percent = better.model.title, better.used.title, round(100 * better.share)
            self.advice.setText(
                say(
                    "{title} reads the {percent} % of your passages that {used} cannot read.",
                    title=title,
                    used=used,
                    percent=percent,
                )
            )
            size = amounts.size(download_size(better.model), wording)
            self.get.setText(say("Use it") if better.is_installed else say("Get it ({size})", size=size))
            self.get.setAccessibleName(
                say("Use {title}", title=title) if better.is_installed else say("Download {title}", title=title)
            )

    def _better(self) -> Recommendation | None:
        """What is recommended, as far as it is not done already."""
        better = self._status.recommended if self._status else None
        if better is None or any(each.in_use and each.model.name == better.model.name for each in self._models):
            return None
        return better

    def _switching_words(self) -> str:
        chosen = next((each.model for each in self._models if _is_used(each)), None)
        spaces = self._status.spaces if self._status else ()
        serving = next((space for space in spaces if space.is_serving), None)
        if chosen is None or serving is None or serving.model == chosen.name:
            return ""
        filling = next((space for space in spaces if space.model == chosen.name), None)
        total = filling.vectors + filling.pending if filling else 0
        return self._context.wording.say(
            "Searching with {used} until {title} is ready ({share} %).",
            used=self._title(serving.model), title=chosen.title,
            share=amounts.share(filling.vectors, total) if filling else 0,
        )  # fmt: skip

    def _title(self, name: str) -> str:
        return next((each.model.title for each in self._models if each.model.name == name), name)

    def _act(self) -> None:
        better = self._better()
        if better is not None:
            act: Callable[[str], object] = self._acts.use if better.is_installed else self._acts.get
            act(better.model.name)

    # a share that nobody sees need not be true

    def _pace(self) -> None:
        is_wanted = bool(self.switching.text()) and self.isVisible()
        if is_wanted and not self._look.isActive():
            self._look.start()
        elif not is_wanted:
            self._look.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._pace()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()


def _is_used(each: ListedModel) -> bool:
    return each.in_use and each.model.kind is ModelKind.EMBEDDER
