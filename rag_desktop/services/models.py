"""What people do with models: see, fetch, import, choose, check and remove them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import InstalledModel, ModelKind
from rag_desktop.domain.status import ListedModel
from rag_desktop.engines.catalogue import Catalogue
from rag_desktop.engines.fetching import Fetcher
from rag_desktop.engines.shelf import Choice, Progress, Shelf
from rag_desktop.settings.declarations import EMBEDDER, GENERATOR
from rag_desktop.settings.file import SettingsFile

PermitNetwork = Callable[[set[str]], AbstractContextManager[object]]
"""Opens the way to these hosts for as long as its context lasts. An entry that begins with a dot stands for all names
that end in it."""


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

        Raises UserFacingError: `model-unknown` (name), `model-not-installed` (name), `model-not-choosable` (name).
        """
        installed = self._shelf.find(name)
        if installed is None:
            raise UserFacingError("model-not-installed" if name in self._catalogue else "model-unknown", name=name)
        setting = {ModelKind.GENERATOR: GENERATOR, ModelKind.EMBEDDER: EMBEDDER}.get(installed.model.kind)
        if setting is None:
            raise UserFacingError("model-not-choosable", name=name)
        self._settings.set(setting, name)
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

    def generator(self) -> Choice:
        """The answering model to use now. Raises UserFacingError `model-not-installed` (name)."""
        return self._shelf.choose(ModelKind.GENERATOR, self._settings.get(GENERATOR) or None)

    def reranker(self) -> Choice | None:
        """The reranking model to use now, or None: answers do without one."""
        try:
            return self._shelf.choose(ModelKind.RERANKER)
        except UserFacingError:
            return None

    def _used(self, kind: ModelKind) -> str | None:
        choose = {ModelKind.EMBEDDER: self.embedder, ModelKind.GENERATOR: self.generator}.get(kind, self.reranker)
        try:
            choice = choose()
        except UserFacingError:
            return None
        return choice.installed.model.name if choice else None
