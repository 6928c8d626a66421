"""Every setting, declared once: storage, checks, dialog and documentation come from here."""

import math
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T", str, int, float)
Value = str | int | float


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A setting and what its value may be: of the default's type, within `least` and `most` (both included), and one of
    `choices` where there are any. `label` and `help` are for people, in English, to be translated where shown."""

    key: str
    default: T
    label: str
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[T, ...] = ()

    def accept(self, value: object) -> T | None:
        """`value` as this setting holds it, or None where it may not be."""
        kind = type(self.default)
        if kind is float and type(value) is int:
            value = float(value)
        # Exact types: to Python, True is a whole number.
        if type(value) is not kind:
            return None
        return value if self._is_within(value) else None

    def _is_within(self, value: T) -> bool:
        if self.choices and value not in self.choices:
            return False
        if isinstance(value, str):
            return True
        low = -math.inf if self.least is None else self.least
        high = math.inf if self.most is None else self.most
        return math.isfinite(value) and low <= value <= high


GENERATOR = Setting("generator", "", "Answering model", "Name of the model that writes answers; empty: choose for me.")
EMBEDDER = Setting("embedder", "", "Searching model", "Name of the model that finds passages; empty: choose for me.")
RERANKER = Setting(
    "reranker", "", "Reranking model", "Name of the model that puts found passages in order; empty: choose for me."
)
RERANKING = Setting(
    "reranking", "auto", "Reranking", "Let the reranking model read what was found: where it can read the question"
    " (auto), always (on), never (off).", choices=("auto", "on", "off"),
)  # fmt: skip
TOP_K = Setting("top_k", 8, "Passages per question", "How many passages an answer may draw on.", 1, 50)
N_GPU_LAYERS = Setting(
    "n_gpu_layers", -1, "Layers on the graphics card", "Layers run on the GPU; -1: all of them.", -1, 999
)  # fmt: skip
THREADS = Setting("threads", 0, "Processor threads", "Threads for the models; 0: as many as there are cores.", 0, 256)
N_CTX = Setting("n_ctx", 4096, "Context length", "Tokens the answering model can see at once.", 512, 131_072)
MAX_TOKENS = Setting("max_tokens", 400, "Longest answer", "Tokens after which an answer is cut.", 16, 8192)
TEMPERATURE = Setting(
    "temperature", 0.0, "Temperature", "0: always the likeliest word; higher values vary the wording.", 0, 2
)
FILE_MEGABYTES = Setting(
    "file_megabytes", 512, "Largest file", "Megabytes; a larger file is not read but named as a problem.", 1, 4096
)
FILE_SECONDS = Setting(
    "file_seconds", 90, "Longest reading", "Seconds for one file, large ones get more; then it is given up.", 5, 3600
)
ON_BATTERY = Setting(
    "on_battery", "gentle", "On battery", "Index at full speed, at half of it (gentle), or wait for the mains.",
    choices=("full", "gentle", "wait"),
)  # fmt: skip
WATCHING = Setting("watching", 1, "Watch folders", "Take up changes as they happen; 0: only look now and then.", 0, 1)
RESCAN_MINUTES = Setting(
    "rescan_minutes",
    30,
    "Look again",
    "Minutes until all folders are looked at again; 0: at start only.",
    0,
    10_080,
)
LANGUAGE = Setting("language", "", "Language", "Language of the window; empty: the system's.", choices=("", "en", "ko"))

ALL: tuple[Setting[Any], ...] = (
    GENERATOR, EMBEDDER, RERANKER, RERANKING, TOP_K, N_GPU_LAYERS, THREADS, N_CTX, MAX_TOKENS, TEMPERATURE,
    FILE_MEGABYTES, FILE_SECONDS, ON_BATTERY, WATCHING, RESCAN_MINUTES, LANGUAGE,
)  # fmt: skip
"""In the order of the dialog."""


def by_key(key: str) -> Setting[Any] | None:
    """The setting called `key`, or None."""
    return next((setting for setting in ALL if setting.key == key), None)
