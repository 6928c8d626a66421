"""What the main process and its children say to each other: frozen, small, picklable."""

from dataclasses import dataclass
from pathlib import Path

from rag_desktop.domain.documents import ChunkDraft, Reading


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Read, normalise and chunk one file of at most `most_bytes`. `chunker` names a chunking scheme (text.chunks)."""

    path: str
    chunker: str
    most_bytes: int = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadReply:
    """A document read whole. `sha256` is of the file's bytes as they were read, `size` their number."""

    reading: Reading
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class StillReading:
    """A sign of life from a reading that takes long, such as that of a scan; it comes before the `ReadHead`.

    share: of the file that was gone through, 0 to 1.
    """

    share: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadHead:
    """The first message of a document from a reading child: all but its chunks, which follow in `ReadChunks`.

    Sent in pieces because taking a message apart holds the asker's other threads, the window's too, for as long.
    `read.reading` comes without blocks, runs and chunks; `packed_runs` are its runs as text.runs packs them.
    """

    read: ReadReply
    packed_runs: bytes


@dataclass(frozen=True, slots=True)
class ReadChunks:
    """Some of a document's chunks, in order."""

    chunks: tuple[ChunkDraft, ...]


@dataclass(frozen=True, slots=True)
class EmbedRequest:
    """Embed texts; `is_query` chooses the prefix."""

    texts: tuple[str, ...]
    is_query: bool


@dataclass(frozen=True, slots=True)
class EmbedReply:
    """`vectors` is C-order little-endian float16, shape (len(places), dimension), each row of length one.

    `places` are positions in the request's texts: a batch may come back in parts and in any order.
    """

    places: tuple[int, ...]
    dimension: int
    vectors: bytes


@dataclass(frozen=True, slots=True)
class MaxSimRequest:
    """Late interaction: how well each text's tokens answer the question's, by the embedding model's token vectors."""

    question: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RerankRequest:
    """How relevant a cross-encoder finds each text for the question."""

    question: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoresReply:
    """Scores in the order of a MaxSimRequest's or RerankRequest's texts; higher is better.

    Of a MaxSimRequest: the mean over the question's tokens of the best cosine, -1 to 1. Of a RerankRequest: 0 to 1.
    """

    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A piece of a prompt. Only markup may contain a model's control tokens; all else is taken literally."""

    text: str
    is_markup: bool


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """Continue a prompt. `temperature` 0 is greedy; `stops` end the text where they appear, and are not part of it."""

    prompt: tuple[PromptPart, ...]
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generated:
    """New words of the answer. Never half a character, never part of a stop string."""

    text: str


@dataclass(frozen=True, slots=True)
class GenerationEnded:
    """The last message of an answer. `ended` is a value of domain.answers.Ended: complete, length or stopped."""

    ended: str
    prompt_tokens: int
    reused_tokens: int
    generated_tokens: int
    device: str


@dataclass(frozen=True, slots=True)
class CountRequest:
    """How many tokens of the generating model each of these texts has."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountReply:
    """Token counts, in the order of the request."""

    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """How a generating child runs its model. `n_gpu_layers` -1 is all; `threads` 0 is the number of cores."""

    path: Path
    n_ctx: int
    n_gpu_layers: int = -1
    threads: int = 0
    n_batch: int = 512
    use_extra_bufts: bool = True
    flash_attention: bool = True


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """How an embedding child runs its model: a sentence-transformers folder, prefixes, threads (0: all cores).

    reranker: folder of a cross-encoder that the same child serves, loaded when it is first asked. caches: where what
    was prepared once for this machine is kept; None: nothing is.
    """

    folder: Path
    query_prefix: str = ""
    passage_prefix: str = ""
    threads: int = 0
    batch_size: int = 64
    reranker: Path | None = None
    caches: Path | None = None
