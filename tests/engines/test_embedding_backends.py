"""Whatever runs the model gives sentence-transformers' own vectors; what was prepared once is used, or made anew."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import EmbedderOptions, EmbedRequest
from rag_desktop.domain.roles import Serve
from rag_desktop.engines import choosing, openvino_backend, quantising
from rag_desktop.engines.choosing import PLAIN, Chosen, choose
from rag_desktop.engines.embedding import role
from rag_desktop.engines.openvino_backend import is_installed
from rag_desktop.engines.preparing import Preparations
from rag_desktop.engines.quantising import KIND, Quantiser
from tests.engines import tiny_bert
from tests.engines.ages import age

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
    for path in caches.glob("*/*/*"):
        age(path, days=8)
    tiny_bert.write(folder, seed=8)
    os.utime(folder / "model.safetensors", ns=(1, 1))
    chosen = choose(folder, caches, 1)
    after = {path.parent for path in caches.rglob("model.bin")}
    assert len(after) == len(before) == 2
    assert len(after & before) == 1, "only what was prepared from the other folder stays, though it is as old"
    assert worst(vectors_of(chosen), expected(folder)) > 0.999


def test_after_two_attempts_without_an_end_torch_serves(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        Preparations(tmp_path, folder).attempts(PLAIN).begin()
    assert choose(folder, tmp_path, 1).asking.name == "torch cpu"


def test_after_a_day_openvino_is_tried_again(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        Preparations(tmp_path, folder).attempts(PLAIN).begin()
    (mark,) = tmp_path.rglob("*.attempts")
    age(mark, hours=25)
    assert choose(folder, tmp_path, 1).asking.name == PLAIN


def test_an_error_is_one_failed_attempt_and_other_vectors_are_the_last(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(choosing, "convert", full)
        assert choose(folder, tmp_path / "full", 1).asking.name == "torch cpu"
    assert choose(folder, tmp_path / "full", 1).asking.name == PLAIN
    with monkeypatch.context() as patch:
        patch.setattr(choosing, "LEAST_COSINE", 1.1)
        assert choose(folder, tmp_path / "other", 1).asking.name == "torch cpu"
    for path in (tmp_path / "other").rglob("*"):
        age(path, days=400)
    assert choose(folder, tmp_path / "other", 1).asking.name == "torch cpu"


def test_while_another_program_prepares_torch_serves(folder: Path, tmp_path: Path) -> None:
    attempts = Preparations(tmp_path, folder).attempts(PLAIN)
    attempts.begin()
    attempts.end()
    (home,) = tmp_path.glob("*/*/*")
    with FileLock(home / f"{PLAIN}.lock"):
        for _ in range(3):
            assert choose(folder, tmp_path, 1).asking.name == "torch cpu"
    assert choose(folder, tmp_path, 1).asking.name == PLAIN


def test_losing_a_race_is_no_failure(
    folder: Path, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = prepared.glob("*/*/*/plain")
    real = Path.replace

    def lost(self: Path, target: Path) -> Path:
        if target.name == PLAIN:
            shutil.copytree(whole, target)
            raise PermissionError
        return real(self, target)

    monkeypatch.setattr(Path, "replace", lost)
    assert choose(folder, tmp_path, 1).asking.name == PLAIN
    assert not [*tmp_path.rglob("*.attempts")]


def test_what_a_killed_preparation_left_is_removed(folder: Path, caches: Path) -> None:
    (home,) = caches.glob("*/*/*/plain")
    old, new = home.with_name("plain.old"), home.with_name("int8.new")
    for left in (old, new):
        left.mkdir()
    age(old, hours=2)
    choose(folder, caches, 1)
    assert [old.exists(), new.exists(), home.exists()] == [False, True, True]


def test_libraries_without_a_version_on_record(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    with monkeypatch.context() as patch:
        patch.setattr(metadata, "version", missing)
        preparations = choosing._preparations(folder, tmp_path)
    assert preparations is None


@pytest.mark.parametrize(("error", "is_prepared"), [("ImportError", True), ("OSError", False)])
def test_an_openvino_that_does_not_import(folder: Path, caches: Path, error: str, is_prepared: bool) -> None:
    if not is_prepared:
        shutil.rmtree(caches)
    script = f"""
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

class Broken:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name == "openvino" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        raise {error}("cannot open shared object file")

sys.meta_path.insert(0, Broken())
from rag_desktop.engines.choosing import choose
print(choose(Path({str(folder)!r}), Path({str(caches)!r}), 1).asking.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "torch cpu\n"


def test_a_finder_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, *_: object) -> None:
            raise ImportError

    for name in ("openvino", "nncf"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken()])
    assert not openvino_backend.is_installed()


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
def test_the_8_bit_form_that_went_twice_is_made_no_more(
    folder: Path, caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for drops in range(2):
        assert quantised(folder, caches).thread, f"after {drops}"
        with monkeypatch.context() as patch:
            patch.setattr(quantising, "_LEAST_COSINE", 1.1)
            chosen = choose(folder, caches, 1)
            texts = chosen.asking.tokeniser(TEXTS)
            names = [chosen.indexing(texts).name for _ in range(quantising._WATCHED)]
        assert names == [KIND] * (quantising._WATCHED - 1) + [PLAIN], "each request is watched until it is decided"
    for path in caches.rglob("*"):
        age(path, days=400)
    assert quantised(folder, caches).thread is None


@pytest.mark.usefixtures("few_texts")
@pytest.mark.parametrize(("bound", "value", "is_final"), [("_LEAST_COSINE", 1.1, True), ("_LEAST_GAIN", 1e3, False)])
def test_the_8_bit_form_is_refused(
    folder: Path, caches: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: float, is_final: bool
) -> None:
    monkeypatch.setattr(quantising, bound, value)
    assert quantised(folder, caches).made is None
    assert quantised(folder, caches).thread is None, "and is not tried again"
    for path in caches.rglob("*.attempts*"):
        age(path, days=2)
    assert (quantised(folder, caches).thread is None) == is_final


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


def test_the_role_uses_what_was_prepared(folder: Path, caches: Path) -> None:
    serve = role(EmbedderOptions(folder, threads=1, caches=caches), lambda: False)
    assert worst(embedded(serve), expected(folder)) > 0.998


def test_vectors_that_are_no_numbers_are_not_given(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny_bert.write(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.1.output.dense.bias"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    serve = role(EmbedderOptions(folder, threads=1, caches=tmp_path / "caches"), lambda: False)
    with pytest.raises(UserFacingError) as caught:
        embedded(serve)
    assert (caught.value.code, caught.value.arguments) == ("model-damaged", {"name": "model"})
