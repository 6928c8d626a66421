"""The generating child: continues a prompt word by word, reuses what the last prompt shared, stops when told to."""

from collections.abc import Generator, Iterator

from rag_desktop.domain.answers import Ended
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import (
    CountReply,
    CountRequest,
    Generated,
    GenerateRequest,
    GenerationEnded,
    GeneratorOptions,
)
from rag_desktop.domain.roles import Serve, StopSign
from rag_desktop.engines.llama import LlamaModel
from rag_desktop.engines.streaming import WordStream, is_looping

Reply = Generated | GenerationEnded | CountReply


def role(options: GeneratorOptions, stop: StopSign) -> Serve:
    """Serves GenerateRequest (Generated…, then GenerationEnded) and CountRequest (CountReply).

    Use as `functools.partial(role, options)`. Raises UserFacingError `model-missing`, `model-damaged` or `model-memory`
    at loading; `prompt-too-long` (tokens, limit) where a prompt leaves no room for an answer.
    """
    model = LlamaModel(options, stop)

    def serve(request: GenerateRequest | CountRequest) -> Iterator[Reply]:
        if isinstance(request, CountRequest):
            yield CountReply(tuple(model.count(text) for text in request.texts))
        else:
            yield from _Generation(model, request, stop).replies()

    return serve


class _Generation:
    """One answer in the making.

    The context is brought to the answer's own tokens before each next one, so another request may be served at any
    `yield` without harm.
    """

    def __init__(self, model: LlamaModel, request: GenerateRequest, stop: StopSign) -> None:
        self._model = model
        self._request = request
        self._stop = stop
        self._tokens = model.prompt_tokens(request.prompt)
        self._prompt_size = len(self._tokens)
        if not self._tokens or self._prompt_size >= model.n_ctx:
            raise UserFacingError("prompt-too-long", tokens=self._prompt_size, limit=model.n_ctx - 1)
        self._sampler = model.sampler(request.temperature, request.top_p, request.seed)
        begins_turn = request.prompt[-1].is_markup
        self._words = WordStream(request.stops, begins_turn=begins_turn)
        self._reused = 0

    def replies(self) -> Iterator[Generated | GenerationEnded]:
        ended = yield from self._written()
        if ended is not Ended.STOPPED and (rest := self._words.flush()):
            yield Generated(rest)
        yield GenerationEnded(
            ended=ended.value,
            prompt_tokens=self._prompt_size,
            reused_tokens=self._reused,
            generated_tokens=self._generated,
            device=self._model.device,
        )

    def _written(self) -> Generator[Generated, None, Ended]:
        for _ in range(max(0, self._request.max_tokens)):
            if not self._evaluated():
                return Ended.STOPPED
            token = self._sampler.next()
            piece = self._model.piece(token)
            if piece is None:
                return Ended.COMPLETE
            self._tokens.append(token)
            if text := self._words.feed(piece):
                yield Generated(text)
            if self._words.stopped:
                return Ended.COMPLETE
            if self._is_full() or is_looping(self._tokens[self._prompt_size :]):
                break
        return Ended.LENGTH

    def _evaluated(self) -> bool:
        reused = self._model.evaluate(self._tokens)
        if reused is not None and not self._generated:
            self._reused = reused
        return reused is not None

    def _is_full(self) -> bool:
        return len(self._tokens) >= self._model.n_ctx

    @property
    def _generated(self) -> int:
        return len(self._tokens) - self._prompt_size
