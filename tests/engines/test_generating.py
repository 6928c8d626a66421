"""The generating child with real weights: streaming, reuse, stopping, limits, and files that are no model."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import (
    CountReply,
    CountRequest,
    Generated,
    GenerateRequest,
    GenerationEnded,
    GeneratorOptions,
    PromptPart,
)
from rag_desktop.engines.generating import role
from rag_desktop.engines.llama import LlamaModel, device
from rag_desktop.prompting.templates import render, stops
from tests.engines.weights import weights_file

SYSTEM = "You answer in one sentence."
LONG = "The garden has two ponds and a gate. " * 120


@pytest.fixture(scope="module")
def options() -> GeneratorOptions:
    path = weights_file("SmolLM2-135M-Instruct-Q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf")
    return GeneratorOptions(path=path, n_ctx=2048, threads=2)


class Sign:
    """A stop sign that tests raise and lower."""

    def __init__(self) -> None:
        self.until: Callable[[], bool] = lambda: False

    def __call__(self) -> bool:
        return self.until()


@pytest.fixture(scope="module")
def loaded(options: GeneratorOptions) -> tuple[Sign, Callable[..., Iterator[object]]]:
    sign = Sign()
    return sign, partial(role, options)(sign)


@pytest.fixture
def sign(loaded: tuple[Sign, object]) -> Iterator[Sign]:
    yield loaded[0]
    loaded[0].until = lambda: False


@pytest.fixture
def serve(loaded: tuple[object, Callable[..., Iterator[object]]]) -> Callable[..., Iterator[object]]:
    return loaded[1]


def request(user: str, max_tokens: int = 40, system: str = SYSTEM, **changes: object) -> GenerateRequest:
    made = GenerateRequest(render("smollm2", system, user), max_tokens, stops=stops("smollm2"))
    return replace(made, **changes)  # type: ignore[arg-type]


def heard(replies: Iterator[object]) -> tuple[str, GenerationEnded]:
    *pieces, ended = list(replies)
    assert isinstance(ended, GenerationEnded)
    assert all(isinstance(piece, Generated) and piece.text for piece in pieces)
    return "".join(piece.text for piece in pieces if isinstance(piece, Generated)), ended


@pytest.mark.weights
def test_answers_the_same_every_time(serve: Callable[..., Iterator[object]]) -> None:
    text, ended = heard(serve(request("What is the capital of France?")))
    assert "Paris" in text
    assert ended.ended == "complete"
    assert ended.device == "CPU" or "(" in ended.device
    assert 0 < ended.generated_tokens <= 40
    assert heard(serve(request("What is the capital of France?")))[0] == text


@pytest.mark.weights
def test_shared_beginning_is_not_evaluated_again(serve: Callable[..., Iterator[object]]) -> None:
    system = SYSTEM + " " + LONG
    cold, first = heard(serve(request("What is the capital of Italy?", 12, system)))
    other, second = heard(serve(request("Which animal says meow?", 12, system)))
    assert first.reused_tokens < 40
    assert second.prompt_tokens - second.reused_tokens < 20
    assert other != cold
    heard(serve(request("Something else entirely", system="Nothing shared.")))
    # Few words: other slices round differently, which a long greedy answer may show in the end.
    assert heard(serve(request("What is the capital of Italy?", 12, system)))[0] == cold


@pytest.mark.weights
def test_answers_may_be_served_in_turns(serve: Callable[..., Iterator[object]]) -> None:
    questions = ("What is the capital of France?", "Name three colours.")
    alone = [heard(serve(request(question)))[0] for question in questions]
    running = [serve(request(question)) for question in questions]
    texts = ["", ""]
    for _ in range(41):
        for place, replies in enumerate(running):
            reply = next(replies, None)
            texts[place] += reply.text if isinstance(reply, Generated) else ""
    assert texts == alone


@pytest.mark.weights
def test_control_tokens_in_documents_are_plain_words(options: GeneratorOptions) -> None:
    model = LlamaModel(options, lambda: False)
    markup = model.prompt_tokens([PromptPart("<|im_end|>", is_markup=True)])
    words = model.prompt_tokens([PromptPart("<|im_end|>", is_markup=False)])
    assert len(markup) == 1
    assert model.piece(markup[0]) is None
    assert len(words) > 1
    assert b"".join(filter(None, map(model.piece, words))) == b"<|im_end|>"


@pytest.mark.weights
def test_counts(serve: Callable[..., Iterator[object]]) -> None:
    (reply,) = serve(CountRequest(("", "The garden", "The garden has two ponds", "연못")))
    assert isinstance(reply, CountReply)
    assert reply.counts[0] == 0
    assert reply.counts[1] < reply.counts[2]
    assert reply.counts[3] > 0


@pytest.mark.weights
def test_stops_within_a_slice_of_the_prompt(serve: Callable[..., Iterator[object]], sign: Sign) -> None:
    heard(serve(request("Forget.", system="Nothing shared.")))
    pressed: list[float] = []
    threading.Timer(0.15, lambda: pressed.append(time.monotonic())).start()
    sign.until = lambda: bool(pressed)
    text, ended = heard(serve(request("Why?", system=LONG + LONG[: len(LONG) // 2])))
    assert time.monotonic() - pressed[0] < 0.3
    assert (text, ended.ended, ended.generated_tokens) == ("", "stopped", 0)
    sign.until = lambda: False
    assert "Paris" in heard(serve(request("What is the capital of France?")))[0]


@pytest.mark.weights
def test_stops_between_tokens(serve: Callable[..., Iterator[object]], sign: Sign) -> None:
    replies = serve(request("Tell a long story about a garden.", 400))
    for _ in range(3):
        assert isinstance(next(replies), Generated)
    sign.until = lambda: True
    began = time.monotonic()
    assert heard(replies)[1].ended == "stopped"
    assert time.monotonic() - began < 0.3


@pytest.mark.weights
def test_a_stop_string_ends_the_answer(serve: Callable[..., Iterator[object]]) -> None:
    whole = heard(serve(request("What is the capital of France?")))[0]
    text, ended = heard(serve(request("What is the capital of France?", stops=("Paris",))))
    assert (text, ended.ended) == (whole[: whole.index("Paris")], "complete")


@pytest.mark.weights
def test_length(serve: Callable[..., Iterator[object]]) -> None:
    _, ended = heard(serve(request("Tell a long story about a garden.", 5)))
    assert (ended.ended, ended.generated_tokens) == ("length", 5)


@pytest.mark.weights
def test_temperature_follows_its_seed(serve: Callable[..., Iterator[object]]) -> None:
    def said(seed: int) -> str:
        return heard(serve(request("Tell a story about a garden.", temperature=1.2, top_p=0.95, seed=seed)))[0]

    assert said(1) == said(1)
    assert len({said(seed) for seed in range(4)}) > 1


@pytest.mark.weights
def test_a_loop_ends(serve: Callable[..., Iterator[object]]) -> None:
    prompt = (PromptPart("la la la la " * 40, is_markup=False),)
    _, ended = heard(serve(GenerateRequest(prompt, 400)))
    assert ended.ended == "length"
    assert ended.generated_tokens < 100


@pytest.mark.weights
def test_a_prompt_that_leaves_no_room(serve: Callable[..., Iterator[object]]) -> None:
    with pytest.raises(UserFacingError) as caught:
        heard(serve(request(LONG * 3)))
    assert caught.value.code == "prompt-too-long"
    assert caught.value.arguments["limit"] == 2047
    assert int(caught.value.arguments["tokens"]) > 2047


@pytest.mark.weights
def test_the_context_ends_the_answer(options: GeneratorOptions) -> None:
    serve = role(replace(options, n_ctx=256), lambda: False)
    _, ended = heard(serve(request("Tell a long story about a garden.", 4000, stops=())))
    assert ended.prompt_tokens + ended.generated_tokens <= 256


@pytest.mark.weights
@pytest.mark.parametrize("size", [0, 10, 5_000, 50_000_000])
def test_a_damaged_model(options: GeneratorOptions, tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.gguf"
    with options.path.open("rb") as whole:
        path.write_bytes(whole.read(size))
    with pytest.raises(UserFacingError) as caught:
        role(replace(options, path=path), lambda: False)
    assert (caught.value.code, caught.value.arguments) == ("model-damaged", {"name": "cut.gguf"})


@pytest.mark.weights
def test_no_word_on_stderr_and_no_template_rendered(
    options: GeneratorOptions, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from llama_cpp import llama_chat_format

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the file's own template was built")

    monkeypatch.setattr(llama_chat_format.Jinja2ChatFormatter, "__init__", refuse)
    heard(role(options, lambda: False)(request("Hello", 5)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.weights
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set by RLIMIT_AS")
def test_not_enough_memory(options: GeneratorOptions) -> None:
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from rag_desktop.domain.errors import UserFacingError\n"
        "from rag_desktop.domain.messages import GeneratorOptions\n"
        "from rag_desktop.engines.llama import LlamaModel, _library\n"
        "_library()\n"
        "used = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000,) * 2)\n"
        "try: LlamaModel(GeneratorOptions(Path(sys.argv[1]), 2048), lambda: False)\n"
        "except UserFacingError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(options.path)], check=False, capture_output=True, text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout.strip() == f"model-memory(name='{options.path.name}')"


def test_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(UserFacingError) as caught:
        role(GeneratorOptions(tmp_path / "none.gguf", 512), lambda: False)
    assert caught.value.code == "model-missing"


@pytest.mark.parametrize(
    ("lines", "can_offload", "expected"),
    [
        (["using device CUDA0 (NVIDIA T4) (0000) - 9 MiB", "offloaded 33/33 layers to GPU"], False, "CPU"),
        (["using device CUDA0 (NVIDIA T4) (0000) - 9 MiB", "offloaded 33/33 layers to GPU"], True, "CUDA (NVIDIA T4)"),
        (["using device MTL0 (M2) (id) - 9 MiB", "offloaded 2/33 layers to GPU"], True, "Metal (M2), 2 of 33 layers"),
        (["using device CUDA0 (NVIDIA T4) (0000) - 9 MiB", "offloaded 0/33 layers to GPU"], True, "CPU"),
        ([], True, "CPU"),
    ],
)  # fmt: skip
def test_device_is_what_was_offloaded(lines: list[str], can_offload: bool, expected: str) -> None:
    assert device(lines, can_offload=can_offload) == expected
