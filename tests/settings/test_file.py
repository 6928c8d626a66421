"""The settings file: whole or not at all, never a crash, and nothing in it is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.settings import declarations
from rag_desktop.settings.declarations import ALL, GENERATOR, LANGUAGE, TEMPERATURE, TOP_K, Setting
from rag_desktop.settings.file import SettingsFile, SettingsWarning


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


@pytest.fixture
def settings(path: Path) -> SettingsFile:
    return SettingsFile(path.parent)


def write(path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")


def test_every_declaration_accepts_its_own_default_and_tells_what_it_is() -> None:
    assert len({setting.key for setting in ALL}) == len(ALL)
    for setting in ALL:
        assert setting.accept(setting.default) == setting.default
        assert setting.label
        assert setting.help.endswith(".")
        assert declarations.by_key(setting.key) is setting


@pytest.mark.parametrize("setting", [s for s in ALL if s.least is not None])
def test_bounds_are_included_and_kept(setting: Setting[Any]) -> None:
    assert setting.least is not None
    assert setting.most is not None
    for value in (setting.least, setting.most):
        assert setting.accept(value) == value
    assert setting.accept(setting.least - 1) is None
    assert setting.accept(setting.most + 1) is None


@pytest.mark.parametrize("bad", [True, "8", None, 8.5, [8], float("nan"), float("inf")])
def test_a_whole_number_is_nothing_else(bad: object) -> None:
    assert TOP_K.accept(bad) is None
    assert TEMPERATURE.accept(float("nan")) is None
    assert isinstance(TEMPERATURE.accept(1), float)
    assert Setting("unbounded", 0.0, "", "").accept(float("inf")) is None


def test_a_value_is_kept_by_another_object_and_defaults_are_not_written(settings: SettingsFile, path: Path) -> None:
    assert settings.get(TOP_K) == 8
    settings.set(TOP_K, 20)
    assert SettingsFile(path.parent).get(TOP_K) == 20
    assert json.loads(path.read_text()) == {"top_k": 20}
    assert dict(settings.values())["top_k"] == 20
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]


def test_a_value_out_of_bounds_is_refused_and_nothing_changes(settings: SettingsFile, path: Path) -> None:
    settings.set(TOP_K, 20)
    with pytest.raises(UserFacingError) as caught:
        settings.set(TOP_K, 51)
    assert (caught.value.code, caught.value.arguments) == ("setting-refused", {"key": "top_k", "value": 51})
    assert settings.get(TOP_K) == 20


def test_unknown_keys_are_kept(settings: SettingsFile, path: Path) -> None:
    write(path, '{"from_the_future": [1], "top_k": 9}')
    settings.set(GENERATOR, "tiny")
    assert json.loads(path.read_text()) == {"from_the_future": [1], "top_k": 9, "generator": "tiny"}
    assert settings.warnings() == ()


def test_bad_values_become_defaults_and_are_told(settings: SettingsFile, path: Path) -> None:
    write(path, '{"top_k": 999, "language": "xx", "temperature": NaN, "n_ctx": 1024}')
    assert (settings.get(TOP_K), settings.get(LANGUAGE), settings.get(TEMPERATURE)) == (8, "", 0.0)
    assert dict(settings.values())["n_ctx"] == 1024
    assert settings.warnings() == tuple(
        SettingsWarning("setting-ignored", key) for key in ("top_k", "temperature", "language")
    )


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, '{"top_k": 9', "\x00"])
def test_a_damaged_file_is_told_and_set_aside_only_when_written(
    settings: SettingsFile, path: Path, content: str
) -> None:
    write(path, content)
    assert settings.warnings() == (SettingsWarning("settings-damaged"),)
    assert settings.get(TOP_K) == 8
    settings.set(TOP_K, 9)
    assert settings.get(TOP_K) == 9
    assert path.with_name("settings.json.damaged").read_text(encoding="utf-8") == content


@given(
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from([s.key for s in ALL]), st.none() | st.integers() | st.just("x"))
)
def test_no_content_crashes(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    folder = tmp_path_factory.getbasetemp() / "settings-fuzz"
    folder.mkdir(exist_ok=True)
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / "settings.json").write_bytes(raw)
    for setting in ALL:
        assert setting.accept(SettingsFile(folder).get(setting)) is not None


def test_a_write_that_fails_leaves_the_old_file(
    settings: SettingsFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.set(TOP_K, 9)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(UserFacingError) as caught:
        settings.set(TOP_K, 10)
    assert caught.value.code == "settings-unwritable"
    assert settings.get(TOP_K) == 9
    assert [file.name for file in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    ("key", "text", "value"), [("top_k", "12", 12), ("temperature", "0.5", 0.5), ("language", "ko", "ko")]
)
def test_typed_values(settings: SettingsFile, key: str, text: str, value: object) -> None:
    settings.set_text(key, text)
    assert dict(settings.values())[key] == value


@pytest.mark.parametrize(
    ("key", "text", "code"), [("top_k", "many", "setting-refused"), ("colour", "red", "setting-unknown")]
)
def test_typed_values_that_are_refused(settings: SettingsFile, key: str, text: str, code: str) -> None:
    with pytest.raises(UserFacingError) as caught:
        settings.set_text(key, text)
    assert caught.value.code == code
