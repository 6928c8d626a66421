"""All that a face of the program needs, already connected; built by the composition root."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_desktop.domain.care import Recovered
from rag_desktop.services.answering import Answering, Generator
from rag_desktop.services.bounds import Bounds, Caps
from rag_desktop.services.indexing import Embedder, Indexing, Means
from rag_desktop.services.models import ModelsService
from rag_desktop.services.power import Power
from rag_desktop.services.retrieval import Retrieval
from rag_desktop.services.room import Room
from rag_desktop.services.safekeeping import Safekeeping
from rag_desktop.services.wording import Wording
from rag_desktop.settings.declarations import FILE_MEGABYTES, FILE_SECONDS, ON_BATTERY, TOP_K
from rag_desktop.settings.file import SettingsFile
from rag_desktop.settings.places import Places
from rag_desktop.store.library import Library
from rag_desktop.vectors.index import HnswIndex
from rag_desktop.workers.child import Child

LiveIndex = Callable[[str], HnswIndex | None]


@dataclass(frozen=True, slots=True)
class EmbedderChoice:
    """The embedder in use, the languages its model reads, and its least cosine of relevance."""

    embedder: Embedder
    languages: tuple[str, ...]
    least_cosine: float | None


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

    def indexing(self, library: Library) -> Indexing:
        """The writing lane's work on `library`, which must be a writer."""
        embedder = self.embedder.embedder if self.embedder else None
        caps = Caps(self.settings.get(FILE_MEGABYTES) << 20, self.settings.get(FILE_SECONDS))
        bounds = Bounds(caps, Room(library.folder), Power(lambda: self.settings.get(ON_BATTERY)))
        return Indexing(library, Means(self.readers, embedder, self.format_of, bounds, self.own_places))

    @property
    def own_places(self) -> tuple[str, ...]:
        """Folders of this program, which hold no documents."""
        places = self.places
        return tuple(str(place) for place in (places.library, places.models, places.config, places.caches))

    def retrieval(self, library: Library, live_index: LiveIndex = lambda _: None) -> Retrieval:
        """Search in `library`. live_index: the index of a space that is being written in this process."""
        if self.embedder is None:
            return Retrieval(library, None, ())
        return Retrieval(library, self.embedder.embedder, self.embedder.languages, live_index=live_index)

    def answering(self, library: Library, live_index: LiveIndex = lambda _: None) -> Answering:
        """Questions to `library`."""
        least = self.embedder.least_cosine if self.embedder else None
        generator = self.generator.generator if self.generator else None
        return Answering(library, self.retrieval(library, live_index), generator, least)

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
        embedder = [self.embedder.embedder.child] if self.embedder else []
        generator = [self.generator.generator.child] if self.generator else []
        return [*self.readers, *embedder, *generator]

    def close(self) -> None:
        """End all children."""
        for child in self.children:
            child.close()
