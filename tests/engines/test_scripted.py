"""The scripted engines: the same every time, with the messages of the real ones."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from rag_desktop.domain.messages import (
    CountReply,
    CountRequest,
    EmbedReply,
    EmbedRequest,
    Generated,
    GenerateRequest,
    GenerationEnded,
)
from rag_desktop.engines import scripted
from rag_desktop.engines.scripted import DIMENSION, embedding_role, generating_role
from rag_desktop.prompting.prompt import Source, build
from rag_desktop.prompting.refusal import MARKER

SOURCES = (
    Source(1, "The museum is closed on Mondays. Entry costs 9 euros.", "museum.txt"),
    Source(2, "The lease ends in 2031. The rent is 1,250 euros a month.", "lease.txt"),
    Source(3, "임대차 계약은 2031년에 끝난다. 연못이 두 개 있다.", "계약.txt"),
)


def answered(question: str, max_tokens: int = 100, stop_after: int | None = None) -> tuple[list[str], GenerationEnded]:
    words: list[str] = []
    serve = generating_role(lambda: stop_after is not None and len(words) >= stop_after)
    replies = serve(GenerateRequest(build(question, SOURCES, "qwen"), max_tokens))
    for reply in replies:
        if isinstance(reply, GenerationEnded):
            assert list(replies) == []
            return words, reply
        assert isinstance(reply, Generated)
        words.append(reply.text)
    raise AssertionError("no GenerationEnded")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the monthly rent of the lease?", "The rent is 1,250 euros a month. [2]"),
        ("On which days is the museum closed?", "The museum is closed on Mondays. [1]"),
        ("연못은 몇 개 있습니까?", "연못이 두 개 있다. [3]"),
        ("Who painted the zebra?", MARKER),
        ("얼룩말은 누가 그렸습니까?", MARKER),
    ],
)
def test_answers_from_its_sources(question: str, answer: str) -> None:
    words, ended = answered(question)
    assert "".join(words) == answer
    assert (ended.ended, ended.generated_tokens, ended.device) == ("complete", len(words), "scripted")


def test_slowly_streams_slowly_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr(scripted, "_CLOCK", SimpleNamespace(wait=naps.append))
    words, ended = answered("Tell me slowly: what is the rent of the lease?", stop_after=3)
    assert (ended.ended, len(words)) == ("stopped", 3)
    assert naps == [scripted.SLOW_SECONDS] * 4
    naps.clear()
    answered("What is the rent of the lease?")
    assert naps == []


def test_length() -> None:
    words, ended = answered("What is the monthly rent of the lease?", max_tokens=2)
    assert (ended.ended, "".join(words)) == ("length", "The rent")


def test_counts() -> None:
    (reply,) = generating_role(lambda: False)(CountRequest(("one two", "")))
    assert reply == CountReply((2, 0))


def embedded(texts: tuple[str, ...]) -> np.ndarray:
    vectors = np.zeros((len(texts), DIMENSION), "<f2")
    for reply in embedding_role(lambda: False)(EmbedRequest(texts, is_query=False)):
        assert isinstance(reply, EmbedReply)
        vectors[list(reply.places)] = np.frombuffer(reply.vectors, "<f2").reshape(-1, reply.dimension)
    return vectors.astype(float)


def test_vectors_have_length_one_and_know_what_is_alike() -> None:
    vectors = embedded(("the rent of the lease", "a lease and its rent", "zebras graze at night", "", "…") * 5)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    near = vectors @ vectors[0]
    assert near[1] > 0.9 > 0.5 > near[2]


def test_vectors_are_the_same_in_every_process() -> None:
    code = (
        "from rag_desktop.engines.scripted import embedding_role as r\n"
        "from rag_desktop.domain.messages import EmbedRequest as q\n"
        "print(next(r(lambda: False)(q(('the rent 임대료',), False))).vectors.hex())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": sys.path[0]}, check=True,
            capture_output=True, text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }  # fmt: skip
    here = next(iter(embedding_role(lambda: False)(EmbedRequest(("the rent 임대료",), is_query=False))))
    assert runs == {here.vectors.hex()}
