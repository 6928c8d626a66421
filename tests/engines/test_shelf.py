"""The models folder: whole or not there, imported from files, and one of them chosen."""

import hashlib
import json
import struct
from pathlib import Path

import pytest

from rag_desktop.domain.errors import Cancelled, UserFacingError
from rag_desktop.domain.models import HubFile, Model, ModelFile, ModelKind
from rag_desktop.engines.catalogue import Catalogue
from rag_desktop.engines.imports import guess_template
from rag_desktop.engines.shelf import Shelf, Why


def make(architecture: str) -> bytes:
    """A GGUF file of one tensor."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    scalars = {
        "general.architecture": architecture,
        "general.name": "Tiny Mistral",
        "tokenizer.chat_template": "[INST]",
    }
    entries = [text(key) + struct.pack("<I", 8) + text(value) for key, value in scalars.items()]
    entries.append(text("llama.context_length") + struct.pack("<II", 4, 2048))
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries)
    return head + text("t") + struct.pack("<IQIQ", 1, 8, 0, 0) + bytes(99)


CONTENT = make("llama")
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def model(name: str, rank: int = 0, *, default: bool = False, sha256: str = SHA256, size: int = 0) -> Model:
    file = ModelFile("known.gguf", size or len(CONTENT), sha256, (HubFile("o/r", "", "known.gguf"),))
    return Model(
        name, name + "!", ModelKind.GENERATOR, (file,), "MIT", 64, template="mistral", rank=rank, default=default
    )


def put(shelf: Shelf, made: Model) -> None:
    staging = shelf.clean_staging(made.name)
    (staging / made.files[0].name).write_bytes(CONTENT)
    shelf.install(staging, made)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    catalogue = Catalogue((model("big", 9, default=True, sha256="1" * 64), model("middle", 5, sha256="2" * 64)))
    return Shelf(tmp_path / "models", catalogue)


@pytest.fixture
def given_file(tmp_path: Path) -> Path:
    path = tmp_path / "My Modèl.Q2_K.gguf"
    path.write_bytes(CONTENT)
    return path


def test_imports_a_file_and_describes_it_from_its_header(shelf: Shelf, given_file: Path) -> None:
    seen: list[tuple[int, int]] = []
    imported = shelf.import_file(given_file, lambda done, total, _: seen.append((done, total)))
    found = shelf.find("My-Mod-l.Q2_K")
    assert found == imported
    assert imported.main_file.read_bytes() == CONTENT
    assert given_file.exists()
    assert (found.model.title, found.model.template, found.model.context_length) == ("Tiny Mistral", "mistral", 2048)
    assert found.model.files[0].sha256 == SHA256
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in shelf.folder.glob(".partial/*")] == []


def test_a_second_file_of_the_same_name_gets_a_name_of_its_own(shelf: Shelf, given_file: Path) -> None:
    shelf.import_file(given_file)
    assert shelf.import_file(given_file).model.name == "My-Mod-l.Q2_K-2"
    given_file = given_file.rename(given_file.with_name("big.gguf"))
    assert shelf.import_file(given_file).model.name == "big-2"


def test_a_file_the_catalogue_knows_gets_the_catalogues_name(tmp_path: Path, given_file: Path) -> None:
    shelf = Shelf(tmp_path / "models", Catalogue((model("known"),)))
    imported = shelf.import_file(given_file)
    assert (imported.model.name, imported.model.title, imported.main_file.name) == ("known", "known!", "known.gguf")
    assert shelf.verify("known") == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no model", "model-not-gguf"),
        (CONTENT[:-120], "model-damaged"),
        (make("bert"), "model-unsuited"),
    ],
)
def test_refuses_what_is_no_generator_and_leaves_nothing(
    shelf: Shelf, given_file: Path, content: bytes, code: str
) -> None:
    given_file.write_bytes(content)
    with pytest.raises(UserFacingError) as caught:
        shelf.import_file(given_file)
    assert caught.value.code == code
    assert [path for path in shelf.folder.rglob("*") if path.is_file()] == []


def test_a_stopped_import_leaves_nothing(shelf: Shelf, given_file: Path) -> None:
    def stop(*_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        shelf.import_file(given_file, stop)
    assert [path for path in shelf.folder.rglob("*") if path.is_file()] == []


def test_a_file_that_is_not_there_is_said(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(UserFacingError) as caught:
        shelf.import_file(tmp_path / "none.gguf")
    assert caught.value.code == "model-unreadable"


def test_only_whole_models_are_installed(shelf: Shelf) -> None:
    assert shelf.installed() == []
    put(shelf, model("one"))
    put(shelf, model("two"))
    assert [there.model.name for there in shelf.installed()] == ["one", "two"]
    (shelf.folder / "two" / "known.gguf").write_bytes(CONTENT[1:])
    (shelf.folder / "half").mkdir()
    (shelf.folder / "half" / "known.gguf").write_bytes(CONTENT)
    assert [there.model.name for there in shelf.installed()] == ["one"]
    assert shelf.names() == ["one", "two"]
    assert shelf.verify("two") == ["known.gguf"]


def test_verify_finds_one_changed_bit_and_installed_does_not_look(shelf: Shelf) -> None:
    put(shelf, model("one"))
    path = shelf.folder / "one" / "known.gguf"
    path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    assert shelf.find("one") is not None
    assert shelf.verify("one") == ["known.gguf"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"model": []},
        {"model": {"name": "one"}},
    ],
)
def test_a_note_that_makes_no_sense_is_no_model(shelf: Shelf, change: dict[str, object]) -> None:
    put(shelf, model("one"))
    note = shelf.folder / "one" / "model.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | change))
    assert shelf.installed() == []


def test_a_note_may_not_point_out_of_its_folder(shelf: Shelf) -> None:
    put(shelf, model("one"))
    note = shelf.folder / "one" / "model.json"
    note.write_text(note.read_text().replace("known.gguf", "../secret"))
    (shelf.folder / "secret").write_bytes(CONTENT)
    assert shelf.installed() == []


def test_removes_a_model_and_its_unfinished_download(shelf: Shelf) -> None:
    put(shelf, model("one"))
    shelf.clean_staging("one")
    shelf.remove("one")
    assert shelf.installed() == []
    assert not shelf.staging("one").exists()
    for name in ("one", "../models", ".partial"):
        with pytest.raises(UserFacingError) as caught:
            shelf.remove(name)
        assert caught.value.code == "model-not-installed"


def test_chooses_the_wanted_then_the_default_then_the_best(shelf: Shelf) -> None:
    with pytest.raises(UserFacingError) as caught:
        shelf.choose(ModelKind.GENERATOR)
    assert (caught.value.code, caught.value.arguments) == ("model-not-installed", {"name": "big!"})
    put(shelf, model("small", 1))
    put(shelf, model("middle", 5))
    choice = shelf.choose(ModelKind.GENERATOR)
    assert (choice.installed.model.name, choice.why, choice.missed) == ("middle", Why.BEST, "big!")
    assert shelf.choose(ModelKind.GENERATOR, "small").why is Why.WANTED
    put(shelf, model("big", 9))
    choice = shelf.choose(ModelKind.GENERATOR)
    assert (choice.installed.model.name, choice.why, choice.missed) == ("big", Why.DEFAULT, None)
    choice = shelf.choose(ModelKind.GENERATOR, "gone")
    assert (choice.installed.model.name, choice.why, choice.missed) == ("big", Why.DEFAULT, "gone")


def test_what_the_catalogue_learned_since_is_used_with_the_files_that_are_here(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    put(Shelf(folder, Catalogue()), model("one", rank=1))
    newer = Shelf(folder, Catalogue((model("one", rank=7, sha256="3" * 64),))).find("one")
    assert newer is not None
    assert newer.model.rank == 7
    assert newer.model.files[0].sha256 == SHA256


@pytest.mark.parametrize(
    ("architecture", "name", "template", "guess"),
    [
        ("qwen2", "Qwen2.5", "<|im_start|>", "qwen"),
        ("llama", "SmolLM2 135M", "<|im_start|>", "smollm2"),
        ("llama", "Mistral", "[INST] ", "mistral"),
        ("llama", "Llama 2 chat", "[INST] <<SYS>>", None),
        ("llama", "Llama 3 mistral instruct", "<|start_header_id|>", "llama3"),
        ("llama", "Hermes", "<|im_start|>", "chatml"),
        ("gemma", "Gemma", "<start_of_turn>", None),
        ("qwen2", "x", "", "qwen"),
        ("llama", "mistral-7b-instruct-v0.2", "", "mistral"),
        ("llama", "mistral-7b", "", None),
        ("llama", "smollm2", "", "smollm2"),
    ],
)
def test_guesses_a_template_by_marks_or_not_at_all(
    architecture: str, name: str, template: str, guess: str | None
) -> None:
    assert guess_template(architecture, name, template) == guess
