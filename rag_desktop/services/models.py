"""What people do with models: see, fetch, import, choose, check and remove them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import InstalledModel, ModelKind
from rag_desktop.domain.status import ListedModel
from rag_desktop.engines.catalogue import Catalogue
from rag_desktop.engines.fetching import Fetcher
from rag_desktop.engines.shelf import Choice, Progress, Shelf, Why
from rag_desktop.ranking.fuse import reads_korean
from rag_desktop.services.wording import system_language
from rag_desktop.settings.declarations import EMBEDDER, GENERATOR, LANGUAGE, RERANKER
from rag_desktop.settings.file import SettingsFile

PermitNetwork = Callable[[set[str]], AbstractContextManager[object]]
"""Opens the way to these hosts for as long as its context lasts. An entry that begins with a dot stands for all names
that end in it."""

_SETTINGS = {ModelKind.GENERATOR: GENERATOR, ModelKind.EMBEDDER: EMBEDDER, ModelKind.RERANKER: RERANKER}


@dataclass(frozen=True, slots=True)
class Damage:
    """Files of a model that are missing or changed."""

    name: str
    files: tuple[str, ...]


class ModelsService:
    """The models of this machine. `permit_network` is entered round `get`, and nowhere else."""

    def __init__(
        self,
        catalogue: Catalogue,
        shelf: Shelf,
        settings: SettingsFile,
        fetcher: Fetcher,
        *,
        permit_network: PermitNetwork = lambda _: nullcontext(),
    ) -> None:
        self._catalogue = catalogue
        self._shelf = shelf
        self._settings = settings
        self._fetcher = fetcher
        self._permit_network = permit_network

    def list(self) -> tuple[ListedModel, ...]:
        """The catalogue in its order, then imported models by name."""
        installed = {there.model.name: there.model for there in self._shelf.installed()}
        used = {self._used(kind) for kind in ModelKind}
        known = [installed.get(name, model) for name, model in self._catalogue.items()]
        imported = [model for name, model in installed.items() if name not in self._catalogue]
        return tuple(ListedModel(model, model.name in installed, model.name in used) for model in [*known, *imported])

    def get(self, name: str, progress: Progress = lambda *_: None) -> InstalledModel:
        """Fetch a model of the catalogue; one that is installed whole is checked, and only what is damaged is fetched.

        Raises UserFacingError `model-unknown` (name), and all that Fetcher.fetch raises.
        """
        model = self._catalogue.get(name)
        if model is None:
            raise UserFacingError("model-unknown", name=name)
        installed = self._shelf.find(name)
        if installed is not None and not self._shelf.verify(name):
            return installed
        with self._permit_network(self._fetcher.hosts(model)):
            return self._fetcher.fetch(model, progress)

    def import_file(self, path: Path, progress: Progress = lambda *_: None) -> InstalledModel:
        """Copy a GGUF file into the models folder. Raises as Shelf.import_file."""
        return self._shelf.import_file(path, progress)

    def use(self, name: str) -> InstalledModel:
        """Use an installed model from now on, for what it is for.

        Raises UserFacingError: `model-unknown` (name), `model-not-installed` (name).
        """
        installed = self._shelf.find(name)
        if installed is None:
            raise UserFacingError("model-not-installed" if name in self._catalogue else "model-unknown", name=name)
        self._settings.set(_SETTINGS[installed.model.kind], name)
        return installed

    def verify(self, name: str | None = None) -> tuple[Damage, ...]:
        """Read every byte of one model, or of all; what is damaged or missing. Empty: all is well.

        Raises UserFacingError `model-not-installed` (name).
        """
        names = [name] if name is not None else self._shelf.names()
        checked = (Damage(name, tuple(self._shelf.verify(name))) for name in names)
        return tuple(damage for damage in checked if damage.files)

    def remove(self, name: str) -> None:
        """Delete a model. Raises UserFacingError: `model-not-installed` (name), `model-busy` (name)."""
        self._shelf.remove(name)

    def embedder(self) -> Choice:
        """The searching model to use now. Raises UserFacingError `model-not-installed` (name)."""
        return self._shelf.choose(ModelKind.EMBEDDER, self._settings.get(EMBEDDER) or None)

    def embedders(self) -> tuple[InstalledModel, ...]:
        """All searching models that are installed."""
        return tuple(there for there in self._shelf.installed() if there.model.kind is ModelKind.EMBEDDER)

    def generator(self) -> Choice:
        """The answering model to use now. Raises UserFacingError `model-not-installed` (name)."""
        return self._shelf.choose(ModelKind.GENERATOR, self._settings.get(GENERATOR) or None)

    def reranker(self) -> Choice | None:
        """The reranking model to use now, or None: search does without one.

        Where nobody chose one, and it should read Korean, the first that does goes before the catalogue's default.
        """
        try:
            choice = self._shelf.choose(ModelKind.RERANKER, self._settings.get(RERANKER) or None)
        except UserFacingError:
            return None
        if choice.why is Why.WANTED or not self._is_korean_wanted():
            return choice
        there = (each for each in self._shelf.installed() if each.model.kind is ModelKind.RERANKER)
        reading = next((each for each in there if reads_korean(each.model.languages)), choice.installed)
        return choice if reading == choice.installed else replace(choice, installed=reading, why=Why.BEST)

    def _is_korean_wanted(self) -> bool:
        """Whether the window speaks Korean, or the searching model reads it."""
        if (self._settings.get(LANGUAGE) or system_language()) == "ko":
            return True
        try:
            return reads_korean(self.embedder().installed.model.languages)
        except UserFacingError:
            return False

    def _used(self, kind: ModelKind) -> str | None:
        choose = {ModelKind.EMBEDDER: self.embedder, ModelKind.GENERATOR: self.generator}.get(kind, self.reranker)
        try:
            choice = choose()
        except UserFacingError:
            return None
        return choice.installed.model.name if choice else None
