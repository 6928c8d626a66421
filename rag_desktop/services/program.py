"""All that a face of the program needs, already connected; built by the composition root."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_desktop.domain.care import Recovered
from rag_desktop.services.answering import Answering, Generator
from rag_desktop.services.bounds import Bounds, Caps
from rag_desktop.services.indexing import Indexing, Means
from rag_desktop.services.models import ModelsService
from rag_desktop.services.power import Power
from rag_desktop.services.retrieval import Retrieval
from rag_desktop.services.room import Room
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.services.spaces import EmbedderChoice
from rag_desktop.services.wording import Wording
from rag_desktop.settings.declarations import FILE_MEGABYTES, FILE_SECONDS, ON_BATTERY, RERANKING, TOP_K
from rag_desktop.settings.file import SettingsFile
from rag_desktop.settings.places import Places
from rag_desktop.store.library import Library
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child

LiveIndex = Callable[[str], HnswIndex | None]


@dataclass(frozen=True, slots=True)
class GeneratorChoice:
    """The generator in use; `missed` is the title of the model that would be, were it installed."""

    generator: Generator
    missed: str | None
    key: str
    """Tells one model file from another of the same title."""


@dataclass(frozen=True, slots=True)
class Program:
    """The parts of the running program. Children start at their first request, so building one costs nothing."""

    places: Places
    settings: SettingsFile
    wording: Wording
    models: ModelsService
    readers: tuple[Child, ...]
    embedder: EmbedderChoice | None
    generator: GeneratorChoice | None
    format_of: Callable[[str], str | None]
    rechosen: Callable[["Program"], "Program"]
    safe: Safekeeping
    recovered: tuple[Recovered, ...] = ()
    """What had to be brought back while the program was built."""
    other_embedders: tuple[EmbedderChoice, ...] = ()
    """Installed embedders that were not chosen: one of them may answer while the chosen one's space is incomplete."""

    def indexing(self, library: Library) -> Indexing:
        """The writing lane's work on `library`, which must be a writer."""
        embedder = self.embedder.embedder if self.embedder else None
        caps = Caps(self.settings.get(FILE_MEGABYTES) << 20, self.settings.get(FILE_SECONDS))
        bounds = Bounds(caps, Room(library.folder), Power(lambda: self.settings.get(ON_BATTERY)))
        return Indexing(library, Means(self.readers, embedder, self.format_of, bounds, self.own_places))

    @property
    def embedders(self) -> tuple[EmbedderChoice, ...]:
        """The embedder in use, then the other ones that are installed; none where none is in use."""
        return (self.embedder, *self.other_embedders) if self.embedder else ()

    @property
    def own_places(self) -> tuple[str, ...]:
        """Folders of this program, which hold no documents."""
        places = self.places
        return tuple(str(place) for place in (places.library, places.models, places.config, places.caches))

    def retrieval(self, library: Library, live_index: LiveIndex = lambda _: None) -> Retrieval:
        """Search in `library`. live_index: the index of a space that is being written in this process."""
        return Retrieval(library, self.embedders, live_index, self.settings.get(RERANKING))

    def answering(self, library: Library, live_index: LiveIndex = lambda _: None) -> Answering:
        """Questions to `library`."""
        generator = self.generator.generator if self.generator else None
        return Answering(library, self.retrieval(library, live_index), generator)

    def with_models(self) -> "Program":
        """The same program with the models that are installed and chosen now; unchanged ones keep their children."""
        return self.rechosen(self)

    @property
    def top_k(self) -> int:
        """How many passages are wanted where nobody says."""
        return self.settings.get(TOP_K)

    @property
    def children(self) -> Sequence[Child]:
        """Every child, started or not."""
        embedder = [choice.embedder.child for choice in self.embedders]
        generator = [self.generator.generator.child] if self.generator else []
        return [*self.readers, *embedder, *generator]

    def close(self) -> None:
        """End all children."""
        for child in self.children:
            child.close()
