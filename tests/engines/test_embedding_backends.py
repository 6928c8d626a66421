"""Whatever runs the model gives sentence-transformers' own vectors; what was prepared once is used, or made anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag_desktop.domain.messages import EmbedderOptions, EmbedRequest
from rag_desktop.domain.roles import Serve
from rag_desktop.engines import quantising
from rag_desktop.engines.attempts import Attempts
from rag_desktop.engines.choosing import PLAIN, Chosen, choose
from rag_desktop.engines.embedding import role
from rag_desktop.engines.openvino_backend import is_installed
from rag_desktop.engines.preparing import Preparations
from rag_desktop.engines.quantising import KIND, Quantiser
from tests.engines import tiny_bert

pytestmark = [
    pytest.mark.filterwarnings("default"),  # the libraries' own deprecations are theirs
    pytest.mark.skipif(not is_installed(), reason="OpenVINO is not made for this system"),
]
TEXTS = ("lease notice year", "", "Zebra GRASS zebra", "one river " * 60, "bade three", "boiler boiler")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def prepared(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Caches in which the plain graph is prepared."""
    caches = tmp_path_factory.mktemp("caches")
    choose(folder, caches, 1)
    return caches


@pytest.fixture
def caches(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "caches"))


def expected(folder: Path, texts: tuple[str, ...] = TEXTS) -> np.ndarray:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def embedded(serve: Serve, texts: tuple[str, ...] = TEXTS) -> np.ndarray:
    rows: dict[int, np.ndarray] = {}
    for reply in serve(EmbedRequest(texts, is_query=False)):
        vectors = np.frombuffer(reply.vectors, "<f2").reshape(len(reply.places), reply.dimension)
        rows.update(zip(reply.places, vectors.astype(float), strict=True))
    return np.stack([rows[place] for place in range(len(texts))])


def worst(left: np.ndarray, right: np.ndarray) -> float:
    return float((left * right).sum(axis=1).min())


def vectors_of(chosen: Chosen) -> np.ndarray:
    backend = chosen.asking
    return backend.sentences(backend.tokeniser(TEXTS, backend.prompt))


@pytest.mark.parametrize(
    ("pooling", "normalises", "prompt"), [("mean", True, ""), ("cls", False, ""), ("max", True, "notice year ")]
)
def test_the_vectors_are_those_of_sentence_transformers(
    tmp_path: Path, pooling: str, normalises: bool, prompt: str
) -> None:
    folder = tiny_bert.write(tmp_path / "model", pooling=pooling, normalises=normalises, prompt=prompt)
    wanted = expected(folder)
    first = choose(folder, tmp_path / "caches", 1)
    again = choose(folder, tmp_path / "caches", 1)
    torch = choose(folder, None, 1)
    assert [each.asking.name for each in (first, again, torch)] == [PLAIN, PLAIN, "torch cpu"]
    for each in (first, again, torch):
        assert worst(vectors_of(each), wanted) > 0.999


def test_a_prepared_model_starts_without_torch(folder: Path, caches: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from rag_desktop.domain.messages import EmbedderOptions, EmbedRequest
from rag_desktop.engines.embedding import role
serve = role(EmbedderOptions(Path({str(folder)!r}), threads=1, caches=Path({str(caches)!r})), lambda: False)
print(len(list(serve(EmbedRequest(("a lease",), is_query=True)))))
print([each for each in ("torch", "transformers", "sentence_transformers", "nncf") if each in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split("\n")[:2] == ["1", "[]"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.bin", "changed"), ("model.bin", "gone"), ("model.xml", "cut"), ("tokenizer.json", "changed"),
        ("prepared.json", "cut"),
    ],
)  # fmt: skip
def test_damaged_files_are_prepared_anew(
    folder: Path, caches: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = next(caches.rglob(name))
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else bytes([whole[0] ^ 1]) + whole[1:])
    chosen = choose(folder, caches, 1)
    assert "is prepared anew" in caplog.text
    assert (chosen.asking.name, path.is_file()) == (PLAIN, True)
    assert worst(vectors_of(chosen), expected(folder)) > 0.999


def test_another_model_in_the_same_folder_is_prepared_anew(tmp_path: Path, caches: Path) -> None:
    folder = tiny_bert.write(tmp_path / "model")
    choose(folder, caches, 1)
    before = {path.parent for path in caches.rglob("model.bin")}
    tiny_bert.write(folder, seed=8)
    os.utime(folder / "model.safetensors", ns=(1, 1))
    chosen = choose(folder, caches, 1)
    after = {path.parent for path in caches.rglob("model.bin")}
    assert len(after) == len(before) == 2
    assert len(after & before) == 1, "only what was prepared from the other folder stays"
    assert worst(vectors_of(chosen), expected(folder)) > 0.999


def test_after_two_attempts_without_an_end_torch_serves(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        Preparations(tmp_path, folder).attempts(PLAIN).begin()
    assert choose(folder, tmp_path, 1).asking.name == "torch cpu"


def test_a_graph_that_does_not_load_is_passed_over(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    preparations = Preparations(tmp_path, folder)
    source = choose(folder, None, 1).asking
    with preparations.making(PLAIN, source.tokeniser, "") as place:
        place.graph.write_text("<net/>", encoding="utf-8")
        place.graph.with_suffix(".bin").write_bytes(b"")
    chosen = choose(folder, tmp_path, 1)
    assert "does not load" in caplog.text
    assert worst(vectors_of(chosen), expected(folder)) > 0.999


def test_caches_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "caches").write_text("a file", encoding="utf-8")
    assert worst(vectors_of(choose(folder, tmp_path / "caches", 1)), expected(folder)) > 0.999


@pytest.fixture
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 8-bit form of a model this small needs few; and it is no question of speed."""
    monkeypatch.setattr(quantising, "_CALIBRATING", 24)
    monkeypatch.setattr(quantising, "_CHECKING", 16)
    monkeypatch.setattr(quantising, "_LEAST_GAIN", 0.0)
    monkeypatch.setattr(quantising, "_LEAST_COSINE", 0.9)


def quantised(folder: Path, caches: Path) -> Quantiser:
    """A quantiser that has seen enough, and has ended."""
    chosen = choose(folder, caches, 1)
    assert chosen._quantiser is not None
    seen = chosen.asking.tokeniser([f"{first} {second} river one" for first in TEXTS[:5] for second in TEXTS] * 11)
    for start in range(0, len(seen), 64):
        chosen.indexing(seen[start : start + 64])
    if chosen._quantiser.thread:
        chosen._quantiser.thread.join()
    return chosen._quantiser


@pytest.mark.usefixtures("few_texts")
def test_the_8_bit_form_takes_over(folder: Path, caches: Path) -> None:
    made = quantised(folder, caches).made
    assert made is not None
    wanted = expected(folder)
    assert worst(made.sentences(made.tokeniser(TEXTS)), wanted) > 0.9
    later = choose(folder, caches, 1)
    passages = later.indexing([])
    assert (later.asking.name, passages.name) == (PLAIN, KIND), "questions keep the more exact one"
    assert worst(passages.sentences(passages.tokeniser(TEXTS)), wanted) > 0.9


@pytest.mark.usefixtures("few_texts")
def test_the_8_bit_form_goes_where_it_fits_no_more(folder: Path, caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quantised(folder, caches)
    chosen = choose(folder, caches, 1)
    texts = chosen.asking.tokeniser(TEXTS)
    assert {chosen.indexing(texts).name for _ in range(40)} == {KIND}
    monkeypatch.setattr(quantising, "_LEAST_COSINE", 1.1)
    assert [chosen.indexing(texts).name for _ in range(40)][-1] == PLAIN
    assert choose(folder, caches, 1).indexing(texts).name == PLAIN


@pytest.mark.usefixtures("few_texts")
@pytest.mark.parametrize(("bound", "value"), [("_LEAST_COSINE", 1.1), ("_LEAST_GAIN", 1000.0)])
def test_the_8_bit_form_is_refused_for_good(
    folder: Path, caches: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: float
) -> None:
    monkeypatch.setattr(quantising, bound, value)
    assert quantised(folder, caches).made is None
    assert quantised(folder, caches).thread is None, "and is not tried again"


def test_nothing_calls_home(folder: Path, tmp_path: Path) -> None:
    """In a process that knows nothing of pytest, under which nncf falls silent, and without the guard's help."""
    script = f"""
import sys
reached = []
sys.addaudithook(lambda event, _: reached.append(event) if event.startswith("socket.") else None)
from pathlib import Path
from rag_desktop.engines import quantising
from rag_desktop.engines.choosing import choose
quantising._CALIBRATING, quantising._CHECKING = 24, 16
chosen = choose(Path({str(folder)!r}), Path({str(tmp_path)!r}), 1)
quantiser = chosen._quantiser
chosen.indexing(chosen.asking.tokeniser(["lease notice year", "zebra grass"] * 160))
quantiser.thread.join()
print("nncf" in sys.modules, "pytest" in sys.modules, sys.modules["openvino_telemetry"])
print(sorted(set(reached) - {{"socket.__new__", "socket.bind"}}))  # urllib3 tries to bind to ::1
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["True False None", "[]"]
    assert done.stderr == ""


def test_attempts(tmp_path: Path) -> None:
    attempts = [Attempts(tmp_path / "new" / "mark") for _ in range(3)]
    seen = []
    for act in (attempts[0].begin, attempts[1].begin, attempts[1].end, attempts[0].give_up):
        act()
        seen.append(attempts[2].are_used_up)
    assert seen == [False, True, False, True]


@pytest.mark.parametrize(("end", "left"), [("", False), ("os._exit(1)", True)])
def test_a_process_that_ends_of_itself_takes_its_attempt_back(tmp_path: Path, end: str, left: bool) -> None:
    script = f"""
import os
from pathlib import Path
from rag_desktop.engines.attempts import Attempts
Attempts(Path({str(tmp_path / "mark")!r})).begin()
{end}
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=60)
    assert (tmp_path / "mark").exists() == left


def test_the_role_uses_what_was_prepared(folder: Path, caches: Path) -> None:
    serve = role(EmbedderOptions(folder, threads=1, caches=caches), lambda: False)
    assert worst(embedded(serve), expected(folder)) > 0.998
