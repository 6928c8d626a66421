"""One GGUF model in llama.cpp through its C API: load, tokenise, evaluate, sample.

The C API and not `llama_cpp.Llama`: that class builds a Jinja formatter from the file's own chat template, has no place
for `use_extra_bufts`, and cannot be stopped within a batch.
"""

import ctypes
import functools
import logging
import os
import re
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import GeneratorOptions, PromptPart
from rag_desktop.domain.roles import StopSign
from rag_desktop.engines.cores import threads

_log = logging.getLogger(__name__)
_ABORTED = 2
_NO_MEMORY = re.compile(r"allocat|out of ?(?:device ?)?memory|bad_alloc", re.IGNORECASE)
_USING = re.compile(r"using device (\w+?)\d* \((.+?)\)")
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")
_DEVICE_NAMES = {"MTL": "Metal"}


class LlamaModel:
    """A loaded model with one context, and what that context holds.

    Raises UserFacingError at loading: `model-missing`, `model-damaged` (both with name) or `model-memory` (name).
    """

    def __init__(self, options: GeneratorOptions, stop: StopSign) -> None:
        lib = _library()
        self._lib = lib
        self._log_lines = _log_lines()
        self._log_lines.clear()
        model = _loaded_model(lib, options, self._log_lines)
        context = _loaded_context(lib, model, options, self._log_lines)
        # Metal asserts at exit where a context was not freed, hence a finalizer, which runs at exit as well.
        weakref.finalize(self, _free, lib, context, model)
        self._context = context
        self._memory = lib.llama_get_memory(context)
        self._vocabulary = lib.llama_model_get_vocab(model)
        self._n_batch = int(lib.llama_n_batch(context))
        self._held: list[int] = []
        self._abort = lib.ggml_abort_callback(lambda _: stop())
        self._never = lib.ggml_abort_callback()
        self._stop = stop
        self._anchor = self._tokenized("\n", is_markup=False) if self._adds_space() else []
        self.n_ctx = int(lib.llama_n_ctx(context))
        self.device = device(self._log_lines, can_offload=bool(lib.llama_supports_gpu_offload()))

    def prompt_tokens(self, parts: Sequence[PromptPart]) -> list[int]:
        """Tokens of a whole prompt, with what begins every text where the model wants it (BOS).

        Control tokens come from markup only: in all other parts their spelling is plain text.
        """
        wants_bos = self._lib.llama_vocab_get_add_bos(self._vocabulary)
        tokens = [int(self._lib.llama_vocab_bos(self._vocabulary))] if wants_bos else []
        for place, part in enumerate(parts):
            tokens += self._part_tokens(part.text, is_markup=part.is_markup, is_first=place == 0)
        return tokens

    def count(self, text: str) -> int:
        """Tokens of `text` as it stands amid a prompt."""
        return len(self._part_tokens(text, is_markup=False, is_first=False))

    def evaluate(self, tokens: Sequence[int]) -> int | None:
        """Bring the context to exactly `tokens`, ready to sample what follows.

        Returns how many of them the context held already, or None where it was stopped (what was evaluated by then is
        kept for the next time). Raises RuntimeError where llama.cpp fails.
        """
        reused = self._rewind(tokens)
        for start in range(reused, len(tokens), self._n_batch):
            if self._stop() or not self._decode(tokens[start : start + self._n_batch]):
                return None
        return reused

    def sampler(self, temperature: float, top_p: float, seed: int) -> "Sampler":
        """What picks the next token; temperature 0 always takes the likeliest."""
        return Sampler(self._lib, self._context, temperature, top_p, seed)

    def piece(self, token: int) -> bytes | None:
        """The bytes a token stands for (maybe part of a character), or None where it ends a turn."""
        if self._lib.llama_vocab_is_eog(self._vocabulary, token) or self._is_control(token):
            return None
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = self._lib.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, False)
            if length >= 0:
                return buffer.raw[:length]
            size = -length

    def _rewind(self, tokens: Sequence[int]) -> int:
        """Drop what the context holds beyond its common beginning with `tokens`; the last token is always redone."""
        kept = min(_common(self._held, tokens), len(tokens) - 1)
        if kept < len(self._held):
            if not self._lib.llama_memory_seq_rm(self._memory, 0, kept, -1):  # recurrent models cannot go back in part
                self._lib.llama_memory_clear(self._memory, False)
                kept = 0
            del self._held[kept:]
        return kept

    def _decode(self, tokens: Sequence[int]) -> bool:
        """Evaluate one slice; False where it was stopped."""
        # The callback is called for each node of the graph: dear for one token, nothing for a slice.
        self._lib.llama_set_abort_callback(self._context, self._abort if len(tokens) > 1 else self._never, None)
        array = (self._lib.llama_token * len(tokens))(*tokens)
        status = self._lib.llama_decode(self._context, self._lib.llama_batch_get_one(array, len(tokens)))
        if status == 0:
            self._held += tokens
            return True
        self._held += tokens[: self._lib.llama_memory_seq_pos_max(self._memory, 0) + 1 - len(self._held)]
        if status == _ABORTED:
            return False
        raise RuntimeError(f"llama_decode failed with {status}: {' '.join(list(self._log_lines)[-3:])}")

    def _part_tokens(self, text: str, *, is_markup: bool, is_first: bool) -> list[int]:
        tokens = self._seamless(text, is_markup=is_markup) if not is_first else self._tokenized(text, is_markup)
        if is_markup or not any(map(self._is_control, tokens)):
            return tokens
        # A SentencePiece vocabulary may still join plain characters into "</s>".
        return [token for char in text for token in self._seamless(char, is_markup=False)]

    def _seamless(self, text: str, *, is_markup: bool) -> list[int]:
        """Tokens without the space that SentencePiece puts before every text: behind a line end there is none."""
        if self._anchor and text:
            tokens = self._tokenized("\n" + text, is_markup)
            if tokens[: len(self._anchor)] == self._anchor:
                return tokens[len(self._anchor) :]
        return self._tokenized(text, is_markup)

    def _tokenized(self, text: str, is_markup: bool) -> list[int]:
        encoded = text.encode("utf-8")
        room = len(encoded) + 8
        array = (self._lib.llama_token * room)()
        arguments = (self._vocabulary, encoded, len(encoded), array, room, False, is_markup)
        return list(array[: max(0, self._lib.llama_tokenize(*arguments))])

    def _adds_space(self) -> bool:
        return bool(self._lib.llama_vocab_type(self._vocabulary) == self._lib.LLAMA_VOCAB_TYPE_SPM)

    def _is_control(self, token: int) -> bool:
        return bool(self._lib.llama_vocab_is_control(self._vocabulary, token))


class Sampler:
    """Picks the next token after an evaluation."""

    def __init__(self, lib: Any, context: Any, temperature: float, top_p: float, seed: int) -> None:
        self._lib = lib
        self._context = context
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        weakref.finalize(self, lib.llama_sampler_free, self._chain)
        for link in self._links(temperature, top_p, seed):
            lib.llama_sampler_chain_add(self._chain, link)

    def next(self) -> int:
        """The next token."""
        return int(self._lib.llama_sampler_sample(self._chain, self._context, -1))

    def _links(self, temperature: float, top_p: float, seed: int) -> list[Any]:
        if temperature <= 0:
            return [self._lib.llama_sampler_init_greedy()]
        return [
            self._lib.llama_sampler_init_top_p(top_p, 1),
            self._lib.llama_sampler_init_temp(temperature),
            self._lib.llama_sampler_init_dist(seed),
        ]


def device(log_lines: Sequence[str] | deque[str], *, can_offload: bool) -> str:
    """Where the layers went, as llama.cpp tells, e.g. "CPU", "Metal (Apple M2)", "CUDA (T4), 9 of 33 layers"."""
    if not can_offload:
        return "CPU"
    text = "\n".join(log_lines)
    using, offloaded = _USING.search(text), _OFFLOADED.search(text)
    if using is None or offloaded is None or offloaded[1] == "0":
        return "CPU"
    name = f"{_DEVICE_NAMES.get(using[1], using[1])} ({using[2]})"
    return name if offloaded[1] == offloaded[2] else f"{name}, {offloaded[1]} of {offloaded[2]} layers"


def _loaded_model(lib: Any, options: GeneratorOptions, log_lines: deque[str]) -> Any:
    if not options.path.is_file():
        raise UserFacingError("model-missing", name=options.path.name)
    params = lib.llama_model_default_params()
    params.n_gpu_layers = options.n_gpu_layers if lib.llama_supports_gpu_offload() else 0
    params.use_extra_bufts = options.use_extra_bufts
    model = lib.llama_model_load_from_file(str(options.path).encode("utf-8"), params)
    if not model:
        raise _failure(options.path, log_lines, "model-damaged")
    return model


def _loaded_context(lib: Any, model: Any, options: GeneratorOptions, log_lines: deque[str]) -> Any:
    params = lib.llama_context_default_params()
    trained = int(lib.llama_model_n_ctx_train(model))
    params.n_ctx = min(options.n_ctx, trained) if trained > 0 else options.n_ctx
    params.n_batch = params.n_ubatch = min(options.n_batch, params.n_ctx)
    params.n_threads = params.n_threads_batch = threads(options.threads)
    auto, off = lib.LLAMA_FLASH_ATTN_TYPE_AUTO, lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.flash_attn_type = auto if options.flash_attention else off
    context = lib.llama_init_from_model(model, params)
    if not context:
        lib.llama_model_free(model)
        raise _failure(options.path, log_lines, "model-memory")
    return context


def _failure(path: Path, log_lines: deque[str], code: str) -> UserFacingError:
    said = "\n".join(log_lines)
    _log.warning("loading %s failed: %s", path.name, said[-2000:])
    return UserFacingError("model-memory" if _NO_MEMORY.search(said) else code, name=path.name)


def _common(first: Sequence[int], second: Sequence[int]) -> int:
    length = min(len(first), len(second))
    if first[:length] == second[:length]:
        return length
    return next(i for i in range(length) if first[i] != second[i])


def _free(lib: Any, context: Any, model: Any) -> None:
    lib.llama_free(context)
    lib.llama_model_free(model)


@functools.cache
def _library() -> Any:
    # OpenMP threads that spin while they wait lose their cores to any busy neighbour, such as an indexing child: on two
    # cores beside one busy process 2 tokens a second instead of 17. Read once, when the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from llama_cpp import llama_cpp

    callback = llama_cpp.llama_log_callback(_keep_line)
    _callbacks().append(callback)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


def _keep_line(_level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").rstrip("\n")
    _log_lines().append(line)
    _log.debug("%s", line)


@functools.cache
def _log_lines() -> deque[str]:
    return deque(maxlen=2000)


@functools.cache
def _callbacks() -> list[Callable[..., None]]:
    """Keeps the log callback alive as long as the process, for llama.cpp may log until its end."""
    return []
