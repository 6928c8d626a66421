"""The composition root: everything is built and connected here, by constructor."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rag_desktop.cli.main import run
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, GeneratorOptions
from rag_desktop.domain.models import InstalledModel, Relevance
from rag_desktop.engines import catalogue, cores, embedding, generating, scripted
from rag_desktop.engines.fetching import Fetcher
from rag_desktop.engines.shelf import Shelf
from rag_desktop.formats import reading, registry
from rag_desktop.formats.ocr import RecogniserOptions
from rag_desktop.gui import display
from rag_desktop.services import opening
from rag_desktop.services.answering import Generator
from rag_desktop.services.indexing import Embedder
from rag_desktop.services.instance import Instance, claim_or_activate
from rag_desktop.services.models import ModelsService
from rag_desktop.services.program import GeneratorChoice, Program
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.services.wording import Wording, system_language
from rag_desktop.settings import declarations
from rag_desktop.settings.file import SettingsFile
from rag_desktop.settings.places import Places, find_places
from rag_desktop.workers import guard
from rag_desktop.workers.child import Child, Limits

_MIB = 1 << 20
_READER_LIMITS = Limits(
    start_s=60, memory=1536 * _MIB, address_space=6144 * _MIB, stop_grace_s=0.5, recycle_at=384 * _MIB, niceness=5
)
_EMBEDDER_LIMITS = Limits(start_s=180, memory=6144 * _MIB, recycle_at=3072 * _MIB, niceness=5)
_GENERATOR_LIMITS = Limits(start_s=600)


def build(library: Path | None = None) -> Program:
    """The program for one library. Keeps this process off the network from here on."""
    guard.install()
    places = find_places(library)
    settings = SettingsFile(places.config)
    recovered = opening.restore_settings(settings, places.library)
    wording = Wording(settings.get(declarations.LANGUAGE) or system_language(), places.resources)
    listed = catalogue.load(places.resources / "models.toml")
    shelf = Shelf(places.models, listed)
    models = ModelsService(listed, shelf, settings, Fetcher(shelf), permit_network=guard.permitted)
    is_scripted = os.environ.get("RAG_DESKTOP_ENGINE") == "scripted"
    embedders = _embedders(models, settings, places.caches, is_scripted=is_scripted)
    return Program(
        places=places,
        settings=settings,
        wording=wording,
        models=models,
        readers=_readers(places),
        embedder=embedders[0] if embedders else None,
        generator=_scripted_generator() if is_scripted else _generator(models, settings),
        format_of=registry.format_of,
        rechosen=lambda program: _rechosen(program, is_scripted=is_scripted),
        safe=Safekeeping(places.library, settings),
        recovered=tuple(recovered),
        other_embedders=embedders[1:],
    )


def _rechosen(program: Program, *, is_scripted: bool) -> Program:
    """`program` with the models of now. A child whose model stays is kept: it has that model loaded."""
    models, settings = program.models, program.settings
    embedders = tuple(
        next((old for old in program.embedders if _does_for(old, new)), new)
        for new in _embedders(models, settings, program.places.caches, is_scripted=is_scripted)
    )
    generator = program.generator if is_scripted else _generator(models, settings)
    old_generator = program.generator
    if generator and old_generator and generator.key == old_generator.key:
        generator = replace(generator, generator=old_generator.generator)
    embedder = embedders[0] if embedders else None
    return replace(program, embedder=embedder, other_embedders=embedders[1:], generator=generator)


def _does_for(old: EmbedderChoice, new: EmbedderChoice) -> bool:
    """Whether the old choice's child can do all that the new one's is for."""
    return old.embedder.key == new.embedder.key and new.reranker in (None, old.reranker)


def _readers(places: Places) -> tuple[Child, ...]:
    count = max(1, min(4, cores.threads(0)))
    threads = max(1, min(2, cores.threads(0) // count))
    role = partial(reading.role, recogniser=RecogniserOptions(places.caches, places.models, threads))
    return tuple(Child(f"reader {number}", role, _READER_LIMITS) for number in range(1, count + 1))


def _embedders(
    models: ModelsService, settings: SettingsFile, caches: Path, *, is_scripted: bool
) -> tuple[EmbedderChoice, ...]:
    """The embedder in use, then all others that are installed; none where none is in use."""
    if is_scripted:
        return _scripted_embedders(settings)
    installed = _installed(models.embedder)
    if installed is None or installed[0].model.dimension is None:
        return ()
    used = installed[0]
    found = models.reranker()
    reranker = found.installed if found else None
    others = [there for there in models.embedders() if there.model.name != used.model.name and there.model.dimension]
    return tuple(_embedder(there, settings, caches, reranker) for there in (used, *others))


def _embedder(
    there: InstalledModel, settings: SettingsFile, caches: Path, reranker: InstalledModel | None
) -> EmbedderChoice:
    model, threads = there.model, settings.get(declarations.THREADS)
    options = EmbedderOptions(
        there.folder,
        model.query_prefix,
        model.passage_prefix,
        threads,
        reranker=reranker.folder if reranker else None,
        caches=caches,
    )
    held = sum(file.size or 0 for each in (there, reranker) if each for file in each.model.files)
    limits = replace(
        _EMBEDDER_LIMITS,
        memory=_EMBEDDER_LIMITS.memory + 2 * held,
        recycle_at=_EMBEDDER_LIMITS.recycle_at + 2 * held,  # weights are no leak: they would only be loaded again
    )
    child = Child("embedder", partial(embedding.role, options), limits)
    hashes = ",".join(file.sha256 or "" for file in model.files)
    key = repr((hashes, model.query_prefix, model.passage_prefix))
    embedder = Embedder(child, key, model.name, model.dimension or 0)
    return EmbedderChoice(embedder, model.languages, model.relevance, reranker, model.is_late)


def _generator(models: ModelsService, settings: SettingsFile) -> GeneratorChoice | None:
    installed = _installed(models.generator)
    if installed is None:
        return None
    there, missed = installed
    n_ctx = min(settings.get(declarations.N_CTX), there.model.context_length)
    options = GeneratorOptions(
        there.main_file,
        n_ctx,
        settings.get(declarations.N_GPU_LAYERS),
        settings.get(declarations.THREADS),
    )
    child = Child("generator", partial(generating.role, options), _GENERATOR_LIMITS)
    generator = Generator(
        child,
        there.model.title,
        there.model.template or "chatml",
        n_ctx,
        min(settings.get(declarations.MAX_TOKENS), n_ctx // 2),
        settings.get(declarations.TEMPERATURE),
    )
    hashes = ",".join(file.sha256 or "" for file in there.model.files)
    return GeneratorChoice(generator, missed, f"{there.model.name}:{hashes}")


def _installed(choose: object) -> tuple[InstalledModel, str | None] | None:
    try:
        choice = choose()  # type: ignore[operator]
    except UserFacingError as error:
        if error.code != "model-not-installed":
            raise
        return None
    return choice.installed, choice.missed


def _scripted_embedders(settings: SettingsFile) -> tuple[EmbedderChoice, ...]:
    """Two models, so that going over from one to the other can be tried; the setting names the one in use."""
    named = {"scripted": scripted.DIMENSION, "scripted-wide": scripted.WIDE}
    used = settings.get(declarations.EMBEDDER)
    return tuple(
        _scripted_embedder(name, dimension)
        for name, dimension in sorted(named.items(), key=lambda each: (each[0] != used, each[1]))
    )


def _scripted_embedder(name: str, dimension: int) -> EmbedderChoice:
    child = Child("embedder", partial(scripted.embedding_role, dimension=dimension), _EMBEDDER_LIMITS)
    return EmbedderChoice(Embedder(child, name, name, dimension), ("*",), Relevance(0.5, 0.1), is_late=True)


def _scripted_generator() -> GeneratorChoice:
    child = Child("generator", scripted.generating_role, _GENERATOR_LIMITS)
    return GeneratorChoice(Generator(child, "scripted", "chatml", 4096, 400, 0.0), None, "scripted")


def open_window(library: Path | None, wording: Wording) -> int:
    """Open the window of a library, or bring forward the one that is open; returns the exit status."""
    if display.is_missing(os.environ):
        sys.stderr.write(display.no_display(wording) + "\n")
        return 2
    instance: Instance | None = None
    try:
        instance = claim_or_activate(find_places(library).library)
        if instance is None:
            return 0
    except UserFacingError as error:
        if error.code != "library-forbidden":
            raise
        # A library on a read-only disk can be searched; there is nothing for a second window to hand over.
    # Qt is loaded here and not above: a command line without a window must not wait for it.
    from rag_desktop.gui import start

    return start.open_window(build(library), instance)


def main(arguments: Sequence[str]) -> int:
    """Run the command line, or without a verb the window; returns the exit status."""
    places = find_places()
    wording = Wording(SettingsFile(places.config).get(declarations.LANGUAGE) or system_language(), places.resources)

    def build_for(library: Path | None, is_demo: bool) -> Program:
        return build(library or (places.library.parent / "sample-library" if is_demo else None))

    return run(arguments, wording, build_for, lambda library: open_window(library, wording))
