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
from rag_desktop.domain.models import InstalledModel
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
from rag_desktop.services.program import EmbedderChoice, GeneratorChoice, Program
from rag_desktop.services.safekeeping import Safekeeping
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
_EMBEDDER_LIMITS = Limits(start_s=180, memory=6144 * _MIB, niceness=5)
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
    return Program(
        places=places,
        settings=settings,
        wording=wording,
        models=models,
        readers=_readers(places),
        embedder=_scripted_embedder() if is_scripted else _embedder(models, settings),
        generator=_scripted_generator() if is_scripted else _generator(models, settings),
        format_of=registry.format_of,
        rechosen=lambda program: _rechosen(program, is_scripted=is_scripted),
        safe=Safekeeping(places.library, settings),
        recovered=tuple(recovered),
    )


def _rechosen(program: Program, *, is_scripted: bool) -> Program:
    """`program` with the models of now. A child whose model stays is kept: it has that model loaded."""
    if is_scripted:
        return program
    embedder, generator = _embedder(program.models, program.settings), _generator(program.models, program.settings)
    old_embedder, old_generator = program.embedder, program.generator
    if embedder and old_embedder and embedder.embedder.key == old_embedder.embedder.key:
        embedder = old_embedder
    if generator and old_generator and generator.key == old_generator.key:
        generator = replace(generator, generator=old_generator.generator)
    return replace(program, embedder=embedder, generator=generator)


def _readers(places: Places) -> tuple[Child, ...]:
    count = max(1, min(4, cores.threads(0)))
    threads = max(1, min(2, cores.threads(0) // count))
    role = partial(reading.role, recogniser=RecogniserOptions(places.caches, places.models, threads))
    return tuple(Child(f"reader {number}", role, _READER_LIMITS) for number in range(1, count + 1))


def _embedder(models: ModelsService, settings: SettingsFile) -> EmbedderChoice | None:
    installed = _installed(models.embedder)
    if installed is None or installed[0].model.dimension is None:
        return None
    there = installed[0]
    model, threads = there.model, settings.get(declarations.THREADS)
    options = EmbedderOptions(there.folder, model.query_prefix, model.passage_prefix, threads)
    child = Child("embedder", partial(embedding.role, options), _EMBEDDER_LIMITS)
    hashes = ",".join(file.sha256 or "" for file in model.files)
    key = repr((hashes, model.query_prefix, model.passage_prefix))
    return EmbedderChoice(Embedder(child, key, model.name, model.dimension or 0), model.languages, model.relevance)


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


def _scripted_embedder() -> EmbedderChoice:
    child = Child("embedder", scripted.embedding_role, _EMBEDDER_LIMITS)
    return EmbedderChoice(Embedder(child, "scripted", "scripted", scripted.DIMENSION), ("*",), 0.6)


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
