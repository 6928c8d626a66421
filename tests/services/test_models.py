"""What people do with models, with real files and no network."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import HubFile, LocalFile, Model, ModelFile, ModelKind, Source
from rag_desktop.engines.catalogue import Catalogue
from rag_desktop.engines.fetching import Fetcher, Registries
from rag_desktop.engines.shelf import Shelf, Why
from rag_desktop.services.models import Damage, ModelsService
from rag_desktop.settings.declarations import EMBEDDER, GENERATOR, LANGUAGE, RERANKER
from rag_desktop.settings.file import SettingsFile

CONTENT = b"weights"


class Here:
    """A service whose models come from files of this machine, and a note of every time the network was opened."""

    def __init__(self, folder: Path) -> None:
        origin = folder / "origin"
        origin.write_bytes(CONTENT)
        self.origin = origin
        local = LocalFile(origin)
        # Tried only after the file of this machine failed, so never here; but it counts among the hosts.
        hub = HubFile("org/repo", "a" * 40, "x")
        models = (
            made("embed", ModelKind.EMBEDDER, local, default=True),
            made("best", ModelKind.GENERATOR, local, hub, rank=9, default=True),
            made("small", ModelKind.GENERATOR, local, rank=1),
            made("rerank", ModelKind.RERANKER, local, default=True),
            made("many", ModelKind.RERANKER, local, languages=("*",)),
            made("polyglot", ModelKind.EMBEDDER, local, languages=("*",)),
        )
        catalogue = Catalogue(models)
        self.shelf = Shelf(folder / "models", catalogue)
        self.settings = SettingsFile(folder)
        self.settings.set(LANGUAGE, "en")
        self.opened: list[set[str]] = []
        self.is_open = False
        fetcher = Fetcher(self.shelf, Registries())
        self.service = ModelsService(catalogue, self.shelf, self.settings, fetcher, permit_network=self.permit)

    @contextmanager
    def permit(self, hosts: set[str]) -> Iterator[None]:
        self.opened.append(hosts)
        self.is_open = True
        try:
            yield
        finally:
            self.is_open = False


def made(
    name: str,
    kind: ModelKind,
    *sources: Source,
    rank: int = 0,
    default: bool = False,
    languages: tuple[str, ...] = ("en",),
) -> Model:
    file = ModelFile("weights", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), sources)
    return Model(name, name.title(), kind, (file,), "MIT", 128, languages, rank=rank, default=default)


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_the_network_is_open_while_fetching_and_only_to_the_models_hosts(here: Here) -> None:
    states: list[bool] = []
    here.service.get("best", lambda *_: states.append(here.is_open))
    assert set(states) == {True}
    assert here.opened == [{"huggingface.co", ".huggingface.co", ".hf.co"}]
    assert not here.is_open


def test_a_whole_model_is_not_fetched_again_and_a_damaged_one_is(here: Here) -> None:
    installed = here.service.get("small")
    assert here.service.get("small").folder == installed.folder
    assert len(here.opened) == 1
    installed.main_file.write_bytes(b"weightz")
    assert here.service.verify("small") == (Damage("small", ("weights",)),)
    here.service.get("small")
    assert len(here.opened) == 2
    assert here.service.verify() == ()


def test_the_network_is_closed_after_a_failure(here: Here) -> None:
    here.origin.unlink()
    with pytest.raises(UserFacingError):
        here.service.get("small")
    assert here.opened == [set()]
    assert not here.is_open


def test_lists_what_is_known_what_is_here_and_what_is_used(here: Here) -> None:
    here.service.get("small")
    listed = {entry.model.name: (entry.is_installed, entry.in_use) for entry in here.service.list()}
    assert listed == {
        "embed": (False, False), "best": (False, False), "small": (True, True), "rerank": (False, False),
        "many": (False, False), "polyglot": (False, False),
    }  # fmt: skip
    here.service.get("best")
    listed = {entry.model.name: (entry.is_installed, entry.in_use) for entry in here.service.list()}
    assert (listed["small"], listed["best"]) == ((True, False), (True, True))


def test_a_choice_is_kept_and_told_where_it_cannot_be_had(here: Here) -> None:
    here.service.get("small")
    choice = here.service.generator()
    assert (choice.installed.model.name, choice.why, choice.missed) == ("small", Why.BEST, "Best")
    here.service.get("best")
    here.service.use("small")
    assert here.settings.get(GENERATOR) == "small"
    assert here.service.generator().why is Why.WANTED
    here.service.remove("small")
    choice = here.service.generator()
    assert (choice.installed.model.name, choice.why, choice.missed) == ("best", Why.DEFAULT, "Small")


def test_embedders_and_generators_are_chosen_apart(here: Here) -> None:
    here.service.get("embed")
    here.service.use("embed")
    assert here.settings.get(EMBEDDER) == "embed"
    assert here.service.embedder().installed.model.name == "embed"
    with pytest.raises(UserFacingError) as caught:
        here.service.generator()
    assert (caught.value.code, caught.value.arguments) == ("model-not-installed", {"name": "Best"})


def test_a_reranker_is_used_where_there_is_one(here: Here) -> None:
    assert here.service.reranker() is None
    here.service.get("rerank")
    choice = here.service.reranker()
    assert choice is not None
    assert choice.installed.model.name == "rerank"
    listed = {entry.model.name: entry.in_use for entry in here.service.list()}
    assert listed["rerank"]


def test_a_reranker_is_chosen(here: Here) -> None:
    here.service.get("rerank")
    here.service.get("many")
    assert reranker(here) == "rerank"
    here.service.use("many")
    assert here.settings.get(RERANKER) == "many"
    assert reranker(here) == "many"
    here.service.remove("many")
    assert reranker(here) == "rerank"


@pytest.mark.parametrize("reason", ["window", "embedder"])
def test_where_korean_is_to_be_read_a_reranker_that_reads_it_goes_first(here: Here, reason: str) -> None:
    here.service.get("rerank")
    if reason == "window":
        here.settings.set(LANGUAGE, "ko")
    else:
        here.service.get("polyglot")
    assert reranker(here) == "rerank"  # better than none
    here.service.get("many")
    assert reranker(here) == "many"
    here.service.use("rerank")
    assert reranker(here) == "rerank"


def reranker(here: Here) -> str | None:
    choice = here.service.reranker()
    return choice.installed.model.name if choice else None


@pytest.mark.parametrize(
    ("name", "code"), [("nobody", "model-unknown"), ("best", "model-not-installed"), ("../x", "model-unknown")]
)
def test_only_installed_models_can_be_used(here: Here, name: str, code: str) -> None:
    with pytest.raises(UserFacingError) as caught:
        here.service.use(name)
    assert caught.value.code == code


def test_what_is_unknown_cannot_be_fetched(here: Here) -> None:
    for call, code in ((here.service.get, "model-unknown"), (here.service.verify, "model-not-installed")):
        with pytest.raises(UserFacingError) as caught:
            call("nobody")
        assert caught.value.code == code


def test_lists_the_searching_models_that_are_installed(here: Here) -> None:
    assert here.service.embedders() == ()
    for name in ("polyglot", "embed", "small"):
        here.service.get(name)
    assert [there.model.name for there in here.service.embedders()] == ["embed", "polyglot"]
